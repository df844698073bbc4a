"""The base: links and their rows, read and written whole, inside a caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, Select, bindparam, delete, func, insert, select, update

from bridge.errors import StateError
from bridge.ports import StoredLink, StoredPart, StoredRow
from bridge.store.tables import links, parts, rows

T = TypeVar("T")

_BATCH = 500
"""Values in one statement; SQLite's oldest limit is 999 variables."""


@dataclass(frozen=True, slots=True)
class Touching:
    """Which links to read: those that any of these touches. `retire_before`: aware, inclusive."""

    row_ids: Collection[str] = ()
    event_ids: Collection[str] = ()
    hrefs: Collection[str] = ()
    uids: Collection[str] = ()
    pending: bool = False
    retire_before: datetime | None = None


def count_live(connection: Connection, pair_id: int) -> int:
    """How many rows the base holds that are not marked as deleted."""
    return connection.execute(
        select(func.count()).select_from(rows).where(rows.c.pair_id == pair_id, rows.c.live)
    ).scalar_one()


def live_among(connection: Connection, pair_id: int, row_ids: Collection[str]) -> frozenset[str]:
    """Those of these ids that the base holds as live rows."""
    found: set[str] = set()
    for batch in _batches(row_ids):
        wanted = rows.c.pair_id == pair_id, rows.c.live, rows.c.row_id.in_(batch)
        found.update(connection.scalars(select(rows.c.row_id).where(*wanted)))
    return frozenset(found)


def etags(connection: Connection, pair_id: int) -> dict[str, str]:
    """The href -> ETag of the links that have both, and of all parts."""
    wanted = links.c.pair_id == pair_id, links.c.href.is_not(None), links.c.etag.is_not(None)
    both = select(links.c.href, links.c.etag).where(*wanted), _parts_of(pair_id)
    return {row.href: row.etag for query in both for row in connection.execute(query)}


def _parts_of(pair_id: int) -> Select[tuple[str, str]]:
    return select(parts.c.href, parts.c.etag).where(parts.c.pair_id == pair_id)


def read_touched(connection: Connection, pair_id: int, touching: Touching) -> tuple[StoredLink, ...]:
    """The links that `touching` names, whole, each once, in the order of their ids."""
    found = _ids_touched(connection, pair_id, touching)
    link_rows: list[RowMapping] = []
    row_rows: list[RowMapping] = []
    part_rows: list[RowMapping] = []
    for batch in _batches(sorted(found)):
        link_rows += connection.execute(select(links).where(links.c.id.in_(batch)).order_by(links.c.id)).mappings()
        row_rows += connection.execute(select(rows).where(rows.c.link_id.in_(batch))).mappings()
        part_rows += connection.execute(select(parts).where(parts.c.link_id.in_(batch))).mappings()
    return _assemble(link_rows, row_rows, part_rows)


def read_all(connection: Connection, pair_id: int) -> tuple[StoredLink, ...]:
    """The pair's whole base, in the order of the links' ids."""
    return _assemble(
        connection.execute(select(links).where(links.c.pair_id == pair_id).order_by(links.c.id)).mappings(),
        connection.execute(select(rows).where(rows.c.pair_id == pair_id)).mappings(),
        connection.execute(select(parts).where(parts.c.pair_id == pair_id)).mappings(),
    )


def write(
    connection: Connection, pair_id: int, changed: Sequence[StoredLink], forget: Collection[int]
) -> tuple[StoredLink, ...]:
    """Forget links, then write others whole. A row belongs to the link that was saved with it last."""
    for batch in _batches(forget):
        connection.execute(delete(links).where(links.c.pair_id == pair_id, links.c.id.in_(batch)))
    _update_known(connection, pair_id, [link for link in changed if link.id is not None])
    ids = _insert_new(connection, pair_id, [link for link in changed if link.id is None])
    saved = tuple(
        replace(
            link,
            id=next(ids) if link.id is None else link.id,
            rows=tuple(sorted(link.rows, key=_by_slot)),
            parts=tuple(sorted(link.parts, key=_by_slot_and_href)),
        )
        for link in changed
    )
    _write_rows(connection, pair_id, saved)
    _write_parts(connection, pair_id, saved)
    return saved


def _ids_touched(connection: Connection, pair_id: int, touching: Touching) -> set[int]:
    found: set[int] = set()
    for table, link_id, column, values in (
        (rows, rows.c.link_id, rows.c.row_id, touching.row_ids),
        (rows, rows.c.link_id, rows.c.event_id, touching.event_ids),
        (links, links.c.id, links.c.href, touching.hrefs),
        (links, links.c.id, links.c.uid, touching.uids),
        (parts, parts.c.link_id, parts.c.href, touching.hrefs),
        (parts, parts.c.link_id, parts.c.uid, touching.uids),
    ):
        for batch in _batches(values):
            found.update(connection.scalars(select(link_id).where(table.c.pair_id == pair_id, column.in_(batch))))
    of_pair = select(links.c.id).where(links.c.pair_id == pair_id)
    if touching.pending:
        found.update(connection.scalars(of_pair.where(links.c.pending.is_not(None))))
    if touching.retire_before is not None:
        found.update(connection.scalars(of_pair.where(links.c.retire_at <= touching.retire_before)))
    return found


