"""Recurrence rules as values: read, written, expanded, compared and cut (RFC 5545, 3.3.10 and 3.8.5.3).

Everything runs on naive wall-clock datetimes, so 09:00 stays 09:00 across a change of clocks (law 10). A rule that runs
on another zone's clock is expanded there and carried over instant by instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from bridge.core.model import Rule, Series, Slot

HORIZON = timedelta(days=366 * 40)
"""How far a rule is followed at most. It bounds rules that match nothing (30 February) and rules without end."""

MOST = 20_000
"""How many occurrences of one rule are ever looked at."""

CLOCKS_APART = timedelta(hours=3)
"""By how much a rule on another zone's clock may stray from the owner's between changes of the two clocks."""

_INTEGERS = {
    "BYMONTH": (1, 12),
    "BYWEEKNO": (-53, 53),
    "BYYEARDAY": (-366, 366),
    "BYMONTHDAY": (-31, 31),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 59),
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


class BadRule(ValueError):
    """A rule that cannot be read, or recurs in a way no task does. `str()` says why, for the user."""


# -- text --------------------------------------------------------------------------------------------------------------


def parse_rule(text: str, zone: ZoneInfo) -> Rule:
    """Read a rule in any form LionDesk or a calendar app writes: bare, after `RRULE:` or below a `DTSTART` line.

    UNTIL becomes the owner's wall clock in `zone`: UTC is converted, local time is taken as it is, and a DATE means
    through the end of that day. Raises BadRule.
    """
    line = _rule_line(text)
    given: dict[str, str] = {}
    for part in filter(None, line.strip().rstrip(";").split(";")):
        name, separator, value = part.partition("=")
        name = name.strip().upper()
        if not separator or not value.strip() or name in given:
            raise BadRule(f"the recurrence rule {text!r} cannot be read at {part!r}")
        given[name] = value.strip().upper()
    count = _positive(given.pop("COUNT", None), "COUNT")
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
        if name.startswith("X-") or (name == "RSCALE" and value == "GREGORIAN"):
            continue
        if name not in _ORDER:
            raise BadRule(f"the recurrence rule {text!r} has an unknown part {name}")
        parts[name] = _canonical(name, value)
    if parts.get("INTERVAL") == "1":
        del parts["INTERVAL"]
    if parts.get("WKST") == "MO":
        del parts["WKST"]
    return tuple((name, parts[name]) for name in _ORDER if name in parts)


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
            return ",".join(sorted((_weekday(item) for item in value.split(",")), key=_weekday_order))
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
    try:
        number = int(item)
    except ValueError:
        raise BadRule(f"{name}={item} is not a number") from None
    if not low <= number <= high or (number == 0 and low < 0):
        raise BadRule(f"{name}={item} is out of range")
    return number


def _positive(value: str | None, name: str) -> int | None:
    return None if value is None else _within(value, 1, 10**6, name)


def _until(value: str | None, zone: ZoneInfo) -> datetime | None:
    if value is None:
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


def format_rule(rule: Rule, *, all_day: bool, zone: ZoneInfo) -> str:
    """The rule as RFC 5545 text: UNTIL in UTC, or a DATE for an all-day series."""
    parts = [f"{name}={value}" for name, value in rule.parts]
    if rule.count is not None:
        parts.insert(_position_of_end(rule), f"COUNT={rule.count}")
    if rule.until is not None:
        parts.insert(_position_of_end(rule), f"UNTIL={_format_until(rule.until, all_day=all_day, zone=zone)}")
    return ";".join(parts)


def _position_of_end(rule: Rule) -> int:
    return 2 if len(rule.parts) > 1 and rule.parts[1][0] == "INTERVAL" else 1


def _format_until(until: datetime, *, all_day: bool, zone: ZoneInfo) -> str:
    if all_day:
        return f"{until:%Y%m%d}"
    return f"{until.replace(tzinfo=zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"


# -- expansion ---------------------------------------------------------------------------------------------------------


def expand(rule: Rule, anchor: Slot, end: datetime | None = None) -> Iterator[Slot]:
    """The rule's occurrences from `anchor` on, in order, through `end` (inclusive) or its own end.

    The anchor is always the first of them and counts (RFC 5545, 3.8.5.3: DTSTART is the first instance).
    """
    last = min(filter(None, (end, rule.until, _years_after(anchor))))
    found = takewhile(lambda slot: slot <= last, _with_anchor(anchor, _merged(rule, anchor, last)))
    return islice(found, MOST if rule.count is None else min(rule.count, MOST))


def _years_after(anchor: Slot) -> datetime:
    try:
        return anchor + HORIZON
    except OverflowError:
        return datetime.max


def _with_anchor(anchor: Slot, slots: Iterator[Slot]) -> Iterator[Slot]:
    yield anchor
    yield from (slot for slot in slots if slot > anchor)


def _merged(rule: Rule, anchor: Slot, last: datetime) -> Iterator[Slot]:
    """dateutil's occurrences; where BYDAY mixes plain and numbered weekdays it finds none, so each kind is asked."""
    days = dict(rule.parts).get("BYDAY", "").split(",")
    plain = [day for day in days if len(day) == 2]
    numbered = [day for day in days if len(day) > 2]
    if not (plain and numbered):
        yield from _dateutil(rule.parts, anchor, last)
        return
    if any(name == "BYSETPOS" for name, _ in rule.parts):
        raise BadRule("a rule with BYSETPOS that mixes numbered and plain weekdays cannot be followed")
    both: set[Slot] = set()
    for kind in (plain, numbered):
        parts = tuple((name, ",".join(kind) if name == "BYDAY" else value) for name, value in rule.parts)
        both.update(islice(_dateutil(parts, anchor, last), MOST))
    yield from sorted(both)


