"""What happens when both sides were edited between two runs (spec: translation, "Both sides"), and after lost state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from bridge.core.model import Side
from tests.system.stage import ZONE, Stage, master, override

WEEKLY = "FREQ=WEEKLY;COUNT=6;BYDAY=MO"


async def shared(stage: Stage, rule: str | None = None) -> tuple[str, Any]:
    """One task on both sides."""
    stage.post("Call Bill Gates", "2026-03-02T09:00:00", rule, notes="About the house")
    await stage.sync()
    stage.writes()
    return stage.only()


def under(stage: Stage, policy: str) -> None:
    """From now on this policy decides conflicts."""
    stage.settings = msgspec.structs.replace(stage.settings, conflict=policy)


async def test_different_fields_merge(stage: Stage) -> None:
    name, calendar = await shared(stage)
    stage.patch(stage.rows()[0], notes="About the garden")
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    report = await stage.sync()
    assert report.conflicts == ()
    assert stage.rows()[0].values.notes == "About the garden"
    assert str(master(stage.only()[1])["DESCRIPTION"]) == "About the garden"
    assert stage.rows()[0].values.description == "Call Bill"
    await stage.settles()


async def test_equal_edits_are_agreement(stage: Stage) -> None:
    name, calendar = await shared(stage)
    stage.patch(stage.rows()[0], description="Call Bill")
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    report = await stage.sync()
    assert (report.conflicts, report.operations) == ((), ())
    await stage.settles()


@pytest.mark.parametrize(
    ("policy", "last", "kept"),
    [
        ("newest", "calendar", "in the calendar"),
        ("newest", "liondesk", "in LionDesk"),
        ("liondesk", "calendar", "in LionDesk"),
        ("calendar", "liondesk", "in the calendar"),
    ],
)
async def test_the_same_field_is_the_policys_and_the_other_value_is_reported(
    stage: Stage, policy: str, last: str, kept: str
) -> None:
    name, calendar = await shared(stage)
    under(stage, policy)
    master(calendar)["SUMMARY"] = "in the calendar"
    if last == "calendar":
        stage.patch(stage.rows()[0], description="in LionDesk")
        stage.put(name, calendar)
    else:
        stage.put(name, calendar)
        stage.patch(stage.rows()[0], description="in LionDesk")
    report = await stage.sync()
    (conflict,) = report.conflicts
    assert {conflict.liondesk, conflict.calendar} == {"in LionDesk", "in the calendar"}
    assert conflict.kept is (Side.CALENDAR if kept == "in the calendar" else Side.LIONDESK)
    assert stage.rows()[0].values.description == kept
    assert str(master(stage.only()[1])["SUMMARY"]) == kept
    await stage.settles()


async def test_an_edit_in_the_calendar_beats_a_deletion_in_liondesk(stage: Stage) -> None:
    name, calendar = await shared(stage)
    stage.delete(stage.rows()[0])
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    report = await stage.sync()
    assert [each.field for each in report.conflicts] == ["existence"]
    assert [row.values.description for row in stage.rows()] == ["Call Bill"]
    await stage.settles()


async def test_an_edit_in_liondesk_beats_a_deletion_in_the_calendar(stage: Stage) -> None:
    name, _ = await shared(stage)
    stage.patch(stage.rows()[0], description="Call Bill")
    stage.app.delete(name)
    report = await stage.sync()
    assert [each.field for each in report.conflicts] == ["existence"]
    assert [str(master(each)["SUMMARY"]) for each in stage.resources().values()] == ["Call Bill"]
    await stage.settles()


async def test_an_occurrence_edited_there_and_deleted_here_stays(stage: Stage) -> None:
    name, calendar = await shared(stage, WEEKLY)
    stage.patch(stage.rows()[2], description="Call the lawyer")
    master(calendar).add("EXDATE", datetime(2026, 3, 16, 9, tzinfo=ZONE))
    stage.put(name, calendar)
    report = await stage.sync()
    assert [each.field for each in report.conflicts] == ["existence"]
    assert len(stage.rows()) == 6
    await stage.settles()


async def test_an_occurrence_deleted_there_and_edited_here_stays(stage: Stage) -> None:
    name, calendar = await shared(stage, WEEKLY)
    stage.delete(stage.rows()[2])
    override(calendar, datetime(2026, 3, 16, 9), SUMMARY="Call the lawyer")
    stage.put(name, calendar)
    report = await stage.sync()
    assert [each.field for each in report.conflicts] == ["existence"]
    assert len(stage.rows()) == 6
    await stage.settles()


async def test_deleted_on_both_sides_is_gone_without_a_write(stage: Stage) -> None:
    name, _ = await shared(stage)
    stage.delete(stage.rows()[0])
    stage.app.delete(name)
    report = await stage.sync()
    assert report.operations == ()
    await stage.settles()


async def test_one_occurrence_moved_there_and_all_renamed_here_merge(stage: Stage) -> None:
    name, calendar = await shared(stage, WEEKLY)
    stage.patch(stage.rows()[2], due_at="2026-03-17T14:00:00")
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    report = await stage.sync()
    assert report.conflicts == ()
    await stage.settles()
    assert (datetime(2026, 3, 17, 14)) in {due for _, due, _ in stage.liondesk_shows()}
    assert sum(text == "Call Bill" for text, *_ in stage.liondesk_shows()) >= 5


async def test_completed_there_and_renamed_here_merge(stage: Stage) -> None:
    name, calendar = await shared(stage, WEEKLY)
    stage.complete(stage.rows()[0])
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    await stage.sync()
    await stage.settles()
    assert [done for _, _, done in sorted(stage.liondesk_shows(), key=lambda each: each[1])] == [True] + [False] * 5


async def forget(stage: Stage) -> None:
    """The state file is lost."""
    store = stage.state.pair("alice")
    links = await store.all_links()
    await store.save((), [link.id for link in links if link.id is not None])
    for side in ("liondesk", "calendar"):
        await store.set_cursor(side, None)


@pytest.mark.parametrize("origin", ["liondesk", "calendar"])
async def test_lost_state_is_adopted_and_nothing_is_doubled(stage: Stage, origin: str) -> None:
    """Law 11: by the UID that derives from LionDesk's id; what was made in the calendar by what it shows."""
    if origin == "liondesk":
        stage.post("Call client", "2026-03-02T09:00:00", WEEKLY)
        stage.post("Call Bill", "2026-03-03T09:00:00")
        await stage.sync()
        rows = stage.rows()
        stage.complete(rows[0])
        stage.delete(rows[4])
        stage.patch(rows[5], description="Call the lawyer", due_at="2026-04-01T10:00:00")
    else:
        from tests.servers import ics

        stage.app.put("a.ics", ics("app-1", "Water plants", "RRULE:FREQ=WEEKLY;COUNT=4", due="20260309T170000Z"))
        stage.app.put("b.ics", ics("app-2", "Buy flowers", due="20260309T170000Z"))
    await stage.sync()
    stage.agree()
    await forget(stage)
    stage.writes()
    report = await stage.sync()
    assert report.operations == ()
    assert report.conflicts == ()
    await stage.settles()


