"""The tables under every reading of the API: `python -m tests.matrix` (make matrix), a spread of it in `make test`.

Each open question of LionDesk's API is a switch of the sandbox. For every reading, and for combinations that hide most
from the bridge, this runs the system tests of both tables, of both sides together and of the apps' own files.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass

from bridge.sandbox.switches import Switches, readings

TABLES = (
    "tests/system/test_liondesk_to_calendar.py",
    "tests/system/test_calendar_to_liondesk.py",
    "tests/system/test_both_sides.py",
    "tests/system/test_idioms.py",
)
SERVERS = ("radicale", "xandikos")

NUMBERS = ("max_limit=3", "horizon_days=40")
"""Readings that are numbers."""

ELSEWHERE = ("rate_limit", "rate_window_s", "retry_after", "refresh_token", "post_answer")
"""Switches of transport: tests/liondesk and tests/simulation have them."""

TOGETHER = (
    "event_id=hidden,tail_ids=new,deletion=gone,rule_form=dtstart,due_at=utc",
    "tail_ids=new,tail_event=new,tail_status=tail,ids=integers,modified_at=seconds",
    "single_edit_rule=lost,single_edit_event=new,deletion=gone,booleans=strings,empty_notes=null",
)
"""What makes it hardest to tell which row is which. They are the spread that `make test` runs."""


@dataclass(frozen=True)
class Result:
    """One reading on one server."""

    reading: str
    server: str
    passed: int
    failed: int
    output: str


def single() -> list[str]:
    """Every reading that is not the default, one at a time."""
    default = Switches()
    names = [name for name in Switches.__dataclass_fields__ if name not in ELSEWHERE]
    words = [f"{name}={word}" for name in names for word in readings(name) if word != getattr(default, name)]
    return [*words, *NUMBERS]


def tables(reading: str, server: str) -> Result:
    """Run the tables once."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "-n",
        "2",
        "-k",
        server,
        *TABLES,
    ]
    done = subprocess.run(
        command, env={**os.environ, "SANDBOX_SWITCHES": reading}, capture_output=True, text=True, check=False
    )
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", last)}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    broken = done.returncode != 0 and failed == 0
    return Result(reading, server, counts.get("passed", 0), failed + broken, done.stdout + done.stderr)


def main() -> int:
    """Print a line per reading and server, then the figures; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--spread", action="store_true", help="three hard combinations, each on one server")
    chosen = parser.parse_args()
    runs = (
        list(zip(TOGETHER, ("xandikos", "radicale", "xandikos"), strict=True))
        if chosen.spread
        else [(reading, server) for reading in (*single(), *TOGETHER) for server in SERVERS]
    )
    began = time.monotonic()
    results = []
    for reading, server in runs:
        result = tables(reading, server)
        results.append(result)
        sys.stdout.write(f"{reading} on {server}: {result.passed} held, {result.failed} broken\n")
        if result.failed:
            sys.stdout.write(result.output)
        sys.stdout.flush()
    held, broken = sum(each.passed for each in results), sum(each.failed for each in results)
    switches = len({each.reading for each in results})
    sys.stdout.write(
        f"{held + broken} claims under {switches} readings: {broken} broken, {time.monotonic() - began:.0f} s\n"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
