"""The whole stack, real: the sandbox over HTTP, a CalDAV server's own process, a SQLite file, the bridge between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from bridge.app import opened
from bridge.config import CalendarSettings, LionDeskSettings, PairSettings
from bridge.config.secret import read_secret
from bridge.report import PairReport
from bridge.sandbox.records import TaskRow
from bridge.sandbox.world import World
from bridge.store import State
from bridge.sync import Options, run
from tests.servers import AppCalendar, DavServer

ZONE = ZoneInfo("America/Los_Angeles")
TOKEN = "alice-token"
START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
"""Sunday noon in Los Angeles, a week before the clocks change."""

WRITEABLE = (
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

Shown = tuple[str, datetime, bool]
"""An occurrence as a person sees it: text, wall-clock due moment, done."""


@dataclass
class Stage:
    """One pair and everything around it. `app` is the calendar as another app sees it."""

    world: World
    url: str
    server: DavServer
    app: AppCalendar
    state: State
    settings: PairSettings
    full: bool = False
    log: int = field(default=0)

    async def sync(self, **options: Any) -> PairReport:
        """One run."""
        full, dry = bool(options.get("full")), bool(options.get("dry_run"))
        async with opened(self.settings, self.state, full=full, dry_run=dry, now=self.world.clock.now) as pair:
            return await run(pair, Options(**options))

    # -- LionDesk --------------------------------------------------------------------------------------------------

    def post(self, description: str, due: str, rule: str | None = None, **more: object) -> TaskRow:
        """A person makes a task in LionDesk."""
        body: dict[str, object] = {"assigned_user_id": "1", "due_at": due, "description": description}
        body |= {"status": "incomplete", "reminder_type": "0", "notes": "", **more}
        if rule is not None:
            body["recurrence_rule"] = rule
        self.tick()
        return self.world.create(1, body, "page")

    def patch(self, row: TaskRow, update_type: int = 1, **changes: object) -> None:
        """A person edits a task in LionDesk, whose page sends every value."""
        self.tick()
        shown = self.world.shown(self.world.ledger.rows[row.id])
        body = {name: shown[name] for name in WRITEABLE if shown.get(name) is not None} | changes
        if "recurrence_rule" in changes and changes["recurrence_rule"] is None:
            del body["recurrence_rule"]
        self.world.update(1, row.id, {**body, "update_type": update_type}, "page")

    def complete(self, row: TaskRow, status: str = "complete") -> None:
        """A person ticks a task in LionDesk."""
        self.tick()
        self.world.update(1, row.id, {"status": status, "update_type": 3}, "page")

    def delete(self, row: TaskRow, delete_type: int = 1) -> None:
        """A person deletes in LionDesk."""
        self.tick()
        self.world.delete(1, row.id, delete_type, "page")

    def tick(self) -> None:
        """Time goes by between a person's edits."""
        self.world.advance(timedelta(seconds=7))

    def rows(self) -> list[TaskRow]:
        """LionDesk's live rows by due moment."""
        rows = [row for row in self.world.ledger.rows.values() if row.values.status != "deleted"]
        return sorted(rows, key=lambda row: (row.values.due, row.id))

    def liondesk_shows(self) -> list[Shown]:
        """Every live row as a person sees it."""
        return sorted(
            (row.values.description, row.values.due.replace(tzinfo=None), row.values.status == "complete")
            for row in self.rows()
        )

    def writes(self) -> list[tuple[str, str, Mapping[str, object]]]:
        """Method, kind and body of each write that LionDesk received since last asked: kind is type N or 'single'."""
        log, self.log = self.world.log[self.log :], len(self.world.log)
        found: list[tuple[str, str, Mapping[str, object]]] = []
        for each in log:
            if each.method in ("POST", "PATCH", "DELETE") and "/scheduled/tasks" in each.path:
                body = each.body if isinstance(each.body, dict) else {}
                query = str(each.query)
                kind = str(body.get("update_type") or query.partition("delete_type=")[2][:1] or "plain")
                found.append((each.method, kind, body))
        return found

    def kinds(self) -> list[str]:
        """The writes since last asked, such as `PATCH 3`."""
        return [f"{method} {kind}" for method, kind, _ in self.writes()]

    # -- the calendar ----------------------------------------------------------------------------------------------

    def resources(self) -> dict[str, Any]:
        """Every resource, parsed, by its name."""
        return {name: parsed(self.app.get(name).text) for name in self.app.names()}

    def only(self) -> tuple[str, Any]:
        """The one resource there is."""
        ((name, calendar),) = self.resources().items()
        return name, calendar

    def put(self, name: str, calendar: Any) -> None:
        """An app writes a resource."""
        self.tick()
        now = self.world.clock.now()
        for todo in calendar.walk("VTODO"):
            todo.pop("LAST-MODIFIED", None)
            todo.add("LAST-MODIFIED", now)
        answer = self.app.put(name, calendar.to_ical().decode())
        assert answer.status_code in (200, 201, 204), answer.text

    def calendar_shows(self, through: datetime | None = None) -> list[Shown]:
        """Every occurrence through `through` as recurring-ical-events expands it: not the bridge's own arithmetic."""
        if through is None:
            through = max((due for _, due, _ in self.liondesk_shows()), default=datetime(2026, 12, 31))
        shown: list[Shown] = []
        for calendar in self.resources().values():
            if not any("RRULE" in todo for todo in calendar.walk("VTODO")):
                shown += [_shown(todo) for todo in calendar.walk("VTODO")]
                continue
            query = recurring_ical_events.of(calendar, components=["VTODO"], skip_bad_series=False)
            found = query.between(datetime(2020, 1, 1, tzinfo=ZONE), (through + timedelta(days=1)).replace(tzinfo=ZONE))
            live = [todo for todo in found if todo.get("STATUS") != "CANCELLED"]
            shown += [each for todo in live if (each := _shown(todo))[1] <= through]
        return sorted(shown)

    def agree(self) -> None:
        """Both sides show the same occurrences."""
        calendar, liondesk = self.calendar_shows(), self.liondesk_shows()
        assert calendar == liondesk, (
            f"only in the calendar: {set(calendar) - set(liondesk)}; only in LionDesk: {set(liondesk) - set(calendar)}"
        )

    async def settles(self) -> None:
        """Both sides agree, and the next two runs write nothing (law 5)."""
        self.agree()
        self.writes()
        before = {name: self.app.etag(name) for name in self.app.names()}
        for _ in range(2):
            report = await self.sync()
            assert report.operations == ()
        assert self.writes() == []
        assert {name: self.app.etag(name) for name in self.app.names()} == before


