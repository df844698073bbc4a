"""Values in plain words: moments, rules, texts, as a sentence to a person needs them."""

from __future__ import annotations

from datetime import datetime

from bridge.core.model import Rule, Status

_LONGEST = 60
_UNITS = {
    "SECONDLY": "second",
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}
_DAYS = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}
_ORDINALS = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last"}


def moment(value: datetime, *, all_day: bool = False, beside: datetime | None = None) -> str:
    """A wall-clock moment: "Mon 9 Mar 09:00", at midnight the day alone.

    `beside` is a moment that was just named: only the time where it is the same day, the year too where it is another.
    """
    if beside is not None and beside.date() == value.date() and not all_day:
        return f"{value:%H:%M}"
    year = f" {value.year}" if beside is not None and beside.year != value.year else ""
    day = f"{value:%a} {value.day} {value:%b}{year}"
    return day if all_day or (value.hour, value.minute) == (0, 0) else f"{day} {value:%H:%M}"


def one_line(text: str, longest: int = _LONGEST) -> str:
    """A foreign text as part of a sentence: on one line, of bounded length, without what would steer a terminal."""
    line = " ".join(text.split())
    clean = "".join(sign if sign.isprintable() else "?" for sign in line)
    return clean if len(clean) <= longest else f"{clean[: longest - 3]}..."


def quoted(text: str) -> str:
    """A task's text as its name."""
    return f"'{one_line(text)}'" if text.strip() else "a task without text"


def value_words(value: object) -> str:
    """The value of a field."""
    match value:
        case datetime():
            return moment(value)
        case Rule():
            return rule_words(value)
        case Status():
            return value.value
        case None | "":
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case _:
            return f"'{one_line(str(value))}'"


def rule_words(rule: Rule) -> str:
    """A rule: "every 2 weeks on Mon and Thu, 10 times"; one that is harder to say as it is written."""
    parts = dict(rule.parts)
    unit = _UNITS.get(parts.pop("FREQ", ""))
    interval = parts.pop("INTERVAL", "1")
    days = _day_words(parts.pop("BYDAY", ""))
    in_month = parts.pop("BYMONTHDAY", "")
    parts.pop("WKST", None)
    if unit is None or days is None or parts:
        return f"'{one_line(rule_text(rule))}'"
    said = f"every {unit}" if interval == "1" else f"every {interval} {unit}s"
    if days:
        said += f" on {days}"
    if in_month:
        said += " on the last day" if in_month == "-1" else f" on day {in_month}"
    if rule.count is not None:
        said += f", {rule.count} times"
    return said if rule.until is None else f"{said}, until {moment(rule.until, beside=datetime.min)}"


def _day_words(days: str) -> str | None:
    """The days of BYDAY; empty for none, None where words fail."""
    words = []
    for day in filter(None, days.split(",")):
        ordinal, name = day[:-2].removeprefix("+"), _DAYS.get(day[-2:])
        if name is None or (ordinal and ordinal not in _ORDINALS):
            return None
        words.append(f"the {_ORDINALS[ordinal]} {name}" if ordinal else name)
    *most, last = words or [""]
    return f"{', '.join(most)} and {last}" if most else last


def rule_text(rule: Rule) -> str:
    """A rule as RFC 5545 writes it, with UNTIL on the owner's wall clock."""
    parts = [f"{name}={value}" for name, value in rule.parts]
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    if rule.until is not None:
        parts.append(f"UNTIL={rule.until:%Y%m%dT%H%M%S}")
    return ";".join(parts)
