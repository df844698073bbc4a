"""Rules and times in plain words, for the page."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from bridge.sandbox import rule as rules

_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_DAYS = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}
_PLACES = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last", -2: "last but one"}
_PLAIN = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY"}


def of_rule(text: str, zone: ZoneInfo) -> str:
    """A rule as a person says it; the rule itself where it is too odd for that."""
    rule = rules.read(text, zone)
    parts = dict(rule.parts)
    if set(parts) - _PLAIN:
        said = rules.bare(text)
    else:
        unit, every = _UNITS[parts["FREQ"]], int(parts.get("INTERVAL", 1))
        said = f"every {unit}" if every == 1 else f"every {every} {unit}s"
        said += _on(parts)
    if rule.count is not None and not set(parts) - _PLAIN:
        said += f", {rule.count} times"
    if rule.until is not None and not set(parts) - _PLAIN:
        said += f", until {of_day(rule.until.date())} {rule.until.year}"
    return said


def _on(parts: dict[str, str]) -> str:
    days = [_day(day) for day in parts.get("BYDAY", "").split(",") if day]
    month_days = [_month_day(int(day)) for day in parts.get("BYMONTHDAY", "").split(",") if day]
    on = days + month_days
    return f" on {', '.join(on)}" if on else ""


def _day(day: str) -> str:
    number = int(day[:-2] or 0)
    name = _DAYS[day[-2:]]
    return f"the {_PLACES.get(number, f'{number}.')} {name}" if number else name


def _month_day(day: int) -> str:
    return f"the {day}." if day > 0 else "the last day" if day == -1 else f"day {day} from the end"


def of_day(day: date) -> str:
    """Mon 9 Mar."""
    return f"{day:%a} {day.day} {day:%b}"


def of_due(due: datetime, today: date, *, all_day: bool) -> str:
    """A due time as a list shows it: with the year only where it is another one."""
    said = of_day(due.date()) + (f" {due.year}" if due.year != today.year else "")
    return said if all_day else f"{said}, {due:%H:%M}"
