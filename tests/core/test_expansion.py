"""Rules are expanded as RFC 5545 says: held against walking the calendar day by day, and against another library."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.core.model import Rule
from bridge.core.recurrence import BadRule, expand, format_rule, last_slot, parse_rule, same_occurrences, with_until
from tests.core.drawn_rules import rules
from tests.core.laws import tried
from tests.core.oracle import occurrences

LA = ZoneInfo("America/Los_Angeles")
dues = st.integers(0, 3650).map(lambda days: datetime(2020, 1, 1, 9) + timedelta(days=days))


def rule(text: str) -> Rule:
    return parse_rule(text, LA)


def days(text: str, first: datetime, count: int) -> list[str]:
    return [f"{slot:%Y-%m-%d}" for slot in islice(expand(rule(text), first), count)]


@tried(200)
@given(rules(), dues, st.sampled_from([200, 800]))
def test_expansion_is_what_walking_the_calendar_finds(text: str, anchor: datetime, span: int) -> None:
    end = anchor + timedelta(days=span)
    assert list(expand(rule(text), anchor, end)) == occurrences(text, anchor, end)


@tried(100)
@given(rules(times=False, ends=False), dues)
def test_expansion_is_what_another_library_finds_where_it_has_no_gap(text: str, begin: datetime) -> None:
    """From a DTSTART that the rule itself makes: what others mean RFC 5545 leaves undefined."""
    assume(not beyond_dateutil(text))
    anchor = next(islice(expand(rule(text), begin), 1, 2), None)
    assume(anchor is not None and anchor.year < 2060)
    assert anchor is not None
    end = anchor + timedelta(days=500)
    lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:x", f"DTSTART;TZID=America/Los_Angeles:{anchor:%Y%m%dT%H%M%S}"]
    lines += [f"RRULE:{text}", "END:VEVENT", "END:VCALENDAR"]
    query = recurring_ical_events.of(icalendar.Calendar.from_ical("\r\n".join(lines)))
    found = query.between(anchor.replace(tzinfo=LA), end.replace(tzinfo=LA))
    assert [slot for slot in expand(rule(text), anchor, end) if slot < end] == sorted(
        event.start.replace(tzinfo=None) for event in found
    )


def beyond_dateutil(text: str) -> bool:
    """Where that library, which is dateutil, does not say what the RFC says; `GAPS` has an example of each."""
    parts = dict(part.split("=") for part in text.split(";"))
    named = parts.get("BYDAY", "").split(",")
    numbers = [int(day[:-2]) for day in named if len(day) > 2]
    return (
        (bool(numbers) and len(numbers) < len(named))
        or "BYWEEKNO" in parts
        or (
            "BYSETPOS" in parts and (parts["FREQ"] != "MONTHLY" or not {"1", "-1"} >= set(parts["BYSETPOS"].split(",")))
        )
        or ("BYMONTH" in parts and any(abs(number) > 5 for number in numbers))
    )


GAPS = [
    ("FREQ=MONTHLY;BYDAY=1MO,FR", "numbered and plain weekdays: finds nothing", ["2026-03-02", "2026-03-06"]),
    ("FREQ=MONTHLY;BYDAY=-1MO,FR;BYSETPOS=-1", "the same with BYSETPOS", ["2026-03-02", "2026-03-30", "2026-04-27"]),
    ("FREQ=YEARLY;BYWEEKNO=20", "a week without a weekday: all seven days", ["2026-03-02", "2026-05-11", "2027-05-17"]),
    ("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO", "the year a week is of", ["2026-03-02", "2028-01-03", "2029-12-31"]),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=20MO", "a number beyond its month: IndexError", ["2026-03-02"]),
    ("FREQ=WEEKLY;BYDAY=SU,MO,TU;BYSETPOS=1;WKST=SU", "the first week from DTSTART on", ["2026-03-02", "2026-03-08"]),
    ("FREQ=DAILY;BYSETPOS=2", "a position that never is: searches to the year 9999", ["2026-03-02"]),
]


@pytest.mark.parametrize(("text", "gap", "found"), GAPS)
def test_a_gap_of_dateutil_is_not_passed_on(text: str, gap: str, found: list[str]) -> None:
    assert days(text, datetime(2026, 3, 2, 9), len(found)) == found


@pytest.mark.parametrize(
    ("text", "first", "found"),
    [
        ("FREQ=MONTHLY", "2026-01-31", ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31,-1", "2026-01-31", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31", "2026-01-01", ["2026-01-01", "2026-03-01", "2026-05-01"]),
        ("FREQ=MONTHLY;INTERVAL=12", "2024-02-29", ["2024-02-29", "2028-02-29"]),
        ("FREQ=YEARLY", "2024-02-29", ["2024-02-29", "2028-02-29", "2032-02-29"]),
        ("FREQ=YEARLY", "2096-02-29", ["2096-02-29", "2104-02-29"]),
        ("FREQ=YEARLY;BYMONTH=6", "2026-03-15", ["2026-03-15", "2026-06-15", "2027-06-15"]),
        ("FREQ=YEARLY;BYYEARDAY=-1", "2024-12-31", ["2024-12-31", "2025-12-31"]),
        ("FREQ=YEARLY;BYYEARDAY=366", "2024-12-31", ["2024-12-31", "2028-12-31"]),
        ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", ["1997-05-19", "1998-05-18", "1999-05-17"]),
        ("FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=13", "1998-02-13", ["1998-02-13", "1998-03-13", "1998-11-13"]),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "2026-03-08", ["2026-03-08", "2027-03-14"]),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "2025-12-29", ["2025-12-29", "2027-01-04", "2028-01-03"]),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", "2027-01-01", ["2027-01-01", "2032-12-31"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "1997-08-05", ["1997-08-05", "1997-08-10", "1997-08-19"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "1997-08-05", ["1997-08-05", "1997-08-17", "1997-08-19"]),
        ("FREQ=WEEKLY;BYDAY=WE", "2026-03-02", ["2026-03-02", "2026-03-04", "2026-03-11"]),
        ("FREQ=WEEKLY;BYMONTH=1", "2026-01-26", ["2026-01-26", "2027-01-04"]),
        ("FREQ=DAILY;BYMONTHDAY=-1", "2026-01-31", ["2026-01-31", "2026-02-28"]),
        ("FREQ=YEARLY", "1604-04-05", ["1604-04-05", "1605-04-05"]),
    ],
)
def test_the_corners_of_the_calendar(text: str, first: str, found: list[str]) -> None:
    """Months without the day, leap days, days from the end, weeks, WKST, and a DTSTART that its rule does not name."""
    assert days(text, datetime.fromisoformat(f"{first}T09:00"), len(found)) == found


def test_an_end_within_a_period_does_not_change_its_positions() -> None:
    """BYSETPOS counts the whole year's set, also what UNTIL leaves out of it."""
    text = "FREQ=YEARLY;BYWEEKNO=1;BYMONTHDAY=1,2;BYSETPOS=-2"
    ended = rule(f"{text};UNTIL=20240101T170000Z")
    assert list(expand(ended, datetime(2020, 1, 1, 9))) == [datetime(2020, 1, 1, 9), datetime(2024, 1, 1, 9)]


