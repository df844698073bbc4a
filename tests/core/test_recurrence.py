"""Rules are read, expanded and cut as RFC 5545 says; recurring-ical-events and plain counting are the oracles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.model import Series, Task
from bridge.core.recurrence import (
    BadRule,
    cut_before,
    expand,
    format_rule,
    last_slot,
    parse_rule,
    same_occurrences,
    slots,
    tail_from,
    with_until,
)

LA = ZoneInfo("America/Los_Angeles")
MONDAY = datetime(2026, 3, 2, 9)


@pytest.mark.parametrize(
    "written",
    [
        "FREQ=WEEKLY;COUNT=5;BYDAY=MO",
        "RRULE:FREQ=WEEKLY;INTERVAL=1;COUNT=5;BYDAY=MO",
        "DTSTART:20260302T090000\nRRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO",
        "RRULE;X-EVOLUTION-ENDDATE=20260413T160000Z:FREQ=WEEKLY;COUNT=5;BYDAY=MO",
        "freq=weekly;byday=mo;count=5;wkst=mo",
        "FREQ=WEEKLY;COUNT=5;BYDAY=MO;",
    ],
)
def test_every_form_of_a_rule_is_the_same_rule(written: str) -> None:
    assert parse_rule(written, LA) == parse_rule("FREQ=WEEKLY;BYDAY=MO;COUNT=5", LA)


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260316T160000Z", datetime(2026, 3, 16, 9)),
        ("20260316T090000", datetime(2026, 3, 16, 9)),
        ("20260316", datetime(2026, 3, 16, 9)),
        ("20260316T155959Z", datetime(2026, 3, 9, 9)),
    ],
)
def test_until_in_utc_local_time_or_as_a_date_ends_where_it_says(until: str, last: datetime) -> None:
    assert last_slot(parse_rule(f"FREQ=WEEKLY;UNTIL={until}", LA), MONDAY) == last


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "WEEKLY",
        "FREQ=SOMETIMES",
        "FREQ=HOURLY",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;COUNT=-1",
        "FREQ=WEEKLY;COUNT=2;UNTIL=20260316",
        "FREQ=WEEKLY;UNTIL=soon",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=WEEKLY;RSCALE=HEBREW",
        "FREQ=YEARLY;BYMONTH=13",
    ],
)
def test_a_rule_that_nobody_can_read_says_so(nonsense: str) -> None:
    with pytest.raises(BadRule, match=r"\w"):
        list(islice(expand(parse_rule(nonsense, LA), MONDAY), 3))


def test_nine_stays_nine_when_the_clocks_change() -> None:
    """Law 10: 8 March 2026."""
    found = list(expand(parse_rule("FREQ=WEEKLY;COUNT=3", LA), MONDAY))
    assert {slot.hour for slot in found} == {9}


def test_a_rule_that_matches_nothing_ends() -> None:
    """30 February: only the anchor, which is always the first instance."""
    anchor = datetime(2026, 1, 1, 9)
    assert list(expand(parse_rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", LA), anchor)) == [anchor]


def test_mixed_plain_and_numbered_weekdays_are_both_found() -> None:
    """dateutil alone finds nothing here."""
    found = list(expand(parse_rule("FREQ=MONTHLY;BYDAY=1MO,FR;COUNT=6", LA), MONDAY))
    assert [(slot.month, slot.day) for slot in found] == [(3, 2), (3, 6), (3, 13), (3, 20), (3, 27), (4, 3)]


def test_an_invalid_day_of_a_month_is_left_out_not_moved() -> None:
    found = list(expand(parse_rule("FREQ=MONTHLY;COUNT=3", LA), datetime(2026, 1, 31, 9)))
    assert [slot.month for slot in found] == [1, 3, 5]


def test_a_series_on_another_clock_follows_that_clock() -> None:
    """Nine in Berlin is midnight in Los Angeles, and one while only one of them has changed its clocks."""
    series = Series(
        "x", Task("Call", datetime(2026, 3, 2, 0)), parse_rule("FREQ=WEEKLY;COUNT=3", LA), zone="Europe/Berlin"
    )
    assert sorted(slot.hour for slot in slots(series, LA)) == [0, 1, 1]


def test_count_and_until_of_the_same_last_date_are_one_rule() -> None:
    counted, ended = (
        parse_rule("FREQ=WEEKLY;COUNT=6", LA),
        parse_rule("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260406T160000Z", LA),
    )
    assert same_occurrences(counted, MONDAY, ended, MONDAY)
    assert not same_occurrences(counted, MONDAY, parse_rule("FREQ=WEEKLY;COUNT=5", LA), MONDAY)
    assert not same_occurrences(counted, MONDAY, parse_rule("FREQ=WEEKLY", LA), MONDAY)


weekdays = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=3, unique=True)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules as apps write them, endless or ended either way."""
    kind = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={kind}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 4))}")
    if kind == "WEEKLY" and draw(st.booleans()):
        parts.append("BYDAY=" + ",".join(draw(weekdays)))
    if kind == "MONTHLY":
        parts += draw(st.sampled_from([[], ["BYMONTHDAY=15"], ["BYMONTHDAY=-1"], ["BYDAY=2TU"], ["BYDAY=-1FR"]]))
    parts += draw(st.sampled_from([[], ["COUNT=7"], ["UNTIL=20261101T180000Z"]]))
    return ";".join(parts)


