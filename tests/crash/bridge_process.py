"""The bridge as a process of its own that ends at a chosen point, as `kill -9` ends it.

A point is just before and just after every HTTP request to either side, and just before and just after every commit of
the state file, its making included. What runs is `bridge.app.synced`, as every command runs it; nothing in bridge/
knows. Processes are forked from one that has imported all there is to import.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from bridge.app import synced
from bridge.caldav import wire
from bridge.config import PairSettings
from bridge.deciding import resolve
from bridge.liondesk.http import Http
from bridge.report import PairReport
from bridge.store import State, open_state
from bridge.store.database import Database
from bridge.sync import Options
from bridge.sync.pair import Undo

LATE = (
    "anyio._backends._asyncio",
    "bridge.last_run",
    "bridge.liondesk.client",
    "bridge.vtodo.copying",
    "bridge.vtodo.making",
    "bridge.vtodo.reading",
    "bridge.vtodo.writing",
    "caldav.config",
    "h11",
    "httpcore",
    "urllib3.contrib.hface.protocols.http1",
)
"""Imported by the program where they are needed; here they are there before a process is forked."""

for _name in LATE:
    importlib.import_module(_name)

Action: TypeAlias = Literal["sync", "undo", "resolve"]


@dataclass(frozen=True)
class Job:
    """One run. `killed_at`: the number of the point at which the process ends, None to let it live.

    `run` is its name. `told` is where it tells its points, one a line, and `report` what came of it.
    """

    settings: PairSettings
    state: Path
    now: datetime
    action: Action
    run: str
    told: Path
    report: Path
    killed_at: int | None = None


@dataclass(frozen=True)
class Ended:
    """How the process ended: the points that it passed, and what it reported, None where it was killed."""

    killed: bool
    points: tuple[str, ...]
    code: int | None = None
    operations: int = 0
    errors: tuple[str, ...] = ()


class Points:
    """Counts points, and kills this process at one of them."""

    def __init__(self, told: Path, killed_at: int | None) -> None:
        self._told = os.open(told, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND, 0o600)
        self._killed_at = killed_at
        self._lock = threading.Lock()
        self._passed = 0

    def reach(self, what: str) -> None:
        """The process is at this point."""
        with self._lock:
            self._passed += 1
            os.write(self._told, f"{what}\n".encode())
            if self._passed == self._killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Count from now on."""
        self._around_requests(Http, "_send_once", lambda given: f"{given[0]} LionDesk")
        self._around_requests(wire._Session, "request", lambda given: f"{given['method']} calendar")
        commit = Database.write

        def write(database: Database, work: Callable[[Any], Any]) -> Any:
            self.reach("before a commit")
            kept = commit(database, work)
            self.reach("after a commit")
            return kept

        Database.write = write  # type: ignore[method-assign, assignment]

    def _around_requests(self, owner: type, name: str, told: Callable[[Any], str]) -> None:
        send = getattr(owner, name)

        async def sent(self_: object, *given: Any, **named: Any) -> Any:
            what = told(given or named)
            self.reach(f"before {what}")
            answer = await send(self_, *given, **named)
            self.reach(f"after {what}")
            return answer

        setattr(owner, name, sent)


def run(job: Job) -> Ended:
    """One run in a process of its own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_live, args=(job,))
    process.start()
    process.join()
    points = tuple(job.told.read_text().splitlines())
    if process.exitcode == -signal.SIGKILL:
        return Ended(killed=True, points=points)
    assert process.exitcode == 0, f"the bridge ended with {process.exitcode}"
    told = json.loads(job.report.read_text())
    return Ended(
        killed=False, points=points, code=told["code"], operations=told["operations"], errors=tuple(told["errors"])
    )


def _live(job: Job) -> None:
    """What the process does."""
    Points(job.told, job.killed_at).watch()
    report = asyncio.run(act(job))
    told = {"code": report.code, "operations": len(report.operations), "errors": report.errors}
    job.report.write_text(json.dumps(told))


async def act(job: Job) -> PairReport:
    """The run itself, from the opening of the state on."""
    began = datetime.now(UTC)

    def now() -> datetime:
        return job.now + (datetime.now(UTC) - began)

    with open_state(f"sqlite:///{job.state}", now=now) as state:
        return await _act(job, state, now)


async def _act(job: Job, state: State, now: Callable[[], datetime]) -> PairReport:
    options = Options(run=job.run)
    if job.action == "undo":
        options = Options(run=job.run, undo=Undo("r1"))
    if job.action == "resolve":
        items = [each for each in await state.pair(job.settings.name).open_items() if each.answer is None]
        if items:
            settled = await resolve(job.settings, state, items[0], "calendar", options, now=now)
            assert settled.report is not None
            return settled.report
    return await synced(job.settings, state, options, now=now)
