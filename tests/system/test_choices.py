"""The settings for edits that can mean two things (translation.md), each in single tasks and in series."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.servers import ics
from tests.system.stage import ZONE, Stage, master, override

WEEKLY = "FREQ=WEEKLY;COUNT=6;BYDAY=MO"


async def synced(stage: Stage, rule: str | None = WEEKLY, **choices: str) -> tuple[str, Any]:
    """A task on both sides, under these settings."""
    stage.settings = msgspec.structs.replace(stage.settings, **choices)
    stage.post("Call client", "2026-03-02T09:00:00", rule)
    await stage.sync()
    stage.agree()
    stage.writes()
    return stage.only()


async def quiet(stage: Stage) -> None:
    """The next two runs write nothing."""
    before = {name: stage.app.etag(name) for name in stage.app.names()}
    for _ in range(2):
        assert (await stage.sync()).operations == ()
    assert (await stage.sync(full=True)).operations == ()
    assert stage.kinds() == []
    assert {name: stage.app.etag(name) for name in stage.app.names()} == before


async def sends(stage: Stage, *kinds: str) -> None:
    """One run sends exactly these writes; then all is quiet."""
    await stage.sync()
    assert stage.kinds() == list(kinds)
    await quiet(stage)


def statuses(stage: Stage) -> list[str]:
    return [row.values.status for row in stage.rows()]


def cancel(stage: Stage, name: str, calendar: Any, status: str = "CANCELLED") -> None:
    master(calendar)["STATUS"] = status
    stage.put(name, calendar)


# -- on_cancel ---------------------------------------------------------------------------------------------------------


async def test_a_cancelled_task_is_complete_in_liondesk_and_stays_cancelled_in_the_calendar(stage: Stage) -> None:
    name, calendar = await synced(stage, None)
    cancel(stage, name, calendar)
    await sends(stage, "PATCH 3")
    assert statuses(stage) == ["complete"]
    assert master(stage.only()[1])["STATUS"] == "CANCELLED"


async def test_a_cancelled_task_that_is_taken_up_again_is_open_on_both_sides(stage: Stage) -> None:
    name, calendar = await synced(stage, None)
    cancel(stage, name, calendar)
    await sends(stage, "PATCH 3")
    cancel(stage, name, calendar, "NEEDS-ACTION")
    await sends(stage, "PATCH 3")
    await stage.settles()


async def test_a_cancelled_task_that_liondesk_opens_again_is_open_in_the_calendar(stage: Stage) -> None:
    name, calendar = await synced(stage, None)
    cancel(stage, name, calendar)
    await sends(stage, "PATCH 3")
    stage.complete(stage.rows()[0], "incomplete")
    await sends(stage)
    assert master(stage.only()[1])["STATUS"] == "NEEDS-ACTION"
    await stage.settles()


async def test_a_series_cancelled_as_a_whole_completes_its_current_occurrence_alone(stage: Stage) -> None:
    """As if it had been ticked: never are all that are to come completed (calendar-apps.md, 5, 9)."""
    name, calendar = await synced(stage)
    cancel(stage, name, calendar)
    await sends(stage, "PATCH 3")
    assert statuses(stage) == ["complete", *["incomplete"] * 5]
    await stage.settles()


async def test_a_new_cancelled_task_comes_to_liondesk_complete(stage: Stage) -> None:
    await stage.sync()
    stage.app.put("new.ics", ics("app-1", "Buy flowers", "STATUS:CANCELLED"))
    await sends(stage, "POST plain")
    assert statuses(stage) == ["complete"]


@pytest.mark.parametrize(("rule", "kind"), [(None, "DELETE plain"), (WEEKLY, "DELETE 3")])
async def test_under_delete_a_cancelled_task_is_deleted_in_liondesk_and_left_alone_in_the_calendar(
    stage: Stage, rule: str | None, kind: str
) -> None:
    name, calendar = await synced(stage, rule, on_cancel="delete")
    cancel(stage, name, calendar)
    await sends(stage, kind)
    assert stage.rows() == []
    assert master(stage.only()[1])["STATUS"] == "CANCELLED"


@pytest.mark.parametrize("rule", [None, WEEKLY])
async def test_under_delete_a_cancellation_taken_back_makes_the_task_anew(stage: Stage, rule: str | None) -> None:
    name, calendar = await synced(stage, rule, on_cancel="delete")
    cancel(stage, name, calendar)
    await stage.sync()
    stage.writes()
    cancel(stage, name, calendar, "NEEDS-ACTION")
    await sends(stage, "POST plain")
    await stage.settles()


async def test_under_delete_an_edit_in_liondesk_beats_the_cancellation(stage: Stage) -> None:
    name, calendar = await synced(stage, None, on_cancel="delete")
    cancel(stage, name, calendar)
    stage.patch(stage.rows()[0], notes="Still needed")
    await stage.sync()
    assert stage.kinds() == []
    assert str(master(stage.only()[1])["DESCRIPTION"]) == "Still needed"
    await quiet(stage)


async def test_under_delete_a_new_cancelled_task_never_comes_to_liondesk(stage: Stage) -> None:
    stage.settings = msgspec.structs.replace(stage.settings, on_cancel="delete")
    await stage.sync()
    stage.app.put("new.ics", ics("app-1", "Buy flowers", "STATUS:CANCELLED"))
    await sends(stage)


@pytest.mark.parametrize("rule", [None, WEEKLY])
async def test_under_ignore_a_cancelled_task_stays_open_in_liondesk(stage: Stage, rule: str | None) -> None:
    name, calendar = await synced(stage, rule, on_cancel="ignore")
    cancel(stage, name, calendar)
    await sends(stage)
    assert set(statuses(stage)) == {"incomplete"}
    assert master(stage.only()[1])["STATUS"] == "CANCELLED"


@pytest.mark.parametrize("choice", ["complete", "delete", "ignore"])
async def test_a_cancelled_occurrence_is_deleted_whatever_is_set(stage: Stage, choice: str) -> None:
    name, calendar = await synced(stage, on_cancel=choice)
    override(calendar, datetime(2026, 3, 16, 9), STATUS="CANCELLED")
    stage.put(name, calendar)
    await sends(stage, "DELETE 1")
    await stage.settles()


# -- on_complete_master ------------------------------------------------------------------------------------------------


def tick(stage: Stage, name: str, calendar: Any) -> None:
    master(calendar)["STATUS"] = "COMPLETED"
    master(calendar).add("COMPLETED", datetime(2026, 3, 2, 10, tzinfo=ZONE))
    stage.put(name, calendar)


async def test_a_master_completed_completes_the_current_occurrence(stage: Stage) -> None:
    name, calendar = await synced(stage)
    tick(stage, name, calendar)
    await sends(stage, "PATCH 3")
    assert statuses(stage) == ["complete", *["incomplete"] * 5]
    await stage.settles()


@pytest.mark.parametrize("rule", [WEEKLY, "FREQ=WEEKLY;BYDAY=MO"])
async def test_under_end_a_master_completed_ends_the_series_with_the_current_occurrence(
    stage: Stage, rule: str
) -> None:
    name, calendar = await synced(stage, rule, on_complete_master="end")
    stage.complete(stage.rows()[0])
    await stage.sync()
    calendar = stage.only()[1]
    tick(stage, name, calendar)
    await stage.sync()
    assert sorted(stage.kinds()) == ["DELETE 2", "PATCH 3"]
    assert [(due.day, done) for _, due, done in stage.liondesk_shows()] == [(2, True), (9, True)]
    await stage.settles()


async def test_under_end_a_single_task_is_just_complete(stage: Stage) -> None:
    name, calendar = await synced(stage, None, on_complete_master="end")
    tick(stage, name, calendar)
    await sends(stage, "PATCH 3")
    await stage.settles()


# -- on_calendar_delete ------------------------------------------------------------------------------------------------


async def with_history(stage: Stage, *done: int, **choices: str) -> str:
    name, _ = await synced(stage, **choices)
    for number in done:
        stage.complete(stage.rows()[number])
    await stage.sync()
    stage.app.delete(name)
    return name


async def test_a_resource_deleted_deletes_the_series_with_its_history(stage: Stage) -> None:
    await with_history(stage, 0, 1)
    await sends(stage, "DELETE 3")
    assert stage.rows() == []


async def test_under_open_the_completed_history_stays_in_liondesk_alone(stage: Stage) -> None:
    await with_history(stage, 0, 1, on_calendar_delete="open")
    await sends(stage, "DELETE 2")
    assert statuses(stage) == ["complete", "complete"]
    assert stage.app.names() == []


async def test_under_open_what_is_complete_beyond_the_first_open_occurrence_stays_too(stage: Stage) -> None:
    await with_history(stage, 0, 2, on_calendar_delete="open")
    await sends(stage, "DELETE 1", "DELETE 2")
    assert [due.day for _, due, _ in stage.liondesk_shows()] == [2, 16]


async def test_under_open_a_series_of_which_nothing_is_complete_is_deleted_from_its_first_occurrence_on(
    stage: Stage,
) -> None:
    await with_history(stage, on_calendar_delete="open")
    await sends(stage, "DELETE 2")
    assert stage.rows() == []


@pytest.mark.parametrize(("done", "kinds", "left"), [(False, ["DELETE plain"], 0), (True, [], 1)])
async def test_under_open_a_single_task_is_deleted_unless_it_is_complete(
    stage: Stage, done: bool, kinds: list[str], left: int
) -> None:
    name, _ = await synced(stage, None, on_calendar_delete="open")
    if done:
        stage.complete(stage.rows()[0])
        await stage.sync()
    stage.app.delete(name)
    await sends(stage, *kinds)
    assert len(stage.rows()) == left
    assert stage.app.names() == []


async def test_history_that_liondesk_opens_again_comes_back_to_the_calendar(stage: Stage) -> None:
    await with_history(stage, 0, 1, on_calendar_delete="open")
    await sends(stage, "DELETE 2")
    stage.complete(stage.rows()[1], "incomplete")
    await stage.sync()
    assert stage.kinds() == []
    await stage.settles()


# -- missing_due -------------------------------------------------------------------------------------------------------


def undated(*more: str) -> str:
    lines = ics("app-1", "Buy flowers", *more).splitlines()
    return "\r\n".join(line for line in lines if not line.startswith(("DTSTART", "DUE"))) + "\r\n"


async def test_a_task_without_a_date_is_listed_and_left_alone(stage: Stage) -> None:
    stage.app.put("new.ics", undated())
    report = await stage.sync()
    assert [each.why for each in report.skipped] == ["has no due date, which LionDesk demands"]
    await sends(stage)


async def test_under_today_it_is_due_on_the_day_it_is_found_on_both_sides(stage: Stage) -> None:
    stage.settings = msgspec.structs.replace(stage.settings, missing_due="today")
    await stage.sync()
    stage.app.put("new.ics", undated())
    report = await stage.sync()
    assert report.skipped == ()
    ((method, _, body),) = stage.writes()
    assert (method, body["due_at"], body["is_all_day"]) == ("POST", "2026-03-01T00:00:00", True)
    assert master(stage.only()[1])["DUE"].dt == datetime(2026, 3, 1).date()
    await stage.settles()


async def test_under_today_a_completed_task_is_due_on_the_day_it_was_done(stage: Stage) -> None:
    stage.settings = msgspec.structs.replace(stage.settings, missing_due="today")
    await stage.sync()
    stage.app.put("new.ics", undated("STATUS:COMPLETED", "COMPLETED:20260220T030000Z"))
    await stage.sync()
    ((_, _, body),) = stage.writes()
    assert (body["due_at"], body["status"]) == ("2026-02-19T00:00:00", "complete")
    await stage.settles()


async def test_under_today_a_calendar_that_is_not_written_keeps_it_without_a_date(stage: Stage) -> None:
    stage.settings = msgspec.structs.replace(stage.settings, missing_due="today", direction="to-liondesk")
    await stage.sync()
    stage.app.put("new.ics", undated())
    await stage.sync()
    assert stage.kinds() == ["POST plain"]
    stage.world.advance(timedelta(days=3))
    await quiet(stage)
    assert "DUE" not in master(stage.only()[1])
    calendar = stage.only()[1]
    master(calendar)["SUMMARY"] = "Buy roses"
    stage.put("new.ics", calendar)
    await stage.sync()
    ((method, _, body),) = stage.writes()
    assert (method, body["description"], body["due_at"]) == ("PATCH", "Buy roses", "2026-03-01T00:00:00")
