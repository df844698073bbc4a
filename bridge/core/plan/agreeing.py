"""What the calendar shows held against what LionDesk will show: however an edit was spelt, both sides end up alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bridge.core.merging import Agreement, same
from bridge.core.model import SYNCED, Link, Series, Slot, Status, Task
from bridge.core.occurrences import cut_series, linked_by_slot, present, value_at, with_override, without

AHEAD = timedelta(days=3 * 366)
"""How far beyond its last row the next occurrence of a series is looked for."""


def agreeing(shown: Series, agreement: Agreement, expected: Mapping[Slot, Task], zone: ZoneInfo) -> Series:
    """`shown` with an exception for each occurrence that would show other values than LionDesk's row (law 1).

    `expected` is what LionDesk shows afterwards, by its slots there; only so far is anything compared. What both sides
    held differently when they last agreed, because one of them cannot hold the other's value, is no difference (law 6).
    Nor is what waits for a person's answer.
    """
    link = agreement.pairing.link
    quiet = agreement.to_liondesk.empty and agreement.to_calendar.empty
    if quiet or link.series is None or any(each.winner is None for each in agreement.conflicts):
        return shown
    moved = _moved(agreement)
    known = _Known(link, {new: old for old, new in moved.items()})
    here = agreement.to_calendar.tail
    wanted = {slot if here is None else here.moved.get(slot, slot): task for slot, task in expected.items()}
    if shown.rule is None or shown.master is None:
        return _single(shown, wanted, known)
    for slot, task in sorted(wanted.items()):
        if slot < shown.master.due and task.status is Status.COMPLETE:
            continue  # an app rolled on from there (idiom 5)
        now = value_at(shown, slot) if slot in present(shown, zone, slot) else None
        fields = SYNCED if now is None else known.differences(slot, now, task)
        if fields:
            shown = with_override(_with_room(shown, slot, zone), slot, _taking(now or task, task, fields))
    last = max(wanted, default=None)
    if last is None:
        return shown
    shown = without(shown, {slot for slot in present(shown, zone, last) if slot not in wanted})
    return _ended(shown, last, zone) if agreement.to_liondesk.drop_from is not None or _over(agreement, zone) else shown


def _over(agreement: Agreement, zone: ZoneInfo) -> bool:
    """Whether the series had ended with its last row, and nobody gave it another rule since."""
    base, tail = agreement.pairing.link, agreement.to_calendar.tail
    other = agreement.to_liondesk.tail is not None and agreement.to_liondesk.tail.restructured
    if other or base.series is None or base.series.rule is None or base.series.rule.endless or not base.rows:
        return False
    same_rule = tail is None or not tail.restructured or tail.rule in {each.row.rule for each in base.rows}
    return same_rule and max(present(base.series, zone), default=None) == max(each.slot for each in base.rows)


def _moved(agreement: Agreement) -> dict[Slot, Slot]:
    """Where each slot went by the edits of both."""
    there, here = agreement.to_liondesk.tail, agreement.to_calendar.tail
    return {**(there.moved if there is not None else {}), **(here.moved if here is not None else {})}


def _single(shown: Series, wanted: Mapping[Slot, Task], known: _Known) -> Series:
    if shown.master is None or len(wanted) != 1 or shown.overrides:
        return shown
    ((slot, task),) = wanted.items()
    fields = known.differences(slot, shown.master, task)
    return replace(shown, master=_taking(shown.master, task, fields)) if fields else shown


def _taking(shown: Task, task: Task, fields: tuple[str, ...]) -> Task:
    """The calendar's values with LionDesk's in these fields; an open task has no completion."""
    values = {name: getattr(task, name) for name in fields}
    own = replace(shown, **values)
    done = own.completed_at or task.completed_at
    return replace(own, completed_at=done if own.status is Status.COMPLETE else None)


def _with_room(series: Series, slot: Slot, zone: ZoneInfo) -> Series:
    if slot in present(replace(series, exdates=frozenset()), zone, slot):
        return series
    return replace(series, rdates=series.rdates | {slot})


def _ended(series: Series, last: Slot, zone: ZoneInfo) -> Series:
    """The calendar's cut stands, whatever rule LionDesk gave what it cut."""
    later = present(replace(series, exdates=frozenset()), zone, last + AHEAD)
    following = min((slot for slot in later if slot > last), default=None)
    return series if following is None else cut_series(series, following)


@dataclass(frozen=True, slots=True)
class _Known:
    """What both sides showed when they last agreed. `before` tells where an occurrence stood then."""

    link: Link
    before: Mapping[Slot, Slot]

    def differences(self, slot: Slot, shown: Task, task: Task) -> tuple[str, ...]:
        """The fields in which the two tasks differ otherwise than they did then."""
        old = self.before.get(slot, slot)
        row = linked_by_slot(self.link.rows).get(old)
        calendar = value_at(self.link.series, old) if self.link.series is not None else None
        held = {} if row is None or calendar is None else {name: _pair(row.task, calendar, name) for name in SYNCED}
        return tuple(
            name
            for name in SYNCED
            if not same(getattr(shown, name), getattr(task, name)) and held.get(name) != _pair(task, shown, name)
        )


def _pair(task: Task, shown: Task, name: str) -> tuple[object, object]:
    return getattr(task, name), getattr(shown, name)
