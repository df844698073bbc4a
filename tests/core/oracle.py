"""RFC 5545, 3.3.10, by walking: every day of a span is asked whether the rule names it. Simple, slow, and independent.

Nothing here is shared with `bridge.core.recurrence`: the parts are text, and a day is decided by counting.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby, product

DAY = timedelta(days=1)
WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAYS_ARE_NAMED_BY = {
    "DAILY": (),
    "WEEKLY": ("BYDAY",),
    "MONTHLY": ("BYMONTHDAY", "BYDAY"),
    "YEARLY": ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"),
}
"""The table's "Expand" of each frequency, as far as days go: where none is said, DTSTART says it."""


def occurrences(text: str, anchor: datetime, end: datetime) -> list[datetime]:
    """All of them through `end`; DTSTART is the first, and counts."""
    parts = dict(part.split("=") for part in text.split(";"))
    until = datetime.strptime(parts["UNTIL"], "%Y%m%dT%H%M%S") if "UNTIL" in parts else end
    days = (day for day in _walk(anchor.date(), min(end, until).date()) if _named(parts, anchor.date(), day))
    found = [anchor]
    for _, period in groupby(days, lambda day: _number_of_period(parts, day)):
        instances = [datetime.combine(day, at) for day in period for at in _times(parts, anchor)]
        found += [each for each in _at_positions(parts, instances) if each > anchor]
    return [each for each in found if each <= min(end, until)][: int(parts["COUNT"]) if "COUNT" in parts else None]


def _walk(first: date, last: date) -> Iterator[date]:
    """Whole years, so that BYSETPOS has whole periods, and the weeks of a year that lie in the next."""
    day = date(first.year - 1, 12, 1)
    while day <= date(last.year + 1, 1, 31):
        yield day
        day += DAY


def _named(parts: dict[str, str], first: date, day: date) -> bool:
    frequency = parts["FREQ"]
    steps = _number_of_period(parts, day) - _number_of_period(parts, first)
    said = _said(parts, first)
    wrong = (
        steps < 0
        or steps % int(parts.get("INTERVAL", "1")) != 0
        or ("BYMONTH" in said and day.month not in _numbers(said["BYMONTH"]))
        or ("BYWEEKNO" in said and not _has(said["BYWEEKNO"], *_week(day, parts)[1:]))
        or ("BYYEARDAY" in said and not _has(said["BYYEARDAY"], *_place(day, date(day.year, 1, 1), _years_end(day))))
        or ("BYMONTHDAY" in said and not _has(said["BYMONTHDAY"], *_place(day, day.replace(day=1), _months_end(day))))
    )
    name = WEEK[day.weekday()]
    if wrong or "BYDAY" not in said:
        return not wrong
    if name not in said["BYDAY"]:
        return False
    within_month = frequency == "MONTHLY" or "BYMONTH" in parts
    begin, end = (day.replace(day=1), _months_end(day)) if within_month else (date(day.year, 1, 1), _years_end(day))
    before = sum(1 for each in range((day - begin).days + 1) if (begin + each * DAY).weekday() == day.weekday())
    after = sum(1 for each in range((end - day).days + 1) if (day + each * DAY).weekday() == day.weekday())
    return bool({name, f"{before}{name}", f"+{before}{name}", f"-{after}{name}"} & set(said["BYDAY"].split(",")))


def _said(parts: dict[str, str], first: date) -> dict[str, str]:
    """The parts, with what DTSTART says where no part names days."""
    frequency = parts["FREQ"]
    naming = [name for name in DAYS_ARE_NAMED_BY[frequency] if name in parts]
    weekday = WEEK[first.weekday()]
    if frequency == "WEEKLY" and not naming:
        return {**parts, "BYDAY": weekday}
    if frequency == "MONTHLY" and not naming:
        return {**parts, "BYMONTHDAY": str(first.day)}
    if frequency == "YEARLY" and naming == ["BYWEEKNO"]:
        return {**parts, "BYDAY": weekday}
    if frequency == "YEARLY" and not naming:
        return {"BYMONTH": str(first.month), **parts, "BYMONTHDAY": str(first.day)}
    return parts


def _numbers(value: str) -> set[int]:
    return {int(number) for number in value.split(",")}


def _has(value: str, place: int, length: int) -> bool:
    """Whether a list names this place, counted from 1 or from the end."""
    return bool(_numbers(value) & {place, place - length - 1})


def _place(day: date, begin: date, end: date) -> tuple[int, int]:
    return (day - begin).days + 1, (end - begin).days + 1


def _years_end(day: date) -> date:
    return date(day.year, 12, 31)


def _months_end(day: date) -> date:
    return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def _week_begin(day: date, parts: dict[str, str]) -> date:
    return day - DAY * ((day.weekday() - WEEK.index(parts.get("WKST", "MO"))) % 7)


def _week(day: date, parts: dict[str, str]) -> tuple[int, int, int]:
    """The year that numbers a day's week, the number, and how many weeks that year has: its fourth day decides."""
    fourth = _week_begin(day, parts) + 3 * DAY
    last = _week_begin(date(fourth.year, 12, 28), parts) + 3 * DAY
    return fourth.year, *((each.timetuple().tm_yday - 1) // 7 + 1 for each in (fourth, last))  # type: ignore[return-value]


def _number_of_period(parts: dict[str, str], day: date) -> int:
    match parts["FREQ"]:
        case "DAILY":
            return day.toordinal()
        case "WEEKLY":
            return _week_begin(day, parts).toordinal() // 7
        case "MONTHLY":
            return day.year * 12 + day.month
        case _:
            return _week(day, parts)[0] if "BYWEEKNO" in parts else day.year


def _times(parts: dict[str, str], anchor: datetime) -> list[time]:
    hours, minutes, seconds = (
        sorted(_numbers(parts.get(name, str(own))))
        for name, own in (("BYHOUR", anchor.hour), ("BYMINUTE", anchor.minute), ("BYSECOND", anchor.second))
    )
    return [time(*each) for each in product(hours, minutes, seconds)]


def _at_positions(parts: dict[str, str], instances: list[datetime]) -> list[datetime]:
    if "BYSETPOS" not in parts:
        return instances
    chosen = _numbers(parts["BYSETPOS"])
    return [each for place, each in enumerate(instances, 1) if place in chosen or place - len(instances) - 1 in chosen]
