"""What was decided, asked, refused or stopped is one command away from being otherwise, on both sides."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bridge.deciding import resolve
from bridge.records import InboxItem
from bridge.report import PairReport
from bridge.sandbox.faults import Fault
from bridge.sync import Options
from tests.servers import ics
from tests.system.stage import Stage, master, override

MONDAY = "2026-03-09T09:00:00"


async def inbox(stage: Stage) -> list[InboxItem]:
    return list(await stage.state.pair("alice").open_items())


async def only(stage: Stage) -> InboxItem:
    (item,) = await inbox(stage)
    return item


async def answer(stage: Stage, item: InboxItem, said: str) -> PairReport | None:
    settled = await resolve(stage.settings, stage.state, item, said, Options(run="answer"), now=stage.world.clock.now)
    assert settled.item.answer is not None, settled
    return settled.report


def policy(stage: Stage, conflict: str) -> None:
    stage.settings = msgspec.structs.replace(stage.settings, conflict=conflict)


async def disputed(stage: Stage, field: str = "description", prop: str = "SUMMARY") -> None:
    """Both people gave one field other values; LionDesk's came later."""
    row = stage.post("Call Bill", MONDAY)
    await stage.sync()
    name, calendar = stage.only()
    master(calendar)[prop] = "From the calendar"
    stage.put(name, calendar)
    stage.patch(row, 1, **{field: "From LionDesk"})


def said(stage: Stage) -> tuple[str, str]:
    """The one task's text on both sides."""
    _, calendar = stage.only()
    (row,) = stage.rows()
    return row.values.description, str(master(calendar)["SUMMARY"])


# -- decided by a policy -----------------------------------------------------------------------------------------------


async def test_what_gave_way_is_kept_and_one_answer_brings_it_back(stage: Stage) -> None:
    await disputed(stage)
    report = await stage.sync()
    assert (report.code, said(stage)) == (0, ("From LionDesk", "From LionDesk"))
    item = await only(stage)
    assert (item.kind, item.waits, item.content["winner"]) == ("conflict", False, "liondesk")
    assert (item.content["liondesk"], item.content["calendar"]) == ("From LionDesk", "From the calendar")
    stage.writes()
    await answer(stage, item, "calendar")
    assert said(stage) == ("From the calendar", "From the calendar")
    assert stage.kinds() == ["PATCH plain"]
    assert await inbox(stage) == []
    await stage.settles()


async def test_keeping_what_was_kept_closes_the_item_without_a_run(stage: Stage) -> None:
    await disputed(stage)
    await stage.sync()
    assert await answer(stage, await only(stage), "liondesk") is None
    assert await inbox(stage) == []
    await stage.settles()


@pytest.mark.parametrize(
    ("field", "prop", "joined"),
    [
        ("description", "SUMMARY", "From LionDesk / From the calendar"),
        ("notes", "DESCRIPTION", "From LionDesk\n---\nFrom the calendar"),
    ],
)
async def test_of_two_texts_both_can_be_kept(stage: Stage, field: str, prop: str, joined: str) -> None:
    await disputed(stage, field, prop)
    await stage.sync()
    await answer(stage, await only(stage), "both")
    (row,) = stage.rows()
    assert getattr(row.values, field) == joined
    await stage.settles()


async def test_a_restoration_does_not_undo_a_newer_edit(stage: Stage) -> None:
    await disputed(stage)
    await stage.sync()
    item = await only(stage)
    stage.patch(stage.rows()[0], description="Newer")
    report = await answer(stage, item, "calendar")
    assert report is not None
    assert "edited since" in " ".join(report.notes)
    assert said(stage) == ("Newer", "Newer")
    await stage.settles()


async def test_an_occurrence_of_a_series_is_restored_alone(stage: Stage) -> None:
    stage.post("Call Bill", MONDAY, "FREQ=WEEKLY;COUNT=4")
    await stage.sync()
    name, calendar = stage.only()
    second = stage.rows()[1]
    override(calendar, second.values.due.replace(tzinfo=None), SUMMARY="From the calendar")
    stage.put(name, calendar)
    stage.patch(second, description="From LionDesk")
    await stage.sync()
    stage.writes()
    await answer(stage, await only(stage), "calendar")
    assert stage.kinds() == ["PATCH 1"]
    assert [row.values.description for row in stage.rows()][:3] == ["Call Bill", "From the calendar", "Call Bill"]
    await stage.settles()


async def test_a_task_that_an_edit_kept_alive_can_be_deleted_after_all(stage: Stage) -> None:
    row = stage.post("Call Bill", MONDAY)
    await stage.sync()
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "Edited"
    stage.put(name, calendar)
    stage.delete(row)
    await stage.sync()
    item = await only(stage)
    assert item.content["field"] == "existence"
    await answer(stage, item, "liondesk")
    assert (stage.rows(), stage.app.names()) == ([], [])
    await stage.settles()