@settings(max_examples=150, deadline=None)
@given(rules(), st.integers(0, 200))
def test_expansion_equals_that_of_another_library(text: str, day: int) -> None:
    """From a DTSTART that the rule itself makes: what others mean RFC 5545 leaves undefined."""
    rule = parse_rule(text, LA)
    anchor = next(islice(expand(rule, datetime(2026, 1, 1, 9) + timedelta(days=day)), 1, 2), None)
    if anchor is None:
        return
    end = anchor + timedelta(days=500)
    lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:x", f"DTSTART;TZID=America/Los_Angeles:{anchor:%Y%m%dT%H%M%S}"]
    lines += [f"RRULE:{format_rule(rule, all_day=False, zone=LA)}", "END:VEVENT", "END:VCALENDAR"]
    query = recurring_ical_events.of(icalendar.Calendar.from_ical("\r\n".join(lines)))
    theirs = [
        event.start.replace(tzinfo=None) for event in query.between(anchor.replace(tzinfo=LA), end.replace(tzinfo=LA))
    ]
    assert [slot for slot in expand(rule, anchor, end) if slot < end] == sorted(theirs)


@settings(max_examples=150, deadline=None)
@given(rules(), st.integers(1, 6))
def test_a_rule_that_is_cut_gives_back_all_its_occurrences(text: str, place: int) -> None:
    """Head and tail together are the whole, and COUNT told as UNTIL is the same rule."""
    rule, end = parse_rule(text, LA), datetime(2028, 1, 1)
    whole = list(islice(expand(rule, MONDAY, end), 60))
    if len(whole) <= place:
        return
    at = whole[place]
    head = list(expand(cut_before(rule, MONDAY, at), MONDAY, end))
    tail = list(islice(expand(tail_from(rule, MONDAY, at), at, end), 60))
    assert [*head, *tail][:50] == whole[:50]
    assert list(islice(expand(with_until(rule, MONDAY), MONDAY, end), 60)) == whole


@given(rules())
def test_a_rule_written_out_is_read_back_equal(text: str) -> None:
    rule = parse_rule(text, LA)
    assert parse_rule(format_rule(rule, all_day=False, zone=LA), LA) == rule
    assert "Z" in format_rule(with_until(rule, MONDAY), all_day=False, zone=LA) or rule.endless


def test_until_is_written_in_utc_and_as_a_date_for_days() -> None:
    rule = parse_rule("FREQ=WEEKLY;UNTIL=20260330T160000Z", LA)
    assert rule.until == datetime(2026, 3, 30, 9)
    assert format_rule(rule, all_day=False, zone=LA) == "FREQ=WEEKLY;UNTIL=20260330T160000Z"
    assert format_rule(rule, all_day=True, zone=LA) == "FREQ=WEEKLY;UNTIL=20260330"
    assert datetime(2026, 3, 30, 16, tzinfo=UTC).astimezone(LA).hour == 9
