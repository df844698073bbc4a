"""What the demo stands on: both servers, the bridge's state, and a pair that joins them. All of it goes on leaving."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bridge.app import sync_pair
from bridge.config import CalendarSettings, LionDeskSettings, PairSettings
from bridge.config.secret import read_secret
from bridge.core.model import Series, Status
from bridge.core.occurrences import present, value_at
from bridge.demo.calendar_app import CalendarApp
from bridge.demo.calendar_server import serving_calendars
from bridge.report import PairReport
from bridge.sandbox.book import ZONE, believable_book
from bridge.sandbox.records import TaskRow
from bridge.sandbox.seed import plant
from bridge.sandbox.serve import serving
from bridge.sandbox.world import World
from bridge.store import State, open_state
from bridge.sync import Options
from bridge.vtodo import Context, read

USER = "ann"
CALENDAR = "LionDesk"
_AGENT = 1
_WRITEABLE = (
    "contact_id",
    "assigned_user_id",
    "due_at",
    "recurrence_rule",
    "is_all_day",
    "notify_assignee",
    "reminder_type",
    "category_id",
    "description",
    "status",
    "notes",
)

Shown: TypeAlias = tuple[datetime, str, bool]
"""An occurrence as a person sees it: due on the agent's wall clock, text, done."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Both sides and the bridge. `app` is the calendar as another app has it."""

    world: World
    liondesk_url: str
    app: CalendarApp
    settings: PairSettings
    state: State
    folder: Path

    @property
    def now(self) -> datetime:
        """The agent's wall clock, naive."""
        return self.world.clock.now().astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)

    def sync(self) -> PairReport:
        """One run."""
        return asyncio.run(sync_pair(self.settings, self.state, Options(), now=self.world.clock.now))

    # -- LionDesk, as the agent uses it --------------------------------------------------------------------------------

    def rows(self, description: str | None = None) -> list[TaskRow]:
        """The agent's live rows by due moment, all or those of this text."""
        live = (row for row in self.world.ledger.owned_by(_AGENT) if row.values.status != "deleted")
        wanted = (row for row in live if description in (None, row.values.description))
        return sorted(wanted, key=lambda row: (row.values.due, row.id))

    def edit(self, row: TaskRow, update_type: int, **changes: object) -> None:
        """The agent saves a task's form."""
        shown = self.world.shown(row)
        body = {name: shown[name] for name in _WRITEABLE if shown.get(name) is not None}
        self.world.update(_AGENT, row.id, {**body, **changes, "update_type": update_type}, "page")

    def tick(self, row: TaskRow) -> None:
        """The agent completes a task."""
        self.world.update(_AGENT, row.id, {"status": "complete", "update_type": 3}, "page")

    # -- what both sides show ------------------------------------------------------------------------------------------

    def liondesk_shows(self, start: datetime, end: datetime) -> list[Shown]:
        """Every occurrence in LionDesk that is due from `start` to `end`."""
        shown = [(row.values.due, row.values.description, row.values.status == "complete") for row in self.rows()]
        return sorted(each for each in shown if start <= each[0] <= end)

    def calendar_shows(self, start: datetime, end: datetime) -> list[Shown]:
        """Every occurrence in the calendar that is due from `start` to `end`."""
        zone = ZoneInfo(ZONE)
        context = Context(zone, {}, self.settings.calendar.start, None)
        shown: list[Shown] = []
        for href, text in self.app.texts().items():
            series = read(text, context, href)
            if not isinstance(series, Series):
                continue
            tasks = [value_at(series, slot) for slot in present(series, zone, end)]
            shown += [(each.due, each.summary, each.status is Status.COMPLETE) for each in tasks if each is not None]
        return sorted(each for each in shown if start <= each[0] <= end)

    def writes(self) -> int:
        """How many write requests LionDesk has received."""
        return sum(each.method not in ("GET", "HEAD") for each in self.world.log)


@contextmanager
def staged(beginning: datetime | None = None) -> Iterator[Stage]:
    """Everything, on free loopback ports, in a folder that is gone afterwards. It begins now, or at an aware moment."""
    beginning = beginning or datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="liondesk-bridge-demo-") as name:
        folder = Path(name)
        book = believable_book(beginning)
        book.now = beginning.isoformat()
        world = plant(book)
        world.set_clock(beginning, frozen=False)
        (folder / "calendars").mkdir()
        with (
            serving(world) as liondesk,
            serving_calendars(folder / "calendars") as calendars,
            open_state(f"sqlite:///{(folder / 'state.db').as_posix()}", now=world.clock.now) as state,
        ):
            app = CalendarApp(f"{calendars}{USER}/{CALENDAR}/", USER, ZoneInfo(ZONE), world.clock.now)
            yield Stage(world, liondesk, app, _pair(liondesk, calendars), state, folder)


def _pair(liondesk: str, calendars: str) -> PairSettings:
    return PairSettings(
        name="demo",
        liondesk=LionDeskSettings(
            url=f"{liondesk}/api/v1", account_url=liondesk, token=read_secret("sandbox-ann", Path())
        ),
        calendar=CalendarSettings(
            url=calendars, username=USER, password=read_secret("demo", Path()), calendar=CALENDAR
        ),
    )
