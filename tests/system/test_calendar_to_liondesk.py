"""The table "Calendar to LionDesk" of docs/translation.md, against real servers.

The exact requests that LionDesk received, both sides alike afterwards, and the next runs without a write.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import icalendar
import pytest

from tests.servers import ics
from tests.system.stage import ZONE, Stage, master, override, parsed

WEEKLY = "FREQ=WEEKLY;COUNT=6;BYDAY=MO"


def la(day: int, hour: int = 9, month: int = 3) -> datetime:
    """A moment of 2026 in Los Angeles."""
    return datetime(2026, month, day, hour, tzinfo=ZONE)


def wall(day: int, hour: int = 9, month: int = 3) -> datetime:
    """The same on the wall clock."""
    return datetime(2026, month, day, hour)


async def synced(stage: Stage, rule: str = WEEKLY, **more: object) -> tuple[str, Any]:
    """The weekly series on both sides, and its resource."""
    stage.post("Call client", "2026-03-02T09:00:00", rule, **more)
    await stage.sync()
    stage.agree()
    stage.writes()
    return stage.only()


async def sends(stage: Stage, *kinds: str) -> None:
    """One run sends exactly these writes, and then all is quiet."""
    await stage.sync()
    assert stage.kinds() == list(kinds)
    await stage.settles()


async def test_a_new_single_task_is_posted_without_a_rule(stage: Stage) -> None:
    await stage.sync()
    stage.app.put("new.ics", ics("app-1", "Buy flowers", due="20260309T170000Z"))
    await stage.sync()
    ((method, kind, body),) = stage.writes()
    assert (method, kind) == ("POST", "plain")
    assert "recurrence_rule" not in body
    assert body["due_at"] == "2026-03-09T10:00:00"
    assert (body["assigned_user_id"], body["notify_assignee"]) == ("1", False)
    await stage.settles()
    assert stage.app.names() == ["new.ics"]


async def test_a_new_completed_task_is_posted_complete(stage: Stage) -> None:
    await stage.sync()
    stage.app.put("new.ics", ics("app-1", "Buy flowers", "STATUS:COMPLETED", "COMPLETED:20260301T170000Z"))
    await sends(stage, "POST plain")


async def test_a_new_recurring_task_is_one_post_and_its_rows_are_linked(stage: Stage) -> None:
    await stage.sync()
    stage.app.put("new.ics", ics("app-1", "Water plants", "RRULE:FREQ=WEEKLY;COUNT=4", due="20260309T170000Z"))
    await sends(stage, "POST plain")
    assert len(stage.rows()) == 4
    stage.complete(stage.rows()[1])
    await stage.sync()
    await stage.settles()
    assert stage.app.names() == ["new.ics"]


async def test_a_new_endless_task_is_one_post(stage: Stage) -> None:
    await stage.sync()
    stage.app.put(
        "new.ics",
        ics("app-1", "Water plants", "RRULE:FREQ=WEEKLY", due="20260309T090000")
        .replace("DUE:", "DUE;TZID=America/Los_Angeles:")
        .replace("DTSTART:", "DTSTART;TZID=America/Los_Angeles:"),
    )
    await sends(stage, "POST plain")


async def test_a_new_recurring_task_with_an_override_and_an_exdate_is_mended_after_its_post(stage: Stage) -> None:
    await stage.sync()
    calendar = parsed(ics("app-1", "Water plants", "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20260323T090000"))
    done = override(calendar, wall(16), STATUS="COMPLETED")
    for name in ("RECURRENCE-ID", "DTSTART", "DUE"):
        done.pop(name)
        done.add(name, wall(16))
    stage.put("new.ics", calendar)
    await sends(stage, "POST plain", "PATCH 3", "DELETE 1")


async def test_a_single_task_edited_is_one_patch_with_every_value(stage: Stage) -> None:
    """What nobody edited is sent exactly as LionDesk showed it (law 2)."""
    stage.post("Call Bill Gates", "2026-03-09T09:00:00", contact_id="1", category_id="2", reminder_type="3", notes="x")
    await stage.sync()
    stage.writes()
    shown = stage.world.shown(stage.rows()[0])
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    await stage.sync()
    ((method, kind, body),) = stage.writes()
    assert (method, kind) == ("PATCH", "plain")
    assert body["description"] == "Call Bill"
    unedited = ("contact_id", "category_id", "reminder_type", "notes", "due_at", "status", "is_all_day")
    assert {key: body[key] for key in unedited} == {key: shown[key] for key in unedited}
    await stage.settles()


@pytest.mark.parametrize("status", ["COMPLETED", "NEEDS-ACTION"])
async def test_only_the_status_of_a_single_task_is_type_3(stage: Stage, status: str) -> None:
    before = "incomplete" if status == "COMPLETED" else "complete"
    stage.post("Call Bill Gates", "2026-03-09T09:00:00", status=before)
    await stage.sync()
    stage.writes()
    name, calendar = stage.only()
    todo = master(calendar)
    todo["STATUS"] = status
    if status == "NEEDS-ACTION":
        del todo["COMPLETED"], todo["PERCENT-COMPLETE"]
    stage.put(name, calendar)
    await stage.sync()
    ((method, kind, body),) = stage.writes()
    assert (method, kind) == ("PATCH", "3")
    assert set(body) == {"status", "update_type"}
    await stage.settles()


async def test_an_override_that_only_completes_is_type_3_on_that_row(stage: Stage) -> None:
    """Idiom 1."""
    name, calendar = await synced(stage)
    override(calendar, wall(16), STATUS="COMPLETED", COMPLETED=datetime(2026, 3, 2, 18), PERCENT_COMPLETE=100)
    stage.put(name, calendar)
    await sends(stage, "PATCH 3")


async def test_an_override_reopened_is_type_3_on_that_row(stage: Stage) -> None:
    """Idiom 2: the override stays."""
    name, calendar = await synced(stage)
    stage.complete(stage.rows()[0])
    await stage.sync()
    stage.writes()
    name, calendar = stage.only()
    override(calendar, wall(2), STATUS="NEEDS-ACTION", COMPLETED=None, PERCENT_COMPLETE=None)
    stage.put(name, calendar)
    await sends(stage, "PATCH 3")


async def test_an_override_with_another_text_is_type_1(stage: Stage) -> None:
    """Idiom 3."""
    name, calendar = await synced(stage)
    override(calendar, wall(16), SUMMARY="Call client (bring contract)")
    stage.put(name, calendar)
    await sends(stage, "PATCH 1")


async def test_an_override_moved_is_type_1_on_the_row_of_its_recurrence_id(stage: Stage) -> None:
    """Idiom 3: not of its dates, though they are those of another day."""
    name, calendar = await synced(stage)
    override(calendar, wall(9), DTSTART=la(16, 14), DUE=la(16, 14))
    stage.put(name, calendar)
    await sends(stage, "PATCH 1")
    assert wall(16, 14) in {due for _, due, _ in stage.liondesk_shows()}


async def test_an_override_with_text_and_status_is_one_type_1(stage: Stage) -> None:
    name, calendar = await synced(stage)
    override(calendar, wall(9), SUMMARY="Called twice", STATUS="COMPLETED", PERCENT_COMPLETE=100)
    stage.put(name, calendar)
    await sends(stage, "PATCH 1")


async def test_an_override_taken_away_gives_its_row_the_values_of_the_series(stage: Stage) -> None:
    """Its completion stays (law 8)."""
    name, calendar = await synced(stage)
    stage.patch(stage.rows()[1], description="Something else")
    stage.complete(stage.rows()[1])
    await stage.sync()
    stage.writes()
    name, calendar = stage.only()
    calendar.subcomponents = [todo for todo in calendar.subcomponents if "RECURRENCE-ID" not in todo]
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == ["PATCH 1"]
    assert ("Call client", wall(9), True) in stage.liondesk_shows()
    await stage.sync()
    await stage.settles()


async def test_overrides_that_a_dropper_lost_are_put_back_and_are_no_edit(stage: Stage) -> None:
    """Idiom 19: DAVx5 with a task app that knows no overrides."""
    name, calendar = await synced(stage)
    stage.patch(stage.rows()[1], description="Something else")
    stage.complete(stage.rows()[0])
    await stage.sync()
    stage.writes()
    name, calendar = stage.only()
    calendar["PRODID"] = "DAVx5/4.5.17-ose ical4j/4.2.5 (org.dmfs.tasks)"
    calendar.subcomponents = [todo for todo in calendar.subcomponents if "RECURRENCE-ID" not in todo]
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == []
    await stage.settles()


@pytest.mark.parametrize("form", ["zoned", "utc", "cancelled"])
async def test_an_excluded_occurrence_is_delete_type_1(stage: Stage, form: str) -> None:
    """Idiom 4: EXDATE in any form, or an override with STATUS:CANCELLED."""
    name, calendar = await synced(stage)
    if form == "cancelled":
        override(calendar, wall(16), STATUS="CANCELLED")
    elif form == "utc":
        from datetime import UTC

        master(calendar).add("EXDATE", la(16).astimezone(UTC))
    else:
        master(calendar).add("EXDATE", la(16))
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == ["DELETE 1"]
    assert len(stage.rows()) == 5
    report = await stage.sync()
    assert report.operations == ()
    assert stage.kinds() == []


async def test_an_exdate_taken_back_posts_that_occurrence_as_a_single_task(stage: Stage) -> None:
    name, calendar = await synced(stage)
    stage.delete(stage.rows()[2])
    await stage.sync()
    stage.writes()
    name, calendar = stage.only()
    del master(calendar)["EXDATE"]
    stage.put(name, calendar)
    await stage.sync()
    ((method, _, body),) = stage.writes()
    assert method == "POST"
    assert "recurrence_rule" not in body
    assert wall(16) in {row.values.due for row in stage.rows()}
    await stage.settles()


async def test_this_and_future_is_type_2_at_its_first_occurrence(stage: Stage) -> None:
    """Idiom 14, KOrganizer."""
    name, calendar = await synced(stage)
    todo = override(calendar, wall(16), SUMMARY="Call client (new script)")
    todo["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == ["PATCH 2"]
    texts = [text for text, *_ in sorted(stage.liondesk_shows(), key=lambda each: each[1])]
    assert texts == ["Call client"] * 2 + ["Call client (new script)"] * 4
    report = await stage.sync()
    assert report.operations == ()


@pytest.mark.parametrize("rule", [WEEKLY, "FREQ=WEEKLY;BYDAY=MO"])
async def test_a_truncation_without_a_tail_is_delete_type_2_in_the_next_run(stage: Stage, rule: str) -> None:
    """Idiom 15: the tail may still be on its way."""
    name, calendar = await synced(stage, rule)
    master(calendar)["RRULE"] = icalendar.vRecur.from_ical("FREQ=WEEKLY;UNTIL=20260316T155959Z;BYDAY=MO")
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == []
    await sends(stage, "DELETE 2")
    assert len(stage.rows()) == 2


@pytest.mark.parametrize("order", ["together", "tail later"])
async def test_a_split_is_type_2_at_the_first_occurrence_of_the_tail(stage: Stage, order: str) -> None:
    """Idiom 15: evolution-data-server; whichever resource comes first."""
    name, calendar = await synced(stage)
    tail = parsed(calendar.to_ical().decode())
    master(calendar)["RRULE"]["COUNT"] = [2]
    todo = master(tail)
    todo["UID"], todo["SUMMARY"] = "tail-1", "Call client (new script)"
    todo["RRULE"]["COUNT"] = [4]
    for key in ("DTSTART", "DUE"):
        todo.pop(key)
        todo.add(key, la(16))
    stage.put(name, calendar)
    if order == "tail later":
        await stage.sync()
        assert stage.kinds() == []
    stage.put("tail.ics", tail)
    await sends(stage, "PATCH 2")
    assert len(stage.rows()) == 6


async def test_a_split_that_changes_nothing_sends_nothing(stage: Stage) -> None:
    name, calendar = await synced(stage)
    tail = parsed(calendar.to_ical().decode())
    master(calendar)["RRULE"]["COUNT"] = [2]
    todo = master(tail)
    todo["UID"] = "tail-1"
    todo["RRULE"]["COUNT"] = [4]
    for key in ("DTSTART", "DUE"):
        todo.pop(key)
        todo.add(key, la(16))
    stage.put(name, calendar)
    stage.put("tail.ics", tail)
    await sends(stage)


async def test_a_detached_occurrence_is_linked_to_its_new_uid_and_sends_nothing(stage: Stage) -> None:
    """Idiom 16: jtx Board."""
    name, calendar = await synced(stage)
    master(calendar).add("EXDATE", la(9))
    alone = parsed(calendar.to_ical().decode())
    todo = master(alone)
    todo["UID"] = "detached-1"
    del todo["RRULE"], todo["EXDATE"]
    for key in ("DTSTART", "DUE"):
        todo.pop(key)
        todo.add(key, la(9))
    stage.put(name, calendar)
    stage.put("detached.ics", alone)
    await sends(stage)
    name, alone = "detached.ics", stage.resources()["detached.ics"]
    master(alone)["STATUS"] = "COMPLETED"
    stage.put(name, alone)
    await sends(stage, "PATCH 3")


async def test_the_masters_text_edited_is_type_2_at_the_first_open_row(stage: Stage) -> None:
    """Idiom 18: completed occurrences keep what they said."""
    name, calendar = await synced(stage)
    stage.complete(stage.rows()[0])
    await stage.sync()
    stage.writes()
    shown = stage.world.shown(stage.rows()[1])
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "Call the new client"
    stage.put(name, calendar)
    await stage.sync()
    ((method, kind, body),) = stage.writes()
    assert (method, kind) == ("PATCH", "2")
    assert body["recurrence_rule"] == shown["recurrence_rule"]
    assert body["due_at"] == shown["due_at"]
    await stage.settles()
    texts = [text for text, *_ in sorted(stage.liondesk_shows(), key=lambda each: each[1])]
    assert texts == ["Call client"] + ["Call the new client"] * 5


async def test_after_type_2_single_exceptions_get_their_own_values_again(stage: Stage) -> None:
    """Law 4, in an API that overwrites them and applies the status to the tail."""
    stage.world.set_switches({"tail_edited_rows": "overwritten", "tail_status": "tail"})
    await synced(stage)
    rows = stage.rows()
    stage.patch(rows[2], description="Call the lawyer", due_at="2026-03-17T14:00:00")
    stage.complete(rows[3])
    await stage.sync()
    stage.agree()
    stage.writes()
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "Call the new client"
    stage.put(name, calendar)
    await stage.sync()
    first, *mending = stage.kinds()
    assert first == "PATCH 2"
    assert set(mending) <= {"PATCH 1", "PATCH 3"}
    assert mending or stage.world.switches.single_edit_event == "new"
    await stage.settles()
    assert ("Call the lawyer", wall(17, 14), False) in stage.liondesk_shows()
    assert ("Call client", wall(23), True) in stage.liondesk_shows()


@pytest.mark.parametrize("style", ["thunderbird", "leaves recurrence-ids behind"])
async def test_a_series_moved_in_time_is_type_2_at_the_first_open_row(stage: Stage, style: str) -> None:
    """Idiom 18: with or without its RECURRENCE-IDs moving along."""
    await synced(stage)
    stage.complete(stage.rows()[0])
    await stage.sync()
    stage.writes()
    name, calendar = stage.only()
    todo = master(calendar)
    for key in ("DTSTART", "DUE"):
        moment = todo.pop(key).dt
        todo.add(key, moment + timedelta(hours=2))
    if style == "thunderbird":
        for each in calendar.walk("VTODO"):
            if "RECURRENCE-ID" in each:
                moment = each.pop("RECURRENCE-ID").dt
                each.add("RECURRENCE-ID", moment + timedelta(hours=2))
    stage.put(name, calendar)
    await stage.sync()
    ((method, kind, _),) = stage.writes()
    assert (method, kind) == ("PATCH", "2")
    assert [row.values.due.hour for row in stage.rows()] == [9] + [11] * 5
    await stage.sync()
    await stage.settles()


async def test_a_series_moved_to_another_day_is_type_2_with_the_new_due_at(stage: Stage) -> None:
    name, calendar = await synced(stage)
    todo = master(calendar)
    todo["RRULE"]["BYDAY"] = ["TU"]
    for key in ("DTSTART", "DUE"):
        todo.pop(key)
        todo.add(key, la(3))
    stage.put(name, calendar)
    await sends(stage, "PATCH 2")
    assert [due.weekday() for _, due, _ in stage.liondesk_shows()] == [1] * 6


@pytest.mark.parametrize(
    ("rule", "occurrences"),
    [("FREQ=WEEKLY;COUNT=8;BYDAY=MO", 8), ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=6", 6), ("FREQ=WEEKLY;BYDAY=MO", 13)],
)
async def test_a_changed_rule_is_type_2_with_the_new_rule(stage: Stage, rule: str, occurrences: int) -> None:
    """Extended, made denser, made endless."""
    name, calendar = await synced(stage)
    master(calendar)["RRULE"] = icalendar.vRecur.from_ical(rule)
    stage.put(name, calendar)
    await sends(stage, "PATCH 2")
    assert len(stage.rows()) == occurrences


async def test_a_rule_taken_away_leaves_one_single_task(stage: Stage) -> None:
    name, calendar = await synced(stage)
    del master(calendar)["RRULE"]
    stage.put(name, calendar)
    await stage.sync()
    ((method, kind, body),) = stage.writes()
    assert (method, kind) == ("PATCH", "2")
    assert "recurrence_rule" not in body
    await stage.sync()
    await stage.settles()
    assert len(stage.rows()) == 1


async def test_a_rule_given_to_a_single_task_is_one_patch_with_it(stage: Stage) -> None:
    stage.post("Call Bill Gates", "2026-03-02T09:00:00")
    await stage.sync()
    stage.writes()
    name, calendar = stage.only()
    master(calendar).add("RRULE", icalendar.vRecur.from_ical(WEEKLY))
    stage.put(name, calendar)
    await sends(stage, "PATCH plain")
    assert len(stage.rows()) == 6


async def test_a_deleted_resource_deletes_a_single_task(stage: Stage) -> None:
    stage.post("Call Bill Gates", "2026-03-09T09:00:00")
    await stage.sync()
    stage.writes()
    stage.app.delete(stage.app.names()[0])
    await sends(stage, "DELETE plain")


async def test_a_deleted_resource_of_a_series_is_delete_type_3(stage: Stage) -> None:
    name, _ = await synced(stage)
    stage.app.delete(name)
    await sends(stage, "DELETE 3")
    assert stage.rows() == []


async def test_an_orphan_override_means_that_occurrence_and_the_master_is_put_back(stage: Stage) -> None:
    """Evolution on a lenient server (calendar-apps, 6.3)."""
    name, calendar = await synced(stage)
    override(calendar, wall(9), STATUS="COMPLETED", PERCENT_COMPLETE=100)
    calendar.subcomponents = [
        each for each in calendar.subcomponents if each.name != "VTODO" or "RECURRENCE-ID" in each
    ]
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == ["PATCH 3"]
    await stage.settles()
    assert len(stage.rows()) == 6
