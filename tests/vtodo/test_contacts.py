"""The contact in a task: CONTACT and the block below the notes, which is never taken for notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import icalendar
import pytest

from bridge.core.model import Override, Rule, Series, Status, Task
from bridge.vtodo import ContactCard, Context, read, write
from bridge.vtodo.fence import FIRST, LAST, notes_of

MARCH_2 = datetime(2026, 3, 2, 9)
MARCH_9 = datetime(2026, 3, 9, 9)
WEEKLY = Rule((("FREQ", "WEEKLY"), ("BYDAY", "MO")), count=6)
BILL = ContactCard("Bill Gates", ("425 555 0100", "425 555 0101"), "bill@example.org")
BLOCK = f"{FIRST}\nName: Bill Gates\nPhone: 425 555 0100\nPhone: 425 555 0101\nE-mail: bill@example.org\n{LAST}"

LONG = f"{FIRST}\nName: Wilhelmina Alexandra Featherstonehaugh-Cholmondeley of Marjoribanks\n{LAST}"

Understood = Callable[[str], Series]


@pytest.fixture
def known(context: Context) -> Context:
    """A pair whose contacts 1 and 2 can be shown."""
    return replace(context, contacts={"1": BILL, "2": ContactCard("Tim; Cook, \\n", (), "")})


def task(**values: object) -> Series:
    return Series("u", replace(Task("Call", MARCH_9, notes="About the house", contact_id="1"), **values))  # type: ignore[arg-type]


def todo(ics: str) -> icalendar.Component:
    return icalendar.Calendar.from_ical(ics).walk("VTODO")[0]


def described(ics: str, change: Callable[[str], str]) -> str:
    """The resource with another DESCRIPTION, as an app writes it."""
    calendar = icalendar.Calendar.from_ical(ics)
    for each in calendar.walk("VTODO"):
        text = change(str(each.pop("DESCRIPTION")))
        if text:
            each.add("DESCRIPTION", text)
    return str(calendar.to_ical().decode())


def test_a_task_shows_its_contact_in_contact_and_in_a_block_below_its_notes(known: Context, now: datetime) -> None:
    shown = todo(write(task(), known, now))
    assert str(shown["CONTACT"]) == "Bill Gates"
    assert str(shown["DESCRIPTION"]) == f"About the house\n\n{BLOCK}"
    assert "URL" not in shown


@pytest.mark.parametrize(
    "notes", ["", "x", "a\n", "a\n\n\n", " a ", "Name: me\nPhone: none", "a\n---\nb", "contact --- x"]
)
def test_notes_come_back_as_they_were_without_the_block(
    known: Context, now: datetime, understood: Understood, notes: str
) -> None:
    series = understood(write(task(notes=notes), known, now))
    assert series.master is not None
    assert series.master.notes == notes
    assert series.master.contact_id is None


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (f"Notes\n\n{BLOCK}\n\n", "Notes"),
        (f"Notes\n\n{BLOCK}".replace("\n", "\r\n"), "Notes"),
        (f"Notes\n\n{BLOCK}".replace("\n", "  \n"), "Notes  "),
        (f"Notes\n\n{BLOCK}".replace(" ", "\u00a0"), "Notes"),
        (f"Notes\n\n{BLOCK}".replace("---", "—"), "Notes"),
        (f"Notes\n{BLOCK}", "Notes"),
        (f"Notes {BLOCK}".replace("\n", " "), "Notes "),
        (f"Notes\n\n{BLOCK}\nSent from an app", "Notes\nSent from an app"),
        (f"{BLOCK}\n\nNotes", "Notes"),
        (f"{BLOCK}Notes", "Notes"),
        (f"Notes\n\n{BLOCK}\n\n{BLOCK}", "Notes"),
        (f"Notes\n\n{FIRST}\n{LAST}", "Notes"),
        (f"Notes\n\n{LONG}".replace(" of ", "\nof "), "Notes"),
        (f"Notes\n\n{BLOCK}".replace("\nName", "<br/>\n<b>Name").replace("Gates", "Gates</b>"), "Notes"),
        (f"Notes\n\n{BLOCK}".replace("\nPhone", "\n- Phone"), "Notes"),
        (f"Notes\n\n{BLOCK}".replace("org\n", "org<mailto:bill@example.org>\n"), "Notes"),
        ("Notes", "Notes"),
        ("", ""),
    ],
)
def test_the_block_is_found_however_an_app_treated_it(text: str, notes: str) -> None:
    assert notes_of(text.replace("\r\n", "\n")) == notes


def test_what_was_typed_into_the_block_is_kept_with_the_notes(
    known: Context, now: datetime, understood: Understood
) -> None:
    """It was lost once, with the next write of the block."""
    before = write(task(), known, now)
    typed = described(
        before, lambda text: text.replace("Phone: 425 555 0101", "Gate code 4711\nPhone: 1\n  Ring twice ")
    )
    series = understood(typed)
    assert series.master is not None
    assert series.master.notes == "About the house\nGate code 4711\nRing twice"
    assert write(replace(series, master=replace(series.master, contact_id="1")), known, now, typed) == typed
    for context in (known, replace(known, contacts={})):
        wanted = replace(series.master, summary="Ring", contact_id="1", notes=series.master.notes + "!")
        text = write(replace(series, master=wanted), context, now, typed)
        assert str(todo(text)["DESCRIPTION"]).count("Gate code") == 1
        again = understood(text)
        assert again.master is not None
        assert again.master.notes == "About the house\nGate code 4711\nRing twice!"


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (f"Notes\n\n{BLOCK}".removesuffix(f"\n{LAST}"), "Notes"),
        (f"Notes\n\n{BLOCK}"[:-9], "Notes"),
        (f"Notes\n\n{FIRST}\nName: Bill\nE-ma", "Notes"),
        (f"Notes\n\n{FIRST}\nName: Bill\nRing twice", "Notes\nRing twice"),
        (f"Notes\n\n{FIRST}\nName: Bill\nRing twice\nThen go", "Notes\nRing twice\nThen go"),
        (f"Notes\n\nName: Bill\nPhone: 1\n{LAST}", "Notes"),
        (f"Notes\n\nOffice Phone: 1\n{LAST}", "Notes\n\nOffice Phone: 1"),
        ("Notes\n\nName: Bill\nPhone: 1", "Notes\n\nName: Bill\nPhone: 1"),
    ],
)
def test_of_half_a_block_only_what_is_surely_ours_goes(text: str, notes: str) -> None:
    assert notes_of(text) == notes


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "About the house",
        lambda text: text.replace("555", "777"),
        lambda text: text.replace("\n", "\r\n") + "\n",
        lambda text: text.replace("--- end", "--- \u00a0end"),
    ],
    ids=["deleted", "changed", "line ends", "spaces"],
)
def test_a_block_that_was_deleted_or_changed_is_no_edit_and_no_reason_to_write(
    known: Context, now: datetime, understood: Understood, change: Callable[[str], str]
) -> None:
    before = write(task(), known, now)
    after = described(before, change)
    assert understood(after).master == understood(before).master
    assert write(task(), known, now, after) == after


def test_new_notes_leave_the_block_below_them_and_write_the_contact_as_it_is_now(
    known: Context, now: datetime, understood: Understood
) -> None:
    before = described(write(task(), known, now), lambda text: text.replace("555", "777"))
    for context in (known, replace(known, contacts={})):
        text = write(task(notes="Other"), context, now, before)
        assert str(todo(text)["DESCRIPTION"]).startswith("Other\n\n---")
        assert ("425 777 0100" in text) is (context is not known)
        series = understood(text)
        assert series.master is not None
        assert series.master.notes == "Other"


def test_another_contact_takes_the_place_of_the_first_and_none_takes_all_of_it_away(
    known: Context, now: datetime
) -> None:
    before = write(task(), known, now)
    other = write(task(contact_id="2"), known, now, before)
    assert str(todo(other)["CONTACT"]) == "Tim; Cook, \\n"
    assert "Bill" not in other
    assert write(task(contact_id="2"), known, now, other) == other
    gone = todo(write(task(contact_id=None), known, now, other))
    assert (str(gone["DESCRIPTION"]), "CONTACT" in gone) == ("About the house", False)
    assert "DESCRIPTION" not in todo(write(task(contact_id=None, notes=""), known, now, other))


def test_a_contact_that_cannot_be_read_is_not_shown_and_one_that_is_shown_already_stays(
    context: Context, known: Context, now: datetime
) -> None:
    assert "CONTACT" not in write(task(), context, now).upper()
    kept = write(task(summary="Ring"), context, now, write(task(), known, now))
    assert str(todo(kept)["DESCRIPTION"]) == f"About the house\n\n{BLOCK}"
    assert "Bill" not in write(task(contact_id="9"), known, now, kept)


def test_a_persons_own_contact_and_url_stay(known: Context, now: datetime, resource: Callable[..., str]) -> None:
    own = "DTSTAMP:20260301T000000Z\nSUMMARY:Call\nDESCRIPTION:About the house\nDUE:20260309T090000\n"
    before = resource(own + "CONTACT:My friend\nURL:https://example.org/")
    text = write(task(), known, now, before)
    both = [line for line in text.splitlines() if line.startswith("CONTACT")]
    assert both == ["CONTACT;X-LIONDESK-ID=1:Bill Gates", "CONTACT:My friend"]
    without = todo(write(task(contact_id=None), known, now, text))
    assert (str(without["CONTACT"]), str(without["URL"])) == ("My friend", "https://example.org/")


def test_an_app_that_drops_the_id_causes_no_second_contact(known: Context, now: datetime) -> None:
    bare = write(task(), known, now).replace("CONTACT;X-LIONDESK-ID=1:", "CONTACT:")
    assert write(task(), known, now, bare) == bare
    edited = todo(write(task(summary="Ring"), known, now, bare))
    assert (str(edited["CONTACT"]), edited["CONTACT"].params) == ("Bill Gates", {"X-LIONDESK-ID": "1"})
    assert "CONTACT" not in todo(write(task(contact_id=None), known, now, bare))


def test_each_occurrence_shows_its_own_contact(known: Context, now: datetime, understood: Understood) -> None:
    master = task(due=MARCH_2).master
    assert master is not None
    done = replace(master, due=MARCH_9, status=Status.COMPLETE, contact_id="2")
    series = Series("u", master, WEEKLY, overrides={MARCH_9: Override(done)})
    text = write(series, known, now)
    names = {"RECURRENCE-ID" in each: str(each["CONTACT"]) for each in icalendar.Calendar.from_ical(text).walk("VTODO")}
    assert names == {False: "Bill Gates", True: "Tim; Cook, \\n"}
    assert understood(text).overrides[MARCH_9].task.notes == "About the house"
    assert write(series, known, now, text) == text


def test_an_occurrence_that_says_only_what_it_holds_is_given_no_text_by_a_contact(
    known: Context, now: datetime, resource: Callable[..., str]
) -> None:
    """A DESCRIPTION with nothing but the block would say that its notes are empty."""
    text = resource(
        "SUMMARY:Call\nDESCRIPTION:About the house\nDTSTART:20260302T090000\nDUE:20260302T090000\n"
        "RRULE:FREQ=WEEKLY;COUNT=6",
        "RECURRENCE-ID:20260309T090000\nDTSTART:20260309T090000\nDUE:20260309T090000\nSTATUS:COMPLETED",
    )
    series = read(text, known)
    assert isinstance(series, Series)
    silent = series.overrides[MARCH_9]
    overrides = {MARCH_9: replace(silent, task=replace(silent.task, contact_id="1"))}
    assert write(replace(series, overrides=overrides), known, now, text) == text
