"""A resource that was deleted in the calendar, where the completed history that LionDesk has of it stays.

`on_calendar_delete = "open"`: this and the following from the first open occurrence on. What is complete and lies
beyond it is kept by deleting the open ones before it singly.
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.core.model import LinkedRow, Side, Slot, Status, Task
from bridge.core.pairing import Pairing
from bridge.core.plan.operations import DeleteRow, Why


def delete_open(pairing: Pairing) -> tuple[DeleteRow, ...]:
    """The fewest requests that take every open occurrence and no completed one."""
    why = Why(Side.CALENDAR, "deleted")
    series = pairing.link.series is not None and pairing.link.series.rule is not None
    last = max((each.slot for each in pairing.rows if not _open(each)), default=None)
    reached: set[object] = set()
    operations: list[DeleteRow] = []
    for each in sorted(pairing.rows, key=lambda each: each.slot):
        ruled, beyond = series and each.row.rule is not None, last is None or each.slot > last
        whole = ruled and beyond and not pairing.followed
        if not _open(each) or (whole and each.row.event_id in reached):
            continue
        if whole:
            reached.add(each.row.event_id)
        operations.append(DeleteRow(each.row, each.slot, (2 if whole else 1) if ruled else None, why))
    return tuple(operations)


def history(pairing: Pairing) -> Mapping[Slot, Task]:
    """What LionDesk still shows afterwards."""
    return {each.slot: each.row.task for each in pairing.rows if not _open(each)}


def _open(each: LinkedRow) -> bool:
    return each.row.task.status is Status.INCOMPLETE
