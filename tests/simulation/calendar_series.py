"""What a calendar app does to a whole series, or to this and the following."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar

from tests.simulation.calendar_app import Open, opened, opened_series, put_moment
from tests.simulation.foreign import parsed
from tests.simulation.stage import ZONE, Stage

RULES = ("FREQ=WEEKLY;COUNT=8", "FREQ=WEEKLY", "FREQ=DAILY;INTERVAL=3;COUNT=7", "FREQ=WEEKLY;INTERVAL=2;COUNT=4")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _text(stage: Stage, n: int, a: int, _b: int, _c: int) -> str | None:
    series = opened_series(stage, a)
    if series is None or series.master is None:
        return None
    series.master["SUMMARY"] = f"{str(series.master['SUMMARY']).split(' ', 1)[0]} e{n}"
    series.save(series.master)
    return f"writes e{n} at the series {series.href}"


def _notes(stage: Stage, n: int, a: int, _b: int, _c: int) -> str | None:
    series = opened_series(stage, a)
    if series is None or series.master is None:
        return None
    series.master["DESCRIPTION"] = f"n{n}"
    series.save(series.master)
    return f"notes n{n} at the series {series.href}"


def _move(stage: Stage, _n: int, a: int, b: int, c: int) -> str | None:
    """Another time of day, with RECURRENCE-IDs and EXDATEs moving along (Thunderbird)."""
    series = opened_series(stage, a)
    if series is None or series.master is None or not isinstance(series.master["DUE"].dt, datetime):
        return None
    by = timedelta(hours=b % 3 + 1, minutes=30 * (c % 2))
    overrides = list(series.overrides().items())
    dates = [each.dt for line in _lines(series.master, "EXDATE") for each in line.dts]
    series.master.pop("EXDATE", None)
    for moment in dates:
        series.master.add("EXDATE", moment + by)
    for name in ("DTSTART", "DUE"):
        if name in series.master:
            moment = series.master.pop(name).dt
            series.master.add(name, moment + by)
    until = series.master["RRULE"].get("UNTIL")
    if until:
        series.master["RRULE"]["UNTIL"] = [until[0] + by]
    for slot, each in overrides:
        put_moment(each, "RECURRENCE-ID", slot + by, series.master)
    series.save()
    return f"moves the series {series.href} by {by}"


def _lines(component: Any, name: str) -> list[Any]:
    lines = component.get(name, [])
    return lines if isinstance(lines, list) else [lines]


def _rule(stage: Stage, _n: int, a: int, _b: int, c: int) -> str | None:
    series = opened_series(stage, a)
    if series is None or series.master is None:
        return None
    rule = RULES[c % len(RULES)]
    series.master["RRULE"] = icalendar.vRecur.from_ical(rule)
    series.save(series.master)
    return f"gives the series {series.href} the rule {rule}"


def _extend(stage: Stage, _n: int, a: int, b: int, c: int) -> str | None:
    """COUNT changed alone."""
    series = opened_series(stage, a)
    if series is None or series.master is None or "COUNT" not in series.master["RRULE"]:
        return None
    count = series.master["RRULE"]["COUNT"][0] + (1 + b % 3 if c % 2 else -1)
    if count < 1:
        return None
    series.master["RRULE"]["COUNT"] = [count]
    series.save(series.master)
    return f"gives the series {series.href} COUNT={count}"


def _unrule(stage: Stage, _n: int, a: int, _b: int, _c: int) -> str | None:
    series = opened_series(stage, a)
    if series is None or series.master is None:
        return None
    for name in ("RRULE", "EXDATE", "RDATE"):
        series.master.pop(name, None)
    gone = list(series.overrides().values())
    series.calendar.subcomponents = [each for each in series.calendar.subcomponents if each not in gone]
    series.save(series.master)
    return f"takes the rule of {series.href} away"


def _give_rule(stage: Stage, _n: int, a: int, _b: int, c: int) -> str | None:
    one = opened(stage, a)
    if one is None or one.master is None or one.recurs or one.overrides():
        return None
    if str(one.master.get("STATUS")) == "COMPLETED":
        return None
    rule = RULES[c % len(RULES)]
    one.master.add("RRULE", icalendar.vRecur.from_ical(rule))
    one.save(one.master)
    return f"gives {one.href} the rule {rule}"


def _until(moment: datetime, master: Any) -> date:
    if not isinstance(master["DUE"].dt, datetime):
        return moment.date()
    return moment.replace(tzinfo=ZONE).astimezone(UTC)


def _cut(series: Open, at: int) -> datetime | None:
    """Ends a series after some of its slots; the first slot that is gone."""
    slots = series.slots()
    if series.master is None or len(slots) < 2:
        return None
    place = 1 + at % min(5, len(slots) - 1)
    rule = series.master["RRULE"]
    rule.pop("COUNT", None)
    rule["UNTIL"] = [_until(slots[place - 1], series.master)]
    gone = [each for slot, each in series.overrides().items() if slot >= slots[place]]
    series.calendar.subcomponents = [each for each in series.calendar.subcomponents if each not in gone]
    return slots[place]


def _truncate(stage: Stage, _n: int, a: int, b: int, _c: int) -> str | None:
    series = opened_series(stage, a)
    slot = _cut(series, b) if series else None
    if series is None or slot is None:
        return None
    series.save(*([series.master] if series.master else []))
    return f"ends the series {series.href} before {slot}"


def _split(stage: Stage, n: int, a: int, b: int, _c: int) -> str | None:
    """Evolution: the old series ends, the rest goes on under a new UID, with another text."""
    series = opened_series(stage, a)
    if series is None or series.master is None:
        return None
    whole = parsed(series.calendar.to_ical())
    slots = series.slots()
    slot = _cut(series, b)
    if slot is None:
        return None
    tail = Open(stage, f"/cal/tail-{n}.ics", whole)
    kept = {at: each for at, each in tail.overrides().items() if at >= slot}
    gone = [each for at, each in tail.overrides().items() if at not in kept]
    whole.subcomponents = [each for each in whole.subcomponents if each not in gone]
    master = tail.master
    assert master is not None
    if "COUNT" in master["RRULE"]:
        everything = master["RRULE"]["COUNT"][0]
        excluded = len(_before(master, slot))
        master["RRULE"]["COUNT"] = [everything - sum(1 for each in slots if each < slot) - excluded]
    for name in ("DTSTART", "DUE"):
        if name in master:
            put_moment(master, name, slot, master)
    master["SUMMARY"] = f"{str(master['SUMMARY']).split(' ', 1)[0]} e{n}"
    for each in tail.todos:
        each["UID"] = f"tail-{n}"
    series.save(series.master)
    tail.save()
    return f"splits {series.href} at {slot}: the rest is e{n}"


def _before(master: Any, slot: datetime) -> list[datetime]:
    """EXDATEs before a slot, which COUNT counts."""
    from tests.simulation.views import wall

    return [wall(each.dt, ZONE) for line in _lines(master, "EXDATE") for each in line.dts if wall(each.dt, ZONE) < slot]


def _this_and_future(stage: Stage, n: int, a: int, b: int, c: int) -> str | None:
    series = opened_series(stage, a)
    if series is None or series.master is None:
        return None
    slots = series.slots()
    if len(slots) < 2:
        return None
    slot = slots[1 + b % min(4, len(slots) - 1)]
    if slot in series.overrides() or any(at > slot for at in series.overrides()):
        return None
    todo = series.copy(slot)
    todo["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
    todo["SUMMARY"] = f"{str(todo['SUMMARY']).split(' ', 1)[0]} e{n}"
    if c % 2 and isinstance(todo["DUE"].dt, datetime):
        for name in ("DTSTART", "DUE"):
            moment = todo.pop(name).dt
            todo.add(name, moment + timedelta(hours=1))
    series.save(todo)
    return f"writes e{n} at {slot} of {series.href} and all that follow (THISANDFUTURE{', an hour later' if c % 2 else ''})"


SERIES: dict[str, Callable[[Stage, int, int, int, int], str | None]] = {
    "series text": _text,
    "series notes": _notes,
    "move series": _move,
    "rule": _rule,
    "count": _extend,
    "no rule": _unrule,
    "give rule": _give_rule,
    "truncate": _truncate,
    "split": _split,
    "this and future": _this_and_future,
}
