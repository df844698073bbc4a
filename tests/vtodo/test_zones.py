"""The VTIMEZONE that is written says what the zone does, and other readers see what the bridge means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Timezone

from bridge.core.model import Rule, Series, Task
from bridge.core.recurrence import slots
from bridge.vtodo import Context, write
from bridge.vtodo.zones import vtimezone

ZONES = [
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Santiago",
    "Europe/Dublin",
    "Europe/Berlin",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Asia/Jerusalem",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Apia",
]
NOW = datetime(2026, 3, 3, 18, tzinfo=UTC)


@pytest.mark.parametrize("key", ZONES)
@pytest.mark.parametrize("year", [2005, 2026])
def test_a_vtimezone_agrees_with_its_zone_from_its_year_on(key: str, year: int) -> None:
    component = Timezone.from_ical("\r\n".join(vtimezone(key, year)) + "\r\n")
    assert isinstance(component, Timezone)
    described, zone = component.to_tz(lookup_tzid=False), ZoneInfo(key)
    for hours in range(0, 366 * 24 * 8, 7):
        moment = datetime(year, 1, 1) + timedelta(hours=hours)
        if moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
            continue  # in the gap two right answers exist
        assert moment.replace(tzinfo=described).utcoffset() == moment.replace(tzinfo=zone).utcoffset(), moment


@pytest.mark.parametrize(
    ("key", "lines"), [("America/Los_Angeles", 17), ("Europe/Berlin", 17), ("Asia/Kolkata", 9), ("America/Phoenix", 9)]
)
def test_a_vtimezone_holds_the_current_rules_and_no_history(key: str, lines: int) -> None:
    assert len(vtimezone(key, 2026)) <= lines


@pytest.mark.parametrize("lead", [timedelta(0), timedelta(minutes=30), timedelta(hours=30)])
@pytest.mark.parametrize("all_day", [True, False])
@pytest.mark.parametrize(
    ("parts", "count", "until"),
    [
        ((("FREQ", "WEEKLY"), ("BYDAY", "MO,TH")), 12, None),
        ((("FREQ", "WEEKLY"), ("INTERVAL", "2"), ("BYDAY", "MO,SU")), None, datetime(2026, 6, 1, 9)),
        ((("FREQ", "DAILY"),), None, datetime(2026, 3, 20, 9)),
        ((("FREQ", "MONTHLY"), ("BYDAY", "1MO")), 5, None),
    ],
)
def test_an_independent_reader_expands_the_resource_to_the_same_due_moments(
    lead: timedelta, all_day: bool, parts: tuple[tuple[str, str], ...], count: int | None, until: datetime | None
) -> None:
    import recurring_ical_events

    zone = ZoneInfo("America/Los_Angeles")
    due = datetime(2026, 3, 2) if all_day else datetime(2026, 3, 2, 9)
    if all_day and until:
        until = until.replace(hour=23, minute=59, second=59)
    series = Series(
        "u", Task("x", due, all_day), Rule(parts, count, until), exdates=frozenset({due + timedelta(days=7)})
    )
    text = write(series, Context(zone, {}, lead, None), NOW)
    found = recurring_ical_events.of(Calendar.from_ical(text), components=["VTODO"]).between((2026, 1, 1), (2027, 1, 1))
    dues = {todo["DUE"].dt for todo in found}
    expected = slots(series, zone, datetime(2026, 12, 31))
    if all_day:
        assert dues == {slot.date() for slot in expected}
    else:
        assert dues == {slot.replace(tzinfo=zone) for slot in expected}
