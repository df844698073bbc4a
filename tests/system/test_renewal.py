"""A changed setting is carried out on the tasks that are there: once, touching no row, and nothing a person chose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.system.event_stage import EventStage, event_of
from tests.system.stage import ZONE, Stage, master, override

WEEKLY = "FREQ=WEEKLY;COUNT=6;BYDAY=MO"
HOUR = timedelta(hours=1)


def la(day: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZONE)


def configure(stage: Stage, **calendar: Any) -> None:
    """The user changes settings of the calendar."""
    wanted = msgspec.structs.replace(stage.settings.calendar, **calendar)
    stage.settings = msgspec.structs.replace(stage.settings, calendar=wanted)


async def renews(stage: Stage, resources: int) -> None:
    """One run writes so many resources and no row; then all is quiet, for a full run, too."""
    stage.writes()
    report = await stage.sync()
    assert [(each.side, each.action, each.state) for each in report.operations] == [
        ("calendar", "update", "done")
    ] * resources
    assert stage.writes() == []
    await stage.settles()
    assert (await stage.sync(full=True)).operations == ()


async def test_contacts_switched_on_come_to_the_tasks_that_are_there_and_go_again(stage: Stage) -> None:
    configure(stage, contacts=False)
    stage.post("Call Bill", "2026-03-02T09:00:00", WEEKLY, contact_id="1")
    stage.post("Nobody's", "2026-03-03T09:00:00")
    await stage.sync()
    configure(stage, contacts=True)
    await renews(stage, 1)
    (shown,) = [todo for each in stage.resources().values() for todo in each.walk("VTODO") if "CONTACT" in todo]
    assert "Name: Bill Gates" in str(shown["DESCRIPTION"])
    configure(stage, contacts=False)
    await renews(stage, 1)
    assert not [todo for each in stage.resources().values() for todo in each.walk("VTODO") if "DESCRIPTION" in todo]


async def test_a_full_run_gives_its_contact_to_a_task_that_lacks_it(stage: Stage) -> None:
    stage.post("Call Bill", "2026-03-02T09:00:00", contact_id="1")
    contact = stage.world.contacts.pop(1)
    await stage.sync()
    assert "CONTACT" not in master(stage.only()[1])
    stage.world.contacts[1] = contact
    assert (await stage.sync()).operations == ()
    await stage.sync(full=True)
    assert str(master(stage.only()[1])["CONTACT"]) == "Bill Gates"
    await stage.settles()


async def test_a_block_that_the_user_deleted_stays_deleted(stage: Stage) -> None:
    stage.post("Call Bill", "2026-03-02T09:00:00", contact_id="1", notes="Mine")
    await stage.sync()
    name, calendar = stage.only()
    del master(calendar)["DESCRIPTION"]
    master(calendar).add("DESCRIPTION", "Mine")
    stage.put(name, calendar)
    assert (await stage.sync()).operations == ()
    assert (await stage.sync(full=True)).operations == ()
    assert str(master(stage.only()[1])["DESCRIPTION"]) == "Mine"


async def test_a_lead_comes_to_open_tasks_and_their_series_stay_what_they_are(stage: Stage) -> None:
    stage.post("Call Bill", "2026-03-02T09:00:00", WEEKLY)
    stage.complete(stage.rows()[1])
    stage.patch(stage.rows()[2], due_at="2026-03-17T14:00:00")
    stage.delete(stage.rows()[3])
    stage.post("All day", "2026-03-05T00:00:00", is_all_day=True)
    stage.post("Done", "2026-03-02T12:00:00")
    stage.complete(next(row for row in stage.rows() if row.values.description == "Done"))
    await stage.sync()
    rows = stage.liondesk_shows()
    configure(stage, start=HOUR)
    await renews(stage, 2)
    assert stage.liondesk_shows() == rows
    series = next(each for each in stage.resources().values() if "RRULE" in str(each.to_ical()))
    first = master(series)
    assert (first["DTSTART"].dt, first["DUE"].dt) == (la(2, 8), la(2))
    assert {todo["RECURRENCE-ID"].dt for todo in series.walk("VTODO") if "RECURRENCE-ID" in todo} == {
        la(9, 8),
        la(16, 8),
    }
    assert first["EXDATE"].dts[0].dt == la(23, 8)
    configure(stage, start=timedelta(0))
    await renews(stage, 2)
    assert master(next(e for e in stage.resources().values() if "RRULE" in str(e.to_ical())))["DTSTART"].dt == la(2)


async def test_under_a_lead_every_edit_means_what_it_means_without_one(stage: Stage) -> None:
    configure(stage, start=HOUR)
    stage.post("Call Bill", "2026-03-02T09:00:00", WEEKLY)
    await stage.sync()
    name, calendar = stage.only()
    moved = override(calendar, datetime(2026, 3, 9, 8))
    for key, moment in (("DTSTART", la(10, 13)), ("DUE", la(10, 14))):
        moved.pop(key)
        moved.add(key, moment)
    stage.put(name, calendar)
    stage.writes()
    await stage.sync()
    ((method, kind, body),) = stage.writes()
    assert (method, kind, body["due_at"]) == ("PATCH", "1", "2026-03-10T14:00:00")
    stage.complete(stage.rows()[3])
    stage.patch(stage.rows()[4], due_at="2026-03-31T10:00:00")
    await stage.sync()
    await stage.settles()
    done = override(stage.only()[1], datetime(2026, 3, 23, 8))
    assert str(done["STATUS"]) == "COMPLETED"


async def test_a_start_that_the_user_chose_stays(stage: Stage) -> None:
    stage.post("Call Bill", "2026-03-02T09:00:00")
    await stage.sync()
    name, calendar = stage.only()
    del master(calendar)["DTSTART"]
    master(calendar).add("DTSTART", la(1))
    stage.put(name, calendar)
    await stage.sync()
    configure(stage, start=HOUR)
    await renews(stage, 0)
    assert master(stage.only()[1])["DTSTART"].dt == la(1)


async def test_a_due_date_that_evolution_moves_alone_moves_the_task_and_keeps_the_start(stage: Stage) -> None:
    """calendar-apps.md, 6.6: the Due cell of its list moves DUE, and leaves DTSTART where it was."""
    stage.post("Call Bill", "2026-03-02T09:00:00")
    await stage.sync()
    name, calendar = stage.only()
    del master(calendar)["DUE"]
    master(calendar).add("DUE", la(4, 11))
    stage.put(name, calendar)
    stage.writes()
    await stage.sync()
    ((method, _, body),) = stage.writes()
    assert (method, body["due_at"]) == ("PATCH", "2026-03-04T11:00:00")
    await stage.settles()
    assert master(stage.only()[1])["DTSTART"].dt == la(2)
    stage.patch(stage.rows()[0], due_at="2026-03-06T11:00:00")
    await stage.sync()
    assert (master(stage.only()[1])["DTSTART"].dt, master(stage.only()[1])["DUE"].dt) == (la(4), la(6, 11))


async def test_an_alarm_that_is_ours_follows_the_setting_and_the_users_stays(stage: Stage) -> None:
    stage.post("Call Bill", "2026-03-02T09:00:00")
    stage.post("Changed", "2026-03-03T09:00:00")
    await stage.sync()
    name = next(name for name, each in stage.resources().items() if "Changed" in str(each.to_ical()))
    calendar = stage.resources()[name]
    (alarm,) = master(calendar).walk("VALARM")
    alarm["TRIGGER"].dt = timedelta(hours=-3)
    stage.put(name, calendar)
    await stage.sync()
    configure(stage, alarm=HOUR)
    await renews(stage, 1)
    assert sorted(_triggers(stage)) == [timedelta(hours=-3), -HOUR]
    configure(stage, alarm=None)
    await renews(stage, 1)
    assert _triggers(stage) == [timedelta(hours=-3)]
    configure(stage, alarm=HOUR)
    await renews(stage, 1)
    assert sorted(_triggers(stage)) == [timedelta(hours=-3), -HOUR]


def _triggers(stage: Stage) -> list[timedelta]:
    return [alarm["TRIGGER"].dt for each in stage.resources().values() for alarm in each.walk("VALARM")]


async def test_events_learn_a_lead_and_unlearn_it_and_an_apps_own_end_is_no_due_moment(stage: Stage) -> None:
    events = EventStage.beside(stage)
    events.post("Call Bill", "2026-03-02T09:00:00", WEEKLY)
    await events.sync()
    own = "\r\n".join(
        [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//another app//EN", "BEGIN:VEVENT", "UID:app-1"),
            *("DTSTAMP:20260101T000000Z", "SUMMARY:Meet", "DTSTART:20260305T180000Z", "DTEND:20260305T190000Z"),
            *("END:VEVENT", "END:VCALENDAR", ""),
        ]
    )
    events.app.put("own.ics", own)
    await events.sync()
    before = events.liondesk_shows()
    configure(events, start=HOUR)
    events.writes()
    report = await events.sync()
    assert {each.side for each in report.operations} == {"calendar"}
    assert events.writes() == []
    assert events.liondesk_shows() == before
    assert (await events.sync()).operations == (await events.sync(full=True)).operations == ()
    series = event_of(next(each for name, each in events.resources().items() if name != "own.ics"))
    assert (series["DTSTART"].dt, series["DTEND"].dt) == (la(2, 8), la(2))
    meeting = event_of(events.resources()["own.ics"])
    assert (meeting["DTSTART"].dt.hour, meeting["DTEND"].dt.hour) == (18, 19)
    events.patch(next(row for row in events.rows() if row.values.description == "Meet"), due_at="2026-03-06T10:00:00")
    await events.sync()
    meeting = event_of(events.resources()["own.ics"])
    assert (meeting["DTSTART"].dt.day, meeting["DTEND"].dt.hour) == (6, 19)
    configure(events, start=timedelta(0))
    await events.sync()
    series = event_of(next(each for name, each in events.resources().items() if name != "own.ics"))
    assert series["DTSTART"].dt == la(2)
    assert "DTEND" not in series
    await events.settles()


@pytest.mark.parametrize("shape", ["rolling", "separate"])
async def test_in_the_other_shapes_each_resource_is_as_it_is_configured_now(stage: Stage, shape: str) -> None:
    configure(stage, shape=shape, contacts=False)
    stage.post("Call Bill", "2026-03-02T09:00:00", WEEKLY, contact_id="1")
    stage.patch(stage.rows()[2], description="Ring Bill")
    await stage.sync()
    rows, resources = stage.liondesk_shows(), stage.resources()
    configure(stage, contacts=True, start=HOUR, alarm=HOUR)
    await renews(stage, len(resources))
    assert stage.liondesk_shows() == rows
    todos = [todo for each in stage.resources().values() for todo in each.walk("VTODO")]
    assert {str(todo["CONTACT"]) for todo in todos} == {"Bill Gates"}
    assert {todo["DUE"].dt - todo["DTSTART"].dt for todo in todos} == {HOUR}
    assert set(_triggers(stage)) == {-HOUR}


@pytest.mark.parametrize("setting", [{"start": HOUR}, {"alarm": None}, {"contacts": True}])
async def test_what_could_not_be_written_is_written_by_a_later_run(stage: Stage, setting: dict[str, Any]) -> None:
    configure(stage, contacts=False)
    stage.post("Call Bill", "2026-03-02T09:00:00", contact_id="1")
    await stage.sync()
    configure(stage, **setting)
    stage.settings = msgspec.structs.replace(stage.settings, direction="to-liondesk")
    assert (await stage.sync()).operations == ()
    stage.settings = msgspec.structs.replace(stage.settings, direction="both")
    await renews(stage, 1)
