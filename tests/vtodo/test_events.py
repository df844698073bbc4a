"""A task as a VEVENT: what is read, what is written, and what is never written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.model import Override, Rule, Series, Status, Task
from bridge.vtodo import Context, concerns, read, write

MARCH_2 = datetime(2026, 3, 2, 9)
MARCH_9 = datetime(2026, 3, 9, 9)
WEEKLY = Rule((("FREQ", "WEEKLY"), ("BYDAY", "MO")), count=6)
DONE = datetime(2026, 3, 2, 18, tzinfo=UTC)
MARK = "\u2713 "
HOUR = timedelta(hours=1)

Lines = Callable[[str], list[str]]


@pytest.fixture
def events(context: Context) -> Context:
    return replace(context, component="event")


def event(*lines: str) -> str:
    parts = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//A//B//EN", "BEGIN:VEVENT", "UID:u", *lines]
    return "\r\n".join([*parts, "END:VEVENT", "END:VCALENDAR", ""])


def said(text: str, context: Context) -> Series:
    series = read(text, context)
    assert isinstance(series, Series), series
    return series


def master(series: Series) -> Task:
    assert series.master is not None
    return series.master


def test_a_new_event(events: Context, now: datetime) -> None:
    text = write(Series("u", Task("Call", MARCH_2, notes="Ask", category_id="1")), events, now)
    assert text[text.index("BEGIN:VEVENT") :].splitlines() == [
        "BEGIN:VEVENT",
        "UID:u",
        "DTSTAMP:20260303T180000Z",
        "CREATED:20260303T180000Z",
        "LAST-MODIFIED:20260303T180000Z",
        "SUMMARY:Call",
        "DESCRIPTION:Ask",
        "DTSTART;TZID=America/Los_Angeles:20260302T090000",
        "X-LIONDESK-DUE:DTSTART",
        "TRANSP:TRANSPARENT",
        "CATEGORIES:Call",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Call",
        "TRIGGER:-PT15M",
        "X-LIONDESK-ALARM:TRUE",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    assert "BEGIN:VTIMEZONE" in text


def test_with_a_lead_it_lasts_until_it_is_due_and_rings_before_its_end(events: Context, now: datetime) -> None:
    lasting = replace(events, lead=HOUR)
    text = write(Series("u", Task("Call", MARCH_2), WEEKLY), lasting, now)
    assert "DTSTART;TZID=America/Los_Angeles:20260302T080000" in text
    assert "DTEND;TZID=America/Los_Angeles:20260302T090000" in text
    assert "TRIGGER;RELATED=END:-PT15M" in text
    assert master(said(text, lasting)).due == MARCH_2


@pytest.mark.parametrize(
    ("hours", "start", "end"),
    [(0, "20260302", None), (1, "20260302", "20260303"), (48, "20260228", "20260303")],
)
def test_a_day_ends_on_the_day_after(events: Context, now: datetime, hours: int, start: str, end: str | None) -> None:
    lasting = replace(events, lead=HOUR * hours)
    day = Series("u", Task("Log", datetime(2026, 3, 2), all_day=True))
    text = write(day, lasting, now)
    assert f"DTSTART;VALUE=DATE:{start}" in text
    assert (f"DTEND;VALUE=DATE:{end}" in text) if end else ("DTEND" not in text)
    assert master(said(text, lasting)) == master(day)


@pytest.mark.parametrize(
    ("lines", "due"),
    [
        (("DTSTART:20260302T170000Z", "DTEND:20260302T180000Z"), MARCH_2),
        (("DTSTART:20260302T170000Z", "DURATION:PT1H"), MARCH_2),
        (("DTSTART:20260302T170000Z", "DTEND:20260302T180000Z", "X-LIONDESK-DUE:DTEND"), MARCH_2 + HOUR),
        (("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260305"), datetime(2026, 3, 2)),
    ],
)
def test_it_is_due_when_it_starts_unless_it_says_otherwise(
    events: Context, lines: tuple[str, ...], due: datetime
) -> None:
    assert master(said(event("SUMMARY:Call", *lines), events)).due == due


@pytest.mark.parametrize(
    ("lines", "due"),
    [
        (("DTSTART:20260302T170000Z", "DTEND:20260302T180000Z"), MARCH_2 + HOUR),
        (("DTSTART:20260302T170000Z", "DURATION:PT1H"), MARCH_2 + HOUR),
        (("DTSTART:20260302T170000Z",), MARCH_2),
        (("DTSTART:20260302T170000Z", "DTEND:20260302T180000Z", "X-LIONDESK-DUE:DTSTART"), MARCH_2),
        (("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260305"), datetime(2026, 3, 4)),
        (("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260302"), datetime(2026, 3, 2)),
        (("DTSTART;VALUE=DATE:20260302", "DURATION:P3D"), datetime(2026, 3, 4)),
    ],
)
def test_with_a_lead_it_is_due_when_it_ends(events: Context, lines: tuple[str, ...], due: datetime) -> None:
    assert master(said(event("SUMMARY:Call", *lines), replace(events, lead=HOUR))).due == due


@pytest.mark.parametrize(
    ("summary", "text", "done"),
    [
        ("\u2713 Call", "Call", True),
        ("\u2714 Call", "Call", True),
        ("\u2714\ufe0fCall", "Call", True),
        ("\u2705Call", "Call", True),
        (" \u2611  Call", "Call", True),
        ("[x] Call", "Call", True),
        ("[X]Call", "Call", True),
        ("\u2713 \u2713 Call", "Call", True),
        ("\u2713", "", True),
        ("Call \u2713", "Call \u2713", False),
        ("[ ] Call", "[ ] Call", False),
        ("[y] Call", "[y] Call", False),
        ("x Call", "x Call", False),
    ],
)
def test_a_mark_before_the_text_says_done_and_is_no_part_of_it(
    events: Context, summary: str, text: str, done: bool
) -> None:
    task = master(said(event(f"SUMMARY:{summary}", "DTSTART:20260302T170000Z"), events))
    assert (task.summary, task.status is Status.COMPLETE) == (text, done)


TEXTS = st.text(st.sampled_from("\u2713\u2714\u2705\ufe0f\u200b[xX] aß\\,;\n"), max_size=12)


@given(TEXTS, st.sampled_from(Status), TEXTS, st.sampled_from(Status))
def test_no_text_changes_by_being_shown_with_or_without_a_mark(
    text: str, status: Status, other: str, later: Status
) -> None:
    from zoneinfo import ZoneInfo

    context = Context(ZoneInfo("America/Los_Angeles"), {}, timedelta(0), None, "event")
    when = datetime(2026, 3, 3, tzinfo=UTC)
    first = write(Series("u", Task(text, MARCH_2, status=status, completed_at=DONE)), context, when)
    task = master(said(first, context))
    assert (task.summary, task.status) == (text.lstrip(), status)
    second = write(
        replace(said(first, context), master=replace(task, summary=other, status=later)), context, when, first
    )
    task = master(said(second, context))
    assert (task.summary, task.status) == (other.lstrip(), later)


def test_done_is_a_mark_and_the_moment_of_it_and_no_word_of_a_to_do(events: Context, now: datetime) -> None:
    task = Task("Call", MARCH_2, status=Status.COMPLETE, completed_at=DONE)
    text = write(Series("u", task), events, now)
    assert f"SUMMARY:{MARK}Call" in text
    assert "X-LIONDESK-COMPLETED:20260302T180000Z" in text
    assert "VALARM" not in text
    assert master(said(text, events)) == task
    for word in ("STATUS", "\nCOMPLETED", "PERCENT-COMPLETE", "DUE;"):
        assert word not in text
    again = write(Series("u", replace(task, status=Status.INCOMPLETE, completed_at=None)), events, now, text)
    assert "SUMMARY:Call" in again
    assert "COMPLETED" not in again
    assert "VALARM" in again


def test_the_users_own_mark_stays_as_it_was_typed(events: Context, now: datetime) -> None:
    text = event("SUMMARY:\u2705 Call", "DTSTART:20260302T170000Z", "LOCATION:Home")
    series = said(text, events)
    edited = write(replace(series, master=replace(master(series), notes="Ask")), events, now, text)
    assert "SUMMARY:\u2705 Call" in edited
    assert "DESCRIPTION:Ask" in edited
    assert "LOCATION:Home" in edited


def test_the_users_alarms_stay_when_it_is_done(events: Context, now: datetime) -> None:
    text = write(Series("u", Task("Call", MARCH_2)), events, now)
    mine = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Mine\r\nTRIGGER:-PT2H\r\nEND:VALARM\r\n"
    text = text.replace("END:VEVENT", f"{mine}END:VEVENT")
    series = said(text, events)
    done = write(replace(series, master=replace(master(series), status=Status.COMPLETE)), events, now, text)
    assert mine in done
    assert done.count("BEGIN:VALARM") == 1


def test_an_occurrence_is_done_by_a_mark_in_its_override(events: Context, now: datetime) -> None:
    done = Task("Call", MARCH_9, status=Status.COMPLETE, completed_at=DONE)
    series = Series("u", Task("Call", MARCH_2), WEEKLY, overrides={MARCH_9: Override(done)})
    text = write(series, events, now)
    assert text.count(f"SUMMARY:{MARK}Call") == 1
    assert "RECURRENCE-ID;TZID=America/Los_Angeles:20260309T090000" in text
    back = said(text, events)
    assert back.overrides[MARCH_9].task == done
    assert master(back).status is Status.INCOMPLETE
    reopened = write(replace(back, overrides={}), events, now, text)
    assert MARK not in reopened


def test_an_occurrence_that_says_only_its_mark_keeps_the_rest_of_the_series(events: Context, now: datetime) -> None:
    text = event(
        "SUMMARY:Call",
        "DESCRIPTION:Ask",
        "CATEGORIES:Call",
        "DTSTART:20260302T170000Z",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:u",
        "RECURRENCE-ID:20260309T160000Z",
        "DTSTART:20260309T170000Z",
    )
    series = said(text, events)
    (slot,) = series.overrides
    quiet = series.overrides[slot].task
    assert (quiet.summary, quiet.notes, quiet.category_id) == ("Call", "Ask", "1")
    done = replace(series, overrides={slot: Override(replace(quiet, status=Status.COMPLETE))})
    task = said(write(done, events, now, text), events).overrides[slot].task
    assert (task.summary, task.notes, task.category_id, task.status) == ("Call", "Ask", "1", Status.COMPLETE)


def test_an_end_that_an_app_gave_moves_along(events: Context, now: datetime) -> None:
    text = event("SUMMARY:Call", "DTSTART:20260302T170000Z", "DTEND:20260302T173000Z")
    series = said(text, events)
    moved = write(replace(series, master=replace(master(series), due=MARCH_9)), events, now, text)
    assert "DTSTART:20260309T160000Z" in moved
    assert "DTEND:20260309T163000Z" in moved


@pytest.mark.parametrize(
    ("text", "todo", "in_events"),
    [
        ("BEGIN:VEVENT\r\n", False, True),
        ("begin:vtodo\n", True, False),
        ("BEGIN:VTODO\nBEGIN:VEVENT\n", True, True),
        ("BEGIN:VJOURNAL\n", False, False),
        ("SUMMARY:BEGIN:VEVENT\n", True, True),
        ("nonsense", True, True),
    ],
)
def test_resources_of_another_kind_are_nobodys_affair_and_broken_ones_are(
    context: Context, events: Context, text: str, todo: bool, in_events: bool
) -> None:
    assert (concerns(text, context), concerns(text, events)) == (todo, in_events)
