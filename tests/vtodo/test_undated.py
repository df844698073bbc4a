"""STATUS:CANCELLED and missing dates, as the pair's settings read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from bridge.core.model import Series, Status, Unreadable
from bridge.vtodo import Context, read, write

PLAIN = ("SUMMARY:Call", "DTSTART:20260302T090000", "DUE:20260302T090000")


def lines(*more: str) -> str:
    """A resource with one VTODO of these lines."""
    body = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VTODO", "UID:u", "DTSTAMP:20260101T000000Z", *more)
    return "\r\n".join((*body, "END:VTODO", "END:VCALENDAR", ""))


def understood(ics: str, context: Context) -> Series:
    series = read(ics, context, "x.ics")
    assert isinstance(series, Series), series
    return series


@pytest.mark.parametrize("counts", [False, True])
def test_a_cancelled_task_reads_as_done_only_where_it_counts_so(context: Context, counts: bool) -> None:
    series = understood(lines(*PLAIN, "STATUS:CANCELLED"), replace(context, cancelled_is_done=counts))
    assert series.master is not None
    assert (series.master.status is Status.COMPLETE, series.cancelled) == (counts, not counts)


@pytest.mark.parametrize("more", [(), ("CLASS:PUBLIC", "X-MINE:1")])
def test_a_cancelled_task_that_counts_as_done_is_written_only_when_it_is_opened_again(
    context: Context, now: datetime, more: tuple[str, ...]
) -> None:
    context = replace(context, cancelled_is_done=True)
    ics = lines(*PLAIN, "STATUS:CANCELLED", *more)
    series = understood(ics, context)
    assert write(series, context, now, ics) == ics
    assert series.master is not None
    opened = replace(series, master=replace(series.master, status=Status.INCOMPLETE))
    assert "STATUS:NEEDS-ACTION" in write(opened, context, now, ics)


def test_without_a_date_it_is_no_task_for_liondesk(context: Context) -> None:
    assert isinstance(read(lines("SUMMARY:Call"), context, "x.ics"), Unreadable)


@pytest.mark.parametrize(
    ("more", "day"),
    [
        ((), 3),
        (("RRULE:FREQ=DAILY;COUNT=3",), 3),
        (("STATUS:COMPLETED", "COMPLETED:20260302T030000Z"), 1),
        (("STATUS:COMPLETED", "COMPLETED:nonsense"), 3),
    ],
)
def test_it_reads_as_due_today_or_on_the_day_it_was_done_and_is_written_so(
    context: Context, now: datetime, more: tuple[str, ...], day: int
) -> None:
    context = replace(context, today=date(2026, 3, 3))
    ics = lines("SUMMARY:Call", *more)
    series = understood(ics, context)
    assert series.master is not None
    assert (series.undated, series.master.due, series.master.all_day) == (True, datetime(2026, 3, day), True)
    written = write(replace(series, undated=False), context, now, ics)
    for name in ("DTSTART", "DUE"):
        assert f"{name};VALUE=DATE:2026030{day}" in written
    assert understood(written, replace(context, today=None)) == replace(series, undated=False)


def test_a_task_with_a_date_keeps_it(context: Context) -> None:
    series = understood(lines(*PLAIN), replace(context, today=date(2026, 3, 3)))
    assert not series.undated
    assert series.master is not None
    assert series.master.due == datetime(2026, 3, 2, 9)
