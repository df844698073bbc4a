"""What a person changed in LionDesk: the rows now, against what was last seen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bridge.core.changes.delta import CONTENT, ONE_WAY, Delta, Tail, differences
from bridge.core.model import SYNCED, LinkedRow, Row, Rule, Series, Slot, Task
from bridge.core.occurrences import exceptional, linked_by_slot, ruled
from bridge.core.recurrence import expand


def liondesk_delta(old: Sequence[LinkedRow], new: Sequence[LinkedRow], series: Series | None) -> Delta:
    """What changed in LionDesk from `old` to `new`; `series` is the calendar's last agreed form of them."""
    before, after = linked_by_slot(old), linked_by_slot(new)
    if not after:
        return Delta(gone=bool(before))
    edits = {slot: fields for slot, row in after.items() if slot in before and (fields := _row_edit(before[slot], row))}
    missing = sorted(slot for slot in before if slot not in after)
    adds = {slot: row.task for slot, row in after.items() if slot not in before}
    if series is None or series.rule is None:
        was_series = any(each.row.rule is not None for each in old) or (series is not None and series.master is None)
        return _single_or_grown(edits, missing, adds, () if was_series else new, series)
    tail = _tail_edit(before, after, series)
    if tail is not None:
        edits = _beyond_tail(edits, tail, before, frozenset() if tail.restructured else frozenset(series.overrides))
    drop_from = _cut_tail(missing, [slot for slot in after if not _left(slot, before, after, series)])
    if drop_from is not None:
        adds |= {slot: row.task for slot, row in after.items() if slot > drop_from}
    drops = frozenset(slot for slot in missing if drop_from is None or slot < drop_from)
    return Delta(edits=edits, drops=drops, adds=adds, tail=tail, drop_from=drop_from)


def _row_edit(old: Row, new: Row) -> dict[str, object]:
    return differences(old.task, new.task, (*SYNCED, *ONE_WAY))


def _single_or_grown(
    edits: Mapping[Slot, dict[str, object]],
    missing: Sequence[Slot],
    adds: Mapping[Slot, Task],
    new: Sequence[LinkedRow],
    series: Series | None,
) -> Delta:
    """A single task; one that got a rule became a series (same UID, RRULE added).

    `new` is empty where the row was one of a series before: an occurrence that an app detached (idiom 16).
    """
    rule = next((each.row.rule for each in new if each.row.rule is not None), None)
    if series is not None and rule is not None:
        first = min(new, key=lambda each: each.slot)
        due = first.row.task.due
        return Delta(tail=Tail(first.slot, {}, due, rule, restructured=True, whole=True, moved={first.slot: due}))
    return Delta(edits=edits, drops=frozenset(missing), adds=adds)


def _tail_edit(before: Mapping[Slot, Row], after: Mapping[Slot, Row], series: Series) -> Tail | None:
    """An edit of this and the following: the rows from one on got another rule, or through the last changed alike."""
    common = sorted(slot for slot in after if slot in before)
    if (at := _ruled_anew(before, after, common)) is not None:
        return _other_tail(at, before, after, series)
    last = next((slot for slot in reversed(common) if slot not in series.overrides), None)
    if last is None:
        return None
    sign = _signature(before[last], after[last])
    if not any(sign[:2]) and sign[2] == before[last].rule:
        return None
    at = last
    alike = 0
    for slot in reversed(common):
        told = any(sign[:2]) or before[slot].rule == before[last].rule  # a row without a rule lost none
        if told and _signature(before[slot], after[slot]) == sign:
            at, alike = slot, alike + 1
        elif slot not in series.overrides:
            break
    single = len(after) == 1 and after[last].rule is None
    if alike < 2 and not single and len(common) > 1:
        return None
    shift = after[last].task.due - before[last].task.due
    return Tail(
        at,
        {name: getattr(after[last].task, name) for name, _ in sign[0]},
        at + shift if at in series.overrides else after[at].task.due,
        after[last].rule,
        restructured=bool(shift) or single,
        whole=at == min(common) and at == min(before),
        moved={slot: slot + shift + ruled(series, at)[0] for slot in common if slot >= at} if shift else {},
    )


