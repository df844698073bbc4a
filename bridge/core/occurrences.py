"""What a series shows at each slot, and which series a set of rows is.

Laws 1 and 10: the rows say which occurrences exist, on the owner's wall clock; the rule speaks for the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import SYNCED, LinkedRow, Override, Row, Rule, Series, Slot, Status, Task
from bridge.core.recurrence import CLOCKS_APART, cut_before, expand, slots, tail_from
from bridge.core.recurrence.shifted import on_their_days

CERTAIN = timedelta(days=60)
"""How far ahead LionDesk is trusted to have made every row of a rule: sooner than that, no row means no occurrence."""


def value_at(series: Series, slot: Slot) -> Task | None:
    """What the calendar shows for one occurrence: its override, the THISANDFUTURE override before it, or the master.

    None when the series has no master and no override there.
    """
    own = series.overrides.get(slot)
    if own is not None:
        return own.task
    ranged = [at for at, override in series.overrides.items() if override.this_and_future and at < slot]
    if ranged:
        at = max(ranged)
        task = series.overrides[at].task
        return replace(task, due=slot + (task.due - at), status=Status.INCOMPLETE, completed_at=None)
    return None if series.master is None else from_master(series, slot)


def ruled(series: Series, slot: Slot) -> tuple[timedelta, Task]:
    """By how much a series moves its occurrences from `slot` on, and what it says of them: THISANDFUTURE or master."""
    assert series.master is not None
    ranged = [at for at, override in series.overrides.items() if override.this_and_future and at <= slot]
    if not ranged:
        return timedelta(0), series.master
    task = series.overrides[max(ranged)].task
    return task.due - max(ranged), task


def exceptional(series: Series, slot: Slot) -> bool:
    """Whether an occurrence has values of its own, or those of a THISANDFUTURE before it: no edit of all reaches it."""
    return slot in series.overrides or any(
        override.this_and_future and at < slot for at, override in series.overrides.items()
    )


def from_master(series: Series, slot: Slot) -> Task:
    """What the master says for a slot. One that is COMPLETED says that of all that is left (idiom 9: finished)."""
    assert series.master is not None
    if series.rule is None:
        return series.master
    done = series.master.status is Status.COMPLETE
    return replace(series.master, due=slot, completed_at=series.master.completed_at if done else None)


def present(series: Series, zone: ZoneInfo, end: datetime | None = None) -> frozenset[Slot]:
    """The slots that a person sees in the calendar through `end`: not excluded, not cancelled."""
    cancelled = {slot for slot, override in series.overrides.items() if override.cancelled}
    return slots(series, zone, end) - cancelled


def with_override(series: Series, slot: Slot, task: Task) -> Series:
    """The series with this occurrence showing `task`; an override that says what the series says anyway goes."""
    if series.rule is not None and series.master is not None and task.status is Status.INCOMPLETE:
        master = replace(series.master, status=Status.INCOMPLETE, completed_at=None)  # a finished series goes on
        series = replace(series, master=master) if series.master.status is Status.COMPLETE else series
    ranged = series.overrides.get(slot)
    if ranged is not None and ranged.this_and_future:
        if says(replace(ranged.task, status=task.status), task):
            own = {**series.overrides, slot: replace(ranged, task=task)}
            return replace(series, overrides=MappingProxyType(own))
        series = _handed_on(series, slot)
    overrides = dict(series.overrides)
    overrides.pop(slot, None)
    bare = replace(series, overrides=MappingProxyType(overrides), exdates=series.exdates - {slot})
    shown = value_at(bare, slot)
    if shown is None or not says(shown, task):
        overrides[slot] = Override(task)
    return replace(bare, overrides=MappingProxyType(overrides))


def _handed_on(series: Series, slot: Slot) -> Series:
    """The series whose THISANDFUTURE at `slot` begins at the next occurrence: what follows goes on saying the same."""
    ranged = series.overrides.get(slot)
    abroad = series.zone is not None and not (series.master is not None and series.master.all_day)
    if ranged is None or not ranged.this_and_future or series.rule is None or series.master is None or abroad:
        return series
    overrides = {**series.overrides, slot: replace(ranged, this_and_future=False)}
    for following in expand(series.rule, series.master.due):
        own = series.overrides.get(following)
        if following <= slot or following in series.exdates or (own is not None and not own.this_and_future):
            continue
        task = value_at(series, following)
        if own is None and task is not None:
            overrides[following] = Override(task, this_and_future=True)
        break
    return replace(series, overrides=MappingProxyType(overrides))


def says(shown: Task, task: Task) -> bool:
    """Whether `shown` says all that `task` says. A field that only LionDesk knows counts where it is known."""
    synced = all(getattr(shown, name) == getattr(task, name) for name in SYNCED)
    return synced and all(
        getattr(task, name) in (None, getattr(shown, name)) for name in ("contact_id", "reminder_type")
    )


def without(series: Series, gone: Iterable[Slot]) -> Series:
    """The series less these occurrences: EXDATEs, and no override left for them."""
    taken = frozenset(gone)
    for slot in sorted(taken):
        series = _handed_on(series, slot)
    kept = {slot: override for slot, override in series.overrides.items() if slot not in taken}
    return replace(
        series,
        overrides=MappingProxyType(kept),
        exdates=series.exdates | (taken - series.rdates),
        rdates=series.rdates - taken,
    )


def cut_series(series: Series, first: Slot) -> Series:
    """The head of a series: what comes before `first`."""
    assert series.rule is not None
    assert series.master is not None
    overrides = {slot: override for slot, override in series.overrides.items() if slot < first}
    return replace(
        series,
        rule=_ended_before(series, first),
        overrides=MappingProxyType(overrides),
        exdates=frozenset(slot for slot in series.exdates if slot < first),
        rdates=frozenset(slot for slot in series.rdates if slot < first),
    )


def _border(series: Series, first: Slot) -> Slot:
    """What lies between `first` and the occurrence before it, on whatever clock the rule runs."""
    return first if series.zone is None else first - CLOCKS_APART


def _ended_before(series: Series, first: Slot) -> Rule:
    assert series.rule is not None
    assert series.master is not None
    rule = cut_before(series.rule, series.master.due, _border(series, first))
    return rule if series.zone is None or rule.until is None else replace(rule, until=_border(series, first))


def tail_of(series: Series, first: Slot, uid: str) -> Series:
    """The tail of a series from `first` on, as a series of its own under `uid`."""
    assert series.rule is not None
    assert series.master is not None
    overrides = {slot: override for slot, override in series.overrides.items() if slot >= first}
    shift, ruling = ruled(series, first)
    if shift and first not in overrides:
        moved = replace(ruling, due=first + shift, status=Status.INCOMPLETE, completed_at=None)
        overrides[first] = Override(moved, this_and_future=True)
    return replace(
        series,
        uid=uid,
        master=replace(ruling, due=first),
        rule=tail_from(series.rule, series.master.due, _border(series, first)),
        overrides=MappingProxyType(overrides),
        exdates=frozenset(slot for slot in series.exdates if slot >= first),
        rdates=frozenset(slot for slot in series.rdates if slot >= first),
    )


# -- from rows to a series ---------------------------------------------------------------------------------------------


def series_of(uid: str, rows: Sequence[Row], horizon: datetime) -> tuple[Series, tuple[LinkedRow, ...]]:
    """The series that these rows of one event are, and which row stands for which slot.

    `horizon` is how far LionDesk is known to have made rows. Rows that no slot takes are left out of the answer; they
    are tasks of their own.
    """
    ordered = sorted(rows, key=lambda row: (row.task.due, row.id))
    rule = next((row.rule for row in reversed(ordered) if row.rule is not None), None)
    if rule is None or (len(ordered) == 1 and _alone(rule, ordered[0], horizon)):
        first = ordered[0]
        return Series(uid, first.task), (LinkedRow(first.task.due, first),)
    pattern = _pattern(ordered)
    anchor = _anchor(ordered, pattern)
    rule = on_their_days(rule, anchor, [row.task.due for row in ordered if row.rule is not None])
    rule = _reaching(rule, anchor, [row for row in ordered if row.rule is not None])
    linked = assign(ordered, expand(rule, anchor, ordered[-1].task.due + timedelta(days=366)))
    last = max((each.slot for each in linked), default=anchor)
    rule = _fitted(rule, anchor, last, horizon)
    master = replace(pattern, due=anchor, status=Status.INCOMPLETE, completed_at=None)
    return showing(Series(uid, master, rule), linked), linked


def _alone(rule: Rule, row: Row, horizon: datetime) -> bool:
    """Whether the others of a row's rule would be there by now, and are not: an exception of a lost series."""
    following = next((slot for slot in expand(rule, row.task.due) if slot > row.task.due), None)
    return following is not None and following <= horizon