async def test_lost_state_and_edits_since_then_keep_completions_and_say_what_gave_way(stage: Stage) -> None:
    name, calendar = await shared(stage, WEEKLY)
    await forget(stage)
    override(calendar, datetime(2026, 3, 16, 9), STATUS="COMPLETED", PERCENT_COMPLETE=100)
    stage.put(name, calendar)
    stage.complete(stage.rows()[0])
    await stage.sync()
    await stage.settles()
    done = [due.day for _, due, done in sorted(stage.liondesk_shows(), key=lambda each: each[1]) if done]
    assert done == [2, 16]


async def test_foreign_properties_survive_edits_from_both_sides(stage: Stage) -> None:
    """Law 7: priority, class, attachments, alarms and X- properties of an app."""
    name, calendar = await shared(stage, WEEKLY)
    todo = master(calendar)
    todo.add("PRIORITY", 1)
    todo.add("X-MOZ-GENERATION", "3")
    todo.add("ATTACH", "https://example.org/deed.pdf")
    todo.add("CATEGORIES", ["Errand"])
    stage.put(name, calendar)
    await stage.sync()
    stage.patch(stage.rows()[0], 2, description="Call Bill", due_at="2026-03-02T10:00:00")
    await stage.sync()
    todo = master(stage.only()[1])
    assert (int(todo["PRIORITY"]), str(todo["X-MOZ-GENERATION"])) == (1, "3")
    assert str(todo["ATTACH"]) == "https://example.org/deed.pdf"
    assert b"Errand" in todo["CATEGORIES"].to_ical()
    await stage.settles()


