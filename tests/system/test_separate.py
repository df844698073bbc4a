"""What people do to single tasks of a series in a calendar of the shape `separate`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import icalendar
import pytest

from tests.system.stage import Stage, master
from tests.system.test_rolling import la, part, sends, stands, wall
from tests.system.test_shapes import ENDLESS, WEEKLY, shaped


@pytest.fixture
def pair(stage: Stage) -> Stage:
    return shaped(stage, "separate")


async def synced(pair: Stage, rule: str = WEEKLY) -> list[Any]:
    pair.post("Call client", "2026-03-02T09:00:00", rule)
    await pair.sync()
    pair.agree()
    pair.writes()
    return pair.rows()


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        ({"STATUS": "COMPLETED"}, "PATCH 3"),
        ({"SUMMARY": "Call the lawyer"}, "PATCH 1"),
        ({"SUMMARY": "Called", "STATUS": "COMPLETED"}, "PATCH 1"),
    ],
)
async def test_an_edit_is_of_that_occurrence_alone(pair: Stage, edit: dict[str, str], kind: str) -> None:
    await synced(pair)
    name, calendar = part(pair, wall(16))
    for key, value in edit.items():
        master(calendar)[key] = value
    pair.put(name, calendar)
    await sends(pair, kind)


async def test_a_task_moved_keeps_its_occurrence(pair: Stage) -> None:
    await synced(pair)
    name, calendar = part(pair, wall(16))
    stands(master(calendar), la(17, 15))
    pair.put(name, calendar)
    await sends(pair, "PATCH 1")
    name, calendar = part(pair, datetime(2026, 3, 17, 15))
    stands(master(calendar), la(16))
    pair.put(name, calendar)
    await sends(pair, "PATCH 1")


async def test_one_deleted_is_type_1(pair: Stage) -> None:
    await synced(pair)
    pair.app.delete(part(pair, wall(2))[0])
    await sends(pair, "DELETE 1")
    assert len(pair.rows()) == 5


async def test_all_deleted_in_one_run_are_one_type_3(pair: Stage) -> None:
    await synced(pair)
    for name in pair.app.names():
        pair.app.delete(name)
    await sends(pair, "DELETE 3")
    assert pair.rows() == []


async def test_all_that_is_shown_deleted_keeps_what_left_long_ago(pair: Stage) -> None:
    """Completed history that the calendar does not show any more is nobody's to delete: type 2."""
    rows = await synced(pair, "FREQ=WEEKLY;COUNT=12;BYDAY=MO")
    pair.complete(rows[0])
    await pair.sync()
    pair.world.advance(timedelta(days=31))
    await pair.sync()
    assert len(pair.app.names()) == len(pair.rows()) - 1
    pair.writes()
    for name in pair.app.names():
        pair.app.delete(name)
    await pair.sync()
    assert pair.kinds() == ["DELETE 2"]
    assert [row.id for row in pair.rows()] == [rows[0].id]
    for _ in range(2):
        assert (await pair.sync()).operations == ()


async def test_an_edit_of_all_in_liondesk_changes_every_task_in_place(pair: Stage) -> None:
    rows = await synced(pair)
    names = pair.app.names()
    pair.patch(rows[0], 2, description="The new client", due_at="2026-03-02T10:00:00")
    await pair.sync()
    assert pair.kinds() == []
    await pair.settles()
    assert pair.app.names() == names


async def test_the_last_task_given_a_rule_goes_on(pair: Stage) -> None:
    """RRULE added by an app: told to LionDesk at that row, then told again as single tasks."""
    await synced(pair, "FREQ=WEEKLY;COUNT=2;BYDAY=MO")
    name, calendar = part(pair, wall(9))
    master(calendar).add("RRULE", icalendar.vRecur.from_ical("FREQ=WEEKLY;COUNT=3;BYDAY=MO"))
    pair.put(name, calendar)
    await pair.sync()
    assert pair.kinds()[0] == "PATCH 2"
    await pair.settles()
    assert len(pair.rows()) == 4


async def test_both_sides_edited_one_task_merge(pair: Stage) -> None:
    rows = await synced(pair)
    pair.patch(rows[2], description="Call the lawyer")
    name, calendar = part(pair, wall(16))
    master(calendar)["STATUS"] = "COMPLETED"
    pair.put(name, calendar)
    await sends(pair, "PATCH 3")


@pytest.mark.parametrize("gone", ["all of it", "its tail"])
async def test_a_task_edited_outlives_its_series_alone(pair: Stage, gone: str) -> None:
    """An edit beats a deletion; the other tasks of the series go, since nobody edited those."""
    rows = await synced(pair)
    pair.delete(rows[0], 3 if gone == "all of it" else 2)
    name, calendar = part(pair, wall(16))
    master(calendar)["SUMMARY"] = "Call the lawyer"
    pair.put(name, calendar)
    await pair.sync(allow_mass_change=True)
    assert pair.kinds() == ["POST plain"]
    assert pair.app.names() == [name]
    assert pair.liondesk_shows() == [("Call the lawyer", wall(16), False)]
    await pair.settles()


async def test_a_moving_horizon_brings_one_task_for_each_new_row(pair: Stage) -> None:
    await synced(pair, ENDLESS)
    for _ in range(3):
        pair.world.advance(timedelta(days=14))
        await pair.sync()
        assert pair.kinds() == []
        assert len(pair.app.names()) == len(pair.rows())
    await pair.settles()