def series_through(uid: str, master: Task, rule: Rule, linked: Sequence[LinkedRow], horizon: datetime) -> Series:
    """The series from `master` on by its rule as LionDesk shows it, whose rows stand at these slots."""
    rule = on_their_days(rule, master.due, [each.row.task.due for each in linked if each.row.rule is not None])
    rule = _reaching(rule, master.due, sorted((each.row for each in linked), key=lambda row: row.task.due))
    rule = _fitted(rule, master.due, max(each.slot for each in linked), horizon)
    return showing(Series(uid, replace(master, status=Status.INCOMPLETE, completed_at=None), rule), linked)


def showing(series: Series, linked: Sequence[LinkedRow]) -> Series:
    """The series with an override for each row that differs from it and an EXDATE for each gap between its rows."""
    taken = {each.slot: each.row.task for each in linked}
    last = max(taken, default=None)
    assert series.rule is not None
    assert series.master is not None
    own = frozenset() if last is None else frozenset(expand(series.rule, series.master.due, last))
    bare = replace(series, overrides=MappingProxyType({}), exdates=own - taken.keys(), rdates=frozenset(taken) - own)
    for slot, task in taken.items():
        bare = with_override(bare, slot, task)
    return bare


def _pattern(rows: Sequence[Row]) -> Task:
    """What most rows say, the later ones where it is even: the series' own values."""
    kinds: Counter[tuple[object, ...]] = Counter()
    latest: dict[tuple[object, ...], Task] = {}
    for row in rows:
        kind = _kind(row.task)
        kinds[kind] += 1 if row.rule is not None else 0
        latest[kind] = row.task
    order = list(latest)
    best = max(order, key=lambda kind: (kinds[kind], max(row.task.due for row in rows if _kind(row.task) == kind)))
    return latest[best]