def _ruled_anew(before: Mapping[Slot, Row], after: Mapping[Slot, Row], common: Sequence[Slot]) -> Slot | None:
    """The first of the rows that have another rule now, the same one through the last that has any."""
    ruled = [slot for slot in common if after[slot].rule is not None]
    changed = [slot for slot in ruled if before[slot].rule not in (None, after[slot].rule)]
    if not changed:
        return None
    same = [slot for slot in ruled if slot >= changed[0] and after[slot].rule == after[changed[-1]].rule]
    return changed[0] if same == [slot for slot in ruled if slot >= changed[0]] else None


def _other_tail(at: Slot, before: Mapping[Slot, Row], after: Mapping[Slot, Row], series: Series) -> Tail:
    """The tail from `at` on under its new rule: each row at the new slot of its own moment, else of its day."""
    row = after[at]
    assert row.rule is not None
    common = sorted(slot for slot in after if slot in before)
    kept = {slot: after[slot].task.due for slot in common if slot >= at}
    grid = list(expand(row.rule, row.task.due, max(kept.values()) + timedelta(days=1)))
    by_day = {slot.date(): slot for slot in grid}
    moved = {slot: due if due in grid else by_day.get(slot.date(), slot) for slot, due in kept.items()}
    fields = differences(before[at].task, row.task, (*CONTENT, *ONE_WAY))
    if exceptional(series, at):
        fields = {name: value for name, value in fields.items() if name not in CONTENT}
    whole = at == min(common) and at == min(before)
    return Tail(at, fields, row.task.due, row.rule, restructured=True, whole=whole, moved=moved)


def _signature(old: Row, new: Row) -> tuple[tuple[tuple[str, object], ...], object, Rule | None]:
    """What of a row changed as a series' would: content, the distance it moved, and its rule."""
    fields = differences(old.task, new.task, (*CONTENT, *ONE_WAY))
    return tuple(fields.items()), (new.task.due - old.task.due).total_seconds(), new.rule


def _beyond_tail(
    edits: Mapping[Slot, Mapping[str, object]], tail: Tail, before: Mapping[Slot, Row], overrides: frozenset[Slot]
) -> dict[Slot, dict[str, object]]:
    """The edits that the tail's edit does not explain, or that the calendar keeps in an override."""
    rest: dict[Slot, dict[str, object]] = {}
    for slot, fields in edits.items():
        shifts = {tail.due - before[tail.at].task.due, tail.due - tail.at}  # where it begins with an exception: two
        own = {
            name: value
            for name, value in fields.items()
            if slot < tail.at
            or slot in overrides
            or (
                not (tail.fields.get(name) == value and name in tail.fields)
                and not (name == "due" and value in {before[slot].task.due + shift for shift in shifts})
            )
        }
        if own:
            rest[slot] = own
    return rest


def _left(slot: Slot, before: Mapping[Slot, Row], after: Mapping[Slot, Row], series: Series) -> bool:
    """Whether a row was changed singly and left its event: no deletion of this and the following reaches it."""
    row = after[slot]
    if slot not in before or before[slot].id != row.id:
        return False
    if row.event_id is None:
        return slot in series.overrides
    home = next((each.event_id for each in before.values() if each.rule is not None), row.event_id)
    return row.event_id != home and [each.event_id for each in after.values()].count(row.event_id) == 1


def _cut_tail(missing: Sequence[Slot], after: Sequence[Slot]) -> Slot | None:
    """Where a tail was deleted: two or more occurrences gone, and nothing of the series left after the first."""
    last = max(after, default=missing[0] if missing else datetime.min)
    cut = [slot for slot in missing if slot > last]
    return cut[0] if len(cut) >= 2 else None
