"""Law 10: time is the owner's wall clock, in any zone, through every change of clocks, run after run for a year."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.core.model import Series, Task
from bridge.core.recurrence import latest_instant, parse_rule, slots, through_zone
from bridge.vtodo import Context, read, write

ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",  # a change for Ramadan, by the moon
    "Africa/Nairobi",
    "America/Asuncion",
    "America/Havana",  # changes at midnight
    "America/Los_Angeles",
    "America/New_York",
    "America/Phoenix",
    "America/Santiago",  # at 24:00 of a Saturday
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Troll",  # by two hours
    "Asia/Beirut",  # changes at midnight
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",  # by half an hour
    "Europe/Berlin",
    "Europe/Dublin",  # winter time is the saving
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "UTC",
)
FIRST = datetime(2026, 1, 1)
YEAR = [FIRST + timedelta(days=day) for day in range(365)]


@pytest.mark.parametrize("key", ZONES)
@pytest.mark.parametrize("hour", [time(0, 30), time(2, 30), time(9)], ids=str)
def test_a_daily_task_keeps_its_wall_time_through_a_year_of_daily_runs(key: str, hour: time) -> None:
    """Read by 365 runs and written anew by every thirtieth: also in hours that come twice or never."""
    zone = ZoneInfo(key)
    context = Context(zone, {}, timedelta(0), None)
    begin = datetime.combine(FIRST, hour)
    series = Series("u", Task("Call", begin), parse_rule("FREQ=DAILY", zone))
    text = write(series, context, datetime(2026, 1, 1, tzinfo=UTC), None)
    for run, day in enumerate(YEAR):
        if run % 30 == 0:  # the rule is given another end, so that the resource is written anew
            assert series.rule is not None
            ended = parse_rule(f"FREQ=DAILY;UNTIL={day + timedelta(days=400):%Y%m%d}", zone)
            text = write(Series("u", Task("Call", begin), ended), context, day.replace(tzinfo=UTC), text)
        found = read(text, context, "u.ics")
        assert isinstance(found, Series)
        today = datetime.combine(day, hour)
        assert today in slots(found, zone, today)
        assert found.master is not None
        assert found.master.due == begin


@pytest.mark.parametrize("key", ZONES)
def test_a_wall_time_is_one_moment_and_a_moment_that_wall_time(key: str) -> None:
    """In the gap it is the offset before the gap (RFC 5545, 3.3.5), so that 02:30 is the moment shown as 03:30."""
    zone = ZoneInfo(key)
    for minutes in range(0, 365 * 24 * 60, 30):
        wall = FIRST + timedelta(minutes=minutes)
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        back = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        before = (wall - timedelta(hours=4)).replace(tzinfo=zone).utcoffset()
        assert back == wall or moment == (wall.replace(tzinfo=UTC) - (before or timedelta(0)))
        assert latest_instant(wall, zone) >= moment


@pytest.mark.parametrize("own", ["Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "UTC"])
@pytest.mark.parametrize("owner", ["America/Los_Angeles", "Asia/Kolkata", "Pacific/Chatham"])
def test_a_series_on_another_clock_keeps_that_clocks_time(own: str, owner: str) -> None:
    there, here = ZoneInfo(own), ZoneInfo(owner)
    anchor = through_zone(datetime(2026, 1, 1, 9), there, here)
    series = Series("u", Task("Call", anchor), parse_rule("FREQ=DAILY;COUNT=365", here), zone=own)
    found = {slot.replace(tzinfo=here).astimezone(UTC) for slot in slots(series, here)}
    later = {slot.replace(tzinfo=here, fold=1).astimezone(UTC) for slot in slots(series, here)}
    for day in YEAR:
        moment = datetime.combine(day, time(9)).replace(tzinfo=there).astimezone(UTC)
        assert moment in found | later, f"{day:%d %B}"


def test_the_day_that_samoa_left_out() -> None:
    """30 December 2011 was not in Apia; a daily task of that day is the moment of the next one's, by the old offset."""
    apia = ZoneInfo("Pacific/Apia")
    series = Series("u", Task("Call", datetime(2011, 12, 28, 9)), parse_rule("FREQ=DAILY;COUNT=5", apia))
    found = sorted(slots(series, apia))
    assert [slot.day for slot in found] == [28, 29, 30, 31, 1]
    assert {slot.time() for slot in found} == {time(9)}
    moments = [slot.replace(tzinfo=apia).astimezone(UTC) for slot in found]
    assert [moment.day for moment in moments] == [28, 29, 30, 30, 31]
