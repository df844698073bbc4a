"""The tables under every reading of the API: `python -m tests.matrix` (make matrix), a spread of it in `make test`.

Each open question of LionDesk's API is a switch of the sandbox. For every reading, and for combinations that hide most
from the bridge, this runs the system tests of both tables, of both sides together and of the apps' own files, on real
servers; those rows that end in a change of this and the following, under the product of what is open about it; and
law 4's own table (tests/simulation/mending.py) under that product, in memory.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from bridge.sandbox.switches import Switches, readings
from tests.simulation.mending import BESIDE, MENDING, Cell, Reading, cells, play

TABLES = (
    "tests/system/test_liondesk_to_calendar.py",
    "tests/system/test_calendar_to_liondesk.py",
    "tests/system/test_both_sides.py",
    "tests/system/test_idioms.py",
)
SERVERS = ("radicale", "xandikos")

TAIL_ROWS = (
    "this_and_fut",
    "this_and_following",
    "truncation",
    "split",
    "masters_text",
    "type_2",
    "moved",
    "rule",
    "all_of_a_series",
    "new_ids",
    "became",
    "mended",
    "merge",
    "apps_edit",
)
"""What the rows are called that send an `update_type` 2, or follow one."""

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
    """One reading on one server, or in memory."""

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


def words_of(reading: Reading) -> str:
    """As SANDBOX_SWITCHES has it."""
    return ",".join(f"{name}={word}" for name, word in reading.items())


def tables(reading: str, server: str, rows: tuple[str, ...] = ()) -> Result:
    """Run the tables once, or only some rows of them."""
    chosen = f"{server} and ({' or '.join(rows)})" if rows else server
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-n", "2"]
    done = subprocess.run(
        [*command, "-k", chosen, *TABLES],
        env={**os.environ, "SANDBOX_SWITCHES": reading},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", last)}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    broken = done.returncode != 0 and failed == 0
    return Result(reading, server, counts.get("passed", 0), failed + broken, done.stdout + done.stderr)


def on_servers() -> Iterator[Result]:
    """Every reading by itself, the hard combinations, then the product for the rows that it concerns."""
    for reading in (*single(), *TOGETHER):
        for server in SERVERS:
            yield tables(reading, server)
    for server in SERVERS:
        for product in MENDING:
            yield tables(words_of(product), server, TAIL_ROWS)


def spread() -> Iterator[Result]:
    """Three hard combinations, each on one server."""
    for reading, server in zip(TOGETHER, ("xandikos", "radicale", "xandikos"), strict=True):
        yield tables(reading, server)


def in_memory() -> Iterator[Result]:
    """Law 4's table under the product; what is open about rows changed singly takes turns."""
    table = list(cells())
    with ProcessPoolExecutor() as pool:
        for number, product in enumerate(MENDING):
            turns = [(cell, {**product, **BESIDE[(number + n) % len(BESIDE)]}) for n, cell in enumerate(table)]
            played = list(pool.map(_played, turns, chunksize=20))
            told = "\n".join(words for _, broken in played for words in broken)
            failed = sum(1 for _, broken in played if broken)
            yield Result(words_of(product), "memory", sum(n for n, _ in played) - failed, failed, told)


def _played(turn: tuple[Cell, Reading]) -> tuple[int, list[str]]:
    cell, reading = turn
    claims, broken = play(cell, reading)
    return claims, [f"{cell}\n    {words_of(reading)}\n    {words}\n" for words in broken]


def main() -> int:
    """Print a line per reading and place, then the figures; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--spread", action="store_true", help="three hard combinations, each on one server")
    parser.add_argument("--memory", action="store_true", help="law 4's table alone")
    chosen = parser.parse_args()
    began = time.monotonic()
    results = []
    runs = [spread()] if chosen.spread else [in_memory()] if chosen.memory else [on_servers(), in_memory()]
    for result in (result for run in runs for result in run):
        results.append(result)
        sys.stdout.write(f"{result.reading} on {result.server}: {result.passed} held, {result.failed} broken\n")
        if result.failed:
            sys.stdout.write(result.output)
        sys.stdout.flush()
    for place in (*SERVERS, "memory"):
        here = [each for each in results if each.server == place]
        if here:
            held, broken = sum(each.passed for each in here), sum(each.failed for each in here)
            sys.stdout.write(f"{place}: {held + broken} claims under {len(here)} readings, {broken} broken\n")
    total, broken = sum(each.passed + each.failed for each in results), sum(each.failed for each in results)
    sys.stdout.write(f"{total} claims in all: {broken} broken, {time.monotonic() - began:.0f} s\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
