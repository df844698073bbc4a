"""`component = "event"`: the tables hold for services without VTODO, with a check mark for done."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from bridge.errors import ConfigurationError
from tests.servers import ics
from tests.system.event_stage import MARKS, EventStage, event_of, said
from tests.system.stage import ZONE, Stage

WEEKLY = "FREQ=WEEKLY;COUNT=6;BYDAY=MO"
MARK = "\u2713 "
NEVER = {"DUE", "COMPLETED", "PERCENT-COMPLETE"}


def wall(day: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour)


def la(day: int, hour: int = 9, month: int = 3) -> datetime:
    return wall(day, hour, month).replace(tzinfo=ZONE)


def event(uid: str, summary: str, *more: str) -> str:
    """An event as an app writes it."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//another app//EN", "BEGIN:VEVENT", f"UID:{uid}"]
    lines += ["DTSTAMP:20260101T000000Z", f"SUMMARY:{summary}", *more, "END:VEVENT", "END:VCALENDAR"]
    return "\r\n".join(lines) + "\r\n"


@pytest.fixture(name="events")
def _events(stage: Stage) -> EventStage:
    return EventStage.beside(stage)


async def synced(events: EventStage, rule: str | None = WEEKLY, **more: object) -> tuple[str, Any]:
    """A task on both sides, and its resource."""
    events.post("Call client", "2026-03-02T09:00:00", rule, **more)
    await events.sync()
    events.agree()
    events.writes()
    return events.only()


async def sends(events: EventStage, *kinds: str) -> None:
    """One run sends exactly these writes, and then all is quiet."""
    await events.sync()
    assert events.kinds() == list(kinds)
    await events.settles()
    for calendar in events.resources().values():
        for each in calendar.walk("VEVENT"):
            assert not NEVER & set(each)
            assert str(each.get("STATUS", "CONFIRMED")) in ("CONFIRMED", "CANCELLED")


# -- LionDesk to calendar ----------------------------------------------------------------------------------------------


async def test_a_task_is_an_event_at_its_due_moment_that_makes_nobody_busy(events: EventStage) -> None:
    _, calendar = await synced(events, None, notes="Ask for the keys", category_id="1")
    one = event_of(calendar)
    assert one["DTSTART"].dt == la(2)
    assert "DTEND" not in one
    assert str(one["TRANSP"]) == "TRANSPARENT"
    assert (str(one["SUMMARY"]), str(one["DESCRIPTION"])) == ("Call client", "Ask for the keys")
    assert [str(name) for name in one["CATEGORIES"].cats] == ["Call"]
    assert calendar.walk("VTODO") == []
    await events.settles()


async def test_an_all_day_task_is_a_date(events: EventStage) -> None:
    events.post("Mileage log", "2026-03-02T00:00:00", is_all_day=True)
    await events.sync()
    assert event_of(events.only()[1])["DTSTART"].dt == date(2026, 3, 2)
    await events.settles()


async def test_a_lead_is_how_long_an_event_lasts_until_it_is_due(stage: Stage) -> None:
    events = EventStage.beside(stage, start=timedelta(hours=1))
    events.post("Day long", "2026-03-04T00:00:00", is_all_day=True)
    name, calendar = await synced_all(events)
    timed = next(each for each in calendar if str(event_of(each)["SUMMARY"]) == "Call client")
    day = next(each for each in calendar if str(event_of(each)["SUMMARY"]) == "Day long")
    assert (event_of(timed)["DTSTART"].dt, event_of(timed)["DTEND"].dt) == (la(2, 8), la(2))
    assert (event_of(day)["DTSTART"].dt, event_of(day)["DTEND"].dt) == (date(2026, 3, 4), date(2026, 3, 5))
    said(event_of(timed), DTSTART=la(2, 9), DTEND=la(2, 10))
    events.put(next(name for name, each in events.resources().items() if "Call client" in str(each)), timed)
    await events.sync()
    ((method, _, body),) = events.writes()
    assert (method, body["due_at"]) == ("PATCH", "2026-03-02T10:00:00")
    await events.settles()
    del name


