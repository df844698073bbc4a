"""`python -m tests.simulation.power`: after how many histories the simulator finds each engine that is broken on purpose."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.simulation.broken import BROKEN
from tests.simulation.drawing import History, Length, draw
from tests.simulation.playing import play

WITHIN = 200
FIRST = 900_000
"""The seed of the first history."""


@dataclass(frozen=True, slots=True)
class Finding:
    """In which of the histories an engine was found, counted from 1, and the claim that did not hold. None: in none."""

    name: str
    after: int | None
    claim: str


def history(number: int) -> History:
    """The histories of every kind take turns: plain and hard readings, one edit and two at a time, with and without faults."""
    length: Length = ("single", "pairs")[number % 2]
    return draw(FIRST + number, length, faults=number % 4 > 1, plain=number % 3 == 0)


def found(engine: int, within: int = WITHIN) -> Finding:
    """Plays one of `BROKEN` until a claim does not hold that holds for the engine as it is."""
    broken = BROKEN[engine]
    for number in range(within):
        with broken.running():
            played = play(history(number))
        if played.violations and not play(history(number)).violations:
            return Finding(broken.name, number + 1, played.violations[0].splitlines()[0])
    return Finding(broken.name, None, "")


def main() -> int:
    """The table. Exit code 1 where one was not found."""
    missed = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for finding in pool.map(found, range(len(BROKEN))):
            missed += finding.after is None
            after = "not found" if finding.after is None else f"{finding.after:4}"
            print(f"{finding.name:55} {after:>9}  {finding.claim[:90]}", flush=True)
    print(f"{len(BROKEN) - missed} of {len(BROKEN)} found within {WITHIN} histories")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
