"""Edits of occurrences beyond LionDesk's horizon: they wait for their row, block nothing, and are told when it appears.

LionDesk makes rows for 90 days (open question 4: nobody knows how many), so a weekly series from 2 March 2026 has rows
through 25 May. Each test runs on both servers, with and without `scheduled_event_id` (open question 2).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.core.model import Side
from bridge.report import Outcome, PairReport
from bridge.sync.standing import waiting_edits
from tests.servers import ics
from tests.system.stage import ZONE, Stage, master, override

ENDLESS = "FREQ=WEEKLY;BYDAY=MO"
BEYOND = datetime(2026, 6, 8, 9)
"""The second Monday without a row."""


def at(slot: datetime) -> datetime:
    return slot.replace(tzinfo=ZONE)


@pytest.fixture(autouse=True, params=["shown", "hidden"])
def events(stage: Stage, request: pytest.FixtureRequest) -> str:
    """Whether rows carry `scheduled_event_id`."""
    stage.world.set_switches({"event_id": request.param})
    return str(request.param)


async def synced(stage: Stage, rule: str = ENDLESS) -> tuple[str, Any]:
    """The weekly series on both sides, beside another task."""
    stage.post("Call client", "2026-03-02T09:00:00", rule)
    await stage.sync()
    stage.agree()
    stage.writes()
    return stage.only()


async def listed(stage: Stage) -> list[str]:
    """What `status` lists."""
    links = await stage.state.pair("alice").links(pending=True)
    return [str(each["sentence"]) for each in waiting_edits(links)]


async def waits(stage: Stage, name: str, calendar: Any) -> PairReport:
    """What the app wrote waits: it is told once, listed from then on, and sends nothing."""
    before = len(await listed(stage))
    stage.put(name, calendar)
    report = await stage.sync()
    assert stage.kinds() == []
    assert [each.state for each in report.operations] == ["waiting"] * (len(await listed(stage)) - before)
    assert (report.outcome, report.code) == (Outcome.AGREED, 0)
    await stage.settles()
    return report


async def reached(stage: Stage, *kinds: str) -> PairReport:
    """Once LionDesk has made the rows, they are told with exactly these requests, and nothing waits any more."""
    stage.world.advance(timedelta(days=14))
    report = await stage.sync()
    assert sorted(stage.kinds()) == sorted(kinds)
    assert await listed(stage) == []
    await stage.settles()
    return report


def completed(calendar: Any) -> None:
    override(calendar, BEYOND, STATUS="COMPLETED", COMPLETED=at(datetime(2026, 3, 1, 11)))


def renamed(calendar: Any) -> None:
    override(calendar, BEYOND, SUMMARY="Call the lawyer")


def moved(calendar: Any) -> None:
    later = at(BEYOND + timedelta(days=1, hours=5))
    override(calendar, BEYOND, DTSTART=later, DUE=later)


def excluded(calendar: Any) -> None:
    master(calendar).add("EXDATE", at(BEYOND))


def cancelled(calendar: Any) -> None:
    override(calendar, BEYOND, STATUS="CANCELLED")


EDITS = [
    pytest.param(completed, "PATCH 3", "Waits to complete 'Call client' of Mon 8 Jun", id="completed"),
    pytest.param(renamed, "PATCH 1", "Waits to rename 'Call client' of Mon 8 Jun", id="renamed"),
    pytest.param(moved, "PATCH 1", "Waits to move 'Call client' from Mon 8 Jun", id="moved"),
    pytest.param(excluded, "DELETE 1", "Waits to delete 'Call client' of Mon 8 Jun", id="excluded"),
    pytest.param(cancelled, "DELETE 1", "Waits to delete 'Call client' of Mon 8 Jun", id="cancelled"),
]


@pytest.mark.parametrize(("edit", "kind", "words"), EDITS)
async def test_it_is_listed_until_the_row_appears_and_then_told_with_the_matching_request(
    stage: Stage, edit: Callable[[Any], None], kind: str, words: str
) -> None:
    name, calendar = await synced(stage)
    edit(calendar)
    report = await waits(stage, name, calendar)
    (sentence,) = await listed(stage)
    assert sentence.startswith(words)
    assert "LionDesk has not made that task yet" in sentence
    (operation,) = report.operations
    assert (operation.side, operation.occurrence) == (Side.LIONDESK, BEYOND)
    assert f"{operation.update_type or operation.delete_type}" == kind[-1]
    assert [each.sentence() for each in (await stage.sync()).waiting] == [sentence]
    await reached(stage, kind)


@pytest.mark.parametrize(("edit", "kind", "words"), EDITS)
async def test_a_full_run_and_a_moving_horizon_that_does_not_reach_it_leave_it_waiting(
    stage: Stage, edit: Callable[[Any], None], kind: str, words: str
) -> None:
    """Law 1: the rows that appear before it are no change."""
    name, calendar = await synced(stage)
    edit(calendar)
    await waits(stage, name, calendar)
    assert (await stage.sync(full=True)).operations == ()
    stage.world.advance(timedelta(days=7))
    assert (await stage.sync()).operations == ()
    (sentence,) = await listed(stage)
    assert sentence.startswith(words)
    await reached(stage, kind)


async def test_other_edits_of_the_series_are_not_blocked(stage: Stage) -> None:
    name, calendar = await synced(stage)
    renamed(calendar)
    await waits(stage, name, calendar)
    calendar = stage.only()[1]
    override(calendar, datetime(2026, 3, 9, 9), STATUS="COMPLETED")
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == ["PATCH 3"]
    stage.complete(stage.rows()[0])
    await stage.sync()
    assert stage.kinds() == []
    assert len(await listed(stage)) == 1
    await stage.settles()
    await reached(stage, "PATCH 1")


async def test_all_of_the_series_renamed_in_the_meantime_leaves_the_occurrence_its_own_text(stage: Stage) -> None:
    name, calendar = await synced(stage)
    renamed(calendar)
    await waits(stage, name, calendar)
    calendar = stage.only()[1]
    master(calendar)["SUMMARY"] = "Call the buyer"
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == ["PATCH 2"]
    assert len(await listed(stage)) == 1
    await reached(stage, "PATCH 1")
    assert ("Call the lawyer", BEYOND, False) in stage.liondesk_shows()


async def test_this_and_following_edited_in_liondesk_takes_along_what_waits(stage: Stage) -> None:
    name, calendar = await synced(stage)
    renamed(calendar)
    master(calendar).add("EXDATE", at(BEYOND + timedelta(days=7)))
    await waits(stage, name, calendar)
    stage.patch(stage.rows()[4], 2, notes="Bring the deed")
    await stage.sync()
    assert stage.kinds() == []
    assert len(await listed(stage)) == 2
    await stage.settles()
    stage.world.advance(timedelta(days=7))
    await reached(stage, "PATCH 1", "DELETE 1")


async def test_an_edit_of_this_and_following_beyond_the_horizon_is_one_request_when_its_first_row_appears(
    stage: Stage,
) -> None:
    name, calendar = await synced(stage)
    todo = override(calendar, BEYOND, SUMMARY="Call the heirs")
    todo["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
    stage.put(name, calendar)
    report = await stage.sync()
    assert [each.update_type for each in report.operations] == [2]
    assert stage.kinds() == []
    assert len(await listed(stage)) == 1
    stage.world.advance(timedelta(days=14))
    await stage.sync()
    assert stage.kinds() == ["PATCH 2"]
    assert await listed(stage) == []
    stage.world.advance(timedelta(days=14))
    assert (await stage.sync()).operations == ()
    assert [text for text, due, _ in stage.liondesk_shows() if due >= BEYOND] == ["Call the heirs"] * 3


async def test_another_edit_of_it_is_told_in_its_place(stage: Stage) -> None:
    name, calendar = await synced(stage)
    renamed(calendar)
    await waits(stage, name, calendar)
    calendar = stage.only()[1]
    override(calendar, BEYOND, SUMMARY="Call the judge")
    stage.put(name, calendar)
    report = await stage.sync()
    assert [each.state for each in report.operations] == ["waiting"]
    assert len(await listed(stage)) == 1
    await reached(stage, "PATCH 1")
    assert ("Call the judge", BEYOND, False) in stage.liondesk_shows()


async def test_a_new_series_with_edits_beyond_the_horizon_keeps_them_waiting(stage: Stage) -> None:
    await stage.sync()
    repeating = (f"RRULE:{ENDLESS}", "EXDATE:20260608T160000Z")
    text = ics("app-1", "Call client", *repeating, due="20260302T090000")
    for name in ("DTSTART", "DUE"):
        text = text.replace(f"{name}:", f"{name};TZID=America/Los_Angeles:")
    stage.app.put("new.ics", text)
    calendar = stage.only()[1]
    override(calendar, BEYOND + timedelta(days=7), SUMMARY="Call the lawyer")
    stage.put("new.ics", calendar)
    report = await stage.sync()
    assert stage.kinds() == ["POST plain"]
    assert [each.state for each in report.operations].count("waiting") == 2
    assert len(await listed(stage)) == 2
    await stage.settles()
    stage.world.advance(timedelta(days=7))
    await reached(stage, "DELETE 1", "PATCH 1")


# -- what never can be told --------------------------------------------------------------------------------------------


async def given_up(stage: Stage, because: str) -> None:
    """One run says that it waits no longer; then it is forgotten."""
    report = await stage.sync()
    assert [each.because for each in report.dropped] == [because]
    assert "does not wait for LionDesk any longer" in report.dropped[0].sentence()
    assert await listed(stage) == []
    assert (await stage.sync()).dropped == ()


@pytest.mark.parametrize("edit", [renamed, completed, excluded])
async def test_taken_back_it_is_dropped_with_a_note(stage: Stage, edit: Callable[[Any], None]) -> None:
    name, calendar = await synced(stage)
    before = calendar.to_ical()
    edit(calendar)
    await waits(stage, name, calendar)
    plain = type(calendar).from_ical(before)
    if edit is completed:  # law 8: an override that vanished re-opens nothing
        plain = stage.only()[1]
        override(plain, BEYOND, STATUS="NEEDS-ACTION", COMPLETED=None)
    stage.put(name, plain)
    await given_up(stage, "it was taken back in the calendar")
    assert stage.kinds() == []
    await reached(stage)


async def test_the_series_ended_before_it(stage: Stage) -> None:
    name, calendar = await synced(stage)
    renamed(calendar)
    await waits(stage, name, calendar)
    calendar = stage.only()[1]
    master(calendar)["RRULE"]["UNTIL"] = [datetime(2026, 5, 4, 16, tzinfo=UTC)]
    calendar.subcomponents = [
        each for each in calendar.subcomponents if each.name != "VTODO" or "RECURRENCE-ID" not in each
    ]
    stage.put(name, calendar)
    await stage.sync()  # a truncation waits one run for its tail
    await given_up(stage, "the series has no such occurrence any more")
    await stage.settles()


async def test_this_and_following_deleted_in_liondesk(stage: Stage) -> None:
    name, calendar = await synced(stage)
    renamed(calendar)
    await waits(stage, name, calendar)
    stage.delete(stage.rows()[4], 2)
    await given_up(stage, "the series has no such occurrence any more")
    await stage.settles()


async def test_the_series_was_deleted_in_liondesk(stage: Stage) -> None:
    name, calendar = await synced(stage)
    excluded(calendar)
    await waits(stage, name, calendar)
    stage.delete(stage.rows()[0], 3)
    await given_up(stage, "the series was deleted in LionDesk")
    await stage.settles()


async def test_the_series_was_deleted_in_the_calendar(stage: Stage) -> None:
    name, calendar = await synced(stage)
    completed(calendar)
    await waits(stage, name, calendar)
    stage.app.delete(name)
    await given_up(stage, "the series was deleted in the calendar")
    await stage.settles()


async def test_the_series_became_single(stage: Stage) -> None:
    name, calendar = await synced(stage)
    excluded(calendar)
    await waits(stage, name, calendar)
    calendar = stage.only()[1]
    for key in ("RRULE", "EXDATE"):
        del master(calendar)[key]
    stage.put(name, calendar)
    await given_up(stage, "it does not repeat any more")
    await stage.settles()