async def synced_all(events: EventStage) -> tuple[list[str], list[Any]]:
    events.post("Call client", "2026-03-02T09:00:00")
    await events.sync()
    events.agree()
    events.writes()
    found = events.resources()
    return list(found), list(found.values())


async def test_a_row_completed_and_reopened_is_a_mark_that_comes_and_goes(events: EventStage) -> None:
    await synced(events)
    row = events.rows()[2]
    events.complete(row)
    await events.sync()
    done = event_of(events.only()[1], wall(16))
    assert str(done["SUMMARY"]) == MARK + "Call client"
    assert not done.walk("VALARM")
    await events.settles()
    events.complete(row, "incomplete")
    await events.sync()
    assert all(not str(each["SUMMARY"]).startswith(MARK) for each in events.only()[1].walk("VEVENT"))
    await events.settles()


async def test_a_single_task_completed_stops_ringing_and_rings_again_when_it_is_reopened(events: EventStage) -> None:
    _, calendar = await synced(events, None)
    assert len(event_of(calendar).walk("VALARM")) == 1
    events.complete(events.rows()[0])
    await events.sync()
    assert event_of(events.only()[1]).walk("VALARM") == []
    events.complete(events.rows()[0], "incomplete")
    await events.sync()
    assert len(event_of(events.only()[1]).walk("VALARM")) == 1
    await events.settles()


async def test_a_text_that_begins_with_a_mark_by_itself_is_not_done(events: EventStage) -> None:
    events.post("\u2713 signed? Ask", "2026-03-02T09:00:00")
    await events.sync()
    await events.settles()
    assert events.calendar_shows() == [("\u2713 signed? Ask", wall(2), False)]
    events.complete(events.rows()[0])
    await events.sync()
    await events.settles()
    assert events.calendar_shows() == [("\u2713 signed? Ask", wall(2), True)]


async def test_rows_edited_moved_and_deleted_are_overrides_and_exdates(events: EventStage) -> None:
    await synced(events)
    events.patch(events.rows()[1], description="Call again")
    events.patch(events.rows()[2], due_at="2026-03-17T10:00:00")
    events.delete(events.rows()[3])
    await events.sync()
    await events.settles()


async def test_this_and_following_edited_is_a_resource_of_its_own(events: EventStage) -> None:
    await synced(events)
    events.patch(events.rows()[3], 2, description="Write to client")
    await events.sync()
    assert len(events.resources()) == 2
    await events.settles()


# -- calendar to LionDesk ----------------------------------------------------------------------------------------------


async def test_a_new_event_is_a_task_that_is_due_when_it_starts(events: EventStage) -> None:
    await events.sync()
    events.app.put("new.ics", event("app-1", "Buy flowers", "DTSTART:20260309T170000Z", "DTEND:20260309T180000Z"))
    await events.sync()
    ((method, kind, body),) = events.writes()
    assert (method, kind, body["due_at"], body["status"]) == ("POST", "plain", "2026-03-09T10:00:00", "incomplete")
    await events.settles()


async def test_a_new_event_with_a_mark_is_a_completed_task(events: EventStage) -> None:
    await events.sync()
    events.app.put("new.ics", event("app-1", MARK + "Buy flowers", "DTSTART;VALUE=DATE:20260227"))
    await events.sync()
    ((method, _, body),) = events.writes()
    assert (method, body["description"], body["status"]) == ("POST", "Buy flowers", "complete")
    await events.settles()


@pytest.mark.parametrize("mark", [*(f"{mark} " for mark in MARKS), "\u2705", "[X] "])
async def test_a_mark_that_the_user_types_is_type_3_whatever_mark_it_is(events: EventStage, mark: str) -> None:
    name, calendar = await synced(events, None)
    said(event_of(calendar), SUMMARY=mark + "Call client")
    events.put(name, calendar)
    await sends(events, "PATCH 3")
    assert events.liondesk_shows() == [("Call client", wall(2), True)]
    assert str(event_of(events.only()[1])["SUMMARY"]) == mark + "Call client"


