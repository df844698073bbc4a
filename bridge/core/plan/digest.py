"""A short name for what a plan would do: the same plan has the same one, whichever run made it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import assert_never

from bridge.core.model import Series, Slot, Task
from bridge.core.plan.operations import DeleteResource, DeleteRow, Operation, PatchRow, PostTask, PutResource


def digest(operation: Operation) -> str:
    """Of one operation: what it does to which task. Not of versions, nor of the reason."""
    return _short(_said(operation))


def digest_of(digests: Iterable[str]) -> str:
    """Of a plan, by those of its operations in any order."""
    return _short(sorted(digests))


def _short(said: object) -> str:
    return sha256(repr(said).encode()).hexdigest()[:16]


def _said(operation: Operation) -> tuple[object, ...]:
    match operation:
        case PatchRow(row=row, slot=slot, changes=changes, update_type=update_type):
            return "patch", row.id, slot, _sorted(changes), update_type
        case PostTask(task=task, rule=rule):
            return "post", _task(task), rule
        case DeleteRow(row=row, delete_type=delete_type):
            return "delete row", row.id, delete_type
        case PutResource(series=series, href=href):
            return "put", href, _series(series)
        case DeleteResource(series=series, href=href):
            return "delete", href, series.uid
        case _:
            assert_never(operation)


def _series(series: Series) -> tuple[object, ...]:
    # Sets and mappings have no order of their own that another process would share.
    overrides = [(slot, _task(each.task), each.cancelled) for slot, each in sorted(series.overrides.items())]
    return (
        series.uid,
        None if series.master is None else _task(series.master),
        series.rule,
        _slots(series.exdates),
        _slots(series.rdates),
        overrides,
    )


def _task(task: Task) -> tuple[object, ...]:
    return task.summary, task.due, task.all_day, task.status, task.notes, task.category_id


def _slots(slots: Iterable[Slot]) -> list[Slot]:
    return sorted(slots)


def _sorted(values: Mapping[str, object]) -> list[tuple[str, object]]:
    return sorted(values.items())
