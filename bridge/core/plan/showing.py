"""What the calendar must show so that it agrees with LionDesk: edits of its series, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.changes import ONE_WAY, Delta, Tail
from bridge.core.model import Link, LinkedRow, Series, Side, Slot, Status, Task
from bridge.core.occurrences import (
    cut_series,
    linked_by_slot,
    present,
    ruled,
    series_of,
    series_through,
    showing,
    tail_of,
    value_at,
    with_override,
    without,
)
from bridge.core.pairing import Pairing, uid_of
from bridge.core.plan.operations import PutResource, Why, verb_of
from bridge.core.reconcile import Agreement
from bridge.core.recurrence import expand


def shown_after(
    agreement: Agreement, expected: Mapping[Slot, Task], zone: ZoneInfo, horizon: datetime
) -> tuple[Series, tuple[Pairing, ...]]:
    """What the calendar must show afterwards, and the tails that become resources of their own.

    `expected` is what LionDesk shows by then: a series whose slots are others now is made of that anew.
    """
    series, delta, pairing = _reshaped(agreement, expected, zone)
    split: tuple[Pairing, ...] = ()
    kept, tail = _kept(pairing, agreement.to_liondesk), delta.tail
    if tail is not None and not any(each.slot >= tail.at for each in kept):
        tail, delta = None, replace(delta, tail=None)  # all that was edited there was deleted here
    if tail is not None:
        rows = tuple(_agreed(each, expected) for each in kept)
        agreed = replace(pairing, rows=rows, followed=pairing.followed or delta.drop_from is not None)
        if tail.whole or series.rule is None or _all_that_rolls(series, agreed, tail):
            series = _whole(series, agreed, tail, horizon)
        else:
            series, split = _split(series, agreed, tail, horizon)
        if split or tail.restructured:
            delta = _before_tail(delta, tail.at)
        else:
            series = _reached(series, agreement, tail)
    if delta.drop_from is not None and series.rule is not None:
        series = cut_series(series, delta.drop_from)
    series = _edited(series, agreement, delta, pairing)
    linked = linked_by_slot(pairing.rows)
    for slot, task in sorted(delta.adds.items()):
        several = series.rule is not None or series.master is None
        if (slot in linked or slot in agreement.to_liondesk.adds) and several:
            series = with_override(_with_room(series, slot, zone), slot, task)
    several = series.rule is not None or series.master is None
    return (without(series, delta.drops) if several else series), split


def _all_that_rolls(series: Series, pairing: Pairing, tail: Tail) -> bool:
    """Whether a tail is all that a rolling master still has: what was done before stands beside it."""
    return pairing.rolls and series.master is not None and tail.at <= series.master.due


def _reshaped(agreement: Agreement, expected: Mapping[Slot, Task], zone: ZoneInfo) -> tuple[Series, Delta, Pairing]:
    """The calendar's series, LionDesk's changes and the rows, at the slots that the calendar gave the series."""
    series, pairing, theirs = agreement.series, agreement.pairing, agreement.to_liondesk.tail
    assert series is not None
    if theirs is None or not theirs.restructured:
        return series, agreement.to_calendar, pairing
    if series.rule is None:
        left = expected.get(theirs.moved.get(theirs.at, theirs.at))
        if left is not None and series.master is not None and (left.due, left.status) != _state(series.master):
            series = replace(series, master=_in_state_of(replace(series.master, due=left.due), left))
        return series, agreement.to_calendar, pairing
    told = agreement.to_liondesk.edits
    history = {
        slot: _taking(row.task, {name: value for name, value in told.get(slot, {}).items() if name != "due"})
        for slot, row in linked_by_slot(pairing.rows).items()
    }
    series = _settled_history(series, theirs, history, zone)
    rows = tuple(LinkedRow(theirs.moved.get(each.slot, each.slot), each.row) for each in pairing.rows)
    return series, _at_new_slots(agreement.to_calendar, theirs.moved), replace(pairing, rows=rows)


def _edited(series: Series, agreement: Agreement, delta: Delta, pairing: Pairing) -> Series:
    """The series with LionDesk's edits of single occurrences."""
    for slot, fields in sorted(delta.edits.items()):
        if series.rule is None and series.master is not None:
            if slot == series.master.due or len(pairing.rows) == 1:
                series = replace(series, master=_taking(series.master, fields))
        elif _before_the_beginning(series, slot) and slot not in series.rdates:
            series = _reaching_back(series, slot, pairing.rows)
        elif (task := _before(agreement, series, slot)) is not None:
            series = with_override(series, slot, _taking(task, fields))
    return series


