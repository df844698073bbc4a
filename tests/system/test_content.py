"""What a task says, whatever it says: long texts, odd characters, categories. On real servers, and quiet afterwards."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bridge.store import open_state
from tests.servers import ics
from tests.system.stage import ZONE, Stage, master

LONG = " ".join(f"word{number}" for number in range(400))
CUT = LONG[:2000]
WEEKLY = "FREQ=WEEKLY;COUNT=4;BYDAY=MO"


def folded(text: str) -> str:
    """A text as it stands in a property."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def says(stage: Stage, **properties: object) -> None:
    """An app gives the one task other values; None takes a property away."""
    name, calendar = stage.only()
    todo = master(calendar)
    for key, value in properties.items():
        todo.pop(key, None)
        if value is not None:
            todo.add(key, value)
    stage.put(name, calendar)


def held(stage: Stage) -> tuple[str, str]:
    """Text and notes of the one row, as LionDesk holds them."""
    (values,) = {(row.values.description, row.values.notes) for row in stage.rows()}
    return values


def notes(stage: Stage) -> str:
    return str(master(stage.only()[1]).get("DESCRIPTION", ""))


async def quiet(stage: Stage) -> None:
    """The next runs write nothing, whether by cursor or from nothing."""
    stage.writes()
    for full in (False, True, False):
        assert (await stage.sync(full=full)).operations == ()
    assert stage.writes() == []


# -- long texts --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def long_notes(stage: Stage) -> Stage:
    """A task made in the calendar with notes that LionDesk cuts."""
    await stage.sync()
    stage.app.put("long.ics", ics("app-1", "Call", f"DESCRIPTION:{LONG}"))
    await stage.sync()
    assert held(stage)[1] == CUT
    assert notes(stage) == LONG
    await quiet(stage)
    return stage


async def test_a_long_text_stays_whole_in_the_calendar_and_cut_in_liondesk(long_notes: Stage) -> None:
    says(long_notes, SUMMARY="Call again")
    await long_notes.sync()
    ((_, _, body),) = long_notes.writes()
    assert body["notes"] == CUT
    long_notes.patch(long_notes.rows()[0], due_at="2026-03-12T09:00:00")
    await long_notes.sync()
    assert (held(long_notes)[1], notes(long_notes)) == (CUT, LONG)
    await quiet(long_notes)


async def test_an_edit_of_a_long_text_in_the_calendar_goes_as_far_as_liondesk_holds_it(long_notes: Stage) -> None:
    says(long_notes, DESCRIPTION=f"URGENT {LONG}")
    await long_notes.sync()
    assert held(long_notes)[1] == f"URGENT {LONG}"[:2000]
    await quiet(long_notes)
    long_notes.writes()
    says(long_notes, DESCRIPTION=f"URGENT {LONG} and one more")
    await long_notes.sync()
    assert long_notes.writes() == []
    assert notes(long_notes) == f"URGENT {LONG} and one more"
    await quiet(long_notes)


async def test_an_edit_of_the_cut_text_in_liondesk_keeps_the_rest_in_the_calendar(long_notes: Stage) -> None:
    long_notes.patch(long_notes.rows()[0], notes=CUT.replace("word5 ", "WORD5 "))
    await long_notes.sync()
    assert notes(long_notes) == LONG.replace("word5 ", "WORD5 ")
    await quiet(long_notes)
    long_notes.patch(long_notes.rows()[0], notes="Sold.")
    await long_notes.sync()
    assert (held(long_notes)[1], notes(long_notes)) == ("Sold.", "Sold.")
    await quiet(long_notes)


async def test_edits_of_a_long_text_on_both_sides_where_one_is_beyond_the_cut_merge(long_notes: Stage) -> None:
    long_notes.patch(long_notes.rows()[0], notes=CUT.replace("word5 ", "WORD5 "))
    says(long_notes, DESCRIPTION=f"{LONG} and one more")
    report = await long_notes.sync()
    assert report.conflicts == ()
    assert notes(long_notes) == LONG.replace("word5 ", "WORD5 ") + " and one more"
    await quiet(long_notes)


async def test_a_long_text_of_a_series_is_edited_on_either_side_as_one_of_a_task_is(stage: Stage) -> None:
    await stage.sync()
    stage.app.put("long.ics", ics("app-1", "Call", f"DESCRIPTION:{LONG}", f"RRULE:{WEEKLY}"))
    await stage.sync()
    await quiet(stage)
    stage.writes()
    says(stage, DESCRIPTION=f"{LONG} more")
    await stage.sync()
    assert stage.writes() == []
    stage.patch(stage.rows()[0], 2, notes=CUT.replace("word5 ", "WORD5 "))
    await stage.sync()
    assert notes(stage) == LONG.replace("word5 ", "WORD5 ") + " more"
    await quiet(stage)
    says(stage, DESCRIPTION=f"URGENT {LONG}")
    await stage.sync()
    assert {row.values.notes for row in stage.rows()} == {f"URGENT {LONG}"[:2000]}
    await quiet(stage)


