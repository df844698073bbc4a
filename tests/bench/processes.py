"""Whole processes, timed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BARE = """\
import sys
import httpx
url, token, *auth = sys.argv[1:]
body = f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>1</sync-level>'
body += "<prop><getetag/></prop></sync-collection>"
with httpx.Client(auth=tuple(auth) or None, trust_env=False) as client:
    answer = client.request("REPORT", url, content=body, headers={"Content-Type": "application/xml"})
sys.exit(answer.status_code != 207)
"""


@dataclass(frozen=True)
class Took:
    """Seconds of wall and CPU."""

    wall: float
    cpu: float


def timed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Took:
    """Runs it to its end. Raises RuntimeError with what it wrote unless it exits with 0."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    written = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    took = Took(time.perf_counter() - started, used.ru_utime + used.ru_stime)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command!r} ended with {process.returncode}:\n{written.decode(errors='replace')}")
    return took


def bridge(config: Path) -> list[str]:
    """One sync."""
    return [sys.executable, "-m", "bridge", "--config", str(config), "sync"]


def bare(url: str, token: str, auth: Sequence[str]) -> list[str]:
    """One sync-collection."""
    return [sys.executable, "-c", BARE, url, token, *auth]


def vdirsyncer(step: str) -> list[str]:
    """One step of vdirsyncer, whose configuration is in $VDIRSYNCER_CONFIG."""
    return [sys.executable, "-m", "vdirsyncer", step]
