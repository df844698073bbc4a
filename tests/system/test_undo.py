"""A run that is taken back leaves both sides as they were before it, but for what was edited since."""

from __future__ import annotations

import pytest

from bridge.report import PairReport
from bridge.sync.pair import Undo
from tests.servers import ics
from tests.system.stage import Shown, Stage, master, override

MONDAY = "2026-03-09T09:00:00"


async def undo(stage: Stage, run: str = "r1", only: int | None = None, **options: object) -> PairReport:
    report = await stage.sync(undo=Undo(run, only), run=f"undo-{run}-{only}-{len(stage.world.log)}", **options)
    stage.writes()
    return report


async def series(stage: Stage) -> list[Shown]:
    """A weekly series of four, its first occurrence completed, its third renamed."""
    stage.post("Call Bill", MONDAY, "FREQ=WEEKLY;COUNT=4")
    stage.complete(stage.rows()[0])
    stage.patch(stage.rows()[2], description="Call Bill about the roof")
    await stage.sync(run="r0")
    return stage.liondesk_shows()


async def test_an_edit_that_the_calendar_made_is_taken_back_on_both_sides(stage: Stage) -> None:
    stage.post("Call Bill", MONDAY)
    await stage.sync(run="r0")
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "Something else"
    stage.put(name, calendar)
    await stage.sync(run="r1")
    report = await undo(stage)
    assert {each.because for each in report.operations} == {"a run was taken back"}
    assert {each.side.value for each in report.operations} == {"liondesk", "calendar"}
    assert stage.liondesk_shows()[0][0] == "Call Bill"
    await stage.settles()


async def test_an_edit_that_liondesk_made_is_taken_back_on_both_sides_and_that_can_be_undone(stage: Stage) -> None:
    row = stage.post("Call Bill", MONDAY)
    await stage.sync(run="r0")
    stage.patch(row, description="Something else", notes="With a note", due_at="2026-03-10T10:00:00")
    await stage.sync(run="r1")
    after = stage.liondesk_shows()
    report = await undo(stage)
    assert stage.liondesk_shows()[0][0] == "Call Bill"
    assert stage.rows()[0].values.notes in ("", None)
    await stage.settles()
    (newest, *_) = await stage.state.pair("alice").runs(5)
    await undo(stage, newest.run)
    assert stage.liondesk_shows() == after
    assert report.notes == ()
    await stage.settles()


@pytest.mark.parametrize("side", ["calendar", "liondesk"])
async def test_a_deleted_series_comes_back_with_what_was_completed_and_changed(stage: Stage, side: str) -> None:
    before = await series(stage)
    if side == "calendar":
        stage.app.delete(stage.app.names()[0])
    else:
        stage.delete(stage.rows()[0], 3)
    await stage.sync(run="r1")
    assert (stage.rows(), stage.app.names()) == ([], [])
    await undo(stage)
    assert stage.liondesk_shows() == before
    await stage.settles()


async def test_a_deleted_task_comes_back_with_what_only_the_calendar_knew_and_only_liondesk(stage: Stage) -> None:
    stage.post("Call Bill", MONDAY, contact_id="1")
    await stage.sync(run="r0")
    name, calendar = stage.only()
    master(calendar).add("X-FOO", "kept")
    stage.put(name, calendar)
    await stage.sync()
    stage.app.delete(name)
    await stage.sync(run="r1")
    await undo(stage)
    _, calendar = stage.only()
    assert master(calendar)["X-FOO"] == "kept"
    assert str(stage.rows()[0].values.contact_id) == "1"
    await stage.settles()


@pytest.mark.parametrize("side", ["calendar", "liondesk"])
async def test_a_completed_occurrence_is_open_again(stage: Stage, side: str) -> None:
    before = await series(stage)
    second = stage.rows()[1]
    if side == "liondesk":
        stage.complete(second)
    else:
        name, calendar = stage.only()
        override(calendar, second.values.due.replace(tzinfo=None), STATUS="COMPLETED")
        stage.put(name, calendar)
    await stage.sync(run="r1")
    assert stage.rows()[1].values.status == "complete"
    await undo(stage)
    assert stage.liondesk_shows() == before
    await stage.settles()