def _at_new_slots(delta: Delta, moved: Mapping[Slot, Slot]) -> Delta:
    """LionDesk's changes, which were found at the slots that the calendar's series had before it was moved."""
    tail = delta.tail
    if tail is not None and not tail.restructured:
        at = moved.get(tail.at, tail.at)
        tail = replace(tail, at=at, due=at)
    return replace(
        delta,
        edits={moved.get(slot, slot): fields for slot, fields in delta.edits.items()},
        adds={moved.get(slot, slot): task for slot, task in delta.adds.items()},
        drops=frozenset(moved.get(slot, slot) for slot in delta.drops),
        drop_from=delta.drop_from and moved.get(delta.drop_from, delta.drop_from),
        tail=tail,
    )


def _with_room(series: Series, slot: Slot, zone: ZoneInfo) -> Series:
    """The series with an RDATE for an occurrence that its rule does not have."""
    own = replace(series, exdates=frozenset())
    if series.rule is None or slot in present(own, zone, slot) or slot in series.overrides:
        return series
    return replace(series, rdates=series.rdates | {slot})


def _reached(series: Series, agreement: Agreement, tail: Tail) -> Series:
    """The overrides that an app made at the same time, with what LionDesk said to all in fields that nobody edited."""
    base = agreement.pairing.link.series
    for each in agreement.pairing.rows:
        own = agreement.to_liondesk.edits.get(each.slot, {})
        task = value_at(series, each.slot) if each.slot in series.overrides else None
        if task is None or base is None or each.slot in base.overrides or each.slot < tail.at:
            continue
        fields = {name: value for name, value in tail.fields.items() if name not in own and hasattr(task, name)}
        series = with_override(series, each.slot, _taking(task, fields))
    return series


def _kept(pairing: Pairing, delta: Delta) -> tuple[LinkedRow, ...]:
    """The rows but for those that were deleted in the calendar."""
    moved = delta.tail.moved if delta.tail is not None and delta.tail.restructured else {}
    dropped = {moved.get(slot, slot) for slot in delta.drops}
    return tuple(each for each in pairing.rows if each.slot not in dropped)


def _agreed(each: LinkedRow, expected: Mapping[Slot, Task]) -> LinkedRow:
    """A row as both sides agreed that it shall be."""
    return LinkedRow(each.slot, replace(each.row, task=expected.get(each.slot, each.row.task)))


def _before_tail(delta: Delta, at: Slot) -> Delta:
    """What is left to do before a tail that was made anew."""
    return replace(
        delta,
        edits={slot: fields for slot, fields in delta.edits.items() if slot < at},
        adds={slot: task for slot, task in delta.adds.items() if slot < at},
        drops=frozenset(slot for slot in delta.drops if slot < at),
        drop_from=delta.drop_from if delta.drop_from is not None and delta.drop_from < at else None,
    )


def _before_the_beginning(series: Series, slot: Slot) -> bool:
    return series.rule is not None and series.master is not None and slot < series.master.due


def _reaching_back(series: Series, slot: Slot, rows: Sequence[LinkedRow]) -> Series:
    """A series that an app rolled on, beginning again at an earlier occurrence that LionDesk re-opened."""
    assert series.rule is not None
    assert series.master is not None
    task = next((each.row.task for each in rows if each.slot == slot), None)
    if task is None or task.status is Status.COMPLETE:
        return series
    grid = list(expand(replace(series.rule, count=None), slot, series.master.due))
    count = None if series.rule.count is None else series.rule.count + len(grid) - 1
    back = replace(series, master=replace(series.master, due=slot), rule=replace(series.rule, count=count))
    known = {each.slot: each.row.task for each in rows}
    for each in grid[:-1]:
        back = with_override(back, each, known[each]) if each in known else without(back, {each})
    return back


def _before(agreement: Agreement, series: Series, slot: Slot) -> Task | None:
    """What an occurrence shows but for LionDesk's edit, and for an edit of "all" that did not reach it."""
    tail, base = agreement.to_liondesk.tail, agreement.pairing.link.series
    if tail is not None and slot < tail.at and base is not None and not tail.restructured:
        before = value_at(base, slot)
        return None if before is None else _taking(before, agreement.to_liondesk.edits.get(slot, {}))
    return value_at(series, slot)


def _taking(task: Task, fields: Mapping[str, object]) -> Task:
    """The calendar's values with LionDesk's in the fields that changed there; a reopened task has no completion."""
    taken = replace(task, **dict(fields))  # type: ignore[arg-type] # names and values are Task's own
    return taken if taken.status is Status.COMPLETE else replace(taken, completed_at=None)


