"""A run that would do too much stops before its first write, and a person can still have it (exit code 4)."""

from __future__ import annotations

import msgspec
import pytest

from bridge.errors import ConfigurationError
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
