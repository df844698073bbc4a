"""Every crash point of every scenario: `python -m tests.crash` (make crash). The last line has the figure."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.crash.enumeration import Enumerated, enumerate_points
from tests.crash.scenarios import SCENARIOS
from tests.servers import radicale_server


def enumerated(number: int, step: int) -> Enumerated:
    """One scenario with a Radicale of its own."""
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        server, rest = Path(folder) / "radicale", Path(folder) / "stand"
        server.mkdir()
        rest.mkdir()
        with radicale_server(server) as dav:
            return asyncio.run(enumerate_points(SCENARIOS[number], dav, rest, step))


def main() -> int:
    """Exit code 1 where any point leaves something wrong."""
    asked = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__.partition("\n")[0])
    asked.add_argument("--step", type=int, default=1, help="only every so many points")
    asked.add_argument("--workers", type=int, default=os.cpu_count(), help="scenarios at the same time")
    given = asked.parse_args()
    began, killed, wrong = time.monotonic(), 0, []
    with ProcessPoolExecutor(given.workers) as pool:
        for found in pool.map(enumerated, range(len(SCENARIOS)), [given.step] * len(SCENARIOS)):
            print(found.line(), flush=True)
            killed += found.killed
            wrong += found.wrong
    for each in wrong:
        print(each)
    print(
        f"{killed} crash points of {len(SCENARIOS)} scenarios, killed with SIGKILL and run again: "
        f"{len(wrong)} left anything wrong ({time.monotonic() - began:.0f} s)."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
