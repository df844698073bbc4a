"""Every row of the table "LionDesk to calendar", in the shapes `rolling` and `separate`.

Whatever is edited in LionDesk, one run brings the calendar up to date without a write to LionDesk; both sides show the
same occurrences, and the next two runs write nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.servers import ics
from tests.system.stage import Stage, master

WEEKLY = "FREQ=WEEKLY;COUNT=6;BYDAY=MO"
ENDLESS = "FREQ=WEEKLY;BYDAY=MO"


def shaped(stage: Stage, shape: str) -> Stage:
    """The same stage with the pair's calendar in this shape."""
    calendar = msgspec.structs.replace(stage.settings.calendar, shape=shape)
    return replace(stage, settings=msgspec.structs.replace(stage.settings, calendar=calendar))


@pytest.fixture(params=["rolling", "separate"])
def pair(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    return shaped(stage, request.param)


async def synced(stage: Stage, rule: str = WEEKLY, **more: object) -> list[Any]:
    stage.post("Call client", "2026-03-02T09:00:00", rule, **more)
    await stage.sync()
    stage.agree()
    stage.writes()
    in_form(stage)
    return stage.rows()


def in_form(stage: Stage) -> None:
    """No RECURRENCE-ID and no RDATE anywhere; a rule only where the series rolls, with UNTIL, from an open one on."""
    masters = 0
    for calendar in stage.resources().values():
        (todo,) = calendar.walk("VTODO")
        assert not {"RECURRENCE-ID", "RDATE", "RELATED-TO"} & set(todo)
        if "RRULE" not in todo:
            continue
        masters += 1
        assert stage.settings.calendar.shape == "rolling"
        assert "COUNT" not in todo["RRULE"]
        assert str(todo.get("STATUS", "NEEDS-ACTION")) == "NEEDS-ACTION"
        assert todo["DTSTART"].dt == todo["DUE"].dt


EDITS: dict[str, Callable[[Stage, list[Any]], None]] = {
    "one row edited": lambda stage, rows: stage.patch(rows[2], description="Call the lawyer", notes="The deed"),
    "one row moved": lambda stage, rows: stage.patch(rows[2], due_at="2026-03-17T14:00:00"),
    "the next row moved": lambda stage, rows: stage.patch(rows[0], due_at="2026-03-03T14:00:00"),
    "the last row edited": lambda stage, rows: stage.patch(rows[-1], description="Call the lawyer"),
    "this and following edited": lambda stage, rows: stage.patch(rows[3], 2, description="A new script"),
    "this and following moved": lambda stage, rows: stage.patch(rows[3], 2, due_at="2026-03-23T11:30:00"),
    "all edited": lambda stage, rows: stage.patch(rows[0], 2, description="The new client"),
    "all moved": lambda stage, rows: stage.patch(rows[0], 2, due_at="2026-03-02T10:00:00"),
    "another rule": lambda stage, rows: stage.patch(rows[0], 2, recurrence_rule="FREQ=WEEKLY;COUNT=4;BYDAY=MO"),
    "the next row completed": lambda stage, rows: stage.complete(rows[0]),
    "a later row completed": lambda stage, rows: stage.complete(rows[2]),
    "the next row deleted": lambda stage, rows: stage.delete(rows[0]),
    "a later row deleted": lambda stage, rows: stage.delete(rows[2]),
    "this and following deleted": lambda stage, rows: stage.delete(rows[3], 2),
    "all deleted": lambda stage, rows: stage.delete(rows[2], 3),
    "became single": lambda stage, rows: stage.patch(rows[0], 2, recurrence_rule=None),
}


@pytest.mark.parametrize("rule", [WEEKLY, ENDLESS], ids=["counted", "endless"])
@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_in_liondesk_is_taken_over(pair: Stage, edit: str, rule: str) -> None:
    rows = await synced(pair, rule)
    EDITS[edit](pair, rows)
    await pair.sync()
    assert pair.kinds() == []
    in_form(pair)
    await pair.settles()


@pytest.mark.parametrize("edit", ["one row edited", "all edited", "all moved", "this and following edited"])
async def test_an_edit_comes_and_history_stays(pair: Stage, edit: str) -> None:
    """With one occurrence done, one excluded and one moved."""
    rows = await synced(pair)
    pair.complete(rows[0])
    pair.delete(rows[1])
    pair.patch(rows[4], due_at="2026-03-31T14:00:00")
    await pair.sync()
    await pair.settles()
    EDITS[edit](pair, pair.rows() if edit.startswith("all") is False else pair.rows()[1:])
    await pair.sync()
    in_form(pair)
    assert pair.kinds() == []
    await pair.settles()


async def test_rows_completed_one_after_the_other_leave_no_rule_on_the_last(pair: Stage) -> None:
    """And all of it comes back when they are opened again."""
    rows = await synced(pair)
    for row in rows:
        pair.complete(row)
        await pair.sync()
        in_form(pair)
        pair.agree()
    assert not any("RRULE" in master(each) for each in pair.resources().values())
    await pair.settles()
    for row in reversed(rows):
        pair.complete(row, "incomplete")
        await pair.sync()
        in_form(pair)
        pair.agree()
    await pair.settles()
    assert any("RRULE" in master(each) for each in pair.resources().values()) == (
        pair.settings.calendar.shape == "rolling"
    )


async def test_a_moving_horizon_brings_new_tasks_only_where_they_stand_alone(pair: Stage) -> None:
    rows = await synced(pair, ENDLESS)
    pair.world.advance(timedelta(days=30))
    new = len(pair.rows()) - len(rows)
    report = await pair.sync()
    assert len(report.operations) == (new if pair.settings.calendar.shape == "separate" else 0)
    await pair.settles()


async def test_rows_with_new_ids_and_nothing_else_cause_no_write(pair: Stage) -> None:
    pair.world.set_switches({"tail_ids": "new", "tail_event": "new"})
    rows = await synced(pair)
    pair.patch(rows[2], 2)
    report = await pair.sync()
    assert report.operations == ()
    await pair.settles()


async def test_lost_state_is_adopted_and_nothing_is_doubled(pair: Stage) -> None:
    """UIDs of parts are derived: the series finds them again."""
    rows = await synced(pair)
    pair.complete(rows[0])
    pair.patch(rows[3], description="Call the lawyer")
    await pair.sync()
    before = pair.app.names()
    pair.settings = msgspec.structs.replace(pair.settings, name="anew")
    report = await pair.sync()
    assert report.operations == ()
    assert pair.app.names() == before
    await pair.settles()


@pytest.mark.parametrize("shape", ["overrides", "rolling", "separate"])
async def test_lost_state_finds_the_tail_of_a_series_that_was_split(stage: Stage, shape: str) -> None:
    """LionDesk has one event, the calendar two resources: the tail is adopted as well, and never told once more."""
    pair = shaped(stage, shape)
    rows = await synced_any(pair)
    pair.patch(rows[2], 2, description="A new script")
    await pair.sync()
    await pair.settles()
    before = pair.app.names()
    pair.settings = msgspec.structs.replace(pair.settings, name="anew")
    pair.complete(pair.rows()[0])
    report = await pair.sync()
    assert pair.kinds() == []
    assert not report.skipped
    assert set(before) <= set(pair.app.names())
    await pair.settles()


async def synced_any(pair: Stage) -> list[Any]:
    pair.post("Call client", "2026-03-02T09:00:00", WEEKLY)
    await pair.sync()
    await pair.settles()
    return pair.rows()


async def test_a_rule_that_not_every_app_shows_is_told_as_single_tasks(stage: Stage) -> None:
    rolling = shaped(stage, "rolling")
    rolling.post("Pay", "2026-03-31T09:00:00", "FREQ=MONTHLY;COUNT=4;BYDAY=MO,TU;BYSETPOS=-1")
    await rolling.sync()
    assert len(rolling.app.names()) == len(rolling.rows()) > 2
    assert not any("RRULE" in master(each) for each in rolling.resources().values())
    await rolling.settles()


async def test_a_series_that_an_app_writes_is_posted_once_and_told_in_the_pairs_shape(pair: Stage) -> None:
    """The first task of it keeps its UID and its place."""
    await pair.sync()
    pair.app.put("new.ics", ics("app-1", "Water plants", "RRULE:FREQ=WEEKLY;COUNT=4", due="20260309T170000Z"))
    await pair.sync()
    assert pair.kinds() == ["POST plain"]
    in_form(pair)
    kept = master(pair.resources()["new.ics"])
    assert (str(kept["UID"]), kept["DUE"].dt.replace(tzinfo=None)) == ("app-1", datetime(2026, 3, 9, 10))
    await pair.settles()