async def test_a_mark_taken_away_reopens(events: EventStage) -> None:
    events.post("Call client", "2026-03-02T09:00:00")
    events.complete(events.rows()[0])
    await events.sync()
    events.writes()
    name, calendar = events.only()
    said(event_of(calendar), SUMMARY="Call client")
    events.put(name, calendar)
    await sends(events, "PATCH 3")
    assert events.liondesk_shows() == [("Call client", wall(2), False)]


async def test_text_and_mark_together_are_one_patch(events: EventStage) -> None:
    name, calendar = await synced(events, None)
    said(event_of(calendar), SUMMARY=MARK + "Called client")
    events.put(name, calendar)
    await sends(events, "PATCH plain")
    assert events.liondesk_shows() == [("Called client", wall(2), True)]


async def test_a_mark_on_one_occurrence_is_type_3_on_its_row(events: EventStage) -> None:
    name, calendar = await synced(events)
    said(event_of(calendar, wall(16)), SUMMARY=MARK + "Call client")
    events.put(name, calendar)
    await sends(events, "PATCH 3")
    assert [due for _, due, done in events.liondesk_shows() if done] == [wall(16)]
    name, calendar = events.only()
    said(event_of(calendar, wall(16)), SUMMARY="Call client")
    events.put(name, calendar)
    await sends(events, "PATCH 3")


async def test_a_mark_on_the_whole_series_completes_the_current_occurrence_alone(events: EventStage) -> None:
    name, calendar = await synced(events)
    said(event_of(calendar), SUMMARY=MARK + "Call client")
    events.put(name, calendar)
    await sends(events, "PATCH 3")
    assert [due for _, due, done in events.liondesk_shows() if done] == [wall(2)]
    assert str(event_of(events.only()[1])["SUMMARY"]) == "Call client"


async def test_one_occurrence_moved_renamed_or_excluded_is_type_1(events: EventStage) -> None:
    name, calendar = await synced(events)
    said(event_of(calendar, wall(9)), DTSTART=la(10, 14), SUMMARY="Call later")
    events.put(name, calendar)
    await sends(events, "PATCH 1")
    name, calendar = events.only()
    event_of(calendar).add("EXDATE", la(23))
    events.put(name, calendar)
    await sends(events, "DELETE 1")
    name, calendar = events.only()
    said(event_of(calendar, wall(30)), STATUS="CANCELLED")
    events.put(name, calendar)
    await sends(events, "DELETE 1")


async def test_the_whole_series_renamed_or_moved_is_type_2(events: EventStage) -> None:
    name, calendar = await synced(events)
    said(event_of(calendar), SUMMARY="Write to client")
    events.put(name, calendar)
    await sends(events, "PATCH 2")
    name, calendar = events.only()
    said(event_of(calendar), DTSTART=la(2, 11))
    events.put(name, calendar)
    await sends(events, "PATCH 2")


async def test_an_end_that_an_app_adds_is_no_edit_and_moves_along(events: EventStage) -> None:
    name, calendar = await synced(events, None)
    said(event_of(calendar), DTEND=la(2, 10))
    events.put(name, calendar)
    await sends(events)
    events.patch(events.rows()[0], due_at="2026-03-05T15:00:00")
    await events.sync()
    moved = event_of(events.only()[1])
    assert (moved["DTSTART"].dt, moved["DTEND"].dt) == (la(5, 15), la(5, 16))
    await events.settles()


async def test_an_event_that_becomes_a_day_is_an_all_day_task(events: EventStage) -> None:
    name, calendar = await synced(events, None)
    said(event_of(calendar), DTSTART=date(2026, 3, 3), DTEND=date(2026, 3, 4))
    events.put(name, calendar)
    await sends(events, "PATCH plain")
    assert events.rows()[0].values.is_all_day
    events.patch(events.rows()[0], due_at="2026-03-04T10:00:00", is_all_day=False)
    await events.sync()
    assert event_of(events.only()[1])["DTSTART"].dt == la(4, 10)
    await events.settles()


async def test_a_deleted_event_deletes_its_task(events: EventStage) -> None:
    name, _ = await synced(events)
    events.app.delete(name)
    await events.sync()
    assert events.kinds() == ["DELETE 3"]
    assert events.rows() == []


# -- which calendar ----------------------------------------------------------------------------------------------------


