"""One way only: the other side's edits are not told, not lost and not repeated, and merge once both ways are open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tests.system.stage import Stage, master, override

WEEKLY = "FREQ=WEEKLY;COUNT=6;BYDAY=MO"


def turn(stage: Stage, direction: str) -> None:
    stage.settings = msgspec.structs.replace(stage.settings, direction=direction)


async def synced(stage: Stage, direction: str, rule: str | None = None) -> tuple[str, Any]:
    """A task on both sides; from now on one way is open."""
    stage.post("Call client", "2026-03-02T09:00:00", rule)
    await stage.sync()
    turn(stage, direction)
    await stage.sync()
    stage.writes()
    return stage.only()


async def nothing_more(stage: Stage) -> None:
    """Runs that write nothing and say nothing, in three requests or fewer once the first has looked."""
    reports = [await stage.sync() for _ in range(3)]
    assert [(each.operations, each.conflicts, each.code) for each in reports] == [((), (), 0)] * 3
    assert sum(reports[-1].requests.values()) <= 3
    assert stage.kinds() == []


async def merged(stage: Stage, *kinds: str) -> None:
    """Both ways are open again: LionDesk gets exactly this, and both sides agree from then on."""
    turn(stage, "both")
    report = await stage.sync()
    assert sorted(stage.kinds()) == sorted(kinds)
    assert report.conflicts == ()
    await stage.settles()


# -- to-calendar -------------------------------------------------------------------------------------------------------


async def test_an_edit_in_the_calendar_reaches_liondesk_once_both_ways_are_open(stage: Stage) -> None:
    name, calendar = await synced(stage, "to-calendar")
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    await nothing_more(stage)
    assert str(master(stage.only()[1])["SUMMARY"]) == "Call Bill"
    await merged(stage, "PATCH plain")


async def test_liondesks_edits_go_on_coming_to_a_task_that_was_edited_in_the_calendar(stage: Stage) -> None:
    name, calendar = await synced(stage, "to-calendar")
    master(calendar)["SUMMARY"] = "Call Bill"
    stage.put(name, calendar)
    await nothing_more(stage)
    for notes in ("About the house", "About the garden"):
        stage.patch(stage.rows()[0], notes=notes)
        report = await stage.sync()
        assert [each.state for each in report.operations] == ["done"]
        assert str(master(stage.only()[1])["DESCRIPTION"]) == notes
        assert str(master(stage.only()[1])["SUMMARY"]) == "Call Bill"
        await nothing_more(stage)
    await merged(stage, "PATCH plain")


async def test_a_deletion_in_the_calendar_and_a_new_task_there_wait_as_well(stage: Stage) -> None:
    name, calendar = await synced(stage, "to-calendar")
    stage.app.delete(name)
    calendar["UID"] = None
    text = calendar.to_ical().decode().replace(str(master(calendar)["UID"]), "app-1").replace("Call client", "Walk")
    await nothing_more(stage)
    stage.app.put("new.ics", text)
    await nothing_more(stage)
    assert [text for text, _, _ in stage.liondesk_shows()] == ["Call client"]
    await merged(stage, "DELETE plain", "POST plain")
    assert [text for text, _, _ in stage.liondesk_shows()] == ["Walk"]


async def test_a_ticked_and_an_excluded_occurrence_reach_liondesk_once_both_ways_are_open(stage: Stage) -> None:
    name, calendar = await synced(stage, "to-calendar", WEEKLY)
    override(calendar, datetime(2026, 3, 9, 9), STATUS="COMPLETED")
    override(calendar, datetime(2026, 3, 16, 9), STATUS="CANCELLED")
    stage.put(name, calendar)
    await nothing_more(stage)
    stage.complete(stage.rows()[0])
    await stage.sync()
    await nothing_more(stage)
    await merged(stage, "PATCH 3", "DELETE 1")


# -- to-liondesk -------------------------------------------------------------------------------------------------------


async def test_an_edit_in_liondesk_reaches_the_calendar_once_both_ways_are_open(stage: Stage) -> None:
    await synced(stage, "to-liondesk")
    stage.patch(stage.rows()[0], notes="About the house", description="Call Bill")
    await nothing_more(stage)
    assert "DESCRIPTION" not in master(stage.only()[1])
    await merged(stage)
    assert str(master(stage.only()[1])["DESCRIPTION"]) == "About the house"


async def test_the_calendars_edits_go_on_reaching_a_task_that_was_edited_in_liondesk(stage: Stage) -> None:
    name, _ = await synced(stage, "to-liondesk")
    stage.patch(stage.rows()[0], notes="About the house")
    await nothing_more(stage)
    for text in ("Call Bill", "Call Ann"):
        calendar = stage.only()[1]
        master(calendar)["SUMMARY"] = text
        stage.put(name, calendar)
        report = await stage.sync()
        assert stage.kinds() == ["PATCH plain"]
        assert report.conflicts == ()
        assert (stage.rows()[0].values.description, stage.rows()[0].values.notes) == (text, "About the house")
        await nothing_more(stage)
    await merged(stage)
    assert str(master(stage.only()[1])["DESCRIPTION"]) == "About the house"


async def test_a_deletion_in_liondesk_and_a_new_task_there_wait_as_well(stage: Stage) -> None:
    await synced(stage, "to-liondesk")
    stage.delete(stage.rows()[0])
    await nothing_more(stage)
    stage.post("Walk", "2026-03-03T09:00:00")
    await nothing_more(stage)
    assert len(stage.app.names()) == 1
    await merged(stage)
    assert str(master(stage.only()[1])["SUMMARY"]) == "Walk"


async def test_rows_completed_deleted_and_renamed_wait_for_the_calendar(stage: Stage) -> None:
    await synced(stage, "to-liondesk", WEEKLY)
    rows = stage.rows()
    stage.complete(rows[0])
    stage.delete(rows[1])
    stage.patch(rows[3], 2, description="Call the lawyer")
    await nothing_more(stage)
    assert {text for text, _, _ in stage.calendar_shows()} == {"Call client"}
    await merged(stage)
