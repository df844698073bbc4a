"""A week of a daemon with a hundred pairs, by a clock that the test moves on from one call to the next."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bridge.core.model import Side
from bridge.daemon.cadence import JITTER, LONGEST_BACK_OFF, Pace
from bridge.daemon.service import Service
from bridge.report import OperationReport, Outcome, PairReport
from bridge.sync.pair import Options

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
PACE = Pace(5 * MINUTE, MINUTE, 15 * MINUTE)
PAIRS = [f"pair {number}" for number in range(100)]
DOWN = (START + timedelta(days=2), START + timedelta(days=3))
"""When the side of the last ten pairs does not answer."""


class Clock:
    """A timetable whose time is the next call's."""

    def __init__(self) -> None:
        self.now = START
        self.calls: dict[str, tuple[datetime, Callable[[], Awaitable[None]]]] = {}

    def start(self) -> None:
        pass

    def at(self, name: str, moment: datetime, call: Callable[[], Awaitable[None]]) -> None:
        self.calls[name] = (moment, call)

    def when(self, name: str) -> datetime | None:
        return self.calls[name][0] if name in self.calls else None

    def forget(self, name: str) -> None:
        self.calls.pop(name, None)

    def wake(self) -> None:
        pass

    def stop(self) -> None:
        self.calls.clear()

    async def run_until(self, end: datetime) -> None:
        """Everything that is due until then, in its order."""
        while self.calls:
            name = min(self.calls, key=lambda each: self.calls[each][0])
            moment, call = self.calls[name]
            if moment > end:
                return
            del self.calls[name]
            self.now = max(self.now, moment)
            await call()
            for _ in range(3):
                await asyncio.sleep(0)


async def test_a_hundred_pairs_keep_their_pace_for_a_week_whatever_happens_to_ten_of_them() -> None:
    clock, drawn = Clock(), random.Random(7)
    ran: dict[str, list[datetime]] = defaultdict(list)
    busy: set[str] = set()
    moved = OperationReport(Side.CALENDAR, "update", "x", "Call", "it was moved", state="done")

    async def run(name: str, _: Options) -> PairReport:
        assert name not in busy
        busy.add(name)
        ran[name].append(clock.now)
        await asyncio.sleep(0)
        busy.remove(name)
        if name in PAIRS[-10:] and DOWN[0] <= clock.now < DOWN[1]:
            return PairReport(name, Outcome.UNREACHABLE, dry_run=False)
        changed = 9 <= clock.now.hour < 17 and drawn.random() < 0.02
        return PairReport(name, Outcome.AGREED, dry_run=False, operations=(moved,) if changed else ())

    service = Service(run, now=lambda: clock.now, chance=lambda: drawn.uniform(-1, 1), schedule=clock)
    service.start(dict.fromkeys(PAIRS, PACE))
    await clock.run_until(START + WEEK)
    longest = {name: max(later - sooner for sooner, later in pairwise(times)) for name, times in ran.items()}
    assert set(ran) == set(PAIRS)
    assert max(longest[name] for name in PAIRS[:-10]) <= PACE.latest * (1 + JITTER)
    for name in PAIRS[-10:]:
        assert 12 * MINUTE < longest[name] <= LONGEST_BACK_OFF * (1 + JITTER)
        tries = [at for at in ran[name] if DOWN[0] <= at < DOWN[1]]
        assert 20 <= len(tries) <= 35  # the waits double up to an hour, and it is tried all day
        assert min(at for at in ran[name] if at >= DOWN[1]) - DOWN[1] <= LONGEST_BACK_OFF * (1 + JITTER)
        assert service.pairs[name].failures == 0
    runs = sum(len(times) for times in ran.values())
    assert WEEK / PACE.latest * 90 < runs < WEEK / PACE.soonest * 100
    gaps = [later - sooner for times in ran.values() for sooner, later in pairwise(times)]
    assert any(gap <= PACE.soonest * (1 + JITTER) for gap in gaps)
    await service.stop(0.1)
