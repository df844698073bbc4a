"""`python -m tests.simulation --histories N --seed S [--length L] [--faults] [--plain] [--shape S]`: figures, and minimal failures."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from bridge.core.model import Shape
from tests.simulation.drawing import Length, draw
from tests.simulation.playing import Played, play
from tests.simulation.shrinking import shrunk


def played(seed: int, *, length: str, faults: bool, plain: bool, shape: Shape = Shape.OVERRIDES) -> Played:
    """The history of a seed."""
    return play(draw(seed, _length(seed, length), faults=faults, plain=plain, shape=shape))


def _length(seed: int, length: str) -> Length:
    lengths: dict[str, Length] = {"single": "single", "pairs": "pairs", "long": "long"}
    return lengths.get(length, ("single", "pairs", "long")[seed % 3])


def main() -> int:
    """Play, count, shrink, print. Exit code 1 where anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--histories", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--length", choices=("single", "pairs", "long", "all"), default="all")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--plain", action="store_true", help="under the default reading of every open question")
    parser.add_argument("--shape", type=Shape, choices=list(Shape), default=Shape.OVERRIDES)
    parser.add_argument("--show", type=int, default=3, help="how many failures are shrunk and told")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    started = time.monotonic()
    seeds = range(given.seed, given.seed + given.histories)
    one = partial(played, length=given.length, faults=given.faults, plain=given.plain, shape=given.shape)
    if given.processes > 1:
        with ProcessPoolExecutor(given.processes) as pool:
            results = list(pool.map(one, seeds, chunksize=10))
    else:
        results = [one(seed) for seed in seeds]
    failures = [(seed, result) for seed, result in zip(seeds, results, strict=True) if result.violations]
    seconds = time.monotonic() - started
    print(
        f"{given.histories} histories, {sum(each.edits for each in results)} edits, "
        f"{sum(each.runs for each in results)} runs, {sum(each.faults for each in results)} faults injected, "
        f"{len(failures)} violations; {seconds:.0f} s, {given.histories / seconds / given.processes:.1f} a second and core"
    )
    if failures:
        print("seeds:", [seed for seed, _ in failures])
        print(Counter(result.violations[0].split(":")[0] for _, result in failures))
    for seed, _ in failures[: given.show]:
        length = _length(seed, given.length)
        smallest, told = shrunk(draw(seed, length, faults=given.faults, plain=given.plain, shape=given.shape))
        print(f"\nseed {seed}, {sum(len(each.actions) for each in smallest.rounds)} edits:")
        print("\n".join(told.trace))
        print("  =>", "\n     ".join(told.violations))
        print("  ", smallest.rounds)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