async def test_a_long_text_is_adopted_without_a_write_when_the_state_is_lost(long_notes: Stage, tmp_path: Path) -> None:
    await lost_state_is_adopted(long_notes, tmp_path)


async def lost_state_is_adopted(stage: Stage, folder: Path) -> None:
    stage.writes()
    before = {name: stage.app.etag(name) for name in stage.app.names()}
    with open_state(f"sqlite:///{folder / 'another.db'}", now=stage.world.clock.now) as state:
        stage.state = state
        report = await stage.sync()
        assert (report.operations, report.conflicts) == ((), ())
        await quiet(stage)
    assert {name: stage.app.etag(name) for name in stage.app.names()} == before


# -- characters --------------------------------------------------------------------------------------------------------

ODD = [
    "tab\there",
    "line\r\nends\rof\nall kinds",
    "bell\x07, escape\x1b[1m and null\x00",
    "back\\slash \\n \\, comma, semi; colon: \"quoted\" 'text'",
    "\N{GRINNING FACE} \N{WOMAN}\u200d\N{PERSONAL COMPUTER} \N{REGIONAL INDICATOR SYMBOL LETTER D}",
    "\u05d0\u05d1\u05d2 \u202eright to left\u202c \u0645\u0631\u062d\u0628\u0627",
    "e\u0301 and \u00e9, \ufb01, \u2028line\u2029paragraph\u0085next",
    " blanks around ",
    "BEGIN:VTODO\r\nEND:VCALENDAR",
    "x" * 74 + "\N{GRINNING FACE}" * 40,
    "\u0000",
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
async def test_any_text_of_liondesks_is_shown_and_nothing_of_it_is_an_edit(
    stage: Stage, tmp_path: Path, text: str
) -> None:
    stage.post(f"Call {text}", "2026-03-09T09:00:00", notes=text)
    await stage.sync()
    await quiet(stage)
    before = held(stage)
    says(stage, DUE=datetime(2026, 3, 10, 9, tzinfo=ZONE), DTSTART=datetime(2026, 3, 10, 9, tzinfo=ZONE))
    await stage.sync()
    assert held(stage) == before
    await quiet(stage)
    await lost_state_is_adopted(stage, tmp_path)


@pytest.mark.parametrize("text", [text for text in ODD if "\x00" not in text and "\x07" not in text])
async def test_any_text_of_the_calendars_is_taken_over(stage: Stage, text: str) -> None:
    await stage.sync()
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    stage.app.put("odd.ics", ics("app-1", "Call", f"DESCRIPTION:{folded(plain)}"))
    await stage.sync()
    assert held(stage)[1].replace("\u0085", "") == plain.replace("\u0085", "")
    await quiet(stage)


# -- categories --------------------------------------------------------------------------------------------------------


def categories(stage: Stage) -> list[str]:
    found: Any = master(stage.only()[1]).get("CATEGORIES")
    lists = found if isinstance(found, list) else [found] if found is not None else []
    return [str(name) for each in lists for name in each.cats]


async def test_the_users_own_entries_stay_beside_liondesks_in_their_order_and_spelling(stage: Stage) -> None:
    await stage.sync()
    lines = ("CATEGORIES:garden,CALL\\, later", "CATEGORIES:cAlL,home\\;office")
    stage.app.put("tags.ics", ics("app-1", "Call", *lines))
    await stage.sync()
    assert stage.rows()[0].values.category_id == 1
    assert categories(stage) == ["garden", "CALL, later", "cAlL", "home;office"]
    await quiet(stage)
    stage.patch(stage.rows()[0], category_id="2")
    await stage.sync()
    assert categories(stage) == ["garden", "CALL, later", "Showing", "home;office"]
    stage.patch(stage.rows()[0], category_id=None)
    await stage.sync()
    assert categories(stage) == ["garden", "CALL, later", "home;office"]
    await quiet(stage)


async def test_a_category_that_liondesk_does_not_know_is_the_users_and_a_taken_one_is_taken(stage: Stage) -> None:
    stage.post("Call", "2026-03-09T09:00:00", category_id="1")
    await stage.sync()
    says(stage, CATEGORIES=["garden"])
    await stage.sync()
    assert stage.rows()[0].values.category_id is None
    assert categories(stage) == ["garden"]
    await quiet(stage)
    says(stage, CATEGORIES=["garden", "showing"])
    await stage.sync()
    assert stage.rows()[0].values.category_id == 2
    await quiet(stage)


async def test_a_category_renamed_in_liondesk_is_renamed_in_the_calendar_by_a_full_run(stage: Stage) -> None:
    from dataclasses import replace

    stage.post("Call", "2026-03-09T09:00:00", category_id="1")
    await stage.sync()
    says(stage, CATEGORIES=["garden", "Call"])
    await stage.sync()
    stage.world.categories[1] = replace(stage.world.categories[1], name="Ring, then write")
    assert (await stage.sync()).operations == ()
    stage.writes()
    await stage.sync(full=True)
    assert stage.writes() == []
    assert categories(stage) == ["garden", "Ring, then write"]
    assert stage.rows()[0].values.category_id == 1
    await quiet(stage)
