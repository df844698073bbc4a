"""Another `shape`: the calendar is rewritten once, LionDesk hears nothing, and a kill in the middle is mended."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from bridge.app import opened
from bridge.sync import Options, run
from tests.system.stage import ZONE, Stage, master
from tests.system.test_rolling import stands
from tests.system.test_shapes import ENDLESS, WEEKLY, in_form, shaped

SHAPES = ("overrides", "rolling", "separate")
CHANGES = list(permutations(SHAPES, 2))


def la(day: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZONE)


class Killed(BaseException):
    """The process ends here."""


async def killed_sync(stage: Stage, at: int) -> bool:
    """One run that is killed just before its write number `at` to the calendar; whether it came so far."""
    async with opened(stage.settings, stage.state, now=stage.world.clock.now) as pair:
        calendar: Any = pair.calendar
        count = 0
        for name in ("create", "update", "delete"):
            original = getattr(calendar, name)

            async def dying(*given: Any, _original: Any = original) -> Any:
                nonlocal count
                count += 1
                if count > at:
                    raise Killed
                return await _original(*given)

            setattr(calendar, name, dying)
        try:
            await run(pair, Options())
        except Killed:
            return True
    return False


async def lived(stage: Stage, rule: str = WEEKLY) -> Stage:
    """A series with one done, one excluded, one with its own text, one moved; and a single task."""
    stage.post("Call client", "2026-03-02T09:00:00", rule)
    stage.post("Buy flowers", "2026-03-04T09:00:00")
    await stage.sync()
    rows = [row for row in stage.rows() if row.values.description == "Call client"]
    stage.complete(rows[0])
    stage.delete(rows[1])
    stage.patch(rows[3], description="Call the lawyer")
    stage.patch(rows[4], due_at="2026-03-31T14:00:00")
    await stage.sync()
    await stage.settles()
    stage.writes()
    return stage


@pytest.mark.parametrize("rule", [WEEKLY, ENDLESS], ids=["counted", "endless"])
@pytest.mark.parametrize(("before", "after"), CHANGES)
async def test_another_shape_rewrites_the_calendar_once_and_touches_no_row(
    stage: Stage, before: str, after: str, rule: str
) -> None:
    was = await lived(shaped(stage, before), rule)
    now = shaped(was, after)
    report = await now.sync()
    assert now.kinds() == []
    assert {each.because for each in report.operations} == {
        "the shape of this calendar is another one now; no task was edited"
    }
    if after != "overrides":
        in_form(now)
    await now.settles()
    back = shaped(now, before)
    await back.sync()
    assert back.kinds() == []
    await back.settles()


@pytest.mark.parametrize(("before", "after"), CHANGES)
async def test_a_kill_at_any_write_of_a_change_is_mended_by_the_next_run(stage: Stage, before: str, after: str) -> None:
    now = shaped(await lived(shaped(stage, before)), after)
    kills = 0
    while await killed_sync(now, 1):
        kills += 1
        assert {due for _, due, _ in now.liondesk_shows()} <= {due for _, due, _ in now.calendar_shows()}
        assert kills < 40
    assert kills > 0
    assert now.kinds() == []
    await now.settles()


@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize(("before", "after"), CHANGES)
async def test_an_edit_made_after_a_kill_is_not_lost(stage: Stage, before: str, after: str, at: int) -> None:
    """A person ticks what is open on 31 March and edits the single task, wherever these stand at that moment."""
    now = shaped(await lived(shaped(stage, before)), after)
    await killed_sync(now, at)
    ticked = False
    for name, calendar in now.resources().items():
        for todo in calendar.walk("VTODO"):
            if todo["DUE"].dt.replace(tzinfo=None) == datetime(2026, 3, 31, 14) and not ticked:
                todo["STATUS"], ticked = "COMPLETED", True
                now.put(name, calendar)
            elif str(todo["SUMMARY"]) == "Buy flowers":
                stands(todo, la(5))
                now.put(name, calendar)
    assert ticked
    await now.sync()
    assert sorted(now.kinds()) == ["PATCH 3", "PATCH plain"]
    await now.settles()


async def test_the_guards_take_no_change_of_shape_for_a_persons_edits(stage: Stage) -> None:
    was = shaped(stage, "overrides")
    for number in range(25):
        was.post(f"Call client {number}", "2026-03-02T09:00:00", "FREQ=WEEKLY;COUNT=2;BYDAY=MO")
    await was.sync(allow_mass_change=True)
    now = shaped(was, "separate")
    report = await now.sync()
    assert report.halt is None
    assert len(now.app.names()) == 50
    back = shaped(now, "overrides")
    report = await back.sync()
    assert report.halt is None
    assert len(back.app.names()) == 25
    await back.settles()


async def test_a_change_and_an_edit_in_one_run_are_both_done(stage: Stage) -> None:
    now = shaped(await lived(shaped(stage, "overrides")), "rolling")
    name = next(name for name, each in now.resources().items() if "RRULE" in master(each))
    calendar = now.resources()[name]
    master(calendar)["SUMMARY"] = "Call the new client"
    now.put(name, calendar)
    await now.sync()
    assert now.kinds()[0] == "PATCH 2"
    in_form(now)
    await now.settles()


@pytest.mark.parametrize(("before", "after"), CHANGES)
async def test_what_only_the_calendar_knows_survives_a_change_and_back(stage: Stage, before: str, after: str) -> None:
    """Law 7: priorities and X- properties, of the series and of occurrences that differ; others become the series'."""
    was = await lived(shaped(stage, before))
    marks = {}
    for number, (name, calendar) in enumerate(was.resources().items()):
        for todo in calendar.walk("VTODO"):
            mark = f"{number}-{todo['DUE'].dt:%m%d}"
            todo.add("X-MINE", mark)
            todo["PRIORITY"] = 1
            if "RRULE" not in todo and todo["DUE"].dt not in (la(16), la(6, month=4)):
                marks[todo["DUE"].dt] = mark
        was.put(name, calendar)
    await was.sync()
    for shape in (after, before):
        await shaped(was, shape).sync()
        known = {
            todo["DUE"].dt: str(todo.get("X-MINE"))
            for calendar in was.resources().values()
            for todo in calendar.walk("VTODO")
            if "RRULE" not in todo
        }
        assert marks.items() <= known.items()
        assert all(int(todo["PRIORITY"]) == 1 for each in was.resources().values() for todo in each.walk("VTODO"))
    await was.settles()


async def test_what_an_app_completes_by_rolling_keeps_what_only_the_calendar_knows(stage: Stage) -> None:
    pair = shaped(stage, "rolling")
    pair.post("Call client", "2026-03-02T09:00:00", WEEKLY)
    await pair.sync()
    ((name, calendar),) = pair.resources().items()
    master(calendar)["PRIORITY"] = 5
    stands(master(calendar), la(9))
    pair.put(name, calendar)
    await pair.sync()
    assert [int(master(each)["PRIORITY"]) for each in pair.resources().values()] == [5, 5]
    assert not any("VALARM" in text for name in pair.app.names() if "COMPLETED" in (text := pair.app.get(name).text))
    await pair.settles()
