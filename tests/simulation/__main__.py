"""`python -m tests.simulation --histories N --seed S [--length L] [--faults] [--plain]`: figures, and minimal failures."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.simulation.drawing import History, Length, draw
from tests.simulation.playing import Played, play
from tests.simulation.shrinking import shrunk


def main() -> int:
    """Play, count, shrink, print. Exit code 1 where anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--histories", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--length", choices=("single", "pairs", "long", "all"), default="all")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--plain", action="store_true", help="under the default reading of every open question")
    parser.add_argument("--show", type=int, default=3, help="how many failures are shrunk and told")
    given = parser.parse_args()
    memory = Path("/dev/shm")  # noqa: S108 # a state file in memory: thousands of runs write it
    started = time.monotonic()
    edits = runs = requests = 0
    failures: list[tuple[int, History, Played]] = []
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        for seed in range(given.seed, given.seed + given.histories):
            length: Length = ("single", "pairs", "long")[seed % 3] if given.length == "all" else given.length
            history = draw(seed, length, faults=given.faults, plain=given.plain)
            played = play(history, Path(folder))
            edits, runs, requests = edits + played.edits, runs + played.runs, requests + played.requests
            if played.violations:
                failures.append((seed, history, played))
        print(
            f"{given.histories} histories, {edits} edits, {runs} runs, {requests} writes to LionDesk, "
            f"{len(failures)} violations in {time.monotonic() - started:.0f} s"
        )
        print("seeds:", [seed for seed, *_ in failures])
        print(Counter(played.violations[0].split(":")[0] for *_, played in failures))
        for seed, history, _ in failures[: given.show]:
            smallest, told = shrunk(history, Path(folder))
            print(f"\nseed {seed}, {sum(len(each.actions) for each in smallest.rounds)} edits:")
            print("\n".join(told.trace))
            print("  =>", "\n     ".join(told.violations))
            print("  ", smallest.rounds)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
