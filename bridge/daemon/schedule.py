"""The clock of the daemon: APScheduler, which no other module knows.

One job a pair, each for one moment: whoever ran says when it runs next. A moment that passed while the machine slept
is made up for once (coalescing), and a job never meets itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger


class Timetable(Protocol):
    """Calls functions at moments; what `Service` needs of a clock."""

    def start(self) -> None:
        """From now on."""
        ...

    def at(self, name: str, moment: datetime, call: Callable[[], Awaitable[None]]) -> None:
        """Call once at `moment` (aware), in place of what `name` was to be called for before."""
        ...

    def when(self, name: str) -> datetime | None:
        """For which moment a call is set, None for none."""
        ...

    def forget(self, name: str) -> None:
        """Call it no more."""
        ...

    def wake(self) -> None:
        """Look at the clock again."""
        ...

    def stop(self) -> None:
        """Call nothing more."""
        ...


class Schedule:
    """A `Timetable` in the running event loop."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None})

    def start(self) -> None:
        """From now on, in the running loop."""
        self._scheduler.start()

    def at(self, name: str, moment: datetime, call: Callable[[], Awaitable[None]]) -> None:
        """Call once at `moment` (aware), in place of what `name` was to be called for before."""
        self._scheduler.add_job(call, DateTrigger(moment), id=name, replace_existing=True)

    def when(self, name: str) -> datetime | None:
        """For which moment a call is set, None for none."""
        job = self._scheduler.get_job(name)
        found: datetime | None = getattr(job, "next_run_time", None)
        return found

    def forget(self, name: str) -> None:
        """Call it no more."""
        with contextlib.suppress(JobLookupError):  # it was just called, or never set
            self._scheduler.remove_job(name)

    def wake(self) -> None:
        """Look at the clock again: it jumped, and what a timer was set for is no measure any more."""
        self._scheduler.wakeup()

    def stop(self) -> None:
        """Call nothing more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