@pytest.mark.parametrize("side", ["calendar", "liondesk"])
async def test_a_moved_series_goes_back(stage: Stage, side: str) -> None:
    stage.post("Call Bill", MONDAY, "FREQ=WEEKLY;COUNT=4")
    await stage.sync(run="r0")
    before = stage.liondesk_shows()
    if side == "liondesk":
        stage.patch(stage.rows()[0], 2, due_at="2026-03-10T11:00:00")
    else:
        name, calendar = stage.only()
        for prop in ("DTSTART", "DUE"):
            master(calendar)[prop].dt = master(calendar)[prop].dt.replace(day=10)
        stage.put(name, calendar)
    await stage.sync(run="r1")
    assert stage.liondesk_shows() != before
    await undo(stage)
    assert stage.liondesk_shows() == before
    await stage.settles()


async def test_a_deleted_occurrence_comes_back(stage: Stage) -> None:
    before = await series(stage)
    stage.delete(stage.rows()[1])
    await stage.sync(run="r1")
    await undo(stage)
    assert stage.liondesk_shows() == before
    await stage.settles()


async def test_of_a_task_that_a_person_made_in_liondesk_only_the_copy_goes_until_somebody_edits_it(
    stage: Stage,
) -> None:
    row = stage.post("Call Bill", MONDAY)
    await stage.sync(run="r1")
    await undo(stage)
    assert (len(stage.rows()), stage.app.names()) == (1, [])
    for full in (False, True, False):
        assert (await stage.sync(full=full)).operations == ()
    stage.patch(row, description="Still wanted")
    await stage.sync()
    assert len(stage.app.names()) == 1
    await stage.settles()


async def test_of_a_task_that_a_person_made_in_the_calendar_only_the_copy_goes(stage: Stage) -> None:
    stage.app.put("one.ics", ics("one", "Buy a sign"))
    await stage.sync(run="r1")
    assert len(stage.rows()) == 1
    await undo(stage)
    assert (stage.rows(), stage.app.names()) == ([], ["one.ics"])
    for full in (False, True, False):
        assert (await stage.sync(full=full)).operations == ()
    stage.app.put("one.ics", ics("one", "Buy two signs"))
    await stage.sync()
    assert len(stage.rows()) == 1
    await stage.settles()


async def test_what_was_edited_since_stays_and_is_named(stage: Stage) -> None:
    for number in range(3):
        stage.post(f"Call {number}", f"2026-03-0{3 + number}T09:00:00")
    await stage.sync(run="r0")
    for row in stage.rows():
        stage.patch(row, notes="From the run")
    await stage.sync(run="r1")
    stage.patch(stage.rows()[0], notes="Newer")
    report = await undo(stage)
    assert [row.values.notes for row in stage.rows()] == ["Newer", "", ""]
    assert len(report.notes) == 1
    assert "'Call 0' was left as it is" in report.notes[0]
    await stage.settles()
    report = await undo(stage)
    assert all("A later run wrote it again" in note for note in report.notes)
    assert len(report.notes) == 3


async def test_one_operation_of_a_run_is_taken_back_alone(stage: Stage) -> None:
    await series(stage)
    name, calendar = stage.only()
    for row in stage.rows()[1:]:
        override(calendar, row.values.due.replace(tzinfo=None), STATUS="COMPLETED")
    stage.put(name, calendar)
    await stage.sync(run="r1")
    entries = await stage.state.pair("alice").entries("r1")
    second = next(each for each in entries if str(each.operation.detail["occurrence"]).startswith("2026-03-16"))
    await undo(stage, only=second.operation.id)
    assert [row.values.status for row in stage.rows()] == ["complete", "incomplete", "complete", "complete"]
    await stage.settles()


async def test_a_dry_run_says_what_an_undo_would_do(stage: Stage) -> None:
    row = stage.post("Call Bill", MONDAY)
    await stage.sync(run="r0")
    stage.patch(row, description="Something else")
    await stage.sync(run="r1")
    report = await stage.sync(undo=Undo("r1"), dry_run=True)
    assert {each.state for each in report.operations} == {"planned"}
    assert stage.liondesk_shows()[0][0] == "Something else"


async def test_an_undo_that_deletes_much_halts_until_it_is_allowed(stage: Stage) -> None:
    for number in range(8):
        stage.post(f"Call {number}", f"2026-03-{2 + number:02}T09:00:00")
    await stage.sync(run="r1")
    report = await undo(stage)
    assert report.code == 4
    assert "--allow-mass-change" in (report.halt or "")
    assert len(stage.app.names()) == 8
    assert await stage.state.pair("alice").open_items() == ()
    await undo(stage, allow_mass_change=True)
    assert (len(stage.rows()), stage.app.names()) == (8, [])
