"""What the base knows, as both sides show it now: rows that vanished or took over a slot, resources that moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.core.model import Link, LinkedRow, Row, Series, Slot
from bridge.core.occurrences import present, ruled
from bridge.core.pairing.beside import beside_their_slots
from bridge.core.pairing.heirs import heirs
from bridge.core.pairing.kinship import traits
from bridge.core.pairing.values import Found, Pairing, Sides
from bridge.core.recurrence import CLOCKS_APART, expand


def rows_now(link: Link, sides: Sides) -> list[LinkedRow]:
    """The link's rows as LionDesk shows them; those that it did not show again are as they were."""
    current = []
    for each in link.rows:
        row = sides.rows.get(each.row.id)
        if row is None and not sides.rows_complete and not each.row.deleted:
            current.append(each)
        elif row is not None and not row.deleted:
            current.append(LinkedRow(each.slot, row))
    return current


def joining(
    link: Link, current: Sequence[LinkedRow], fresh: Sequence[Row], sides: Sides
) -> tuple[list[LinkedRow], list[Row], frozenset[Slot]]:
    """New rows that belong to a known series: rows that took over a slot, and those the moving horizon made.

    With them the rows that are left, and the slots of `current` where a new row stands for one that left the series.
    """
    if not link.rows or not fresh:
        return [], list(fresh), frozenset()
    taken = {each.slot for each in current}
    vacant = {each.slot: each.row for each in link.rows if each.slot not in taken}
    joined = heirs(link, current, fresh)
    # A tail that moved to another event takes the rows that are new in that one along.
    events = {each.row.event_id for each in (*link.rows, *current, *joined)} - {None}
    placed = {each.row.id for each in joined}
    taken |= {each.slot for each in joined}
    vacant = {slot: row for slot, row in vacant.items() if slot not in taken}
    rest: list[Row] = []
    for row in (each for each in fresh if each.id not in placed):
        slot = _vacant_slot(row, vacant, events)
        if slot is None and _alike(row, [*current, *joined], events):
            slot = _slot_of_rule(row, link, [*current, *joined], sides.zone)
        if slot is None:
            rest.append(row)
        else:
            vacant.pop(slot, None)
            taken.add(slot)
            joined.append(LinkedRow(slot, row))
    again = _made_again(link, current, [row for row in rest if _alike(row, [*current, *joined], events)])
    made, outside = {each.row.id for each in again}, {each.slot for each in again}
    beside = beside_their_slots(link, [*current, *joined, *again], [row for row in rest if row.id not in made])
    made |= {each.row.id for each in beside}
    rest = [row for row in rest if row.id not in made] + [each.row for each in current if each.slot in outside]
    return [*joined, *again, *beside], rest, frozenset(outside)


def _made_again(link: Link, current: Sequence[LinkedRow], rows: Sequence[Row]) -> list[LinkedRow]:
    """New rows at slots whose own row was changed singly and left its event: LionDesk has made the series anew.

    Where it shows no events, all of these rows must stand at such slots: else they are a series that looks alike.
    """
    at = {each.slot: each.row for each in current}
    own = link.series.overrides if link.series is not None else {}
    found = []
    for row in rows:
        holder = at.get(row.task.due)
        left = holder is not None and (
            holder.event_id != row.event_id if row.event_id is not None else row.task.due in own
        )
        if left:
            found.append(LinkedRow(row.task.due, row))
        elif row.event_id is None:
            return []
    return found


def _vacant_slot(row: Row, vacant: Mapping[Slot, Row], events: set[str | None]) -> Slot | None:
    """The slot whose row vanished while this one appeared in its place."""
    for slot, gone in vacant.items():
        same = row.task.due == gone.task.due and (row.rule is None) == (gone.rule is None)
        if same and (row.task.summary == gone.task.summary or (row.event_id is not None and row.event_id in events)):
            return slot
    return None


def _alike(row: Row, rows: Sequence[LinkedRow], events: set[str | None]) -> bool:
    """Whether a row may be of this series: the same event, or where LionDesk shows none, everything rows share."""
    if row.event_id is not None or events:
        return row.event_id in events
    return any(each.row.rule is not None and traits(each.row) == traits(row) for each in rows)


def _slot_of_rule(row: Row, link: Link, rows: Sequence[LinkedRow], zone: ZoneInfo) -> Slot | None:
    due, taken = row.task.due, {each.slot for each in rows}
    if due in taken or link.series is None:
        return None
    if due in present(link.series, zone, due) or due in link.series.exdates:
        return due
    if link.series.zone is not None and (slot := _slot_abroad(link.series, zone, due, taken)) is not None:
        return slot
    rule, master = row.rule, link.series.master
    if master is not None and (by := ruled(link.series, due)[0]) and (slot := due - by) not in taken:
        return slot if slot in present(link.series, zone, slot) else None
    if rule is None or (master is None and not taken):
        return None
    begins = master.due if master is not None and link.series.rule is not None else min(taken, default=due)
    anew = min((each.row.task.due for each in rows if each.row.rule == rule), default=begins)
    return due if any(due in set(expand(rule, anchor, due)) for anchor in (begins, anew) if anchor <= due) else None


def _slot_abroad(series: Series, zone: ZoneInfo, due: datetime, taken: set[Slot]) -> Slot | None:
    """The slot of a rule that runs on another clock, for a row that LionDesk made on the owner's."""
    near = [slot for slot in present(series, zone, due + CLOCKS_APART) if abs(slot - due) < CLOCKS_APART]
    return next((slot for slot in sorted(near) if slot not in taken), None)


def resource_now(pairing: Pairing, sides: Sides) -> Pairing:
    """The pairing with its resource as the calendar shows it."""
    href = pairing.link.href
    if href is None or href in sides.gone:
        return pairing
    found = sides.found.get(href)
    if found is None:
        return replace(pairing, series=pairing.link.series, href=href, etag=pairing.link.etag)
    return replace(pairing, series=found.series, href=href, etag=found.etag)


def found_elsewhere(pairing: Pairing, moved: Mapping[str, Found]) -> Pairing:
    """A resource that an app moved to another href keeps its UID (idiom 17)."""
    found = moved.get(pairing.link.uid) if pairing.series is None else None
    return pairing if found is None else replace(pairing, series=found.series, href=found.href, etag=found.etag)