def test_a_birthday_from_long_ago_still_comes_every_year() -> None:
    """Apple writes 1604 where the year is not known."""
    assert datetime(2026, 4, 5) in set(expand(rule("FREQ=YEARLY"), datetime(1604, 4, 5)))


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=YEARLY;INTERVAL=1000000",
        "FREQ=DAILY;INTERVAL=999999999999",
        "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=2",
        "FREQ=YEARLY;BYMONTH=2;BYDAY=53MO",
    ],
)
def test_a_rule_that_never_comes_again_ends_with_its_first(text: str) -> None:
    anchor = datetime(2026, 1, 2, 9)
    assert list(expand(rule(text), anchor)) == [anchor]
    assert last_slot(rule(text), anchor) in (None, anchor)


SECONDS = ",".join(map(str, range(60)))


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;COUNT=1000000000",
        "FREQ=WEEKLY;UNTIL=99991231T235959Z",
        f"FREQ=DAILY;BYHOUR=0,12;BYMINUTE={SECONDS};BYSECOND={SECONDS}",
        f"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMINUTE={SECONDS};BYSECOND={SECONDS};BYSETPOS=-1,1,366",
    ],
)
def test_a_rule_that_goes_on_for_ever_is_bounded(text: str) -> None:
    """At most fifty thousand are looked at, and no list of a year's seconds is made to find three of them."""
    found = list(expand(rule(text), datetime(2026, 1, 2, 9)))
    assert 40 < len(found) <= 50_000
    assert found == sorted(set(found))


@pytest.mark.parametrize("moment", [datetime(1, 1, 1), datetime(9999, 12, 31, 23)])
@pytest.mark.parametrize("text", ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO", "FREQ=MONTHLY", "FREQ=YEARLY;BYWEEKNO=1,53"])
def test_the_first_and_the_last_day_of_all_can_begin_a_series(text: str, moment: datetime) -> None:
    assert next(expand(rule(text), moment, moment)) == moment
    assert next(iter(list(islice(expand(rule(text), moment), 2)))) == moment


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FREQ=SECONDLY", "no frequency of days"),
        ("FREQ=HOURLY;BYHOUR=9", "no frequency of days"),
        ("FREQ=WEEKLY;BYDAY=1MO", "means nothing with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYDAY=-1FR", "means nothing with FREQ=DAILY"),
        ("FREQ=WEEKLY;BYMONTHDAY=13", "no meaning with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYWEEKNO=20", "no meaning with FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYYEARDAY=100", "no meaning with FREQ=MONTHLY"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "nothing beside BYWEEKNO"),
        ("FREQ=DAILY;INTERVAL=1_0", "not a number"),
        ("FREQ=DAILY;COUNT=" + "9" * 5000, "not a number"),
        ("FREQ=DAILY;UNTIL=2026-03-16", "no date"),
    ],
)
def test_what_rfc_5545_forbids_is_refused_when_it_is_read(text: str, why: str) -> None:
    """Libraries guess differently here; the item is listed with these words instead, and nothing is lost."""
    with pytest.raises(BadRule, match=why):
        rule(text)


@tried(150)
@given(rules(), dues)
def test_a_rule_in_other_words_is_the_same_rule(text: str, anchor: datetime) -> None:
    """Written and read again; COUNT told as UNTIL."""
    read = rule(text)
    assert rule(format_rule(read, all_day=False, zone=LA)) == read
    assert same_occurrences(read, anchor, with_until(read, anchor), anchor)