def _assemble(
    link_rows: Iterable[RowMapping], row_rows: Iterable[RowMapping], part_rows: Iterable[RowMapping]
) -> tuple[StoredLink, ...]:
    of_link: dict[int, list[StoredRow]] = {}
    for row in row_rows:
        of_link.setdefault(row["link_id"], []).append(
            StoredRow(row_id=row["row_id"], event_id=row["event_id"], slot=row["slot"], raw=row["raw"])
        )
    parts_of_link: dict[int, list[StoredPart]] = {}
    for part in part_rows:
        parts_of_link.setdefault(part["link_id"], []).append(
            StoredPart(slot=part["slot"], uid=part["uid"], href=part["href"], etag=part["etag"], ics=part["ics"])
        )
    return tuple(
        StoredLink(
            id=link["id"],
            uid=link["uid"],
            href=link["href"],
            etag=link["etag"],
            ics=link["ics"],
            rows=tuple(sorted(of_link.get(link["id"], ()), key=_by_slot)),
            pending=link["pending"],
            retire_at=link["retire_at"],
            parts=tuple(sorted(parts_of_link.get(link["id"], ()), key=_by_slot_and_href)),
        )
        for link in link_rows
    )


def _update_known(connection: Connection, pair_id: int, known: Sequence[StoredLink]) -> None:
    if not known:
        return
    ids = [link.id for link in known if link.id is not None]
    ours = links.c.pair_id == pair_id
    present = 0
    for batch in _batches(ids):
        present += len(connection.scalars(select(links.c.id).where(ours, links.c.id.in_(batch))).all())
        # Two links of one save may exchange their hrefs; each is unique at every moment.
        connection.execute(update(links).where(ours, links.c.id.in_(batch)).values(href=None))
    if present != len(set(ids)):
        raise StateError(
            "The state changed while this run was under way: a link that it had read is gone, probably by another run "
            "of the same pair. Nothing of this step was kept; run again."
        )
    connection.execute(
        update(links).where(links.c.id == bindparam("link_id")),
        [{"link_id": link.id, **_link_values(link)} for link in known],
    )


def _insert_new(connection: Connection, pair_id: int, new: Sequence[StoredLink]) -> Iterator[int]:
    if not new:
        return iter(())
    return iter(
        connection.scalars(
            insert(links).returning(links.c.id, sort_by_parameter_order=True),
            [{"pair_id": pair_id, **_link_values(link)} for link in new],
        ).all()
    )


def _link_values(link: StoredLink) -> dict[str, object]:
    return {
        "uid": link.uid,
        "href": link.href,
        "etag": link.etag,
        "ics": link.ics,
        "pending": link.pending,
        "retire_at": link.retire_at,
    }


def _write_rows(connection: Connection, pair_id: int, saved: Sequence[StoredLink]) -> None:
    for link_ids in _batches(link.id for link in saved):
        connection.execute(delete(rows).where(rows.c.link_id.in_(link_ids)))
    # A row that another link still claims has moved over, with its series' tail for example.
    for row_ids in _batches(row.row_id for link in saved for row in link.rows):
        connection.execute(delete(rows).where(rows.c.pair_id == pair_id, rows.c.row_id.in_(row_ids)))
    values = [
        {
            "pair_id": pair_id,
            "row_id": row.row_id,
            "link_id": link.id,
            "event_id": row.event_id,
            "slot": row.slot,
            "live": row.raw.get("status") != "deleted",
            "raw": row.raw,
        }
        for link in saved
        for row in link.rows
    ]
    if values:
        connection.execute(insert(rows), values)


def _write_parts(connection: Connection, pair_id: int, saved: Sequence[StoredLink]) -> None:
    for link_ids in _batches(link.id for link in saved):
        connection.execute(delete(parts).where(parts.c.link_id.in_(link_ids)))
    # A resource that another link still claims has moved over, as an occurrence does with its series' tail.
    for hrefs in _batches(part.href for link in saved for part in link.parts):
        connection.execute(delete(parts).where(parts.c.pair_id == pair_id, parts.c.href.in_(hrefs)))
    values = [
        {
            "pair_id": pair_id,
            "href": part.href,
            "link_id": link.id,
            "slot": part.slot,
            "uid": part.uid,
            "etag": part.etag,
            "ics": part.ics,
        }
        for link in saved
        for part in link.parts
    ]
    if values:
        connection.execute(insert(parts), values)


def _by_slot(row: StoredRow) -> tuple[datetime, str]:
    return row.slot, row.row_id


def _by_slot_and_href(part: StoredPart) -> tuple[datetime, str]:
    return part.slot, part.href


def _batches(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, _BATCH)):
        yield batch