def _settled_history(series: Series, tail: Tail, rows: Mapping[Slot, Task], zone: ZoneInfo) -> Series:
    """After an app moved a series: its completed occurrences stay completed, and its history shows what LionDesk holds.

    The slots moved under the overrides, and some apps leave their RECURRENCE-IDs behind. `rows` are LionDesk's, by the
    slots that they had before.
    """
    shown = present(series, zone, max([tail.due, *rows, *tail.moved.values()]))
    overrides = {
        slot: each
        for slot, each in series.overrides.items()
        if slot in shown or slot not in rows or each.this_and_future
    }
    series = replace(series, overrides=MappingProxyType(overrides))
    wanted = {tail.moved.get(slot, slot): task for slot, task in rows.items()}
    for slot in sorted(shown):
        task, now = wanted.get(slot), value_at(series, slot)
        if task is None and slot < tail.due:
            series = without(series, {slot})
        elif task is not None and now is not None and task.status is Status.COMPLETE is not now.status:
            kept = task if slot < tail.due else replace(now, status=task.status, completed_at=task.completed_at)
            series = with_override(series, slot, kept)
    return series


def _whole(series: Series, pairing: Pairing, tail: Tail, horizon: datetime) -> Series:
    """All of a series was edited in LionDesk: the master takes it over, under the same UID."""
    assert series.master is not None
    if not tail.restructured:
        return replace(series, master=_taking(series.master, tail.fields))
    fresh = _made_of(series, pairing, tail, horizon)
    fresh = _still_excluded(series, fresh, tail, pairing)
    if pairing.rolls:
        fresh = _with_history(series, fresh, tail.at)
    return replace(fresh, modified_at=series.modified_at, prodid=series.prodid)


def _with_history(old: Series, fresh: Series, at: Slot) -> Series:
    """A series made anew with what stood beside the old one before it."""
    passed = {slot: each for slot, each in old.overrides.items() if slot < at and slot not in old.exdates}
    overrides = MappingProxyType({**passed, **fresh.overrides})
    return replace(fresh, overrides=overrides, rdates=fresh.rdates | passed.keys())


def _made_of(series: Series, pairing: Pairing, tail: Tail, horizon: datetime) -> Series:
    """A tail as the rows from its first one on say it.

    Its rule is the calendar's as long as LionDesk has the one it had: rows may promise more than was left of a series.
    """
    assert series.master is not None
    rows = [LinkedRow(tail.moved.get(each.slot, each.slot), each.row) for each in pairing.rows if each.slot >= tail.at]
    _, ruling = ruled(series, tail.at)
    said = {name: getattr(rows[0].row.task, name) for name in ONE_WAY}  # no calendar tells these
    master = replace(_taking(ruling, {**said, **tail.fields}), due=tail.due)
    if tail.rule is None:
        return Series(pairing.link.uid, _in_state_of(master, rows[0].row.task))
    before = next((each.row.rule for each in pairing.link.rows if each.slot == tail.at), None)
    if series.rule is not None and before == tail.rule:
        rule = tail_of(series, tail.at, series.uid).rule
        assert rule is not None
        until = None if rule.until is None else rule.until + (tail.due - tail.at)
        tail = replace(tail, rule=replace(rule, until=until))
    assert tail.rule is not None
    fresh = series_through(pairing.link.uid, master, tail.rule, rows, horizon)
    return _ended(fresh, max(each.slot for each in rows)) if pairing.followed else fresh


def _state(task: Task) -> tuple[datetime, Status]:
    return task.due, task.status


def _in_state_of(master: Task, task: Task) -> Task:
    return replace(master, status=task.status, completed_at=task.completed_at)


def _ended(series: Series, last: Slot) -> Series:
    """A series that goes on in another resource: it ends with its last row."""
    assert series.rule is not None
    assert series.master is not None
    following = next((slot for slot in expand(series.rule, series.master.due) if slot > last), None)
    return series if following is None else cut_series(series, following)


def _still_excluded(old: Series, fresh: Series, tail: Tail, pairing: Pairing) -> Series:
    """What the calendar said beyond the last row of a tail that kept its rule: no row can tell of it."""
    if old.rule is None or tail.rule is None or old.rule.parts != tail.rule.parts or fresh.rule is None:
        return fresh
    last, shift = max((each.slot for each in pairing.rows), default=tail.due), tail.due - tail.at
    moved = {slot + shift for slot in old.exdates if slot >= tail.at}
    for slot in pairing.link.waits & old.overrides.keys():
        if slot >= tail.at and slot + shift > last:
            own = replace(old.overrides[slot], task=_shifted(old, old.overrides[slot].task, tail))
            fresh = replace(fresh, overrides=MappingProxyType({**fresh.overrides, slot + shift: own}))
    return without(fresh, {slot for slot in moved if slot > last})


