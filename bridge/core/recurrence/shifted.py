"""Rules that name other days than those on which their occurrences stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from bridge.core.model import Rule, Slot
from bridge.core.recurrence.expansion import expand

_WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def on_their_days(rule: Rule, anchor: Slot, dues: Collection[Slot]) -> Rule:
    """The rule under which a series stands where it does, should its own rule still name the days before it was moved.

    LionDesk may keep a rule as it was sent while its rows are moved by some days (API question 10): the rows say which
    occurrences exist (law 1). `dues` are those of rows that follow the rule. Where no rule fits most of them, it stays.
    """
    if len(dues) < 2 or 2 * _fits(rule, anchor, dues) > len(dues):
        return rule
    best = max((rule, *_moved(rule)), key=lambda each: _fits(each, anchor, dues))
    return best if 2 * _fits(best, anchor, dues) > len(dues) else rule


def _fits(rule: Rule, anchor: Slot, dues: Collection[Slot]) -> int:
    """How many of these moments the rule has. The first one it has anyway."""
    grid = set(expand(replace(rule, count=None, until=None), anchor, max(dues))) - {anchor}
    return sum(1 for due in dues if due in grid) + (anchor in dues and len(grid & set(dues)) > 0)


def _moved(rule: Rule) -> Iterator[Rule]:
    """Rules of the same rhythm on other days: those of DTSTART, or each weekday as many days later."""
    parts = dict(rule.parts)
    days = parts.get("BYDAY", "").split(",")
    if parts["FREQ"] in ("MONTHLY", "YEARLY") and "BYMONTHDAY" in parts and "BYDAY" not in parts:
        yield replace(rule, parts=tuple(part for part in rule.parts if part[0] not in ("BYMONTHDAY", "BYMONTH")))
    if not all(day in _WEEK for day in days):
        return
    for shift in range(1, 7):
        later = {_WEEK[(_WEEK.index(day) + shift) % 7] for day in days}
        named = ",".join(day for day in _WEEK if day in later)
        yield replace(rule, parts=tuple((name, named if name == "BYDAY" else value) for name, value in rule.parts))
