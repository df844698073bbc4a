"""Every row of the table "LionDesk to calendar" of docs/translation.md, against real servers.

What the calendar shows afterwards, that LionDesk received no write, and that the next runs write nothing.
"""

from __future__ import annotations

from datetime import datetime

from bridge.sandbox.records import TaskRow
from tests.system.stage import Stage, master

WEEKLY = "FREQ=WEEKLY;COUNT=6;BYDAY=MO"


def weekly(stage: Stage, rule: str = WEEKLY, **more: object) -> list[TaskRow]:
    """Mondays at nine from 2 March on."""
    stage.post("Call client", "2026-03-02T09:00:00", rule, **more)
    return stage.rows()


async def synced(stage: Stage, rule: str = WEEKLY) -> list[TaskRow]:
    """The weekly series on both sides."""
    weekly(stage, rule)
    await stage.sync()
    stage.agree()
    stage.writes()
    return stage.rows()


async def taken_over(stage: Stage) -> None:
    """One run brings the calendar up to date without a write to LionDesk, and then all is quiet."""
    await stage.sync()
    assert stage.kinds() == []
    await stage.settles()


async def test_a_single_task_is_one_vtodo(stage: Stage) -> None:
    """SUMMARY, DESCRIPTION, equal DTSTART and DUE in the owner's zone, the category by its name."""
    stage.post("Call Bill Gates", "2026-03-09T09:00:00", notes="About the house", category_id="1")
    await taken_over(stage)
    todo = master(stage.only()[1])
    assert str(todo["SUMMARY"]) == "Call Bill Gates"
    assert str(todo["DESCRIPTION"]) == "About the house"
    assert todo["DTSTART"].dt == todo["DUE"].dt
    assert todo["DUE"].params["TZID"] == "America/Los_Angeles"
    assert todo["CATEGORIES"].to_ical() == b"Call"
    assert str(todo["UID"]) == "liondesk-task-1"


async def test_an_all_day_task_is_a_date(stage: Stage) -> None:
    stage.post("Send the offer", "2026-03-09T00:00:00", is_all_day=True)
    await taken_over(stage)
    assert master(stage.only()[1])["DUE"].params["VALUE"] == "DATE"


async def test_a_recurring_task_is_one_resource_with_its_rule(stage: Stage) -> None:
    weekly(stage)
    await taken_over(stage)
    _, calendar = stage.only()
    assert len(calendar.walk("VTODO")) == 1
    assert master(calendar)["RRULE"].to_ical() == b"FREQ=WEEKLY;COUNT=6;BYDAY=MO"


async def test_an_endless_rule_shows_every_row_and_a_moving_horizon_causes_no_write(stage: Stage) -> None:
    """Law 1."""
    from datetime import timedelta

    rows = await synced(stage, "FREQ=WEEKLY;BYDAY=MO")
    etag = stage.app.etag(stage.app.names()[0])
    stage.world.advance(timedelta(days=30))
    assert len(stage.rows()) > len(rows)
    report = await stage.sync()
    assert report.operations == ()
    assert stage.app.etag(stage.app.names()[0]) == etag
    await stage.settles()


async def test_rows_that_differ_are_overrides_and_gaps_are_exdates(stage: Stage) -> None:
    """From the first sync on."""
    rows = weekly(stage)
    stage.patch(rows[1], description="Call client twice")
    stage.complete(rows[0])
    stage.delete(rows[3])
    await taken_over(stage)
    components = [todo for calendar in stage.resources().values() for todo in calendar.walk("VTODO")]
    assert len(components) == 3
    assert any("EXDATE" in todo for todo in components)


async def test_one_row_edited_is_its_override(stage: Stage) -> None:
    rows = await synced(stage)
    stage.patch(rows[2], description="Call the lawyer", notes="Ask for the deed")
    await taken_over(stage)
    _, calendar = stage.only()
    (changed,) = [todo for todo in calendar.walk("VTODO") if "RECURRENCE-ID" in todo]
    assert str(changed["SUMMARY"]) == "Call the lawyer"


async def test_one_row_moved_is_an_override_at_the_slot_where_it_was(stage: Stage) -> None:
    rows = await synced(stage)
    stage.patch(rows[2], due_at="2026-03-17T14:00:00")
    await taken_over(stage)
    _, calendar = stage.only()
    (moved,) = [todo for todo in calendar.walk("VTODO") if "RECURRENCE-ID" in todo]
    assert moved["RECURRENCE-ID"].dt.replace(tzinfo=None) == datetime(2026, 3, 16, 9)
    assert moved["DUE"].dt.replace(tzinfo=None) == datetime(2026, 3, 17, 14)


async def test_the_override_goes_when_a_row_returns_to_the_series(stage: Stage) -> None:
    rows = await synced(stage)
    stage.patch(rows[2], due_at="2026-03-17T14:00:00")
    await stage.sync()
    stage.patch(rows[2], due_at="2026-03-16T09:00:00")
    await taken_over(stage)
    assert len(stage.only()[1].walk("VTODO")) == 1


async def test_this_and_following_edited_ends_the_master_and_begins_a_new_resource(stage: Stage) -> None:
    rows = await synced(stage)
    stage.patch(rows[3], 2, description="Call client (new script)")
    await taken_over(stage)
    assert [len(calendar.walk("VTODO")) for calendar in stage.resources().values()] == [1, 1]


