"""The journal: runs and their operations, inside a caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from bridge.errors import StateError
from bridge.ports import OperationRecord, StoredLink
from bridge.store.images import as_image
from bridge.store.tables import agreed, moment_text, operations, runs
from bridge.store.turns import guard


def begin(connection: Connection, pair_id: int, run: str, started_at: datetime, dry_run: bool) -> None:
    """A run starts."""
    connection.execute(insert(runs).values(pair_id=pair_id, run=run, started_at=started_at, dry_run=dry_run))


def intend(
    connection: Connection, pair_id: int, run: str, intended: Sequence[OperationRecord], at: datetime
) -> tuple[int, ...]:
    """Write the operations of a run that has begun; their ids in the same order."""
    if not intended:
        return ()
    guard(connection, pair_id, run)
    run_id = _run_id(connection, pair_id, run)
    values = [
        {
            "run_id": run_id,
            "side": operation.side,
            "action": operation.action,
            "item": operation.item,
            "summary": operation.summary,
            "why": operation.why,
            "before": operation.before,
            "after": operation.after,
            "detail": operation.detail,
            "state": operation.state,
            "intended_at": at,
            "uid": operation.uid,
        }
        for operation in intended
    ]
    for operation in intended:
        if operation.agreed is not None:
            _keep_agreed(connection, run_id, operation.uid, operation.agreed)
    statement = insert(operations).returning(operations.c.id, sort_by_parameter_order=True)
    return tuple(connection.scalars(statement, values))


def _keep_agreed(connection: Connection, run_id: int, uid: str, link: StoredLink) -> None:
    known = select(agreed.c.uid).where(agreed.c.run_id == run_id, agreed.c.uid == uid)
    if connection.scalar(known) is None:
        connection.execute(insert(agreed).values(run_id=run_id, uid=uid, link=as_image(link)))


def receipt(connection: Connection, operation_id: int, state: str, detail: Mapping[str, object], at: datetime) -> None:
    """Write what came of an operation; `detail` is merged into what its intent holds."""
    known = connection.execute(select(operations.c.detail).where(operations.c.id == operation_id)).one_or_none()
    if known is None:
        raise StateError(f"The journal has no operation {operation_id}, so its receipt was not kept. Run again.")
    connection.execute(
        update(operations)
        .where(operations.c.id == operation_id)
        .values(state=state, detail={**known.detail, **detail}, receipted_at=at)
    )


def end(
    connection: Connection, pair_id: int, run: str, ended_at: datetime, outcome: str, result: Mapping[str, object]
) -> None:
    """A run ends."""
    run_id = _run_id(connection, pair_id, run)
    connection.execute(
        update(runs).where(runs.c.id == run_id).values(ended_at=ended_at, outcome=outcome, result=result)
    )


def last(connection: Connection, pair_id: int, count: int) -> tuple[Mapping[str, object], ...]:
    """The newest runs, newest first, JSON-ready. One that never ended has None for its end, outcome and result."""
    newest = select(runs).where(runs.c.pair_id == pair_id).order_by(runs.c.id.desc()).limit(count)
    return tuple(
        {
            "run": run["run"],
            "started_at": moment_text(run["started_at"]),
            "ended_at": None if run["ended_at"] is None else moment_text(run["ended_at"]),
            "dry_run": run["dry_run"],
            "outcome": run["outcome"],
            "result": run["result"],
        }
        for run in connection.execute(newest).mappings()
    )


def _run_id(connection: Connection, pair_id: int, run: str) -> int:
    found: int | None = connection.scalar(select(runs.c.id).where(runs.c.pair_id == pair_id, runs.c.run == run))
    if found is None:
        raise StateError(f"The journal has no run {run}: a run begins before it writes. Nothing of this step was kept.")
    return found
