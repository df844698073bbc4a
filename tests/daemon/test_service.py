"""The daemon's schedule under a real event loop, with runs that last no longer than the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bridge.core.model import Side
from bridge.daemon.cadence import LONGEST_BACK_OFF, Pace, wait
from bridge.daemon.service import Service
from bridge.daemon.supervisor import watch
from bridge.report import OperationReport, Outcome, PairReport
from bridge.sync.pair import Options

MINUTE = timedelta(minutes=1)
PACE = Pace(every=5 * MINUTE, soonest=MINUTE, latest=15 * MINUTE)
NOON = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


def agreed(name: str = "alice") -> PairReport:
    return PairReport(name, Outcome.AGREED, dry_run=False)


# -- the pace ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "failures", "minutes"),
    [
        (None, 0, 5),
        (MINUTE, 0, 1),
        (timedelta(hours=1), 0, 5),
        (timedelta(days=1), 0, 15),
        (MINUTE, 1, 5),
        (MINUTE, 2, 10),
        (None, 4, 40),
        (None, 5, 60),
        (None, 10_000, 60),
    ],
)
def test_the_wait_follows_what_happened(changed: timedelta | None, failures: int, minutes: int) -> None:
    at = None if changed is None else NOON - changed
    assert wait(PACE, NOON, at, failures, 0) == minutes * MINUTE
    assert LONGEST_BACK_OFF == 60 * MINUTE


def test_chance_moves_a_wait_by_a_tenth_at_most() -> None:
    assert wait(PACE, NOON, None, 0, 1) == 5.5 * MINUTE
    assert wait(PACE, NOON, None, 0, -1) == 4.5 * MINUTE


# -- the service -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def served(
    run: Callable[[str, Options], object], *names: str, every: timedelta = 5 * MINUTE
) -> AsyncIterator[Service]:
    service = Service(run, chance=lambda: 0.0)  # type: ignore[arg-type] # a coroutine function
    service.start({name: Pace(every, every, every) for name in names or ("alice",)})
    try:
        yield service
    finally:
        await service.stop(0.1)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - it looks at what a user sees
            await asyncio.sleep(0.01)


async def test_every_pair_runs_at_once_and_then_at_its_pace() -> None:
    ran: list[str] = []

    async def run(name: str, _: Options) -> PairReport:
        ran.append(name)
        return agreed(name)

    async with served(run, "alice", "bob", every=timedelta(seconds=0.2)):
        await until(lambda: ran.count("alice") >= 3 and ran.count("bob") >= 3)


async def test_a_pair_that_hangs_delays_no_other_and_never_meets_itself() -> None:
    ran: list[str] = []

    async def run(name: str, _: Options) -> PairReport:
        ran.append(name)
        if name == "alice":
            await asyncio.sleep(60)
        return agreed(name)

    async with served(run, "alice", "bob", every=timedelta(seconds=0.1)) as service:
        await until(lambda: ran.count("bob") >= 4)
        assert ran.count("alice") == 1
        assert service.pairs["alice"].running


async def test_a_pair_that_fails_is_left_alone_for_longer_each_time_and_says_until_when() -> None:
    async def run(name: str, _: Options) -> PairReport:
        return PairReport(name, Outcome.UNREACHABLE, dry_run=False, errors=("It is down.",))

    async with served(run) as service:
        await until(lambda: service.pairs["alice"].failures == 1)
        for failures in (2, 3):
            await service.sync_now("alice")
            pair = service.pairs["alice"]
            assert (pair.failures, pair.backing_off) == (failures, True)
            assert pair.next_at is not None
            assert pair.ended_at is not None
            assert pair.next_at - pair.ended_at == 5 * MINUTE * 2 ** (failures - 1)


async def test_an_error_that_nobody_foresaw_ends_that_run_alone() -> None:
    ran = 0

    async def run(name: str, _: Options) -> PairReport:
        nonlocal ran
        ran += 1
        if ran == 1:
            raise KeyError("x")
        return agreed(name)

    async with served(run) as service:
        await until(lambda: service.pairs["alice"].failures == 1)
        assert (await service.sync_now("alice")) == agreed()
        assert service.pairs["alice"].failures == 0


async def test_sync_now_during_a_run_answers_with_that_run() -> None:
    going, ran = asyncio.Event(), 0

    async def run(name: str, _: Options) -> PairReport:
        nonlocal ran
        ran += 1
        await going.wait()
        return agreed(name)

    async with served(run) as service:
        await until(lambda: service.pairs["alice"].running)
        asked = [asyncio.create_task(service.sync_now("alice")) for _ in range(3)]
        await asyncio.sleep(0.02)
        going.set()
        assert await asyncio.gather(*asked) == [agreed()] * 3
        assert ran == 1


async def test_a_paused_pair_runs_only_when_it_is_told_to() -> None:
    ran = 0

    async def run(name: str, _: Options) -> PairReport:
        nonlocal ran
        ran += 1
        return agreed(name)

    async with served(run, every=timedelta(seconds=0.1)) as service:
        await until(lambda: ran >= 1)
        service.pause("alice")
        await asyncio.sleep(0.05)
        before = ran
        await asyncio.sleep(0.4)
        assert ran == before
        assert service.pairs["alice"].next_at is None
        await service.sync_now("alice")
        assert ran == before + 1
        service.resume("alice")
        await until(lambda: ran >= before + 3)


async def test_another_configuration_begins_new_pairs_and_ends_those_that_are_gone() -> None:
    ran: list[str] = []

    async def run(name: str, _: Options) -> PairReport:
        ran.append(name)
        return agreed(name)

    quick = Pace(timedelta(seconds=0.1), timedelta(seconds=0.1), timedelta(seconds=0.1))
    async with served(run, "alice", every=timedelta(seconds=0.1)) as service:
        await until(lambda: "alice" in ran)
        service.take({"bob": quick})
        ran.clear()
        await until(lambda: ran.count("bob") >= 3)
        assert list(service.pairs) == ["bob"]
        assert ran.count("alice") <= 1


async def test_stopping_asks_the_runs_to_end_and_cuts_off_what_takes_too_long() -> None:
    ends: list[str] = []

    async def run(name: str, options: Options) -> PairReport:
        try:
            while name == "deaf" or not options.stopping():  # noqa: ASYNC110 - as a run asks
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            ends.append(f"{name} was cut off")
            raise
        ends.append(f"{name} came to an end")
        return agreed(name)

    async with served(run, "alice", "deaf") as service:
        await until(lambda: all(pair.running for pair in service.pairs.values()))
        await service.stop(0.3)
        assert ends == ["alice came to an end", "deaf was cut off"]


async def test_who_listens_hears_each_run_and_cannot_stop_one() -> None:
    heard: list[str] = []

    async def run(name: str, _: Options) -> PairReport:
        return agreed(name)

    async def listen(name: str, report: PairReport, ended: datetime) -> None:
        assert ended.tzinfo is not None
        heard.append(f"{name} {report.outcome}")
        raise ValueError("deaf on one ear")

    service = Service(run, listeners=[listen, listen], chance=lambda: 0.0)
    service.start({"alice": PACE})
    await until(lambda: len(heard) == 2)
    assert service.pairs["alice"].next_at is not None
    await service.stop(0.1)


async def test_after_a_change_the_next_run_comes_sooner() -> None:
    moved = OperationReport(Side.CALENDAR, "update", "x", "Call", "it was moved", state="done")

    async def run(name: str, _: Options) -> PairReport:
        return PairReport(name, Outcome.AGREED, dry_run=False, operations=(moved,))

    service = Service(run, chance=lambda: 0.0)
    service.start({"alice": PACE})
    await until(lambda: service.pairs["alice"].changed_at is not None)
    pair = service.pairs["alice"]
    assert pair.next_at is not None
    assert pair.ended_at is not None
    assert pair.next_at - pair.ended_at == MINUTE
    await service.stop(0.1)


# -- clocks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "went_by", "jumps"),
    [(15, 15, 0), (20, 15, 0), (7200, 15, 1), (-7200, 15, 1), (15, 7200, 1)],
    ids=["as it goes", "a small correction", "set forward or asleep", "set back", "stood still"],
)
async def test_a_clock_that_jumps_is_noticed(shown: int, went_by: int, jumps: int) -> None:
    steps, steady = iter(range(1000)), iter(range(1000))
    heard: list[int] = []

    def now() -> datetime:
        # Asked twice a look: before and after; the first look begins at 0.
        step = (next(steps) + 1) // 2
        return NOON + timedelta(seconds=shown * step)

    def clock() -> float:
        return float(went_by * ((next(steady) + 1) // 2))

    watching = asyncio.create_task(watch(now, lambda: heard.append(1), 0.01, clock))
    await asyncio.sleep(0.05)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert bool(heard) is bool(jumps)


async def test_after_a_jump_every_pair_has_a_moment_that_the_new_clock_will_reach() -> None:
    clock = [datetime.now(UTC) + timedelta(days=2)]

    async def run(name: str, _: Options) -> PairReport:
        return agreed(name)

    service = Service(run, chance=lambda: 0.0, now=lambda: clock[0])
    service.start({"alice": PACE})
    await service.sync_now("alice")
    clock[0] = datetime.now(UTC)
    assert service.pairs["alice"].next_at is not None
    assert service.pairs["alice"].next_at > clock[0] + timedelta(days=1)
    service.clock_jumped()
    later = service.pairs["alice"].next_at
    assert later is not None
    assert later - clock[0] <= PACE.every
    await service.stop(0.1)
