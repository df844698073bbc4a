"""Every pair on its schedule: what runs, what waits, what failed and until when it is left alone."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from bridge.daemon.cadence import Pace, wait
from bridge.daemon.schedule import Schedule, Timetable
from bridge.report import Outcome, PairReport
from bridge.sync.pair import Options
from bridge.telemetry import log

GRACE_S = 8.0
"""How long runs that are under way may take to come to a good end once the daemon is told to stop."""


T = TypeVar("T")

Run: TypeAlias = Callable[[str, Options], Awaitable[PairReport]]
"""Runs the pair of this name once and remembers how it ended. Everything that goes wrong is in the report."""

Listener: TypeAlias = Callable[[str, PairReport, datetime], Awaitable[None]]
"""Told of each run's end: the pair, its report, and when it ended."""


@dataclass(frozen=True, slots=True)
class PairStatus:
    """A pair as the page and the metrics show it. Moments are aware UTC, None where there was or is none.

    `failures` are runs in a row that did not reach agreement because a side or the configuration failed.
    """

    name: str
    pace: Pace
    paused: bool = False
    running: bool = False
    next_at: datetime | None = None
    ended_at: datetime | None = None
    agreed_at: datetime | None = None
    changed_at: datetime | None = None
    failures: int = 0
    report: PairReport | None = None

    @property
    def backing_off(self) -> bool:
        """Whether its next run is later than its pace because a side fails."""
        return self.failures > 0 and not self.paused