async def test_of_two_times_the_other_becomes_a_task_of_its_own(stage: Stage) -> None:
    row = stage.post("Call Bill", MONDAY)
    await stage.sync()
    name, calendar = stage.only()
    todo = master(calendar)
    for prop in ("DTSTART", "DUE"):
        todo[prop].dt = todo[prop].dt.replace(hour=14)
    stage.put(name, calendar)
    stage.patch(row, due_at="2026-03-09T16:00:00")
    await stage.sync()
    await answer(stage, await only(stage), "both")
    assert [due.hour for _, due, _ in stage.liondesk_shows()] == [14, 16]
    await stage.settles()


async def test_a_lost_repetition_comes_back(stage: Stage) -> None:
    stage.post("Call Bill", MONDAY, "FREQ=WEEKLY;COUNT=4")
    await stage.sync()
    name, calendar = stage.only()
    master(calendar)["RRULE"]["FREQ"] = ["DAILY"]
    stage.put(name, calendar)
    stage.patch(stage.rows()[0], 2, recurrence_rule="FREQ=MONTHLY;COUNT=4")
    await stage.sync()
    disputes = [item for item in await inbox(stage) if item.content["field"] == "recurrence_rule"]
    assert [item.content["winner"] for item in disputes] == ["liondesk"]
    await answer(stage, disputes[0], "calendar")
    assert [due.day for _, due, _ in stage.liondesk_shows()] == [9, 10, 11, 12]
    await stage.settles()


# -- asked -------------------------------------------------------------------------------------------------------------


async def test_under_ask_both_sides_are_left_alone_on_that_field_and_the_rest_merges(stage: Stage) -> None:
    policy(stage, "ask")
    await disputed(stage)
    stage.patch(stage.rows()[0], notes="A note")
    report = await stage.sync()
    assert (report.outcome.value, report.code) == ("halted", 4)
    assert said(stage) == ("From LionDesk", "From the calendar")
    assert str(master(stage.only()[1])["DESCRIPTION"]) == "A note"
    item = await only(stage)
    assert item.waits
    stage.writes()
    for _ in range(3):
        report = await stage.sync()
        assert (report.code, report.operations) == (4, ())
        assert sum(report.requests.values()) <= 3
    assert stage.writes() == []
    assert (await only(stage)).id == item.id


@pytest.mark.parametrize(
    ("keep", "shown"),
    [
        ("liondesk", "From LionDesk"),
        ("calendar", "From the calendar"),
        ("both", "From LionDesk / From the calendar"),
    ],
)
async def test_an_answer_is_on_both_sides_at_once(stage: Stage, keep: str, shown: str) -> None:
    policy(stage, "ask")
    await disputed(stage)
    await stage.sync()
    report = await answer(stage, await only(stage), keep)
    assert report is not None
    assert report.code == 0
    assert said(stage) == (shown, shown)
    assert await inbox(stage) == []
    await stage.settles()


async def test_who_edits_again_changes_the_question_and_overwrites_nobody(stage: Stage) -> None:
    policy(stage, "ask")
    await disputed(stage)
    await stage.sync()
    item = await only(stage)
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "Second thoughts"
    stage.put(name, calendar)
    assert (await stage.sync()).code == 4
    again = await only(stage)
    assert (again.id, again.content["calendar"]) == (item.id, "Second thoughts")
    assert said(stage) == ("From LionDesk", "Second thoughts")


async def test_a_question_is_taken_back_when_both_agree_by_themselves(stage: Stage) -> None:
    policy(stage, "ask")
    await disputed(stage)
    await stage.sync()
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "From LionDesk"
    stage.put(name, calendar)
    assert (await stage.sync()).code == 0
    assert await inbox(stage) == []
    await stage.settles()


async def test_a_series_in_dispute_is_left_alone_as_a_whole_until_it_is_decided(stage: Stage) -> None:
    policy(stage, "ask")
    stage.post("Call Bill", MONDAY, "FREQ=WEEKLY;COUNT=4")
    await stage.sync()
    name, calendar = stage.only()
    master(calendar)["RRULE"]["FREQ"] = ["DAILY"]
    stage.put(name, calendar)
    stage.patch(stage.rows()[0], 2, recurrence_rule="FREQ=WEEKLY;INTERVAL=2;COUNT=4")
    stage.writes()
    for _ in range(2):
        assert (await stage.sync()).code == 4
    assert stage.writes() == []
    item = await only(stage)
    await answer(stage, item, "liondesk")
    assert [(due.month, due.day) for _, due, _ in stage.liondesk_shows()] == [(3, 9), (3, 23), (4, 6), (4, 20)]
    assert await inbox(stage) == []
    await stage.settles()


