"""A run that would do too much stops before its first write, and a person can still have it (exit code 4)."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from bridge.deciding import resolve
from bridge.errors import ConfigurationError, Unreachable
from bridge.sandbox.faults import Fault
from bridge.sync import Options
from tests.servers import ics
from tests.system.stage import Stage, master


async def many(stage: Stage, count: int) -> None:
    """So many single tasks on both sides."""
    for number in range(count):
        stage.post(f"Call {number}", f"2026-03-{2 + number % 25:02}T09:00:00")
    await stage.sync()
    stage.writes()


async def test_many_deletions_halt_until_they_are_allowed(stage: Stage) -> None:
    await many(stage, 8)
    for name in stage.app.names()[:6]:
        stage.app.delete(name)
    for _ in range(2):
        report = await stage.sync()
        assert (report.outcome.value, report.code) == ("halted", 4)
        assert "6 of 8" in (report.halt or "")
        assert len(report.operations) == 6
    assert stage.kinds() == []
    await stage.sync(allow_mass_change=True)
    assert stage.kinds() == ["DELETE plain"] * 6
    await stage.settles()


async def test_a_side_that_is_suddenly_empty_halts_even_a_small_run(stage: Stage) -> None:
    await many(stage, 3)
    for name in stage.app.names():
        stage.app.delete(name)
    report = await stage.sync(full=True)
    assert report.code == 4
    assert "no task at all" in (report.halt or "")
    assert len(stage.rows()) == 3


async def test_many_changes_halt(stage: Stage) -> None:
    await many(stage, 24)
    for name, calendar in stage.resources().items():
        master(calendar)["SUMMARY"] = "Everything is new"
        stage.put(name, calendar)
    report = await stage.sync()
    assert report.code == 4
    assert stage.kinds() == []


async def test_many_new_tasks_do_not_halt(stage: Stage) -> None:
    await many(stage, 2)
    for number in range(30):
        stage.app.put(f"{number}.ics", ics(f"app-{number}", f"Buy {number}"))
    report = await stage.sync()
    assert report.code == 0
    await stage.settles()


async def test_a_calendar_that_was_deleted_is_an_error_and_made_anew_only_by_a_full_run(stage: Stage) -> None:
    """Its disappearance deletes no task."""
    await many(stage, 3)
    url = stage.app.url
    assert stage.app.client.delete(url).status_code in (200, 204)
    with pytest.raises(ConfigurationError, match="--full"):
        await stage.sync()
    assert len(stage.rows()) == 3
    home, _, name = url.rstrip("/").rpartition("/")
    stage.settings = msgspec.structs.replace(
        stage.settings, calendar=msgspec.structs.replace(stage.settings.calendar, url=f"{home}/", calendar=name)
    )
    await stage.sync(full=True)
    assert stage.kinds() == []
    assert len(stage.calendar_shows()) == 3
    report = await stage.sync()
    assert report.operations == ()


async def test_another_account_behind_the_same_address_halts_even_a_small_run(stage: Stage) -> None:
    await many(stage, 3)
    for row in stage.rows():
        del stage.world.ledger.rows[row.id]
    for number in range(3):
        stage.post(f"Somebody else's {number}", f"2026-03-{12 + number:02}T09:00:00")
    stage.writes()
    report = await stage.sync()
    assert report.code == 4
    assert "another account" in (report.halt or "")
    assert len(stage.app.names()) == 3
    (item,) = await stage.state.pair("alice").open_items()
    await resolve(stage.settings, stage.state, item, "approve", Options(run="x"), now=stage.world.clock.now)
    assert stage.kinds() == []
    await stage.settles()


async def test_another_calendar_behind_the_same_address_halts_even_a_small_run(stage: Stage) -> None:
    await many(stage, 3)
    for name in stage.app.names():
        stage.app.delete(name)
    stage.app.put("other.ics", ics("other", "Somebody else's"))
    report = await stage.sync(full=True)
    assert report.code == 4
    assert "another calendar" in (report.halt or "")
    assert len(stage.rows()) == 3
    assert stage.kinds() == []


@pytest.mark.parametrize(("by", "says"), [(-3, "3.0 days before"), (3 * 365, "1095.0 days after")])
async def test_a_clock_that_jumped_halts_until_somebody_looked(stage: Stage, by: int, says: str) -> None:
    await many(stage, 3)
    for row in stage.rows():
        stage.patch(row, notes="A note")
    stage.world.set_clock(stage.world.clock.now() + timedelta(days=by), frozen=False)
    for _ in range(2):
        report = await stage.sync()
        assert report.code == 4
        assert says in (report.halt or "")
    (item,) = await stage.state.pair("alice").open_items()
    await resolve(stage.settings, stage.state, item, "approve", Options(run="x"), now=stage.world.clock.now)
    assert (await stage.sync()).code == 0
    stage.agree()


@pytest.mark.parametrize("kind", ["html", "half_body"])
async def test_what_is_no_list_of_tasks_is_an_error_and_changes_nothing(stage: Stage, kind: str) -> None:
    """An HTML page with status 200, half a page of rows: neither is an account that lost its tasks."""
    await many(stage, 8)
    before = stage.app.names()
    fault = Fault(kind=kind, method="GET", path=".*tasks", status=200, times=20)  # type: ignore[arg-type]
    stage.world.faults.append(fault)
    with pytest.raises(Unreachable):
        await stage.sync(full=True)
    stage.world.faults.clear()
    assert (stage.app.names(), len(stage.rows())) == (before, 8)
    await stage.settles()
