"""A rule's occurrences, in order (RFC 5545, 3.3.10 and 3.8.5.3), bounded in time and memory whatever it says.

Everything runs on naive wall-clock datetimes, so 09:00 stays 09:00 across a change of clocks (law 10). A rule that runs
on another zone's clock is expanded there and carried over instant by instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bridge.core.model import Rule, Series, Slot
from bridge.core.recurrence.pattern import Pattern, pattern_of, periods
from bridge.core.recurrence.text import latest_instant

HORIZON = timedelta(days=366 * 40)
"""How far a rule is followed at least. It bounds rules that match nothing (30 February) and rules without end."""

FOLLOWED_THROUGH = datetime(2070, 1, 1)
"""A series that began long ago (a birthday of 1604, as Apple writes one without a year) is followed until here."""

MOST = 50_000
"""How many occurrences of one rule are ever looked at."""

CLOCKS_APART = timedelta(hours=3)
"""By how much a rule on another zone's clock may stray from the owner's between changes of the two clocks."""


def expand(rule: Rule, anchor: Slot, end: datetime | None = None) -> Iterator[Slot]:
    """The rule's occurrences from `anchor` on, in order, through `end` (inclusive) or its own end. Never raises.

    The anchor is always the first of them and counts (RFC 5545, 3.8.5.3: DTSTART is the first instance).
    """
    last = min(filter(None, (end, rule.until, _horizon(anchor))))
    return islice(_occurrences(rule, anchor, last), MOST if rule.count is None else min(rule.count, MOST))


def _horizon(anchor: Slot) -> datetime:
    try:
        return max(anchor + HORIZON, FOLLOWED_THROUGH)
    except OverflowError:
        return datetime.max


def _occurrences(rule: Rule, anchor: Slot, last: datetime) -> Iterator[Slot]:
    if anchor > last:
        return
    yield anchor
    begin = anchor.replace(microsecond=0)
    pattern = pattern_of(rule.parts, begin)
    single = pattern.time(0) if pattern.times == 1 and not pattern.positions else None
    final, day_of, at = last.toordinal(), datetime.fromordinal, datetime.combine
    for days in periods(pattern, begin, last):
        found = _timed(pattern, days) if single is None else (at(day_of(day), single) for day in days if day <= final)
        for slot in found:
            if slot > last:
                return
            if slot > anchor:
                yield slot


def _timed(pattern: Pattern, days: Sequence[int]) -> Iterator[datetime]:
    """The occurrences of one period by BYHOUR and its like, then BYSETPOS: counted off, never listed."""
    size = len(days) * pattern.times
    places: Sequence[int] = range(size)
    if pattern.positions:
        counted = (position - 1 if position > 0 else size + position for position in pattern.positions)
        places = sorted({place for place in counted if 0 <= place < size})
    for place in places:
        day, number = divmod(place, pattern.times)
        yield datetime.combine(datetime.fromordinal(days[day]), pattern.time(number))


# -- a series ----------------------------------------------------------------------------------------------------------


def through_zone(slot: Slot, source: ZoneInfo, target: ZoneInfo) -> Slot:
    """The same instant on another zone's wall clock; of the hour that comes twice, the first."""
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
    until = _end_abroad(rule.until, there, here)
    for slot in expand(replace(rule, until=until), through_zone(anchor, here, there), _end_abroad(end, there, here)):
        local = through_zone(slot, there, here)
        if end is None or local <= end:
            yield local


def _end_abroad(end: datetime | None, there: ZoneInfo, here: ZoneInfo) -> datetime | None:
    """An inclusive end on another clock, the hour that comes twice and the one that is left out included."""
    if end is None:
        return None
    try:
        latest = latest_instant(end, here)
        return max(latest.astimezone(there).replace(tzinfo=None), through_zone(end, here, there))
    except OverflowError:
        return end
