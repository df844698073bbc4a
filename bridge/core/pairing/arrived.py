"""Rows that an earlier run made and got no answer for: found by what was sent, so that nothing is made twice."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core.model import Link, LinkedRow, Row
from bridge.core.pairing.adoption import rows_for
from bridge.core.pairing.values import Posted, Sides

_COMPARED = 1900
"""So much of a text is compared: LionDesk cuts longer ones."""


def arrived_rows(link: Link, fresh: Sequence[Row], sides: Sides) -> tuple[list[LinkedRow], list[Row]]:
    """New rows that are what was sent for this link, at their slots; and the new rows that are left."""
    arrived: list[LinkedRow] = []
    left = list(fresh)
    for posted in sides.posted.get(link.uid, ()):
        mine = _mine(posted, left)
        if posted.rule is None:
            arrived += [LinkedRow(posted.slot, row) for row in mine[:1]]
        else:
            found = sides.found.get(link.href or "")
            series = found.series if found is not None else link.series
            if series is not None and series.rule is None:  # it was spelled as stand-alone tasks by then
                arrived += [LinkedRow(row.task.due, row) for row in mine]
            else:
                arrived += rows_for(series, mine, sides.zone) if series is not None else ()
        placed = {each.row.id for each in arrived}
        left = [row for row in left if row.id not in placed]
    return arrived, left


def _mine(posted: Posted, rows: Sequence[Row]) -> list[Row]:
    """Rows that say what was sent: that one task, or all of one event by the rule."""
    text = posted.task.summary.strip()[:_COMPARED]
    alike = [
        row for row in rows if row.task.summary.strip()[:_COMPARED] == text and row.task.all_day == posted.task.all_day
    ]
    if posted.rule is None:
        return [row for row in alike if row.rule is None and row.task.due == posted.task.due]
    ours = [row for row in alike if row.rule is not None and row.rule.parts == posted.rule.parts]
    first = min((row for row in ours if row.task.due >= posted.task.due), key=lambda row: row.task.due, default=None)
    return [] if first is None else [row for row in ours if row.event_id == first.event_id]
