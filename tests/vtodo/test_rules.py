"""UNTIL in every form, on every clock (RFC 5545, 3.3.10): what it ends, and how it is written back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bridge.core.model import Series
from bridge.core.recurrence import slots
from bridge.vtodo import Context, read, write

NOW = datetime(2026, 3, 3, 18, tzinfo=UTC)
LA = "America/Los_Angeles"
Make = Callable[..., str]


def at(zone: str, context: Context) -> Context:
    return replace(context, zone=ZoneInfo(zone))


def understood(ics: str, context: Context) -> Series:
    series = read(ics, context, "x.ics")
    assert isinstance(series, Series), series
    return series


def shown(ics: str, context: Context) -> list[str]:
    return sorted(f"{slot:%m-%d %H:%M}" for slot in slots(understood(ics, context), context.zone))


@pytest.mark.parametrize(
    ("owner", "start", "until", "last"),
    [
        (LA, f"DTSTART;TZID={LA}:20260302T090000", "20260316T160000Z", "03-16 09:00"),
        (LA, f"DTSTART;TZID={LA}:20260302T090000", "20260316T155959Z", "03-09 09:00"),
        (LA, f"DTSTART;TZID={LA}:20260302T090000", "20260316", "03-16 09:00"),
        (LA, "DTSTART:20260302T090000", "20260316T090000", "03-16 09:00"),
        (LA, "DTSTART:20260302T090000", "20260316T160000Z", "03-16 09:00"),
        (LA, "DTSTART;VALUE=DATE:20260302", "20260316", "03-16 00:00"),
        (LA, "DTSTART;VALUE=DATE:20260302", "20260316T000000Z", "03-16 00:00"),
        ("Pacific/Auckland", "DTSTART;VALUE=DATE:20260302", "20260316T235959Z", "03-16 00:00"),
        ("Pacific/Auckland", "DTSTART;VALUE=DATE:20260302", "20260315T110000Z", "03-16 00:00"),
        # On the clock of DTSTART where UNTIL has none, not on the owner's.
        (LA, "DTSTART;TZID=Europe/Berlin:20260302T200000", "20260316T120000", "03-09 12:00"),
        (LA, "DTSTART;TZID=Europe/Berlin:20260302T200000", "20260316T200000", "03-16 12:00"),
        (LA, "DTSTART;TZID=Europe/Berlin:20260302T030000", "20260315", "03-08 19:00"),
    ],
)
def test_until_ends_where_its_author_meant(
    owner: str, start: str, until: str, last: str, resource: Make, context: Context
) -> None:
    ics = resource(f"{start}\nRRULE:FREQ=WEEKLY;UNTIL={until}\nSUMMARY:Call")
    assert shown(ics, at(owner, context))[-1] == last


@pytest.mark.parametrize(
    ("start", "until"),
    [
        (f"DTSTART;TZID={LA}:20260302T090000", "20260323T190000Z"),
        ("DTSTART:20260302T170000Z", "20260323T190000Z"),
        ("DTSTART;TZID=Europe/Berlin:20260302T180000", "20260323T190000Z"),
        ("DTSTART:20260302T090000", "20260323T120000"),
        ("DTSTART;VALUE=DATE:20260302", "20260323"),
    ],
)
def test_until_is_written_as_rfc_5545_wants_it_beside_its_dtstart(
    start: str, until: str, resource: Make, context: Context
) -> None:
    """UTC beside a zone, a DATE beside a DATE, and without a zone beside a DTSTART that has none."""
    ics = resource(f"{start}\nRRULE:FREQ=WEEKLY;COUNT=9\nSUMMARY:Call")
    series = understood(ics, context)
    assert series.rule is not None
    assert series.master is not None
    end = datetime(2026, 3, 23, 0 if series.master.all_day else 12)
    written = write(replace(series, rule=replace(series.rule, count=None, until=end)), context, NOW, ics)
    assert f"UNTIL={until}\r\n" in written
    assert shown(written, context)[-1].startswith("03-23")


@pytest.mark.parametrize("owner", [LA, "Pacific/Auckland", "Pacific/Kiritimati", "UTC"])
def test_a_rule_until_the_end_of_time_is_endless_in_every_zone(owner: str, resource: Make, context: Context) -> None:
    ics = resource(f"DTSTART;TZID={LA}:20260302T090000\nRRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z\nSUMMARY:Call")
    series = understood(ics, at(owner, context))
    assert series.rule is not None
    assert series.rule.endless


TWICE = "DTSTART;TZID=Europe/Berlin:20261018T103000\nSUMMARY:Call"
"""In the second of the two hours in which Los Angeles shows 01:30 on 1 November, Berlin shows 10:30."""


def test_the_last_occurrence_in_the_hour_that_comes_twice_is_kept(resource: Make, context: Context) -> None:
    ics = resource(f"{TWICE}\nRRULE:FREQ=WEEKLY;UNTIL=20261101T093000Z")
    assert shown(ics, context) == ["10-18 01:30", "10-25 02:30", "11-01 01:30"]
    longer = resource(f"{TWICE}\nRRULE:FREQ=WEEKLY;COUNT=5")
    series, ended = understood(longer, context), understood(ics, context)
    written = write(replace(series, rule=ended.rule), context, NOW, longer)
    assert shown(written, context) == shown(ics, context)


def test_an_occurrence_in_the_hour_that_comes_twice_can_be_excluded(resource: Make, context: Context) -> None:
    ics = resource(f"{TWICE}\nRRULE:FREQ=WEEKLY;COUNT=3")
    series = understood(ics, context)
    written = write(replace(series, exdates=frozenset({datetime(2026, 11, 1, 1, 30)})), context, NOW, ics)
    assert "EXDATE;TZID=Europe/Berlin:20261101T103000\r\n" in written
    assert shown(written, context) == ["10-18 01:30", "10-25 02:30"]
