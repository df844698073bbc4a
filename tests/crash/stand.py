"""A stage that can be put back: LionDesk, calendar and state as they were when people had made their edits."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from bridge.app import opened
from bridge.report import PairReport
from bridge.sandbox.serve import serving
from bridge.sandbox.world import World
from bridge.store import open_state
from bridge.verify import Verdict, verify
from tests.crash.bridge_process import Action, Ended, Job, act, run
from tests.crash.scenarios import Scenario
from tests.servers import DavServer
from tests.system.stage import Shown, Stage, new_stage, worlds

LATER = timedelta(minutes=3)
"""After this, a request whose answer was lost is sent again."""


@dataclass
class Stand:
    """One scenario between the sandbox, a CalDAV server and a state file, at the moment before the run."""

    scenario: Scenario
    stage: Stage
    state: Path
    shelf: Path

    def put_back(self) -> None:
        """Everything as it was."""
        kept = copy.deepcopy(self._world)
        for each in fields(World):
            setattr(self.stage.world, each.name, getattr(kept, each.name))
        self.stage.log = len(self.stage.world.log)
        for file in self.state.parent.glob(f"{self.state.name}*"):
            file.unlink()
        for file in (self.shelf / "state").iterdir():
            shutil.copy2(file, self.state.parent / file.name)
        shutil.rmtree(self._collection)
        shutil.copytree(self.shelf / "calendar", self._collection)

    def put_by(self) -> None:
        """What `put_back` gives again."""
        self.stage.state.close()
        (self.shelf / "state").mkdir()
        for file in self.state.parent.glob(f"{self.state.name}*"):
            shutil.copy2(file, self.shelf / "state" / file.name)
        shutil.copytree(self._collection, self.shelf / "calendar")
        self._world = copy.deepcopy(self.stage.world)
        self._runs = count(1)
        settings = self.stage.settings
        calendar = msgspec.structs.replace(settings.calendar, shape=self.scenario.after)
        self.stage.settings = msgspec.structs.replace(settings, calendar=calendar)

    def run(self, killed_at: int | None = None) -> Ended:
        """The scenario's run as a process of its own."""
        return run(self._job(self.scenario.action, killed_at))

    async def run_again(self, action: Action) -> PairReport:
        """Another run, which nobody kills and which has the state from the file."""
        return await act(self._job(action, None))

    def _job(self, action: Action, killed_at: int | None) -> Job:
        name, shelf = f"c{next(self._runs)}", self.shelf
        return Job(
            settings=self.stage.settings,
            state=self.state,
            now=self.stage.world.clock.now(),
            action=action,
            run=name,
            told=shelf / "points",
            report=shelf / "report",
            killed_at=killed_at,
        )

    async def verified(self) -> Verdict:
        """Both sides read by the reader that shares no code with what writes."""
        now = self.stage.world.clock.now
        with open_state(f"sqlite:///{self.state}", now=now) as state:
            async with opened(self.stage.settings, state, dry_run=True, now=now) as pair:
                context = pair.context
                return await verify(pair.liondesk, pair.calendar, pair.store, context.zone, context.categories, now())

    def shown(self) -> tuple[list[Shown], list[Shown]]:
        """What a person sees in LionDesk, and in the calendar."""
        return self.stage.liondesk_shows(), self.stage.calendar_shows()

    @property
    def _collection(self) -> Path:
        path = unquote(urlsplit(self.stage.app.url).path).strip("/")
        return self.stage.server.folder / "collections" / "collection-root" / path


@contextmanager
def stand_for(scenario: Scenario, server: DavServer, folder: Path) -> Iterator[Stand]:
    """Sandbox, calendar and state, with nothing in them yet. `server` is a Radicale, which keeps its tasks in files."""
    state, shelf = folder / "run" / "state.db", folder / "shelf"
    state.parent.mkdir()
    shelf.mkdir()
    for world in worlds():
        with serving(world) as url:
            store = open_state(f"sqlite:///{state}", now=world.clock.now)
            stage = new_stage(folder, world, url, server, store, shape=scenario.shape)
            yield Stand(scenario, stage, state, shelf)
