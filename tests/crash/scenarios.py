"""What people had done when the process was killed: each scenario sets the stage, and says what is run then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import icalendar

from tests.crash.bridge_process import Action
from tests.servers import ics
from tests.system.stage import ZONE, Stage, master, override

MONDAYS = "FREQ=WEEKLY;COUNT=6;BYDAY=MO"
ENDLESS = "FREQ=WEEKLY;BYDAY=MO"


@dataclass(frozen=True)
class Scenario:
    """`setting`: what was there, and what people did last. `shape` is the pair's then, `after` that of the run."""

    name: str
    setting: Callable[[Stage], Awaitable[None]]
    action: Action = "sync"
    shape: str = "overrides"
    after: str = "overrides"


def _monday(week: int, hour: int = 9) -> datetime:
    return datetime(2026, 3, 2, hour) + timedelta(weeks=week)


async def lived(stage: Stage, rule: str = MONDAYS) -> None:
    """A series with its second occurrence completed and its fourth renamed, and a single task; both sides agree."""
    stage.post("Call client", "2026-03-02T09:00:00", rule)
    stage.post("Buy flowers", "2026-03-04T09:00:00")
    await stage.sync(run="r0")
    rows = [row for row in stage.rows() if row.values.description == "Call client"]
    stage.complete(rows[1])
    stage.patch(rows[3], description="Call the lawyer")
    await stage.sync(run="r0b")


async def _series(stage: Stage, rule: str = MONDAYS) -> tuple[str, Any]:
    """The same, and the resource of the series."""
    await lived(stage, rule)
    return next((name, each) for name, each in stage.resources().items() if "RRULE" in master(each))


async def first_run(stage: Stage) -> None:
    """Everything is new, on both sides."""
    stage.post("Call client", "2026-03-02T09:00:00", MONDAYS)
    stage.complete(stage.rows()[0])
    stage.patch(stage.rows()[2], description="Call the lawyer")
    stage.post("Buy flowers", "2026-03-04T09:00:00", contact_id="1", category_id="1")
    stage.app.put("sign.ics", ics("sign", "Buy a sign"))
    stage.app.put("walk.ics", ics("walk", "Walk through", "RRULE:FREQ=DAILY;COUNT=3"))


async def created_in_the_calendar(stage: Stage) -> None:
    await lived(stage)
    stage.app.put("sign.ics", ics("sign", "Buy a sign"))


async def series_created_in_the_calendar(stage: Stage) -> None:
    await lived(stage)
    stage.app.put("walk.ics", ics("walk", "Walk through", "RRULE:FREQ=DAILY;COUNT=3"))


async def ticked(stage: Stage) -> None:
    name, calendar = await _series(stage)
    override(calendar, _monday(2), STATUS="COMPLETED")
    stage.put(name, calendar)


async def renamed_and_moved(stage: Stage) -> None:
    name, calendar = await _series(stage)
    moved = _monday(2, 14).replace(tzinfo=ZONE)
    override(calendar, _monday(2), SUMMARY="Call at two", DTSTART=moved, DUE=moved)
    stage.put(name, calendar)


async def series_renamed(stage: Stage) -> None:
    name, calendar = await _series(stage)
    master(calendar)["SUMMARY"] = "Call the new client"
    stage.put(name, calendar)


async def split(stage: Stage) -> None:
    """An app edits this and the following: the old series ends, a new UID goes on (idiom 15)."""
    name, calendar = await _series(stage)
    master(calendar)["RRULE"] = icalendar.vRecur.from_ical("FREQ=WEEKLY;UNTIL=20260323T160000Z;BYDAY=MO")
    for todo in [each for each in calendar.walk("VTODO") if "RECURRENCE-ID" in each]:
        if todo["RECURRENCE-ID"].dt.replace(tzinfo=None) > _monday(3):
            calendar.subcomponents.remove(todo)
    stage.put(name, calendar)
    tail = ics("tail", "Call them all", "RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=MO", due="20260330T110000")
    stage.app.put("tail.ics", tail)


async def following_edited_in_liondesk(stage: Stage) -> None:
    await lived(stage)
    rows = [row for row in stage.rows() if row.values.due.replace(tzinfo=None) == _monday(4)]
    stage.patch(rows[0], 2, description="Call them all", due_at="2026-03-30T11:00:00")


async def excluded(stage: Stage) -> None:
    name, calendar = await _series(stage)
    master(calendar).add("EXDATE", _monday(2).replace(tzinfo=ZONE))
    stage.put(name, calendar)


async def deleted(stage: Stage) -> None:
    name, _ = await _series(stage)
    stage.app.delete(name)


async def rolled(stage: Stage) -> None:
    """An app ticks the open occurrence by moving the master on (idiom 7)."""
    name, calendar = await _series(stage, ENDLESS)
    todo = master(calendar)
    for key in ("DTSTART", "DUE"):
        later = todo[key].dt + timedelta(weeks=2)
        todo.pop(key)
        todo.add(key, later)
    stage.put(name, calendar)


async def disputed(stage: Stage) -> None:
    """Both gave one text, LionDesk's won; a person now wants the other."""
    await lived(stage)
    row = next(row for row in stage.rows() if row.values.description == "Buy flowers")
    name, calendar = next(
        (name, each) for name, each in stage.resources().items() if str(master(each)["SUMMARY"]) == "Buy flowers"
    )
    master(calendar)["SUMMARY"] = "Buy roses"
    stage.put(name, calendar)
    stage.patch(row, description="Buy tulips")
    await stage.sync(run="r1")


async def regretted(stage: Stage) -> None:
    """A series was renamed, an occurrence ticked, a task deleted in one run, which is to be taken back."""
    name, calendar = await _series(stage)
    override(calendar, _monday(2), STATUS="COMPLETED")
    stage.put(name, calendar)
    flowers = next(row for row in stage.rows() if row.values.description == "Buy flowers")
    stage.delete(flowers)
    await stage.sync(run="r1")


SCENARIOS = (
    Scenario("first run, both sides full", first_run),
    Scenario("first run, rolling", first_run, shape="rolling", after="rolling"),
    Scenario("task made in the calendar (POST)", created_in_the_calendar),
    Scenario("series made in the calendar (POST)", series_created_in_the_calendar),
    Scenario("occurrence ticked (PATCH, type 3)", ticked),
    Scenario("occurrence edited and moved (PATCH, type 1)", renamed_and_moved),
    Scenario("series renamed (PATCH, type 2, mended)", series_renamed),
    Scenario("split by an app (PATCH, type 2, new tail)", split),
    Scenario("this and following edited in LionDesk", following_edited_in_liondesk),
    Scenario("occurrence excluded (DELETE, type 1)", excluded),
    Scenario("series deleted (DELETE, type 3)", deleted),
    Scenario("master rolled on by an app", rolled, shape="rolling", after="rolling"),
    Scenario("shape: overrides to rolling", lived, after="rolling"),
    Scenario("shape: rolling to separate", lived, shape="rolling", after="separate"),
    Scenario("shape: separate to overrides", lived, shape="separate"),
    Scenario("conflict resolved", disputed, action="resolve"),
    Scenario("run undone", regretted, action="undo"),
)
