"""Rows of a series that stand beside its slots: moved before they were ever seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice, pairwise

from bridge.core.model import Link, LinkedRow, Row
from bridge.core.pairing.kinship import by_due
from bridge.core.recurrence import expand

_FOLLOWED = 800
"""So many occurrences of a rule are looked at for the one that a row was moved from."""


def beside_their_slots(link: Link, rows: Sequence[LinkedRow], rest: Sequence[Row]) -> list[LinkedRow]:
    """Those of `rest` that are of the event and rule of `rows`, each at the nearest slot that no row has."""
    found: list[LinkedRow] = []
    for row in sorted(rest, key=by_due):
        kin = [each for each in rows if row.event_id is not None and each.row.event_id == row.event_id]
        if row.rule is None or all(each.row.rule != row.rule for each in kin):
            continue
        series = link.series
        begins = min(each.slot for each in rows)
        if series is not None and series.master is not None and series.rule is not None:
            begins = series.master.due
        grid = list(islice(expand(row.rule, begins), _FOLLOWED))
        step = min((later - slot for slot, later in pairwise(grid)), default=timedelta(0))
        taken = {each.slot for each in (*rows, *found)}
        near = [slot for slot in grid if slot not in taken and abs(slot - row.task.due) < step]
        if near:
            found.append(LinkedRow(min(near, key=lambda slot: abs(slot - row.task.due)), row))
    return found
