"""What both sides agree on now, from what they answered. Only this moves the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.core.model import Link, LinkedRow, Row, Series, Slot, Status, Task
from bridge.core.pairing import Pairing


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A series as LionDesk shows it after a change: rows by slot, and rows of it that no slot takes."""

    rows: Mapping[Slot, Row]
    extra: tuple[Row, ...]


def read_back(
    before: Sequence[LinkedRow],
    after: Sequence[Row],
    expected: Mapping[Slot, Task],
    moved: Mapping[Slot, Slot],
    shown: frozenset[Slot],
    others: frozenset[str],
    excluded: frozenset[Slot] = frozenset(),
) -> ReadBack:
    """Finds the slot of each row that was read again: by its id, then by its due moment, then by the slots shown.

    `before` are the rows as they were linked, `shown` the slots that the calendar shows as far as these rows go,
    `others` the ids of rows that belong to other links, though perhaps to the same event. A row that only looks alike
    and takes no slot is none of ours, unless it stands where the calendar has an EXDATE (`excluded`).
    """
    slot_of = {each.row.id: moved.get(each.slot, each.slot) for each in before}
    rows: dict[Slot, Row] = {}
    rest: list[Row] = []
    live = [row for row in after if not row.deleted and row.id not in others]
    for row in sorted(live, key=lambda each: (each.task.due, each.id)):
        slot = slot_of.get(row.id)
        if slot is not None and slot in expected and slot not in rows:
            rows[slot] = row
        else:
            rest.append(row)
    by_due: dict[datetime, list[Slot]] = {}
    for slot, task in sorted(expected.items()):
        by_due.setdefault(task.due, []).append(slot)
    left: list[Row] = []
    for row in rest:
        due = row.task.due
        slot = next((each for each in (*by_due.get(due, ()), due) if each in expected and each not in rows), None)
        if slot is None and due in shown and due not in rows:
            slot = due
        if slot is None:
            left.append(row)
        else:
            rows[slot] = row
    events = {row.event_id for row in rows.values() if row.event_id is not None}
    kinds = {(row.rule, row.task.summary, row.task.contact_id) for row in rows.values() if row.rule is not None}
    extra = tuple(
        row
        for row in left
        if row.id in slot_of
        or row.event_id in events
        or (not events and row.task.due in excluded and (row.rule, row.task.summary, row.task.contact_id) in kinds)
    )
    return ReadBack(rows, extra)


def settled(
    pairing: Pairing, rows: Mapping[Slot, Row], series: Series | None, href: str | None, etag: str | None
) -> Link:
    """The link as both sides now agree: LionDesk's rows at their slots, and the calendar's resource as it is held."""
    return replace(
        pairing.link,
        rows=tuple(LinkedRow(slot, row) for slot, row in sorted(rows.items())),
        series=series,
        href=href,
        etag=etag,
    )


def retires_at(link: Link, keep: timedelta | None) -> datetime | None:
    """From when on the link's tasks may leave the calendar (law 9): all complete, and long enough. Aware UTC.

    None while something is open, an endless rule goes on, or completed tasks stay for ever (`keep` is None).
    """
    rows = [each.row for each in link.rows]
    if keep is None or not rows or any(row.task.status is Status.INCOMPLETE for row in rows):
        return None
    if any(row.rule is not None and row.rule.endless for row in rows):
        return None
    moments = [row.modified_at for row in rows]
    if any(moment is None for moment in moments):
        return None
    return max(moment for moment in moments if moment is not None) + keep
