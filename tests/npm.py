"""What a test needs of npm's registry: installed once into the cache of pytest, in the versions of a package.json."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

DEMANDED = "LIONDESK_BRIDGE_ALL_TESTS"
"""In the environment of a run that may leave no test out: without what a test needs it fails."""


def missing(what: str, packages: str) -> None:
    """The test cannot run here: it is left out, or fails where every test is demanded."""
    if os.environ.get(DEMANDED):
        pytest.fail(f"{what}, and every test is demanded. Install {packages}.")
    pytest.skip(f"{what}; .ci/run installs it")


def install(source: Path, names: Iterable[str], folder: Path) -> Path:
    """These files of `source`, a package.json among them, in `folder` with what it depends on; never half of it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing("node and npm are not there", "nodejs and npm")
    stamp = folder / "package.json"
    if not stamp.exists() or stamp.read_bytes() != (source / "package.json").read_bytes():
        fresh = folder.with_name(f"{folder.name}-{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name in names:
            shutil.copy(source / name, fresh / name)
        command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
        ran = subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=300, check=False)
        assert ran.returncode == 0, ran.stderr
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return folder
