"""What an app built on ical.js sees of an .ics: `read.js`, run by node with the version that package.json names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FILES = ("package.json", "read.js")
DEMANDED = "LIONDESK_BRIDGE_ALL_TESTS"
"""In the environment of a run that may leave no test out: without node it fails."""


@dataclass(frozen=True)
class IcalJs:
    """The reader, installed in a folder."""

    folder: Path

    def read(self, text: str, kind: str, through: date) -> list[dict[str, Any]]:
        """Every occurrence through that day. `kind`: vtodo or vevent."""
        command = ["node", "read.js", kind, through.isoformat()]
        ran = subprocess.run(
            command, cwd=self.folder, input=text.encode(), capture_output=True, timeout=120, check=False
        )
        assert ran.returncode == 0, ran.stderr.decode()
        found: list[dict[str, Any]] = json.loads(ran.stdout)
        return found


def install(folder: Path) -> IcalJs:
    """The reader in `folder`, made by npm where it is not there yet; never half of it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        if os.environ.get(DEMANDED):
            pytest.fail("node and npm are not there, and every test is demanded. Install nodejs and npm.")
        pytest.skip("node and npm are not there; .ci/run installs them")
    stamp = folder / "package.json"
    if not stamp.exists() or stamp.read_bytes() != (HERE / "package.json").read_bytes():
        fresh = folder.with_name(f"{folder.name}-{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name in FILES:
            shutil.copy(HERE / name, fresh / name)
        command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
        ran = subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=300, check=False)
        assert ran.returncode == 0, ran.stderr
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    shutil.copy(HERE / "read.js", folder / "read.js")
    return IcalJs(folder)
