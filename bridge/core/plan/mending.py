"""What LionDesk must still be told after a series was changed as a whole and read back (law 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bridge.core.model import SYNCED, Row, Side, Slot, Task
from bridge.core.plan.operations import DeleteRow, PatchRow, PostTask, Why

MENDED = Why(Side.CALENDAR, "mended")
"""The reason of what only a change of the whole series made necessary."""


def mend(
    rows: Mapping[Slot, Row],
    extra: Sequence[Row],
    expected: Mapping[Slot, Task],
    horizon: datetime,
    why: Why = MENDED,
) -> tuple[PatchRow | PostTask | DeleteRow, ...]:
    """What LionDesk must still be told after a series was changed and read back (law 4).

    `rows` are those found at the expected slots, `extra` those of the same series that no slot takes. Occurrences
    beyond `horizon` are not expected to have a row yet.
    """
    operations: list[PatchRow | PostTask | DeleteRow] = []
    for slot, task in sorted(expected.items()):
        row = rows.get(slot)
        if row is None:
            if slot <= horizon:
                operations.append(PostTask(task, slot, None, why))
            continue
        changes = {name: getattr(task, name) for name in SYNCED if getattr(task, name) != getattr(row.task, name)}
        if changes:
            update_type = 3 if changes.keys() == {"status"} else 1
            operations.append(PatchRow(row, slot, changes, update_type, why))
    operations += [DeleteRow(row, row.task.due, 1, why) for row in extra]
    return tuple(operations)
