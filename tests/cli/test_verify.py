from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from bridge.sandbox.faults import Fault
from tests.cli.desk import Desk, day
from tests.servers import ics


def agreed(desk: Desk) -> None:
    ran = desk.run("verify")
    assert (ran.code, ran.err) == (0, ""), ran
    assert ran.out.startswith("alice: both sides agree."), ran


def test_two_empty_sides_agree_before_the_first_run(desk: Desk) -> None:
    ran = desk.run("verify")
    assert (ran.code, ran.out) == (0, "alice: both sides agree. 0 tasks in LionDesk, 0 in the calendar compared.\n")


def test_after_a_sync_both_sides_agree_with_each_other_and_with_the_base(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3), category_id="1", notes="about the roof")
    desk.post("Water the plants", day(1), "FREQ=WEEKLY;COUNT=6")
    desk.post("Order signs", day(2, 0), is_all_day=True)
    desk.app.put("new.ics", ics("new", "Buy stamps", due=f"{day(4):%Y%m%dT%H%M%S}"))
    desk.sync()
    first = next(row for row in desk.rows() if row.values.description == "Water the plants")
    desk.world.update(1, first.id, {"status": "complete", "update_type": 3}, "page")
    desk.sync()
    agreed(desk)


@pytest.mark.parametrize("shape", ["overrides", "rolling", "separate"])
def test_in_every_shape_each_occurrence_is_compared(desk: Desk, shape: str) -> None:
    desk.configure(desk.pair(more=f'shape = "{shape}"'))
    desk.post("Water the plants", day(-8), "FREQ=WEEKLY;COUNT=6")
    desk.post("Sweep", day(-2), "FREQ=DAILY")
    desk.sync()
    rows = [row for row in desk.rows() if row.values.description == "Water the plants"]
    desk.world.update(1, rows[0].id, {"status": "complete", "update_type": 3}, "page")
    desk.world.delete(1, rows[3].id, 1, "page")
    desk.sync()
    agreed(desk)


def test_an_edit_that_no_run_has_seen_is_told_with_its_side(desk: Desk) -> None:
    row = desk.post("Call Bill Gates", day(3))
    desk.sync()
    desk.world.update(1, row.id, {"status": "complete", "update_type": 3}, "page")
    ran = desk.run("verify")
    assert ran.code == 1
    assert f"'Call Bill Gates' ({row.id}) was edited in LionDesk since the last run" in ran.out
    assert "done is yes in LionDesk and no in the calendar" in ran.out
    assert ran.lines[-1].endswith("Next: liondesk-bridge sync alice")
    desk.sync()
    agreed(desk)


def test_what_is_new_or_gone_on_either_side_is_told(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.post("Sign the lease", day(4))
    desk.sync()
    desk.app.delete(desk.app.names()[0])
    desk.app.put("new.ics", ics("new", "Buy stamps", due=f"{day(4):%Y%m%dT%H%M%S}"))
    desk.post("Order signs", day(2))
    told = desk.run("verify", "--json").json
    (pair,) = told["pairs"]
    words = [each["sentence"] for each in pair["differences"]]
    assert (told["version"], pair["outcome"], pair["tasks"], pair["resources"]) == (1, "differs", 3, 2)
    assert any("is new in LionDesk" in each for each in words)
    assert any("'Buy stamps'" in each and "is new in the calendar" in each for each in words)
    assert any("is gone in the calendar" in each for each in words)
    assert any("is in LionDesk and not in the calendar" in each for each in words)


def test_a_mistake_that_the_base_does_not_know_is_found_all_the_same(desk: Desk) -> None:
    """The state says that both agree; the bytes on the server do not."""
    desk.post("Water the plants", day(1), "FREQ=WEEKLY;COUNT=6")
    desk.sync()
    (name,) = desk.app.names()
    text = desk.app.get(name).text.replace("COUNT=6", "COUNT=5")
    desk.app.put(name, text)
    with sqlite3.connect(desk.folder / "state.db") as state:
        state.execute("UPDATE links SET etag = ?, ics = ?", (desk.app.etag(name), text))
    ran = desk.run("verify")
    assert ran.code == 1
    assert "'Water the plants' of" in ran.out
    assert "is in LionDesk and not in the calendar" in ran.out
    assert "1 difference among 6 tasks" in ran.out


def test_what_every_run_leaves_alone_is_counted_and_is_no_difference(desk: Desk) -> None:
    dated = ics("someday", "Write a book")
    undated = "".join(line for line in dated.splitlines(keepends=True) if not line.startswith(("DUE", "DTSTART")))
    desk.app.put("someday.ics", undated)
    desk.sync()
    ran = desk.run("verify")
    assert ran.code == 0
    assert "1 left alone, which `liondesk-bridge status` lists" in ran.out


def test_completed_tasks_that_left_the_calendar_are_no_difference(desk: Desk) -> None:
    desk.config.write_text(desk.pair().replace("[pair.liondesk]", 'keep_completed = "1d"\n[pair.liondesk]'))
    row = desk.post("Call Bill Gates", day(-5))
    desk.sync()
    desk.world.advance(timedelta(days=-3))
    desk.world.update(1, row.id, {"status": "complete", "update_type": 3}, "page")
    desk.world.advance(timedelta(days=3))
    desk.sync()
    desk.sync("--full")
    assert desk.app.names() == []
    ran = desk.run("verify")
    assert ran.code == 0
    assert "1 completed, which the calendar shows no more" in ran.out


def test_it_writes_nothing_and_a_dead_side_is_told_in_a_paragraph(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    before = len(desk.world.log)
    desk.run("verify")
    assert {each.method for each in desk.world.log[before:]} == {"GET"}
    assert desk.app.names() == []
    desk.world.faults.append(Fault(kind="status", status=401, times=99))
    ran = desk.run("verify")
    ran.is_one_paragraph("alice", code=3)