def _shifted(old: Series, own: Task, tail: Tail) -> Task:
    """An exception as the tail's edit leaves it: moved along, told what the exception did not say otherwise."""
    reached = {
        name: value
        for name, value in tail.fields.items()
        if getattr(own, name, value) == getattr(old.master, name, None)
    }
    return replace(_taking(own, reached), due=own.due + (tail.due - tail.at))


def _split(series: Series, pairing: Pairing, tail: Tail, horizon: datetime) -> tuple[Series, tuple[Pairing, ...]]:
    """This and following were edited in LionDesk: the old master ends before it, the tail is a resource of its own."""
    rows = tuple(each for each in pairing.rows if each.slot >= tail.at)
    shift, _ = ruled(series, tail.at)
    if shift and not tail.restructured:  # a THISANDFUTURE had moved them: these moments are the slots of the tail
        tail = replace(tail, due=tail.at + shift, moved={each.slot: each.slot + shift for each in rows})
    moved = tuple(LinkedRow(tail.moved.get(each.slot, each.slot), each.row) for each in rows)
    first = min((each.row for each in rows), key=lambda row: (row.task.due, row.id))
    uid = uid_of([each.row for each in rows])
    if first.event_id in {each.row.event_id for each in pairing.link.rows} or uid == pairing.link.uid:
        uid = f"{uid}-{first.id}"  # the event's own name is another resource's
    if uid == pairing.link.uid:
        uid = f"{uid}-{tail.at:%Y%m%dT%H%M%S}"
    waits = frozenset(slot + (tail.due - tail.at) for slot in pairing.link.waits if slot >= tail.at)
    new = Pairing(Link(uid, waits=waits), moved)
    fresh = replace(_made_of(series, pairing, tail, horizon), uid=uid)
    fresh = _still_excluded(series, fresh, tail, replace(pairing, rows=rows))
    return cut_series(series, tail.at), (replace(new, series=fresh),)


def put(agreement: Agreement, shown: Series) -> tuple[PutResource, ...]:
    """The write that brings the calendar to `shown`; none where it shows that already (law 5)."""
    pairing = agreement.pairing
    same = (
        pairing.href is not None
        and shown == (pairing.held or pairing.series)
        and not _another_contact(agreement.to_calendar)
    )
    if pairing.series is None or same:
        return ()
    slot, changes = _headline(agreement, shown)
    delta = agreement.to_calendar
    verb = verb_of({name: new for name, (_, new) in changes.items()}) if changes else "edited"
    if delta.drops or delta.drop_from:
        verb = "deleted"
    side = Side.CALENDAR if delta.empty else Side.LIONDESK
    why = Why(side, "put in order" if delta.empty else verb)
    return (PutResource(shown, pairing.href, pairing.etag, why, summary_of(shown), slot, changes),)


def _another_contact(delta: Delta) -> bool:
    """Whether LionDesk gave or took a contact: what the calendar shows of it is not in a series."""
    fields = (*delta.edits.values(), *([delta.tail.fields] if delta.tail is not None else []))
    return any("contact_id" in each for each in fields)


def _headline(agreement: Agreement, shown: Series) -> tuple[Slot | None, dict[str, tuple[object, object]]]:
    """The change that a report shows for a resource: the first occurrence that changed, and its fields."""
    delta, series = agreement.to_calendar, agreement.pairing.series
    assert series is not None
    if delta.edits:
        slot, fields = min(delta.edits.items())
        before = value_at(series, slot)
        return slot, {name: (getattr(before, name, None), value) for name, value in fields.items()}
    if delta.tail is not None and series.master is not None:
        changes = {name: (getattr(series.master, name), value) for name, value in delta.tail.fields.items()}
        if delta.tail.due != delta.tail.at:
            changes["due"] = (delta.tail.at, delta.tail.due)
        if series.rule != shown.rule:
            changes["rule"] = (series.rule, shown.rule)
        return delta.tail.at, changes
    gone = sorted(delta.drops) or ([delta.drop_from] if delta.drop_from else [])
    return (gone[0] if gone else None), {}


def summary_of(series: Series) -> str:
    """The text that a report names a series by."""
    task = series.master or next((override.task for override in series.overrides.values()), None)
    return task.summary if task else ""


def shown_by(pairing: Pairing, horizon: datetime) -> Series:
    """The calendar's form of the pairing's rows, at the slots that they are linked to."""
    rows = [each.row for each in pairing.rows]
    series, _ = series_of(pairing.link.uid, rows, horizon)
    if series.rule is None:
        return series
    whole = showing(series, _within(series, pairing.rows))
    return _ended(whole, max(each.slot for each in pairing.rows)) if pairing.followed else whole


def _within(series: Series, rows: Sequence[LinkedRow]) -> tuple[LinkedRow, ...]:
    return tuple(each for each in rows if series.master is None or each.slot >= series.master.due)
