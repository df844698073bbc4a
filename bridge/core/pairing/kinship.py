"""What tells rows of one series from others."""

from __future__ import annotations

from datetime import datetime

from bridge.core.model import Row


def by_due(row: Row) -> tuple[datetime, str]:
    """The order in which rows are shown."""
    return row.task.due, row.id


def traits(row: Row) -> tuple[object, ...]:
    """What the rows of one series share, where LionDesk shows no event."""
    task = row.task
    rule = row.rule.parts if row.rule else None
    return (rule, task.summary, task.notes, task.contact_id, task.category_id, task.all_day, task.due.time())
