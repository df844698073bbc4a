"""Recurrence rules (RFC 5545, 3.3.10) on naive wall-clock times: read, compared, written, expanded. Pure."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_NUMBERS = r"[+-]?\d{1,3}(,[+-]?\d{1,3})*"
_PARTS = {
    "FREQ": "|".join(_FREQUENCIES),
    "INTERVAL": r"0*[1-9]\d{0,4}",
    "COUNT": r"0*[1-9]\d{0,5}",
    "UNTIL": r"\d{8}(T\d{6}Z?)?",
    "BYMONTH": r"\d{1,2}(,\d{1,2})*",
    "BYWEEKNO": _NUMBERS,
    "BYYEARDAY": _NUMBERS,
    "BYMONTHDAY": _NUMBERS,
    "BYDAY": r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU))*",
    "BYSETPOS": _NUMBERS,
    "WKST": "MO|TU|WE|TH|FR|SA|SU",
}
_LONGEST_WAIT = timedelta(days=366 * 41)
"""A 29 February that must be a given weekday comes every 28 years, or 40 across a year like 2100."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule, normalised: equal when two rules mean the same. `until` is inclusive, naive, the owner's wall clock."""

    parts: tuple[tuple[str, str], ...]
    count: int | None
    until: datetime | None


def bare(text: str) -> str:
    """The rule's value alone, without an `RRULE:` prefix or the DTSTART line before it."""
    lines = [line.strip() for line in text.strip().splitlines()]
    value = next((line for line in lines if not line.upper().startswith("DTSTART")), "")
    return value[6:] if value.upper().startswith("RRULE:") else value


def read(text: str, zone: ZoneInfo) -> Recurrence:
    """Read a rule; UNTIL in UTC is put on the wall clock of `zone`. ValueError says what is wrong, in words."""
    parts: dict[str, str] = {}
    for piece in bare(text).upper().rstrip(";").split(";"):
        name, equals, value = piece.partition("=")
        if name in parts:
            raise ValueError(f"{name} stands twice")
        if name in ("BYHOUR", "BYMINUTE", "BYSECOND") or value in ("HOURLY", "MINUTELY", "SECONDLY"):
            raise ValueError(f"{piece} is not supported: the time of due_at is used on every day")
        if not equals or name not in _PARTS or not re.fullmatch(_PARTS[name], value):
            raise ValueError(f"{piece or 'an empty part'} is not a part of a recurrence rule (RFC 5545)")
        parts[name] = value
    if "FREQ" not in parts:
        raise ValueError("FREQ is missing")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude each other")
    _refuse_odd_days(parts)
    count = int(parts.pop("COUNT")) if "COUNT" in parts else None
    until = _wall_clock(parts.pop("UNTIL"), zone) if "UNTIL" in parts else None
    return Recurrence(_normalised(parts), count, until)


def _refuse_odd_days(parts: dict[str, str]) -> None:
    days = parts.get("BYDAY", "").split(",")
    numbered = [day for day in days if len(day) > 2]
    if numbered and parts["FREQ"] not in ("MONTHLY", "YEARLY"):
        raise ValueError(f"BYDAY={numbered[0]} has no meaning with FREQ={parts['FREQ']}")
    if "BYSETPOS" in parts and 0 < len(numbered) < len(days):
        raise ValueError("BYSETPOS with numbered and plain days in one BYDAY is not supported")


def _wall_clock(until: str, zone: ZoneInfo) -> datetime:
    try:
        if len(until) == 8:
            return datetime.strptime(until, "%Y%m%d").replace(hour=23, minute=59, second=59)
        moment = datetime.strptime(until.removesuffix("Z"), "%Y%m%dT%H%M%S")  # naive on purpose
    except ValueError:
        raise ValueError(f"UNTIL={until} is no date") from None
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) if until.endswith("Z") else moment


def _normalised(parts: dict[str, str]) -> tuple[tuple[str, str], ...]:
    defaults = {"INTERVAL": "1", "WKST": "MO"}
    kept: list[tuple[str, str]] = []
    for name in _PARTS:
        if name not in parts:
            continue
        value = parts[name].replace("+", "")
        if name == "INTERVAL":
            value = str(int(value))
        elif name == "BYDAY":
            value = ",".join(sorted(set(value.split(",")), key=_day_order))
        elif name.startswith("BY"):
            value = ",".join(str(number) for number in sorted({int(number) for number in value.split(",")}))
        if defaults.get(name) != value:
            kept.append((name, value))
    return tuple(kept)


def _day_order(day: str) -> tuple[int, int]:
    return (int(day[:-2] or 0), ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(day[-2:]))


def written(rule: Recurrence, zone: ZoneInfo) -> str:
    """The normalised text; UNTIL in UTC."""
    parts = list(rule.parts)
    if rule.count is not None:
        parts.append(("COUNT", str(rule.count)))
    if rule.until is not None:
        parts.append(("UNTIL", rule.until.replace(tzinfo=zone).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")))
    return ";".join(f"{name}={value}" for name, value in parts)


def expand(rule: Recurrence, start: datetime, through: date) -> Iterator[datetime]:
    """The occurrences from `start` (naive) up to and with the day `through`, in order."""
    end = datetime.combine(through, time.max)
    last = min(end, rule.until) if rule.until else end
    if last < start:
        return iter(())
    found = heapq.merge(*(_expand_plain(parts, start, last) for parts in _by_kind_of_day(rule.parts)))
    return islice((slot for slot, _ in groupby(found)), rule.count)


def _by_kind_of_day(parts: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """Numbered and plain weekdays apart: dateutil finds nothing where one BYDAY has both."""
    whole = dict(parts)
    days = whole.get("BYDAY", "").split(",")
    kinds = [[day for day in days if len(day) > 2], [day for day in days if len(day) == 2]]
    if not all(kinds):
        return [whole]
    return [whole | {"BYDAY": ",".join(kind)} for kind in kinds]


def _expand_plain(parts: dict[str, str], start: datetime, last: datetime) -> Iterator[datetime]:
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    return iter(rrulestr(f"{text};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=start))


def first(rule: Recurrence, start: datetime) -> datetime | None:
    """The first occurrence, however far away; None if the rule never names a day."""
    return next(expand(rule, start, min(start + _LONGEST_WAIT, datetime(9999, 1, 1)).date()), None)
