"""What a person changed in the calendar: the resource now, against what was last seen of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.changes.delta import CONTENT, Delta, Tail, differences
from bridge.core.model import LinkedRow, Override, Rule, Series, Slot, Status
from bridge.core.occurrences import exceptional, from_master, present, value_at
from bridge.core.recurrence import expand, same_occurrences, slots

DROPPERS = ("org.dmfs", "org.tasks", "outlook", "caldavsynchronizer", "todoman", "vikunja", "vobject")
"""PRODID fragments of writers that drop overrides without meaning anything by it (calendar-apps.md, idiom 19)."""

BEYOND = timedelta(days=3 * 366)
"""How far beyond its rows the slots of a series are followed when it gets others."""


def restored(old: Series, new: Series, zone: ZoneInfo) -> Series:
    """`new` with what it lost without anybody meaning it put back.

    Overrides that a writer is known to drop come back whole; an override that vanished otherwise keeps its completion
    (law 8); a master that vanished below its overrides comes back (calendar-apps.md, 6.3).
    """
    if new.master is None and old.master is not None:
        kept = {**old.overrides, **new.overrides}
        new = replace(old, overrides=MappingProxyType(kept), modified_at=new.modified_at, prodid=new.prodid)
    if new.rule is None or not old.overrides:
        return new
    shown = slots(new, zone, max(old.overrides))
    drops_overrides = any(fragment in new.prodid.lower() for fragment in DROPPERS)
    for slot, override in old.overrides.items():
        if slot in new.overrides or slot not in shown or override.this_and_future or override.cancelled:
            continue
        if drops_overrides:
            new = replace(new, overrides=MappingProxyType({**new.overrides, slot: override}))
        elif override.task.status is Status.COMPLETE and new.master is not None:
            done = replace(from_master(new, slot), status=Status.COMPLETE, completed_at=override.task.completed_at)
            new = replace(new, overrides=MappingProxyType({**new.overrides, slot: Override(done)}))
    return new


def calendar_delta(old: Series, new: Series, rows: Sequence[LinkedRow], zone: ZoneInfo) -> Delta:
    """What a person changed in the calendar from `old` to `new`.

    `rows` are LionDesk's, which say where the open occurrences are. `new` has been through `restored`.
    """
    if old.master is None and new.master is not None:
        return _ruled(old, new, zone)
    if old.master is None or new.master is None:
        return _overrides_alone(old, new)
    if old.rule is None and new.rule is None:
        fields = differences(old.master, new.master)
        return Delta(edits={old.master.due: fields} if fields else {})
    if old.rule is None or new.rule is None:
        return _series_and_single(old, new, rows)
    structure = _structure(old, new, rows, zone)
    if isinstance(structure, Tail):
        return _with_overrides(Delta(tail=structure), old, new, rows, zone)
    edited = Delta(tail=_master_edited(old, new, rows), drop_from=structure)
    return _with_overrides(edited, old, new, rows, zone)


def _overrides_alone(old: Series, new: Series) -> Delta:
    edits = {}
    for slot, override in new.overrides.items():
        before = value_at(old, slot)
        if before is not None and (fields := differences(before, override.task)):
            edits[slot] = fields
    if old.master is not None:
        return Delta(edits=edits)
    adds = {slot: each.task for slot, each in new.overrides.items() if slot not in old.overrides}
    return Delta(edits=edits, drops=frozenset(old.overrides.keys() - new.overrides.keys()), adds=adds)


def _ruled(old: Series, new: Series, zone: ZoneInfo) -> Delta:
    """One of several stand-alone tasks of a series got a rule: from it on, that is the series."""
    assert new.master is not None
    due, shown = new.master.due, present(new, zone, max(old.overrides))
    at = min((slot for slot in old.overrides if slot >= due), default=max(old.overrides))
    before = {slot: each.task for slot, each in old.overrides.items() if slot < at}
    edits = {
        slot: fields
        for slot, task in before.items()
        if slot in shown and (now := value_at(new, slot)) and (fields := differences(task, now))
    }
    fields = differences(old.overrides[at].task, new.master, CONTENT)
    tail = Tail(at, fields, due, new.rule, restructured=True, whole=True, moved={at: due})
    return Delta(tail=tail, edits=edits, drops=frozenset(before.keys() - shown))


def first_open(rows: Sequence[LinkedRow]) -> LinkedRow | None:
    """The first occurrence that LionDesk still has open: where "all" begins for an edit of a series."""
    return min(
        (each for each in rows if each.row.task.status is Status.INCOMPLETE), key=lambda each: each.slot, default=None
    )


def _series_and_single(old: Series, new: Series, rows: Sequence[LinkedRow]) -> Delta:
    """A single task that got a rule, or a series that lost its own (idiom 18)."""
    assert old.master is not None
    assert new.master is not None
    fields = differences(old.master, new.master, CONTENT)
    if old.rule is None:
        status = differences(old.master, new.master, ("status",))
        return Delta(
            tail=Tail(old.master.due, fields, new.master.due, new.rule, restructured=True, whole=True),
            edits={old.master.due: status} if status else {},
        )
    opened = first_open(_beside_none(rows, old))
    at = opened.slot if opened else old.master.due
    due = at if new.master.due == old.master.due else new.master.due
    done = new.master.status is Status.COMPLETE and opened is not None
    return Delta(
        tail=Tail(at, fields, due, None, restructured=True, whole=True, moved={at: due}),
        edits={**_edited_beside(old, new, at), **({at: {"status": Status.COMPLETE}} if done else {})},
    )


def _edited_beside(old: Series, new: Series, at: Slot) -> dict[Slot, dict[str, object]]:
    """What changed at the occurrences that stand beside a series which lost its rule."""
    before = {slot: value_at(old, slot) for slot in new.overrides if slot != at}
    return {
        slot: fields
        for slot, task in before.items()
        if task is not None and (fields := differences(task, new.overrides[slot].task))
    }


def _beside_none(rows: Sequence[LinkedRow], series: Series) -> list[LinkedRow]:
    """The rows but for those that stand beside the rule: what is told of the rule is not told of them."""
    return [each for each in rows if each.slot not in series.rdates]


def _structure(old: Series, new: Series, rows: Sequence[LinkedRow], zone: ZoneInfo) -> Tail | Slot | None:
    """How the slots changed: a Tail for moved or other slots, the first slot cut off, None when they are the same."""
    assert old.master is not None
    assert new.master is not None
    assert old.rule is not None
    assert new.rule is not None
    anchor, moved_anchor = old.master.due, new.master.due
    if same_occurrences(old.rule, anchor, new.rule, moved_anchor):
        return None
    if next(expand(new.rule, moved_anchor), None) is None:  # it ends before it begins
        return anchor
    if (cut := cut_at(old, new, zone)) is not None and any(each.slot >= cut for each in rows):
        return _ended_from(cut, new, rows, zone)
    opened = first_open(_beside_none(rows, old))
    at = opened.slot if opened else anchor
    end = max([at, moved_anchor, *(each.slot for each in rows)]) + BEYOND
    after = _grid(new, zone, end)
    moved = moved_slots(old, new, _grid(old, zone, end), after)
    due = moved.get(at) or next((slot for slot in after if slot.date() >= at.date()), moved_anchor)
    return Tail(
        at,
        differences(old.master, new.master, CONTENT),
        due,
        new.rule,
        restructured=True,
        whole=at == anchor,
        moved=moved,
    )


def _ended_from(cut: Slot, new: Series, rows: Sequence[LinkedRow], zone: ZoneInfo) -> Slot | None:
    """Where nothing is left of a series that was cut: occurrences that stand beside it nobody deleted.

    None where one of those is its last row: then those that are gone are dropped one by one.
    """
    after = sorted(each.slot for each in rows if each.slot >= cut)
    shown = present(new, zone, after[-1])
    last = max((slot for slot in after if slot in shown), default=None)
    return next((slot for slot in after if last is None or slot > last), None)


def cut_at(old: Series, new: Series, zone: ZoneInfo) -> Slot | None:
    """The first slot of `old` that `new` ends before, when that is all that changed of its slots (idiom 15)."""
    if old.master is None or new.master is None or old.rule is None or new.rule is None or new.rule.endless:
        return None
    if old.master.due != new.master.due or old.rule.parts != new.rule.parts:
        return None
    before = old.master.due - timedelta(seconds=1)  # where nothing is left: UNTIL may lie before DTSTART
    if old.zone is None and new.zone is None:
        last = max(expand(new.rule, new.master.due), default=before)
        return next((slot for slot in expand(old.rule, old.master.due) if slot > last), None)
    last = max(_grid(new, zone, None), default=before)
    return next((slot for slot in _grid(old, zone, last + BEYOND) if slot > last), None)


def _grid(series: Series, zone: ZoneInfo, end: Slot | None) -> list[Slot]:
    """All that a rule makes through `end`, on whatever clock it runs, excluded or not."""
    return sorted(slots(replace(series, exdates=frozenset(), rdates=frozenset()), zone, end))


def moved_slots(old: Series, new: Series, before: Sequence[Slot], after: Sequence[Slot]) -> dict[Slot, Slot]:
    """Old slots to new ones: one by one when the series moved as a whole, by their days when its rule is another."""
    assert old.master is not None
    assert new.master is not None
    assert old.rule is not None
    assert new.rule is not None
    if old.master.due != new.master.due and _same_rhythm(old.rule, new.rule):
        return dict(zip(before, after, strict=False))
    by_day = {slot.date(): slot for slot in after}
    return {slot: by_day[slot.date()] for slot in before if slot.date() in by_day}


def _same_rhythm(old: Rule, new: Rule) -> bool:
    """Whether two rules differ only in which days they name, as when a weekly series moves from Monday to Tuesday."""
    named = ("BYDAY", "BYMONTHDAY", "BYMONTH")
    return [part for part in old.parts if part[0] not in named] == [part for part in new.parts if part[0] not in named]


def _master_edited(old: Series, new: Series, rows: Sequence[LinkedRow]) -> Tail | None:
    assert old.master is not None
    assert new.master is not None
    fields = differences(old.master, new.master, CONTENT)
    opened = _first_concerned(rows, old)
    if not fields or opened is None:
        return _this_and_future(old, new)
    return Tail(opened.slot, fields, opened.slot, new.rule, whole=opened.slot == old.master.due)


def _first_concerned(rows: Sequence[LinkedRow], series: Series) -> LinkedRow | None:
    """The first open occurrence that says what its series says; else the first open one."""
    return first_open([each for each in rows if not exceptional(series, each.slot)]) or first_open(rows)


def _this_and_future(old: Series, new: Series) -> Tail | None:
    """A RECURRENCE-ID with RANGE=THISANDFUTURE that is new or says something new (idiom 14)."""
    for slot, override in sorted(new.overrides.items()):
        if not override.this_and_future or old.overrides.get(slot) == override:
            continue
        before = value_at(old, slot)
        if before is None:
            continue
        fields = differences(before, override.task, CONTENT)
        if fields or override.task.due != before.due:
            return Tail(slot, fields, override.task.due, new.rule)
    return None


def _with_overrides(delta: Delta, old: Series, new: Series, rows: Sequence[LinkedRow], zone: ZoneInfo) -> Delta:
    """Adds what changed at single occurrences: overrides, EXDATEs, cancellations."""
    tail = delta.tail
    moved = tail.moved if tail and tail.restructured else {}
    restructured = tail is not None and tail.restructured
    back = {slot: earlier for earlier, slot in moved.items()}
    end = max([*old.overrides, *new.overrides, *new.exdates, *old.exdates, *(each.slot for each in rows)], default=None)
    before = present(old, zone, end)
    edits: dict[Slot, dict[str, object]] = {}
    for slot in {*old.overrides, *(back.get(slot, slot) for slot in new.overrides)}:
        there = moved.get(slot, slot) if moved.get(slot, slot) in new.overrides else slot
        fields = _override_edit(old, new, slot, there)
        if slot in before and fields:
            edits[slot] = fields
    for slot, ranged in _ranged_edits(old, new, rows, tail).items():
        edits[slot] = {**ranged, **edits.get(slot, {})}
    if restructured:
        excluded = {back.get(slot, slot) for slot in new.exdates} - old.exdates
        cancelled = {back.get(slot, slot) for slot, each in new.overrides.items() if each.cancelled}
        return replace(delta, edits=edits, drops=frozenset((excluded | cancelled) & before))
    after = present(new, zone, end)
    kept = before if delta.drop_from is None else {slot for slot in before if slot < delta.drop_from}
    gone = old.exdates | {slot for slot, each in old.overrides.items() if each.cancelled}
    adds = {slot: task for slot in (after - before) & gone if (task := value_at(new, slot)) is not None}
    live = {slot: fields for slot, fields in edits.items() if slot in after}
    return replace(delta, edits=live, drops=frozenset(kept - after), adds=adds)


def _ranged_edits(
    old: Series, new: Series, rows: Sequence[LinkedRow], tail: Tail | None
) -> dict[Slot, dict[str, object]]:
    """What a THISANDFUTURE says, or said, beside another edit of the series: one by one, since there is one tail."""
    before_it, after_it = _ranges(old), _ranges(new)
    ranged = [
        at
        for at in before_it.keys() | after_it.keys()
        if before_it.get(at) != after_it.get(at) and (tail is None or at != tail.at or at not in after_it)
    ]
    if not ranged or (tail is not None and tail.restructured):
        return {}
    edits = {}
    for slot in (
        each.slot for each in rows if each.slot >= min(ranged) and each.slot not in new.overrides.keys() - ranged
    ):
        before, after = value_at(old, slot), value_at(new, slot)
        if before is not None and after is not None and (fields := differences(before, after, (*CONTENT, "due"))):
            edits[slot] = fields
    return edits


def _ranges(series: Series) -> dict[Slot, Override]:
    return {at: each for at, each in series.overrides.items() if each.this_and_future}


def _override_edit(old: Series, new: Series, slot: Slot, there: Slot) -> dict[str, object]:
    """What changed at one occurrence beyond what the whole series changed."""
    override, earlier = new.overrides.get(there), old.overrides.get(slot)
    before = value_at(old, slot)
    if before is None or (override is not None and override.cancelled):
        return {}
    if override is not None and override.this_and_future:  # the rest of it is the tail's
        return differences(before, override.task, ("status",))
    if override is None:
        if earlier is None or earlier.this_and_future or new.master is None:
            return {}
        fields = differences(before, from_master(new, there))
        return {name: value for name, value in fields.items() if name != "status"} if there == slot else {}
    fields = differences(before, override.task)
    if earlier is None and new.master is not None:
        series = value_at(replace(new, overrides={s: o for s, o in new.overrides.items() if s != there}), there)
        fields = {name: value for name, value in fields.items() if series is None or value != getattr(series, name)}
    if earlier is None and there != slot and override.task.due - there == before.due - slot:
        fields.pop("due", None)
    return fields
