"""The same occurrences, told from another first one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.core.model import Series, Slot
from bridge.core.occurrences import without
from bridge.core.recurrence import expand, slots, tail_from


def grid(series: Series, zone: ZoneInfo, end: datetime | None = None) -> frozenset[Slot]:
    """The slots that a series has by its rule alone, whatever is excluded, through `end`."""
    return slots(replace(series, exdates=frozenset(), rdates=frozenset()), zone, end)


def begun_at(series: Series, at: Slot, zone: ZoneInfo) -> Series:
    """The series with its DTSTART at `at`: later, on its rule, or earlier, where its rule leads to where it began.

    What lay before a later beginning stays as RDATEs; what a longer rule adds on its way is excluded.
    """
    assert series.master is not None
    assert series.rule is not None
    due = series.master.due
    if at > due:
        passed = {slot for slot in grid(series, zone, at) if slot < at}
        return replace(
            series,
            master=replace(series.master, due=at),
            rule=tail_from(series.rule, due, at),
            exdates=frozenset(slot for slot in series.exdates if slot >= at),
            rdates=series.rdates | (passed - series.exdates),
        )
    if at == due:
        return series
    steps = [slot for slot in expand(replace(series.rule, count=None, until=None), at, due) if slot < due]
    count = None if series.rule.count is None else series.rule.count + len(steps)
    back = replace(series, master=replace(series.master, due=at), rule=replace(series.rule, count=count))
    shown = frozenset(steps) & series.rdates
    back = replace(back, rdates=series.rdates - shown)
    return without(back, frozenset(steps) - shown)


def leads_to(series: Series, at: Slot) -> bool:
    """Whether the rule, begun at the earlier `at`, comes to where the series begins."""
    assert series.master is not None
    assert series.rule is not None
    due = series.master.due
    return due in set(expand(replace(series.rule, count=None, until=None), at, due))


def extended_back(series: Series, zone: ZoneInfo) -> Series:
    """The series begun at the first of its RDATEs from which its rule leads to where it began."""
    if series.rule is None or series.master is None:
        return series
    earlier = sorted(slot for slot in series.rdates if slot < series.master.due)
    first = next((slot for slot in earlier if leads_to(series, slot)), None)
    return series if first is None else begun_at(series, first, zone)
