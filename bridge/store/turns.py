"""Whose turn it is to write for a pair, inside a caller's transaction."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from bridge.errors import StateError
from bridge.store.tables import turns
from bridge.turns import Holder, Turn


def read(connection: Connection, pair_id: int) -> Turn:
    """How it stands."""
    row = connection.execute(select(turns).where(turns.c.pair_id == pair_id)).one_or_none()
    if row is None:
        return Turn(0, None)
    holder = None if row.run is None else Holder(row.run, row.host, row.pid, row.since, row.until)
    return Turn(row.number, holder)


def take(connection: Connection, pair_id: int, before: Turn, mine: Holder) -> bool:
    """Begin one, if nothing changed since `before`."""
    now = read(connection, pair_id)
    if now.number != before.number or (now.holder is None) != (before.holder is None):
        return False
    values = {
        "number": now.number + 1,
        "run": mine.run,
        "host": mine.host,
        "pid": mine.pid,
        "since": mine.since,
        "until": mine.until,
    }
    if connection.execute(update(turns).where(turns.c.pair_id == pair_id).values(values)).rowcount == 0:
        connection.execute(insert(turns).values(pair_id=pair_id, **values))
    return True


def renew(connection: Connection, pair_id: int, mine: Holder) -> bool:
    """Keep it for longer, if it still is this run's."""
    ours = turns.c.pair_id == pair_id, turns.c.run == mine.run
    return connection.execute(update(turns).where(*ours).values(until=mine.until)).rowcount == 1


def end(connection: Connection, pair_id: int, run: str) -> None:
    """It is nobody's, if it was this run's."""
    ours = turns.c.pair_id == pair_id, turns.c.run == run
    connection.execute(update(turns).where(*ours).values(number=turns.c.number + 1, run=None))


def guard(connection: Connection, pair_id: int, run: str) -> None:
    """Raises StateError where another run has the turn: this one was away for too long, and must write no more."""
    holder = read(connection, pair_id).holder
    if holder is not None and not run.startswith(holder.run):
        raise StateError(
            f"Another run ({holder.run}) went on while this one stood still, so this one wrote no more. What it had "
            "written is kept; nothing is lost, and the next run goes on."
        )
