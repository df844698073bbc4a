"""Recurrence rules as text (RFC 5545, 3.3.10), read from any form LionDesk or an app writes, and written.

A part that the RFC forbids beside another one (numbered weekdays of a weekly rule, BYWEEKNO of a monthly one) is
refused in words: libraries give it different meanings, and a guess would make or delete somebody's tasks.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bridge.core.model import Rule

_INTEGERS = {
    "BYMONTH": (1, 12),
    "BYWEEKNO": (-53, 53),
    "BYYEARDAY": (-366, 366),
    "BYMONTHDAY": (-31, 31),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 60),
    "BYSETPOS": (-366, 366),
}
_ORDER = (
    "FREQ",
    "INTERVAL",
    "BYMONTH",
    "BYWEEKNO",
    "BYYEARDAY",
    "BYMONTHDAY",
    "BYDAY",
    "BYHOUR",
    "BYMINUTE",
    "BYSECOND",
    "BYSETPOS",
    "WKST",
)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_FORBIDDEN = {
    "BYWEEKNO": ("DAILY", "WEEKLY", "MONTHLY"),
    "BYYEARDAY": ("DAILY", "WEEKLY", "MONTHLY"),
    "BYMONTHDAY": ("WEEKLY",),
}
"""The parts that "MUST NOT" stand beside a frequency."""

_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_UNTIL = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)
_MOST = 10**18
_END_OF_TIME = 9000
"""A rule until a later year than this is endless."""


class BadRule(ValueError):
    """A rule that cannot be read, or recurs in a way no task does. `str()` says why, for the user."""


def parse_rule(text: str, zone: ZoneInfo) -> Rule:
    """Read a rule in any form LionDesk or a calendar app writes: bare, after `RRULE:` or below a `DTSTART` line.

    UNTIL becomes the owner's wall clock in `zone`: UTC is converted, local time is taken as it is, and a DATE means
    through the end of that day. Raises BadRule; every rule that is read can be expanded.
    """
    line = _rule_line(text)
    given: dict[str, str] = {}
    for part in filter(None, line.strip().rstrip(";").split(";")):
        name, separator, value = part.partition("=")
        name = name.strip().upper()
        if not separator or not value.strip() or name in given:
            raise BadRule(f"the recurrence rule {text!r} cannot be read at {part!r}")
        given[name] = value.strip().upper()
    count = _positive(given.pop("COUNT"), "COUNT") if "COUNT" in given else None
    until = _until(given.pop("UNTIL", None), zone)
    if count is not None and until is not None:
        raise BadRule(f"the recurrence rule {text!r} has both COUNT and UNTIL")
    return Rule(parts=_parts(given, text), count=count, until=until)


def _rule_line(text: str) -> str:
    """The rule itself out of the forms it comes in; parameters such as Evolution's X-EVOLUTION-ENDDATE are dropped."""
    for line in text.replace("\r", "\n").split("\n"):
        head, separator, tail = line.strip().partition(":")
        if separator and head.upper().split(";")[0] == "RRULE":
            return tail
        if line.strip().upper().startswith("FREQ="):
            return line
    return text.strip()


def _parts(given: dict[str, str], text: str) -> tuple[tuple[str, str], ...]:
    frequency = given.get("FREQ")
    if frequency not in _FREQUENCIES:
        raise BadRule(f"the recurrence rule {text!r} has no frequency of days, weeks, months or years")
    parts: dict[str, str] = {}
    for name, value in given.items():
        if name.startswith("X-") or (name == "RSCALE" and value == "GREGORIAN") or (name, value) == ("SKIP", "OMIT"):
            continue
        if name not in _ORDER:
            raise BadRule(f"the recurrence rule {text!r} has an unknown part {name}")
        parts[name] = _canonical(name, value)
    _refuse_forbidden(parts, text)
    if parts.get("INTERVAL") == "1":
        del parts["INTERVAL"]
    if parts.get("WKST") == "MO":
        del parts["WKST"]
    return tuple((name, parts[name]) for name in _ORDER if name in parts)