async def test_tasks_in_a_calendar_of_events_and_events_in_one_of_tasks_are_nobodys_affair(stage: Stage) -> None:
    for component in ("event", "todo"):
        app = stage.server.new_calendar(components=("VEVENT", "VTODO"))
        wanted = msgspec.structs.replace(stage.settings.calendar, url=app.url, component=component)
        stage.settings = msgspec.structs.replace(stage.settings, name=component, calendar=wanted)
        app.put("task.ics", ics(f"app-task-{component}", "A task"))
        app.put("event.ics", event(f"app-event-{component}", "An event", "DTSTART:20260309T170000Z"))
        report = await stage.sync()
        assert report.skipped == ()
        posted = [row.values.description for row in stage.rows()]
        assert posted[-1:] == ["An event" if component == "event" else "A task"]
        for row in stage.rows():
            stage.delete(row)
        await stage.sync()


@pytest.mark.parametrize("held", ["VEVENT", "VTODO"])
async def test_auto_keeps_tasks_as_what_the_calendar_takes(stage: Stage, held: str) -> None:
    app = stage.server.new_calendar(components=(held,))
    wanted = msgspec.structs.replace(stage.settings.calendar, url=app.url, component="auto")
    stage.settings = msgspec.structs.replace(stage.settings, calendar=wanted)
    stage.app = app
    stage.post("Call client", "2026-03-02T09:00:00", WEEKLY)
    await stage.sync()
    assert [each.name for each in stage.only()[1].subcomponents if each.name != "VTIMEZONE"] == [held]


async def test_the_other_component_in_the_same_calendar_is_refused_and_nothing_is_lost(stage: Stage) -> None:
    app = stage.server.new_calendar(components=("VEVENT", "VTODO"))
    stage.app = app
    todo = msgspec.structs.replace(stage.settings.calendar, url=app.url)
    stage.settings = msgspec.structs.replace(stage.settings, calendar=todo)
    stage.post("Call client", "2026-03-02T09:00:00")
    await stage.sync()
    before = {name: app.etag(name) for name in app.names()}
    changed = msgspec.structs.replace(todo, component="event")
    stage.settings = msgspec.structs.replace(stage.settings, calendar=changed)
    stage.writes()
    with pytest.raises(ConfigurationError, match=r"keeps 1 of its tasks .* as tasks \(VTODO\).*name another calendar"):
        await stage.sync()
    assert {name: app.etag(name) for name in app.names()} == before
    assert stage.writes() == []
    stage.settings = msgspec.structs.replace(stage.settings, calendar=todo)
    await stage.settles()


async def test_another_calendar_is_filled_from_liondesk_and_deletes_no_task(stage: Stage) -> None:
    stage.post("Call client", "2026-03-02T09:00:00", WEEKLY)
    stage.complete(stage.rows()[1])
    await stage.sync()
    old, names = stage.app, stage.app.names()
    events = EventStage.beside(stage)
    events.log = len(events.world.log)
    report = await events.sync()
    assert {each.side for each in report.operations} == {"calendar"}
    assert events.kinds() == []
    await events.settles()
    assert old.names() == names
    events.put(*_ticked(events))
    await sends(events, "PATCH 3")


def _ticked(events: EventStage) -> tuple[str, Any]:
    name, calendar = events.only()
    said(event_of(calendar, wall(30)), SUMMARY=MARK + "Call client")
    return name, calendar


@pytest.mark.parametrize("shape", ["rolling", "separate"])
async def test_the_other_shapes_are_spelled_in_events_as_well(stage: Stage, shape: str) -> None:
    events = EventStage.beside(stage, shape=shape)
    events.post("Call client", "2026-03-02T09:00:00", WEEKLY)
    events.complete(events.rows()[0])
    await events.sync()
    await events.settles()
    assert not any("RECURRENCE-ID" in each for calendar in events.resources().values() for each in calendar.walk())
    name, calendar = next(
        (name, each) for name, each in events.resources().items() if event_of(each)["DTSTART"].dt == la(2)
    )
    said(event_of(calendar), SUMMARY="Call client")
    events.put(name, calendar)
    await sends(events, "PATCH 3")
    assert not any(done for _, _, done in events.liondesk_shows())