async def test_a_text_of_a_whole_series_is_asked_about_once(stage: Stage) -> None:
    policy(stage, "ask")
    stage.post("Call Bill", MONDAY, "FREQ=WEEKLY;COUNT=4")
    await stage.sync()
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "From the calendar"
    stage.put(name, calendar)
    stage.patch(stage.rows()[0], 2, description="From LionDesk")
    await stage.sync()
    await stage.sync()
    item = await only(stage)
    assert {text for text, _, _ in stage.calendar_shows()} == {"From the calendar"}
    assert {text for text, _, _ in stage.liondesk_shows()} == {"From LionDesk"}
    await answer(stage, item, "calendar")
    assert {text for text, _, _ in stage.liondesk_shows()} == {"From the calendar"}
    await stage.settles()


async def test_an_answer_that_could_not_be_carried_out_is_carried_out_by_the_next_run(stage: Stage) -> None:
    policy(stage, "ask")
    await disputed(stage)
    await stage.sync()
    item = await only(stage)
    stage.world.faults.append(Fault(kind="status", method="GET", status=500, times=50))
    settled = await resolve(stage.settings, stage.state, item, "calendar", Options(run="x"), now=stage.world.clock.now)
    assert settled.item.answer is None
    stage.world.faults.clear()
    assert (await stage.sync()).code == 0
    assert said(stage) == ("From the calendar", "From the calendar")
    await stage.settles()


# -- refused -----------------------------------------------------------------------------------------------------------


async def refused(stage: Stage) -> InboxItem:
    stage.post("Call Bill", MONDAY)
    await stage.sync()
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "Forbidden words"
    stage.put(name, calendar)
    stage.world.faults.append(Fault(kind="status", method="PATCH", status=403))
    assert (await stage.sync()).code == 1
    item = await only(stage)
    assert (item.kind, item.waits) == ("refused", False)
    assert "403" in str(item.content["message"])
    return item


@pytest.mark.parametrize(("keep", "shown"), [("liondesk", "Call Bill"), ("calendar", "Forbidden words")])
async def test_a_refused_edit_is_tried_again_or_taken_back(stage: Stage, keep: str, shown: str) -> None:
    await answer(stage, await refused(stage), keep)
    assert said(stage) == (shown, shown)
    assert await inbox(stage) == []
    await stage.settles()


@pytest.mark.parametrize(("keep", "left"), [("liondesk", 0), ("calendar", 1)])
async def test_a_refused_task_is_sent_again_or_goes(stage: Stage, keep: str, left: int) -> None:
    stage.world.faults.append(Fault(kind="status", method="POST", status=400))
    stage.app.put("one.ics", ics("one", "Buy a sign"))
    await stage.sync()
    await answer(stage, await only(stage), keep)
    assert (len(stage.rows()), len(stage.app.names())) == (left, left)
    await stage.settles()


# -- stopped -----------------------------------------------------------------------------------------------------------


async def halted(stage: Stage, count: int = 6) -> InboxItem:
    for number in range(8):
        stage.post(f"Call {number}", f"2026-03-{2 + number:02}T09:00:00")
    await stage.sync()
    stage.writes()
    for name in stage.app.names()[:count]:
        stage.app.delete(name)
    halts = [await stage.sync() for _ in range(2)]
    assert [report.code for report in halts] == [4, 4]
    item = await only(stage)
    assert all(f"item {item.id};" in (report.halt or "") for report in halts)
    assert stage.kinds() == []
    return item


async def test_an_approved_plan_is_carried_out_and_nothing_else(stage: Stage) -> None:
    item = await halted(stage)
    operations: Any = item.content["operations"]
    assert len(operations) == 6
    await answer(stage, item, "approve")
    assert stage.kinds() == ["DELETE plain"] * 6
    assert await inbox(stage) == []
    await stage.settles()


async def test_a_plan_that_changed_since_is_not_what_was_approved(stage: Stage) -> None:
    item = await halted(stage)
    stage.app.delete(stage.app.names()[0])
    settled = await resolve(stage.settings, stage.state, item, "approve", Options(run="x"), now=stage.world.clock.now)
    assert settled.report is not None
    assert settled.report.code == 4
    assert stage.kinds() == []
    (new,) = await inbox(stage)
    assert new.id != item.id
    await answer(stage, new, "approve")
    assert stage.kinds() == ["DELETE plain"] * 7
    await stage.settles()


async def test_a_rejected_plan_asks_no_more_and_holds_nothing_else_up(stage: Stage) -> None:
    item = await halted(stage)
    await answer(stage, item, "reject")
    stage.patch(stage.rows()[0], description="Edited")
    for full in (False, True, False):
        report = await stage.sync(full=full)
        assert report.code == 0
    assert stage.kinds() == []
    assert len(stage.rows()) == 8
    assert "Edited" in {text for text, _, _ in stage.calendar_shows()}


async def test_always_raises_the_limit_of_the_pair(stage: Stage) -> None:
    await answer(stage, await halted(stage), "always")
    assert stage.kinds() == ["DELETE plain"] * 6
    for number in range(10):
        stage.post(f"More {number}", f"2026-03-{12 + number:02}T09:00:00")
    await stage.sync()
    for name in stage.app.names()[:6]:
        stage.app.delete(name)
    assert (await stage.sync()).code == 0