def _shown(todo: Any) -> Shown:
    due = (todo.get("DUE") or todo.get("DTSTART")).dt
    if not isinstance(due, datetime):
        wall = datetime.combine(due, datetime.min.time())
    else:
        wall = due.astimezone(ZONE).replace(tzinfo=None) if due.tzinfo else due
    return str(todo.get("SUMMARY", "")), wall, str(todo.get("STATUS", "")) == "COMPLETED"


def parsed(text: str) -> Any:
    """A resource to look at and to edit as an app does; icalendar's own types know no property by its name."""
    return icalendar.Calendar.from_ical(text)


def master(calendar: Any) -> Any:
    """The component without RECURRENCE-ID."""
    return next(todo for todo in calendar.walk("VTODO") if "RECURRENCE-ID" not in todo)


def override(calendar: Any, slot: datetime, **properties: object) -> Any:
    """A full-copy override of one occurrence, as Thunderbird makes it; None takes a property away."""
    found = [
        todo for todo in calendar.walk("VTODO") if "RECURRENCE-ID" in todo and _wall(todo["RECURRENCE-ID"].dt) == slot
    ]
    todo = found[0] if found else _copy(calendar, slot)
    for name, value in properties.items():
        key = name.replace("_", "-")
        todo.pop(key, None)
        if value is not None:
            todo.add(key, value)
    return todo


def _wall(moment: date | datetime) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, datetime.min.time())
    return moment.astimezone(ZONE).replace(tzinfo=None) if moment.tzinfo else moment


def _copy(calendar: Any, slot: datetime) -> Any:
    todo = master(calendar).copy(recursive=True)
    for name in ("RRULE", "EXDATE", "RDATE", "DTSTART", "DUE"):
        todo.pop(name, None)
    all_day = not isinstance(master(calendar)["DUE"].dt, datetime)
    moment: date = slot.date() if all_day else slot.replace(tzinfo=ZONE)
    for name in ("RECURRENCE-ID", "DTSTART", "DUE"):
        todo.add(name, moment)
    calendar.add_component(todo)
    return todo


def new_stage(folder: Path, world: World, url: str, server: DavServer, state: State, **calendar: Any) -> Stage:
    """A pair between this world's first user and a new calendar."""
    app = server.new_calendar()
    settings = PairSettings(
        name="alice",
        liondesk=LionDeskSettings(url=f"{url}/api/v1", account_url=url, token=read_secret(TOKEN, Path())),
        calendar=CalendarSettings(
            url=app.url,
            username=server.username,
            password=read_secret(server.password, Path()) if server.password is not None else None,
            **calendar,
        ),
    )
    del folder
    return Stage(world, url, server, app, state, settings)


def worlds() -> Iterator[World]:
    """A world with one user, two contacts and two categories, its clock running from START."""
    world = World()
    world.set_clock(START, frozen=False)
    world.add_user("Alice", "Agent", token=TOKEN)
    world.add_contact(1, "Bill", "Gates", mobile_phone="555-0100")
    world.add_category("Call")
    world.add_category("Showing")
    yield world
