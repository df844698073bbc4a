"""The journal read back, and pruned, inside a caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Text, and_, case, delete, func, or_, select, type_coerce

from bridge.ports import OperationRecord, StoredLink
from bridge.records import Entry, RunRecord
from bridge.store.images import from_image
from bridge.store.tables import agreed, inbox, operations, runs

KEPT = 20
"""So many of the newest runs stay, however old they are."""


def newest(connection: Connection, pair_id: int, count: int, before: str | None) -> tuple[RunRecord, ...]:
    """Runs that wrote something, newest first; older than the run `before` where it is named."""
    wanted = [runs.c.pair_id == pair_id, ~runs.c.dry_run]
    if before is not None:
        wanted.append(
            runs.c.id < select(runs.c.id).where(runs.c.pair_id == pair_id, runs.c.run == before).scalar_subquery()
        )
    found = select(runs).where(*wanted).order_by(runs.c.id.desc()).limit(count)
    return _records(connection, connection.execute(found).mappings())


def named(connection: Connection, pair_id: int, beginning: str) -> tuple[RunRecord, ...]:
    """The run of this name, else all whose names begin so."""
    ours = runs.c.pair_id == pair_id
    exact = _records(connection, connection.execute(select(runs).where(ours, runs.c.run == beginning)).mappings())
    if exact or not beginning:
        return exact
    alike = select(runs).where(ours, runs.c.run.startswith(beginning, autoescape=True)).order_by(runs.c.id.desc())
    return _records(connection, connection.execute(alike).mappings())


def entries(connection: Connection, pair_id: int, run: str) -> tuple[Entry, ...]:
    """The operations of a run."""
    of_run = _operations().where(runs.c.pair_id == pair_id, runs.c.run == run).order_by(operations.c.id)
    return tuple(_entry(each) for each in connection.execute(of_run).mappings())


def story(connection: Connection, pair_id: int, text: str, count: int) -> tuple[Entry, ...]:
    """The newest operations of the tasks that `text` names: by id or UID, else by a text that holds it."""
    ours = _operations().where(runs.c.pair_id == pair_id)
    exact = or_(operations.c.item == text, operations.c.uid == text, operations.c.summary == text)
    # A text that was given to a task stands in its fields, as JSON.
    part = or_(
        *(
            each.icontains(text, autoescape=True)
            for each in (operations.c.summary, type_coerce(operations.c.detail, Text))
        )
    )
    for wanted in (exact, part):
        uids = set(connection.scalars(ours.with_only_columns(operations.c.uid).where(wanted).distinct()))
        if uids:
            mine = or_(operations.c.uid.in_(uids - {""}), and_(operations.c.uid == "", wanted))
            last = ours.where(mine).order_by(operations.c.id.desc()).limit(count)
            return tuple(_entry(each) for each in reversed(connection.execute(last).mappings().all()))
    return ()


def agreed_before(connection: Connection, pair_id: int, run: str) -> dict[str, StoredLink | None]:
    """Every link that a run wrote, as it was agreed before."""
    of_run = runs.c.pair_id == pair_id, runs.c.run == run
    touched = connection.scalars(
        select(operations.c.uid).join(runs, runs.c.id == operations.c.run_id).where(*of_run).distinct()
    )
    kept = connection.execute(
        select(agreed.c.uid, agreed.c.link).join(runs, runs.c.id == agreed.c.run_id).where(*of_run)
    )
    images = {uid: from_image(link) for uid, link in kept}
    return {uid: images.get(uid) for uid in touched if uid}


def written_since(connection: Connection, pair_id: int, run: str, but: Collection[str]) -> frozenset[str]:
    """The links that later runs wrote, other than those in `but`."""
    this = select(runs.c.id).where(runs.c.pair_id == pair_id, runs.c.run == run).scalar_subquery()
    later = select(operations.c.uid).join(runs, runs.c.id == operations.c.run_id)
    wanted = runs.c.pair_id == pair_id, runs.c.id > this, runs.c.run.not_in(list(but))
    return frozenset(connection.scalars(later.where(*wanted).distinct()))


def prune(connection: Connection, pair_id: int, before: datetime) -> int:
    """Forget what ended before `before`, the newest `KEPT` apart, and what was answered by then."""
    ours = runs.c.pair_id == pair_id
    kept = select(runs.c.id).where(ours).order_by(runs.c.id.desc()).limit(KEPT)
    gone = connection.execute(delete(runs).where(ours, runs.c.started_at < before, runs.c.id.not_in(kept)))
    settled = or_(inbox.c.closed_at < before, and_(~inbox.c.waits, inbox.c.opened_at < before))
    connection.execute(delete(inbox).where(inbox.c.pair_id == pair_id, settled))
    return gone.rowcount


def _records(connection: Connection, found: Iterable[RowMapping]) -> tuple[RunRecord, ...]:
    rows = list(found)
    done = func.sum(case((operations.c.state == "done", 1), else_=0))
    counted = select(operations.c.run_id, func.count(), done).where(
        operations.c.run_id.in_([row["id"] for row in rows])
    )
    counts = {run: (total, made) for run, total, made in connection.execute(counted.group_by(operations.c.run_id))}
    return tuple(_record(row, *counts.get(row["id"], (0, 0))) for row in rows)


def _record(row: RowMapping, total: int, done: int) -> RunRecord:
    result: Mapping[str, object] | None = row["result"]
    return RunRecord(row["run"], row["started_at"], row["ended_at"], row["outcome"], result, done, total - done)


def _operations() -> Select[Any]:
    return select(operations, runs.c.run).join(runs, runs.c.id == operations.c.run_id)


def _entry(row: RowMapping) -> Entry:
    operation = OperationRecord(
        row["id"],
        row["side"],
        row["action"],
        row["item"],
        row["summary"],
        row["why"],
        row["before"],
        row["after"],
        row["detail"],
        row["state"],
        row["uid"],
    )
    return Entry(row["run"], row["intended_at"], operation)