def _dateutil(parts: tuple[tuple[str, str], ...], anchor: Slot, last: datetime) -> Iterator[Slot]:
    text = ";".join(f"{name}={value}" for name, value in parts)
    try:
        rule = rrulestr(f"{text};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=anchor)
    except ValueError as error:
        raise BadRule(f"the recurrence rule {text!r} cannot be followed: {error}") from None
    for slot in rule:
        yield slot.replace(microsecond=0)


def through_zone(slot: Slot, source: ZoneInfo, target: ZoneInfo) -> Slot:
    """The same instant on another zone's wall clock."""
    return slot.replace(tzinfo=source).astimezone(target).replace(tzinfo=None, fold=0)


def slots(series: Series, zone: ZoneInfo, end: datetime | None = None) -> frozenset[Slot]:
    """The slots of a calendar series through `end`, less its EXDATEs, cancelled overrides not yet taken away.

    `zone` is the pair's. A series without a master has the slots of its overrides.
    """
    if series.master is None:
        return frozenset(series.overrides)
    if series.rule is None:
        own = [series.master.due]
    elif series.zone is None or series.master.all_day:
        own = list(expand(series.rule, series.master.due, end))
    else:
        own = list(_expand_abroad(series.rule, series.master.due, ZoneInfo(series.zone), zone, end))
    return (frozenset(own) | series.rdates) - series.exdates


def _expand_abroad(rule: Rule, anchor: Slot, there: ZoneInfo, here: ZoneInfo, end: datetime | None) -> Iterator[Slot]:
    until = through_zone(rule.until, here, there) if rule.until else None
    last = through_zone(end, here, there) if end else None
    for slot in expand(replace(rule, until=until), through_zone(anchor, here, there), last):
        yield through_zone(slot, there, here)


# -- algebra -----------------------------------------------------------------------------------------------------------


def same_occurrences(rule: Rule, anchor: Slot, other: Rule, other_anchor: Slot) -> bool:
    """Whether both rules mean the same days, however they are spelt (COUNT or UNTIL, BYDAY said or implied)."""
    if rule == other and anchor == other_anchor:
        return True
    if rule.endless != other.endless:
        return False
    looked = 400 if rule.endless else MOST
    return list(islice(expand(rule, anchor), looked)) == list(islice(expand(other, other_anchor), looked))


def cut_before(rule: Rule, anchor: Slot, slot: Slot) -> Rule:
    """The rule's head: what comes before `slot`. COUNT stays COUNT, everything else ends by UNTIL at its last one."""
    kept = [each for each in expand(rule, anchor, slot) if each < slot]
    if rule.count is not None:
        return replace(rule, count=len(kept))
    return replace(rule, until=kept[-1] if kept else slot - timedelta(seconds=1))


def tail_from(rule: Rule, anchor: Slot, slot: Slot) -> Rule:
    """The rule's tail, beginning at `slot`: COUNT is lowered by what came before."""
    if rule.count is None:
        return rule
    return replace(rule, count=max(1, rule.count - sum(1 for each in expand(rule, anchor, slot) if each < slot)))


def last_slot(rule: Rule, anchor: Slot) -> Slot | None:
    """The last occurrence, None for an endless rule."""
    if rule.endless:
        return None
    return max(expand(rule, anchor), default=anchor)


def with_until(rule: Rule, anchor: Slot) -> Rule:
    """The same occurrences, ended by UNTIL in place of COUNT: what that says does not depend on where one begins."""
    return rule if rule.count is None else replace(rule, count=None, until=last_slot(rule, anchor))