class Service:
    """The pairs of one daemon. Everything happens in one event loop; a bad pair never delays another."""

    def __init__(
        self,
        run: Run,
        *,
        listeners: Sequence[Listener] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311  # spreads requests, guards nothing
        schedule: Timetable | None = None,
    ) -> None:
        """`now` is aware; `chance` draws from -1 to 1; `schedule` is APScheduler's where it is left out."""
        self._run, self._listeners, self._now, self._chance = run, tuple(listeners), now, chance
        self._pairs: dict[str, PairStatus] = {}
        self._under_way: dict[str, asyncio.Task[PairReport | None]] = {}
        self._schedule: Timetable = schedule or Schedule()
        self._stopping = False

    @property
    def pairs(self) -> Mapping[str, PairStatus]:
        """Every pair as it stands now, by name, in the order of the configuration."""
        shown = {}
        for name, pair in self._pairs.items():
            next_at = None if pair.paused else self._schedule.when(name)
            shown[name] = replace(pair, running=name in self._under_way, next_at=next_at)
        return MappingProxyType(shown)

    def start(self, paces: Mapping[str, Pace], known: Mapping[str, PairStatus] = MappingProxyType({})) -> None:
        """Begin, in the running loop: each pair runs at once, a little apart. `known` is what is remembered of them."""
        self._schedule.start()
        self.take(paces, known)

    def take(self, paces: Mapping[str, Pace], known: Mapping[str, PairStatus] = MappingProxyType({})) -> None:
        """Another configuration: pairs that are new begin, those that are gone end after the run they are in."""
        for name in self._pairs.keys() - paces.keys():
            self._schedule.forget(name)
        before = self._pairs
        self._pairs = {
            name: replace(before.get(name) or known.get(name) or PairStatus(name, pace), pace=pace)
            for name, pace in paces.items()
        }
        apart = timedelta()
        for name, pair in self._pairs.items():
            if not pair.paused and name not in self._under_way:
                self._set(name, self._now() + apart)
                apart += min(timedelta(milliseconds=200), pair.pace.every / max(len(paces), 1))

    async def sync_now(self, name: str, options: Options | None = None) -> PairReport | None:
        """Run a pair now, and answer how it ended. KeyError for no such pair.

        While a run is under way, a plain one is that run; one with options of its own begins after it.
        """
        pair = self._pairs[name]
        if options is not None:
            await self._idle(name)
        return await asyncio.shield(self._begin(pair.name, options or Options()))

    async def alone(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do something with a pair that no run of it may meet; scheduled runs wait for it. KeyError."""
        pair = self._pairs[name]
        await self._idle(name)
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def instead(_: str, __: Options) -> PairReport:
            try:
                done.set_result(await work())
            except Exception as error:  # noqa: BLE001 - it is the caller's
                done.set_exception(error)
            return pair.report or PairReport(name, Outcome.AGREED, dry_run=False)

        self._under_way[name] = asyncio.create_task(self._held(name, instead), name=name)
        return await asyncio.shield(done)

    async def _held(self, name: str, work: Run) -> PairReport | None:
        try:
            return await work(name, Options())
        finally:
            del self._under_way[name]
            pair = self._pairs.get(name)
            if pair is not None and not pair.paused and self._schedule.when(name) is None:
                self._set(name, self._now() + pair.pace.soonest)

    async def _idle(self, name: str) -> None:
        while name in self._under_way:
            await asyncio.wait([self._under_way[name]])

    def pause(self, name: str) -> None:
        """Run a pair no more until it is resumed; a run that is under way ends. KeyError."""
        self._pairs[name] = replace(self._pairs[name], paused=True)
        self._schedule.forget(name)

    def resume(self, name: str) -> None:
        """Run a paused pair again, now. KeyError."""
        self._pairs[name] = replace(self._pairs[name], paused=False, failures=0)
        self._set(name, self._now())

    def clock_jumped(self) -> None:
        """Every pair runs at its pace from now on, by the clock as it is now."""
        self._schedule.wake()
        for name, pair in self._pairs.items():
            if not pair.paused and name not in self._under_way:
                self._set(name, self._now() + wait(pair.pace, self._now(), self._now(), 0, self._chance()))

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Begin nothing more, let what is under way come to the end of a task, and cut off what takes longer.

        A run that is cut off is like one that crashed: its journal tells the next one where to look.
        """
        self._stopping = True
        self._schedule.stop()
        under_way = list(self._under_way.values())
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # -- one run ---------------------------------------------------------------------------------------------------

    def _set(self, name: str, moment: datetime) -> None:
        async def due() -> None:
            if name in self._pairs and not self._pairs[name].paused:
                _ = self._begin(name, Options())

        if not self._stopping:
            self._schedule.at(name, moment, due)

    def _begin(self, name: str, options: Options) -> asyncio.Task[PairReport | None]:
        """The run of a pair that is under way, a new one if none is."""
        if name not in self._under_way:
            task = asyncio.create_task(self._one(name, replace(options, stopping=lambda: self._stopping)), name=name)
            self._under_way[name] = task
        return self._under_way[name]

    async def _one(self, name: str, options: Options) -> PairReport | None:
        report: PairReport | None = None
        try:
            report = await self._run(name, options)
        except Exception as error:  # noqa: BLE001 - the other pairs go on, and this one tries again
            log(logging.ERROR, "run failed", pair=name, error=type(error).__name__, exc_info=True)
            report = PairReport(name, Outcome.FAILED, dry_run=False, errors=(f"The run broke off: {error}.",))
        finally:
            del self._under_way[name]
        ended = self._now()
        if report.dry_run:  # nothing happened that anybody would want to hear of
            if name in self._pairs and not self._pairs[name].paused and self._schedule.when(name) is None:
                self._set(name, ended)
            return report
        self._note(name, report, ended)
        for listener in self._listeners:
            try:
                await listener(name, report, ended)
            except Exception as error:  # noqa: BLE001 - nobody who only listens stops a run
                log(logging.WARNING, "listener failed", pair=name, error=f"{type(error).__name__}: {error}")
        return report

    def _note(self, name: str, report: PairReport, ended: datetime) -> None:
        """What a run says about when the next one should be."""
        pair = self._pairs.get(name)
        if pair is None:
            return  # it left the configuration meanwhile
        failed = report.outcome in (Outcome.FAILED, Outcome.UNREACHABLE)
        changed = any(each.state == "done" for each in report.operations)
        pair = replace(
            pair,
            ended_at=ended,
            agreed_at=ended if report.outcome is Outcome.AGREED else pair.agreed_at,
            changed_at=ended if changed else pair.changed_at,
            failures=pair.failures + 1 if failed else 0,
            report=report,
        )
        self._pairs[name] = pair
        if not pair.paused:
            self._set(name, ended + wait(pair.pace, ended, pair.changed_at, pair.failures, self._chance()))