async def test_this_and_following_moved_ends_the_master_and_begins_a_new_resource(stage: Stage) -> None:
    rows = await synced(stage)
    stage.patch(rows[3], 2, due_at="2026-03-23T11:30:00")
    await taken_over(stage)
    assert len(stage.app.names()) == 2


async def test_this_and_following_of_an_endless_series_goes_on_in_the_new_resource(stage: Stage) -> None:
    rows = await synced(stage, "FREQ=WEEKLY;BYDAY=MO")
    stage.patch(rows[3], 2, description="Call client (new script)")
    await taken_over(stage)
    rules = {master(calendar)["RRULE"].to_ical().decode() for calendar in stage.resources().values()}
    assert any("UNTIL" not in rule for rule in rules)
    assert any("UNTIL" in rule for rule in rules)


async def test_all_of_a_series_edited_keeps_the_resource(stage: Stage) -> None:
    rows = await synced(stage)
    name = stage.only()[0]
    stage.patch(rows[0], 2, description="Call the new client", due_at="2026-03-02T10:00:00")
    await taken_over(stage)
    assert stage.only()[0] == name


async def test_a_new_rule_for_all_of_a_series_is_the_masters(stage: Stage) -> None:
    rows = await synced(stage)
    stage.patch(rows[0], 2, recurrence_rule="FREQ=WEEKLY;COUNT=4;BYDAY=MO")
    await taken_over(stage)
    assert len(stage.liondesk_shows()) == 4


async def test_a_row_completed_and_reopened_is_an_override_that_comes_and_goes(stage: Stage) -> None:
    rows = await synced(stage)
    stage.complete(rows[0])
    await taken_over(stage)
    (done,) = [todo for todo in stage.only()[1].walk("VTODO") if "RECURRENCE-ID" in todo]
    assert str(done["STATUS"]) == "COMPLETED"
    assert "COMPLETED" in done
    stage.complete(rows[0], "incomplete")
    await taken_over(stage)


async def test_a_single_task_completed_and_reopened(stage: Stage) -> None:
    stage.post("Call Bill Gates", "2026-03-09T09:00:00")
    await stage.sync()
    (row,) = stage.rows()
    stage.complete(row)
    await taken_over(stage)
    todo = master(stage.only()[1])
    assert (str(todo["STATUS"]), int(todo["PERCENT-COMPLETE"])) == ("COMPLETED", 100)
    stage.complete(row, "incomplete")
    await taken_over(stage)
    assert "COMPLETED" not in master(stage.only()[1])


async def test_a_row_deleted_is_an_exdate(stage: Stage) -> None:
    rows = await synced(stage)
    stage.delete(rows[2])
    await taken_over(stage)
    assert "EXDATE" in master(stage.only()[1])


async def test_this_and_following_deleted_ends_the_rule(stage: Stage) -> None:
    rows = await synced(stage, "FREQ=WEEKLY;BYDAY=MO")
    stage.delete(rows[3], 2)
    await taken_over(stage)
    assert "UNTIL" in master(stage.only()[1])["RRULE"]


async def test_all_of_a_series_deleted_deletes_the_resource(stage: Stage) -> None:
    rows = await synced(stage)
    stage.delete(rows[2], 3)
    await taken_over(stage)
    assert stage.app.names() == []


async def test_rows_with_new_ids_and_nothing_else_cause_no_write(stage: Stage) -> None:
    """An update of this and following that changes nothing, in an API that then gives new ids and a new event."""
    stage.world.set_switches({"tail_ids": "new", "tail_event": "new"})
    rows = await synced(stage)
    ids = {row.id for row in rows}
    stage.patch(rows[2], 2)
    assert ids != {row.id for row in stage.rows()}
    report = await stage.sync()
    assert report.operations == ()
    await stage.settles()


async def test_a_series_that_became_single_keeps_its_uid(stage: Stage) -> None:
    rows = await synced(stage)
    name = stage.only()[0]
    stage.patch(rows[0], 2, recurrence_rule=None)
    await taken_over(stage)
    assert stage.only()[0] == name
    assert "RRULE" not in master(stage.only()[1])


async def test_a_single_task_that_became_a_series_keeps_its_uid(stage: Stage) -> None:
    stage.post("Call Bill Gates", "2026-03-02T09:00:00")
    await stage.sync()
    name = stage.only()[0]
    stage.patch(stage.rows()[0], 1, recurrence_rule=WEEKLY)
    await taken_over(stage)
    assert stage.only()[0] == name
    assert "RRULE" in master(stage.only()[1])


async def test_first_rows_gone_begin_the_series_at_the_first_known_row(stage: Stage) -> None:
    """COUNT is lowered to match."""
    rows = weekly(stage)
    stage.world.set_switches({"deletion": "gone"})
    stage.delete(rows[0])
    stage.delete(rows[1])
    await taken_over(stage)
    todo = master(stage.only()[1])
    assert todo["DTSTART"].dt.replace(tzinfo=None) == datetime(2026, 3, 16, 9)
    assert todo["RRULE"]["COUNT"] == [4]


async def test_rows_deleted_without_a_trace_are_found_missing(stage: Stage) -> None:
    """Open question 7: no tombstone, only the total tells."""
    stage.world.set_switches({"deletion": "gone"})
    rows = await synced(stage)
    stage.post("Call Bill Gates", "2026-03-09T10:00:00")
    await stage.sync()
    stage.delete(rows[2])
    await taken_over(stage)