async def test_a_dry_run_says_what_it_would_do_and_writes_nothing(stage: Stage) -> None:
    stage.post("Call Bill Gates", "2026-03-09T09:00:00")
    report = await stage.sync(dry_run=True)
    (operation,) = report.operations
    assert operation.state == "planned"
    assert stage.app.names() == []
    await stage.sync()
    await stage.settles()


async def test_an_unreadable_item_is_listed_and_the_rest_syncs(stage: Stage) -> None:
    from tests.servers import ics

    stage.post("Call Bill Gates", "2026-03-09T09:00:00")
    undated = ics("app-1", "Some day")
    lines = [line for line in undated.split("\r\n") if not line.startswith(("DUE", "DTSTART"))]
    stage.app.put("undated.ics", "\r\n".join(lines))
    report = await stage.sync()
    assert any("undated.ics" in each.item for each in report.skipped)
    assert len(stage.app.names()) == 2
    assert stage.kinds() == []


async def test_a_long_completed_task_does_not_come_to_the_calendar_and_leaves_it_later(stage: Stage) -> None:
    """Law 9: leaving the window is no deletion."""
    stage.post("Call Bill Gates", "2026-03-02T09:00:00")
    await stage.sync()
    stage.complete(stage.rows()[0])
    await stage.sync()
    assert len(stage.app.names()) == 1
    stage.world.advance(timedelta(days=31))
    await stage.sync()
    assert stage.app.names() == []
    assert len(stage.rows()) == 1
    report = await stage.sync()
    assert report.operations == ()
    assert stage.kinds() == []


async def test_a_refused_edit_is_listed_with_liondesks_words_and_the_rest_goes_on(stage: Stage) -> None:
    name, calendar = await shared(stage)
    stage.post("Call Ann", "2026-03-03T09:00:00")
    await stage.sync()
    from bridge.sandbox.faults import Fault

    stage.world.faults.append(Fault(kind="status", method="PATCH", times=1, status=400))
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    report = await stage.sync()
    assert [each.state for each in report.operations] == ["failed"]
    assert "400" in report.operations[0].message
    assert str(master(stage.resources()[name])["SUMMARY"]) == "Call Bill"
    report = await stage.sync()
    assert report.operations == ()


async def test_directions_write_to_one_side_only(stage: Stage) -> None:
    stage.settings = msgspec.structs.replace(stage.settings, direction="to-calendar")
    name, calendar = await shared(stage)
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == []


async def test_a_series_that_is_deleted_on_both_sides_leaves_the_base_too(stage: Stage) -> None:
    stage.post("Call client", "2026-03-02T09:00:00", "FREQ=WEEKLY;COUNT=4")
    stage.post("Buy flowers", "2026-03-04T09:00:00")
    await stage.sync()
    name = next(name for name, each in stage.resources().items() if "RRULE" in master(each))
    stage.app.delete(name)
    stage.delete(stage.rows()[0], 3)
    report = await stage.sync()
    assert report.operations == ()
    assert [each.uid for each in await stage.state.pair("alice").all_links()] == ["liondesk-task-5"]
    await stage.settles()
