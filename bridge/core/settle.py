"""What both sides agree on now, from what they answered. Only this moves the base."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.core.model import Link, LinkedRow, Row, Series, Slot, Status, Task
from bridge.core.pairing import Pairing

_SAME_DAY = timedelta(hours=16)
"""How far apart two clocks may show one moment, and a little more."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A series as LionDesk shows it after a change: rows by slot, and rows of it that no slot takes."""

    rows: Mapping[Slot, Row]
    extra: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Reread:
    """A series that was changed as a whole, before and after. `expected` has its slots as they are afterwards.

    `before` are the rows as they were linked, `written` what LionDesk answered to the change, `after` what it shows.
    `moved` tells where a slot went. `shown` are the slots that the calendar shows as far as these rows go, `excluded`
    those with an EXDATE. `others` are the ids of rows that belong to other links, though perhaps to the same event.
    """

    before: Sequence[LinkedRow]
    written: Sequence[Row]
    after: Sequence[Row]
    expected: Mapping[Slot, Task]
    moved: Mapping[Slot, Slot]
    shown: frozenset[Slot]
    excluded: frozenset[Slot]
    others: frozenset[str]


def read_back(reread: Reread) -> ReadBack:
    """Finds the slot of each row that was read again: by its id, by what it says, then by its moment.

    A row that only happens to be due at the same moment is none of ours: by its moment alone, a row takes a slot only
    if it is of an event, or where LionDesk shows none of a rule, that certainly is this series'.
    """
    slot_of = {each.row.id: reread.moved.get(each.slot, each.slot) for each in reread.before}
    live = [row for row in reread.after if not row.deleted and row.id not in reread.others]
    live.sort(key=lambda row: (row.task.due, row.id))
    rows: dict[Slot, Row] = {}
    rest = _placed(rows, live, lambda row: (slot_of[row.id],) if row.id in slot_of else (), reread)
    by_text: dict[tuple[str, datetime], list[Slot]] = {}
    by_due: dict[datetime, list[Slot]] = {}
    for slot, task in sorted(reread.expected.items()):
        by_text.setdefault((task.summary, task.due), []).append(slot)
        by_due.setdefault(task.due, []).append(slot)
    rest = _placed(rows, rest, lambda row: by_text.get((row.task.summary, row.task.due), ()), reread)
    own = _kin([*rows.values(), *reread.written, *(each.row for each in reread.before)])
    rest = _placed(rows, rest, lambda row: (*by_due.get(row.task.due, ()), row.task.due) if own(row) else (), reread)
    for row in [row for row in rest if own(row) and row.task.due in reread.shown and row.task.due not in rows]:
        rows[row.task.due] = row  # the horizon moved on in the meantime
        rest.remove(row)
    rest = [row for row in rest if row.id in slot_of or own(row)]
    nearest = _nearest(rest, [slot for slot in reread.expected if slot not in rows])
    rest = [row for row in rest if row not in nearest.values()]
    texts = {row.task.summary for row in rows.values()}
    extra = tuple(
        row for row in rest if row.id in slot_of or _left_over(row, reread) or _doubled(row, rows, reread, texts)
    )
    return ReadBack({**rows, **nearest}, extra)


def _nearest(extra: Sequence[Row], missing: Sequence[Slot]) -> dict[Slot, Row]:
    """Rows that no slot took, at the slots of their day that no row took: moved there, none has to be made anew."""
    found: dict[Slot, Row] = {}
    for row in extra:
        near = [(abs(slot - row.task.due), slot) for slot in missing if slot not in found]
        if near and min(near)[0] < _SAME_DAY:
            found[min(near)[1]] = row
    return found


def _placed(
    rows: dict[Slot, Row], candidates: Sequence[Row], slots: Callable[[Row], Sequence[Slot]], reread: Reread
) -> list[Row]:
    """Gives each candidate the first of its slots that is expected and free; those without one come back."""
    rest = []
    for row in candidates:
        slot = next((each for each in slots(row) if each in reread.expected and each not in rows), None)
        if slot is None:
            rest.append(row)
        else:
            rows[slot] = row
    return rest


def _kin(rows: Sequence[Row]) -> Callable[[Row], bool]:
    """Tells rows of the same event; where LionDesk shows no events, of the same rule and contact."""
    events = {row.event_id for row in rows if row.event_id is not None}
    rules = {(row.rule, row.task.contact_id) for row in rows if row.rule is not None}
    if events:
        return lambda row: row.event_id in events
    return lambda row: row.rule is not None and (row.rule, row.task.contact_id) in rules


def _doubled(row: Row, rows: Mapping[Slot, Row], reread: Reread, texts: Collection[str]) -> bool:
    """Whether a new row says what its series says, at a slot whose own row was changed singly and had left it."""
    slot = row.task.due
    return slot in rows and rows[slot].id in {each.row.id for each in reread.before} and row.task.summary in texts


def _left_over(row: Row, reread: Reread) -> bool:
    """Whether LionDesk made a row that nobody wants: without events only where the calendar excludes that moment."""
    return row.event_id is not None or row.task.due in reread.excluded


def settled(
    pairing: Pairing, rows: Mapping[Slot, Row], series: Series | None, href: str | None, etag: str | None
) -> Link:
    """The link as both sides now agree: LionDesk's rows at their slots, and the calendar's resource as it is held.

    A single task's slot is where the calendar shows it: it moves with the task.
    """
    single = series is not None and series.rule is None and series.master is not None and len(rows) == 1
    slots = [series.master.due] if single and series and series.master else sorted(rows)
    return replace(
        pairing.link,
        rows=tuple(LinkedRow(slot, rows[known]) for slot, known in zip(slots, sorted(rows), strict=True)),
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
