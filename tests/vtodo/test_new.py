"""Resources made from nothing, as translation.md asks for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.core.model import Rule, Series, Status, Task
from bridge.vtodo import Context, read, write

MARCH_2 = datetime(2026, 3, 2, 9)
MARCH_9 = datetime(2026, 3, 9, 9)
MARCH_16 = datetime(2026, 3, 16, 9)
WEEKLY = Rule((("FREQ", "WEEKLY"), ("BYDAY", "MO")), count=6)


def test_a_new_resource_is_what_translation_md_asks_for(context: Context, now: datetime) -> None:
    task = Task("Call Bill Gates", MARCH_2, notes="About, the house", category_id="1", reminder_type="2")
    text = write(Series("liondesk-1", task, rule=replace(WEEKLY, count=None, until=MARCH_16)), context, now)
    assert text.endswith("END:VCALENDAR\r\n")
    todo = text[text.index("BEGIN:VTODO") :]
    assert todo.splitlines() == [
        "BEGIN:VTODO",
        "UID:liondesk-1",
        "DTSTAMP:20260303T180000Z",
        "CREATED:20260303T180000Z",
        "LAST-MODIFIED:20260303T180000Z",
        "SUMMARY:Call Bill Gates",
        "DESCRIPTION:About\\, the house",
        "DTSTART;TZID=America/Los_Angeles:20260302T090000",
        "DUE;TZID=America/Los_Angeles:20260302T090000",
        "RRULE:FREQ=WEEKLY;UNTIL=20260316T160000Z;BYDAY=MO",
        "STATUS:NEEDS-ACTION",
        "CATEGORIES:Call",
        "X-LIONDESK-REMINDER:2",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Call Bill Gates",
        "TRIGGER;RELATED=END:-PT15M",
        "X-LIONDESK-ALARM:TRUE",
        "END:VALARM",
        "END:VTODO",
        "END:VCALENDAR",
    ]
    head = text[: text.index("BEGIN:VTODO")].splitlines()
    assert head[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//liondesk-bridge//EN"]
    assert head[3:5] == ["BEGIN:VTIMEZONE", "TZID:America/Los_Angeles"]


def test_a_new_completed_all_day_task_is_dates_and_no_alarm(context: Context, now: datetime) -> None:
    task = Task("x", datetime(2026, 3, 2), all_day=True, status=Status.COMPLETE, reminder_type="0")
    text = write(Series("u", task, rule=replace(WEEKLY, count=None, until=datetime(2026, 4, 6))), context, now)
    for line in (
        "DTSTART;VALUE=DATE:20260302",
        "DUE;VALUE=DATE:20260302",
        "RRULE:FREQ=WEEKLY;UNTIL=20260406;BYDAY=MO",
        "STATUS:COMPLETED",
        "PERCENT-COMPLETE:100",
        "COMPLETED:20260303T180000Z",
    ):
        assert f"{line}\r\n" in text
    for absent in ("VALARM", "VTIMEZONE", "X-LIONDESK-REMINDER"):
        assert absent not in text


@pytest.mark.parametrize(
    ("lead", "all_day", "rule", "start", "text"),
    [
        (timedelta(hours=1), False, None, "20260302T080000", ""),
        (timedelta(hours=10), False, None, "20260301T230000", ""),
        (timedelta(hours=10), False, WEEKLY, "20260302T000000", "BYDAY=MO"),
        (timedelta(hours=1), True, None, "20260301", ""),
        (timedelta(hours=1), True, WEEKLY, "20260301", "BYDAY=SU"),
        (timedelta(hours=1), True, Rule((("FREQ", "MONTHLY"), ("BYDAY", "1MO"))), "20260302", "BYDAY=1MO"),
    ],
)
def test_the_lead_of_a_new_task_never_bends_its_rule(
    context: Context, now: datetime, lead: timedelta, all_day: bool, rule: Rule | None, start: str, text: str
) -> None:
    context = replace(context, lead=lead)
    series = Series("u", Task("x", datetime(2026, 3, 2) if all_day else MARCH_2, all_day), rule=rule)
    written = write(series, context, now)
    assert f":{start}\r\n" in written[written.index("DTSTART", written.index("BEGIN:VTODO")) :]
    assert text in written
    found = read(written, context)
    assert isinstance(found, Series)
    assert (found.master, found.rule) == (series.master, series.rule)


def test_a_series_of_another_zone_is_written_in_its_own(context: Context, now: datetime) -> None:
    text = write(Series("u", Task("x", MARCH_9), zone="Europe/Berlin"), context, now)
    assert "DUE;TZID=Europe/Berlin:20260309T170000\r\n" in text
    assert "DUE:20260309T160000Z\r\n" in write(Series("u", Task("x", MARCH_9), zone="UTC"), context, now)
    utc = replace(context, zone=ZoneInfo("UTC"))
    assert "DUE:20260309T090000Z\r\n" in write(Series("u", Task("x", MARCH_9)), utc, now)


def test_nobody_writes_over_what_is_not_readable(context: Context, now: datetime) -> None:
    with pytest.raises(ValueError, match="broken"):
        write(Series("u", Task("x", MARCH_9)), context, now, "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:u\n")
