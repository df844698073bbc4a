"""The inbox, inside a caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from bridge.records import InboxItem
from bridge.store.tables import inbox


def open_items(connection: Connection, pair_id: int, uids: Collection[str] | None) -> tuple[InboxItem, ...]:
    """Those without an answer, oldest first; of these links alone where they are named."""
    wanted = select(inbox).where(inbox.c.pair_id == pair_id, inbox.c.answer.is_(None)).order_by(inbox.c.id)
    found = (_item(row) for row in connection.execute(wanted).mappings())
    return tuple(item for item in found if uids is None or item.uid in uids)


def item(connection: Connection, pair_id: int, number: int) -> InboxItem | None:
    """One item."""
    row = connection.execute(select(inbox).where(inbox.c.pair_id == pair_id, inbox.c.id == number)).mappings().first()
    return None if row is None else _item(row)


def last_answer(connection: Connection, pair_id: int, kind: str, key: str) -> InboxItem | None:
    """The newest of a kind and key that was answered."""
    ours = inbox.c.pair_id == pair_id, inbox.c.kind == kind, inbox.c.key == key, inbox.c.answer.is_not(None)
    row = connection.execute(select(inbox).where(*ours).order_by(inbox.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else _item(row)


def put(connection: Connection, pair_id: int, items: Iterable[InboxItem]) -> tuple[InboxItem, ...]:
    """Keep them; an open one of the same kind and key takes the new content."""
    kept = []
    for new in items:
        ours = inbox.c.pair_id == pair_id, inbox.c.kind == new.kind, inbox.c.key == new.key, inbox.c.answer.is_(None)
        known = connection.scalar(select(inbox.c.id).where(*ours))
        if known is None:
            values = {name: getattr(new, name) for name in ("kind", "key", "uid", "content", "waits", "opened_at")}
            statement = insert(inbox).values(pair_id=pair_id, **values).returning(inbox.c.id)
            known = connection.execute(statement).scalar_one()
        else:
            content = {"content": new.content, "waits": new.waits}
            connection.execute(update(inbox).where(inbox.c.id == known).values(**content))
        kept.append(known)
    rows = connection.execute(select(inbox).where(inbox.c.id.in_(kept))).mappings()
    by_id = {row["id"]: _item(row) for row in rows}
    return tuple(by_id[each] for each in kept)


def close(connection: Connection, pair_id: int, numbers: Collection[int], answer: str, at: datetime) -> None:
    """They are answered; what was answered before keeps its answer."""
    ours = inbox.c.pair_id == pair_id, inbox.c.id.in_(list(numbers)), inbox.c.answer.is_(None)
    connection.execute(update(inbox).where(*ours).values(answer=answer, closed_at=at))


def _item(row: RowMapping) -> InboxItem:
    return InboxItem(
        row["id"],
        row["kind"],
        row["key"],
        row["uid"],
        row["content"],
        row["waits"],
        row["opened_at"],
        row["answer"],
        row["closed_at"],
    )