def _kind(task: Task) -> tuple[object, ...]:
    return (
        task.summary,
        task.notes,
        task.category_id,
        task.contact_id,
        task.reminder_type,
        task.all_day,
        task.due.time(),
    )


def _anchor(rows: Sequence[Row], pattern: Task) -> Slot:
    """The first slot: the first row that keeps the series' time of day, or the first row's day at that time."""
    first = rows[0].task.due
    steady = next((row.task.due for row in rows if row.task.due.time() == pattern.due.time()), first)
    weekday_apart = (steady - first).days
    return (
        first
        if first.time() == pattern.due.time()
        else (steady if weekday_apart < 1 else datetime.combine(first, pattern.due.time()))
    )


def assign(rows: Sequence[Row], candidates: Iterable[Slot]) -> tuple[LinkedRow, ...]:
    """Which row stands for which slot: equal moments first, then each moved row takes the nearest free slot.

    A row that is left without a slot is left out.
    """
    free = dict.fromkeys(candidates)
    linked: list[LinkedRow] = []
    moved: list[Row] = []
    for row in rows:
        if row.task.due in free:
            del free[row.task.due]
            linked.append(LinkedRow(row.task.due, row))
        else:
            moved.append(row)
    edge = max((each.slot for each in linked), default=None)
    for row in moved:
        near = [slot for slot in free if edge is None or slot <= max(edge, row.task.due)]
        if not near:
            continue
        slot = min(near, key=lambda each, due=row.task.due: (abs(each - due), each))  # type: ignore[misc] # mypy cannot type a default in a lambda
        del free[slot]
        linked.append(LinkedRow(slot, row))
    return tuple(sorted(linked, key=lambda each: each.slot))


def _reaching(rule: Rule, anchor: Slot, rows: Sequence[Row]) -> Rule:
    """The rule with an end that its rows keep to: one left behind when they were moved ends with the last row."""
    last = rows[-1].task.due
    if rule.endless or last in set(expand(rule, anchor, last)):
        return rule
    endless = replace(rule, count=None, until=None)
    through = list(expand(endless, anchor, last))
    if through[-1] != last:
        return rule
    return replace(rule, count=len(through)) if rule.count is not None else replace(rule, until=last)


def _fitted(rule: Rule, anchor: Slot, last: Slot, horizon: datetime) -> Rule:
    """COUNT lowered, UNTIL sooner, where they promise what LionDesk would have made and has not (a part is gone)."""
    if rule.endless:
        return rule
    through = list(expand(rule, anchor))
    if not any(last < slot <= horizon for slot in through):
        return rule
    if rule.count is None:
        return replace(rule, until=last)
    return replace(rule, count=sum(1 for slot in through if slot <= last))


def linked_by_slot(rows: Iterable[LinkedRow]) -> Mapping[Slot, Row]:
    """The rows by their slots."""
    return {each.slot: each.row for each in rows}
