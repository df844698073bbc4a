"""Alarms: ours follows the task; the user's own stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bridge.core.model import Override, Rule, Series, Status, Task
from bridge.vtodo import Context, write

MARCH_2 = datetime(2026, 3, 2, 9)
MARCH_9 = datetime(2026, 3, 9, 9)
DATES = "DTSTART;TZID=America/Los_Angeles:20260302T090000\nDUE;TZID=America/Los_Angeles:20260302T090000\n"

Make = Callable[..., str]
Understand = Callable[[str], Series]


def alarm(*lines: str) -> str:
    return "\n".join(["BEGIN:VALARM", "ACTION:DISPLAY", *lines, "END:VALARM"]) + "\n"


def edited(text: str, understood: Understand, context: Context, now: datetime, **values: object) -> str:
    series = understood(text)
    assert series.master is not None
    wanted = replace(series, master=replace(series.master, **values))  # type: ignore[arg-type] # as the tests give them
    return write(wanted, context, now, text)


@pytest.mark.parametrize(
    ("trigger", "moved"),
    [
        ("20260302T170000Z", "20260309T160000Z"),  # at the due moment, as Apple writes it
        ("20260302T164500Z", "20260309T154500Z"),  # where ours rings, made a moment by Apple
        ("20260302T140000Z", "20260302T140000Z"),  # the user's own
        ("20260401T170000Z", "20260401T170000Z"),
    ],
)
def test_a_moment_that_belongs_to_the_due_moment_moves_with_it(
    resource: Make, understood: Understand, context: Context, now: datetime, trigger: str, moved: str
) -> None:
    text = resource("SUMMARY:Call\n" + DATES + alarm(f"TRIGGER;VALUE=DATE-TIME:{trigger}", "DESCRIPTION:Reminder"))
    written = edited(text, understood, context, now, due=MARCH_9)
    assert f"TRIGGER;VALUE=DATE-TIME:{moved}\r\n" in written


def test_relative_ones_stay_byte_for_byte(
    resource: Make, understood: Understand, context: Context, now: datetime
) -> None:
    mine = alarm("TRIGGER;RELATED=START:-PT5M", "DESCRIPTION:Mine", "X-MOZ-LASTACK:20260301T000000Z")
    text = resource("SUMMARY:Call\n" + DATES + mine)
    written = edited(text, understood, context, now, due=MARCH_9, summary="Write", status=Status.COMPLETE)
    assert mine.replace("\n", "\r\n") in written


@pytest.mark.parametrize(
    ("shown", "after"),
    [("Call", "Write"), ("Default Tasks.org description", "Default Tasks.org description"), ("Reminder", "Reminder")],
)
def test_an_alarm_that_shows_the_old_text_shows_the_new_one(
    resource: Make, understood: Understand, context: Context, now: datetime, shown: str, after: str
) -> None:
    text = resource("SUMMARY:Call\n" + DATES + alarm("TRIGGER;RELATED=END:-PT15M", f"DESCRIPTION:{shown}"))
    written = edited(text, understood, context, now, summary="Write")
    assert f"DESCRIPTION:{after}\r\n" in written


def test_broken_alarms_stand_in_nobodys_way(
    resource: Make, understood: Understand, context: Context, now: datetime
) -> None:
    broken = alarm("TRIGGER;VALUE=DATE-TIME:never") + alarm("TRIGGER:-PXM") + alarm() + alarm('DESCRIPTION;X=":x')
    text = resource("SUMMARY:Call\n" + DATES + broken)
    written = edited(text, understood, context, now, due=MARCH_9, summary="Write", status=Status.COMPLETE)
    assert broken.replace("\n", "\r\n") in written


def test_an_occurrence_that_was_made_done_rings_again_when_it_is_reopened_elsewhere(
    understood: Understand, context: Context, now: datetime
) -> None:
    moved = MARCH_9 + timedelta(hours=1)
    done = Task("Call", moved, status=Status.COMPLETE)
    weekly = Rule((("FREQ", "WEEKLY"), ("BYDAY", "MO")), count=6)
    text = write(Series("u", Task("Call", MARCH_2), weekly, overrides={MARCH_9: Override(done)}), context, now)
    assert text.count("BEGIN:VALARM") == 1
    series = understood(text)
    reopened = replace(series, overrides={MARCH_9: Override(replace(done, status=Status.INCOMPLETE))})
    assert write(reopened, context, now, text).count("BEGIN:VALARM") == 2