def _refuse_forbidden(parts: dict[str, str], text: str) -> None:
    """What RFC 5545, 3.3.10 says MUST NOT stand together."""
    frequency = parts["FREQ"]
    for name, frequencies in _FORBIDDEN.items():
        if name in parts and frequency in frequencies:
            raise BadRule(f"the recurrence rule {text!r} has {name}, which has no meaning with FREQ={frequency}")
    numbered = [day for day in parts.get("BYDAY", "").split(",") if len(day) > 2]
    if numbered and frequency in ("DAILY", "WEEKLY"):
        raise BadRule(
            f"the recurrence rule {text!r} has BYDAY={numbered[0]}, which means nothing with FREQ={frequency}"
        )
    if numbered and "BYWEEKNO" in parts:
        raise BadRule(f"the recurrence rule {text!r} has BYDAY={numbered[0]}, which means nothing beside BYWEEKNO")


def _canonical(name: str, value: str) -> str:
    match name:
        case "FREQ":
            return value
        case "INTERVAL":
            return str(_positive(value, name))
        case "WKST":
            if value not in _WEEKDAYS:
                raise BadRule(f"WKST={value} names no weekday")
            return value
        case "BYDAY":
            return ",".join(sorted({_weekday(item) for item in value.split(",")}, key=_weekday_order))
        case _:
            low, high = _INTEGERS[name]
            return ",".join(
                str(number) for number in sorted({_within(item, low, high, name) for item in value.split(",")})
            )


def _weekday(item: str) -> str:
    number, day = item.strip()[:-2], item.strip()[-2:]
    if day not in _WEEKDAYS:
        raise BadRule(f"BYDAY={item} names no weekday")
    return day if number == "" else f"{_within(number, -53, 53, 'BYDAY')}{day}"


def _weekday_order(item: str) -> tuple[int, int]:
    return (int(item[:-2] or "0"), _WEEKDAYS.index(item[-2:]))


def _within(item: str, low: int, high: int, name: str) -> int:
    if _NUMBER.fullmatch(item.strip()) is None:
        raise BadRule(f"{name}={item[:40]} is not a number")
    number = int(item)
    if not low <= number <= high or (number == 0 and low < 0):
        raise BadRule(f"{name}={item} is out of range")
    return number


def _positive(value: str, name: str) -> int:
    return _within(value, 1, _MOST, name)


def _until(value: str | None, zone: ZoneInfo) -> datetime | None:
    if value is None:
        return None
    if _UNTIL.fullmatch(value) is None:
        raise BadRule(f"UNTIL={value[:40]} is no date")
    if int(value[:4]) >= _END_OF_TIME:
        return None
    try:
        if len(value) == 8:
            return datetime.strptime(value, "%Y%m%d").replace(hour=23, minute=59, second=59)
        if value.endswith("Z"):
            moment = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return moment.astimezone(zone).replace(tzinfo=None, fold=0)
        return datetime.strptime(value, "%Y%m%dT%H%M%S")
    except (ValueError, OverflowError):
        raise BadRule(f"UNTIL={value} is no date") from None


def format_rule(rule: Rule, *, all_day: bool, zone: ZoneInfo | None) -> str:
    """The rule as RFC 5545 text: UNTIL in UTC, or a DATE for an all-day series.

    `zone` is the one that the rule's wall clock runs in; None says that it floats, and so does UNTIL then.
    """
    parts = [f"{name}={value}" for name, value in rule.parts]
    if rule.count is not None:
        parts.insert(_position_of_end(rule), f"COUNT={rule.count}")
    if rule.until is not None:
        parts.insert(_position_of_end(rule), f"UNTIL={_format_until(rule.until, all_day=all_day, zone=zone)}")
    return ";".join(parts)


def _position_of_end(rule: Rule) -> int:
    return 2 if len(rule.parts) > 1 and rule.parts[1][0] == "INTERVAL" else 1


def _format_until(until: datetime, *, all_day: bool, zone: ZoneInfo | None) -> str:
    if all_day:
        return f"{until:%Y%m%d}"
    if zone is None:
        return f"{until:%Y%m%dT%H%M%S}"
    return f"{latest_instant(until, zone):%Y%m%dT%H%M%SZ}"


def latest_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The last moment, in UTC, that this wall clock shows: an end is inclusive, also in the hour that comes twice."""
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
