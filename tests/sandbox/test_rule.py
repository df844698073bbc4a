"""Rules are read as RFC 5545 has them, and expanded on the wall clock."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bridge.sandbox import rule as rules
from bridge.sandbox import words

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = datetime(2026, 3, 2, 9)


def expanded(text: str, start: datetime = MONDAY, through: date = date(2026, 12, 31)) -> list[str]:
    return [f"{slot:%m-%d}" for slot in rules.expand(rules.read(text, ZONE), start, through)]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("FREQ=DAILY;COUNT=3", ["03-02", "03-03", "03-04"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=3", ["03-02", "03-16", "03-30"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3", ["03-02", "03-05", "03-09"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", ["03-31", "04-30", "05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", ["03-31", "05-31", "07-31"]),
        ("FREQ=MONTHLY;BYDAY=1TU;COUNT=2", ["03-03", "04-07"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["03-31", "04-30"]),
        ("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=4", ["07-04"]),
        ("RRULE:FREQ=DAILY;COUNT=1", ["03-02"]),
        ("DTSTART:20260302T090000\nRRULE:FREQ=DAILY;COUNT=1", ["03-02"]),
    ],
)
def test_a_rule_names_these_days(text: str, days: list[str]) -> None:
    assert expanded(text) == days


def test_numbered_and_plain_weekdays_in_one_byday_are_united() -> None:
    assert expanded("FREQ=MONTHLY;BYDAY=1MO,FR;COUNT=6") == ["03-02", "03-06", "03-13", "03-20", "03-27", "04-03"]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260304", "03-04"),
        ("20260304T085959", "03-03"),
        ("20260304T090000", "03-04"),
        ("20260304T170000Z", "03-04"),  # 09:00 in Los Angeles
        ("20260304T165959Z", "03-03"),
    ],
)
def test_until_is_inclusive_in_all_of_its_forms(until: str, last: str) -> None:
    assert expanded(f"FREQ=DAILY;UNTIL={until}")[-1] == last


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FREQ=WEEKLY;INTERVAL=1", "FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=TH,MO", "BYDAY=MO,TH;FREQ=weekly"),
        ("FREQ=WEEKLY;WKST=MO", "RRULE:FREQ=WEEKLY;"),
        ("FREQ=MONTHLY;BYDAY=+1TU", "FREQ=MONTHLY;BYDAY=1TU"),
        ("FREQ=DAILY;UNTIL=20260304T170000Z", "FREQ=DAILY;UNTIL=20260304T090000"),
    ],
)
def test_two_spellings_of_one_rule_are_equal(one: str, other: str) -> None:
    assert rules.read(one, ZONE) == rules.read(other, ZONE)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "an empty part"),
        ("INTERVAL=2", "FREQ is missing"),
        ("FREQ=FORTNIGHTLY", "is not a part"),
        ("FREQ=HOURLY", "time of due_at"),
        ("FREQ=DAILY;BYHOUR=9", "time of due_at"),
        ("FREQ=DAILY;COUNT=0", "COUNT=0"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260401", "exclude each other"),
        ("FREQ=DAILY;FREQ=DAILY", "stands twice"),
        ("FREQ=DAILY;UNTIL=20261301", "is no date"),
        ("FREQ=WEEKLY;BYDAY=1MO", "no meaning"),
        ("FREQ=MONTHLY;BYDAY=1MO,FR;BYSETPOS=1", "not supported"),
        ("every second Tuesday", "is not a part"),
    ],
)
def test_what_is_no_rule_is_refused_in_words(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        rules.read(text, ZONE)


def test_the_first_day_of_a_rule_is_found_however_far_it_is() -> None:
    leap = rules.read("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TU", ZONE)
    assert rules.first(leap, MONDAY) == datetime(2028, 2, 29, 9)


def test_a_rule_that_names_no_day_has_no_first_one() -> None:
    assert rules.first(rules.read("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ZONE), MONDAY) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "every 2 weeks on Thu"),
        ("FREQ=MONTHLY;BYDAY=1TU,-1FR;COUNT=4", "every month on the last Fri, the first Tue, 4 times"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        ("FREQ=YEARLY;UNTIL=20300301", "every year, until Fri 1 Mar 2030"),
        ("FREQ=YEARLY;BYWEEKNO=20", "FREQ=YEARLY;BYWEEKNO=20"),
    ],
)
def test_a_person_reads_a_rule_in_words(text: str, said: str) -> None:
    assert words.of_rule(text, ZONE) == said
