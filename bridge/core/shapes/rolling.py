"""The shape `rolling`: the master begins at the next open occurrence, all that differs stands by itself.

The form that apps without overrides share (calendar-apps.md, 4): UNTIL and never COUNT, since some lower COUNT when
they roll and some do not; no RRULE on the last one, since Nextcloud can't tick it otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate, repeat
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Override, Rule, Series, Slot, Status
from bridge.core.occurrences import from_master, present, value_at
from bridge.core.shapes import separate
from bridge.core.shapes.anchoring import begun_at, grid, leads_to
from bridge.core.shapes.pieces import Piece, Terms, alone, parts_of, ruled

SIMPLE = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY"})
"""The parts of a rule that every app's dialog shows (calendar-apps.md, 4)."""

WINDOWS = tuple(accumulate(repeat(timedelta(days=400), 6), lambda whole, first: whole * 3 + first))
"""How far a rule without end is looked through for its next occurrence: a year, then more, then all that matters."""


def rolls(rule: Rule) -> bool:
    """Whether a rule can roll in every app."""
    return all(name in SIMPLE for name, _ in rule.parts)


def spelled(series: Series, terms: Terms) -> tuple[Piece, ...]:
    """The rolled master, and a piece for each occurrence that differs."""
    if any(row.rule is not None and not rolls(row.rule) for row in terms.rows.values()):
        return separate.spelled(series, terms)
    series = ruled(series, terms)
    if series.master is None or series.rule is None or not rolls(series.rule):
        return separate.spelled(series, terms)
    ranged = {slot: each for slot, each in series.overrides.items() if each.this_and_future}
    plain = {slot: each for slot, each in series.overrides.items() if not each.this_and_future}
    endless = series.rule.endless
    series = _rolled_back(replace(series, overrides=MappingProxyType(plain)), terms.zone)
    first, more = _plain(series, terms.zone)
    if not more and not ranged and not endless:
        series = _left_over(series, terms)
        first, more = _plain(series, terms.zone)
    last = max([*series.overrides, *series.rdates], default=datetime.min)
    shown = present(series, terms.zone, last)
    own = {slot for slot in series.overrides if slot in shown} | (series.rdates & shown)
    overrides = {slot: each for slot, each in series.overrides.items() if slot in own}
    beside = series.rdates - overrides.keys() - grid(series, terms.zone, max(series.rdates, default=None))
    parts = [
        *parts_of(replace(series, overrides=MappingProxyType(overrides)), terms.retired),
        *(Piece(slot, alone(series, from_master(series, slot))) for slot in sorted(beside)),
    ]
    if first is None:
        return tuple(parts)
    if not more:
        return (*parts, Piece(first, alone(series, from_master(series, first)), heir=True))
    master = _master(series, first, terms.zone)
    return (*parts, Piece(None, replace(master, overrides=MappingProxyType(ranged))))


def _left_over(series: Series, terms: Terms) -> Series:
    """The series as it is gathered where no master stands: with its rule where what is left has one text of its own."""
    own = ((slot, value_at(series, slot)) for slot in sorted(present(series, terms.zone)))
    overrides = {slot: Override(task) for slot, task in own if task is not None}
    rows = {slot: row for slot, row in terms.rows.items() if slot in overrides}
    bare = replace(series, master=None, rule=None, overrides=MappingProxyType(overrides))
    found = ruled(bare, replace(terms, rows=rows))
    return found if found.rule is not None and _plain(found, terms.zone)[1] else series


def first_plain(series: Series, zone: ZoneInfo) -> Slot | None:
    """The first occurrence that says what the series says: where a rolling master begins."""
    return _plain(series, zone)[0]


def _plain(series: Series, zone: ZoneInfo) -> tuple[Slot | None, bool]:
    """The first occurrence of the rule that says what the series says, and whether there is another one."""
    assert series.rule is not None
    assert series.master is not None
    taken = series.exdates | series.overrides.keys()
    if not series.rule.endless:
        left = sorted(grid(series, zone) - taken)
        return (left[0] if left else None), len(left) > 1
    for window in WINDOWS:
        left = sorted(grid(series, zone, series.master.due + window) - taken)
        if left:
            return left[0], True
    return None, False


def _rolled_back(series: Series, zone: ZoneInfo) -> Series:
    """The series from an earlier occurrence on that is open again and says what the series says."""
    assert series.master is not None
    open_again = sorted(series.rdates - series.overrides.keys())
    first = next((slot for slot in open_again if slot < series.master.due and leads_to(series, slot)), None)
    return series if first is None else begun_at(series, first, zone)


def _master(series: Series, first: Slot, zone: ZoneInfo) -> Series:
    """The master from its next open occurrence on."""
    assert series.master is not None
    assert series.rule is not None
    rule = series.rule
    if rule.count is not None:
        rule = replace(rule, count=None, until=max(grid(series, zone), default=first))
    excluded = series.exdates | series.overrides.keys()
    ahead = grid(series, zone, max(excluded, default=first)) & excluded
    return replace(
        series,
        master=replace(series.master, due=first, status=Status.INCOMPLETE, completed_at=None),
        rule=rule,
        exdates=frozenset(slot for slot in ahead if slot > first),
        rdates=frozenset(),
        overrides=MappingProxyType({}),
    )
