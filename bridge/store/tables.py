"""The tables, in types that SQLite and PostgreSQL read alike, and how values are spelled in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

REVISION = "0004"
"""The newest migration. Kept here so that an up-to-date state opens without importing Alembic."""


def moment_text(moment: datetime) -> str:
    """An aware moment as ISO 8601 in UTC with a `Z`, always equally long, so that texts sort as moments do."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _wall_clock_text(slot: datetime) -> str:
    if slot.tzinfo is not None:
        raise ValueError(f"{slot!r} has a zone, a slot has none")
    return slot.isoformat(timespec="microseconds")


def _json_text(value: object) -> str:
    # ASCII: whatever a side sent, half a surrogate pair included, comes back as it was.
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON-ready")


def _storable(words: str) -> str:
    # For people's eyes only, so that what no database stores may become a question mark.
    return words.encode("utf-8", "replace").decode("utf-8")


T = TypeVar("T")


class _Spelled(TypeDecorator[T]):
    """A value that is kept as text. None is NULL."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text  # as SQLAlchemy declares it
    cache_ok: bool | None = True

    def __init__(self, write: Callable[[T], str], read: Callable[[str], T]) -> None:
        super().__init__()
        self.write = write
        self.read = read

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | None:
        return None if value is None else self.write(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> T | None:
        return None if value is None else self.read(value)


_moment = _Spelled(moment_text, datetime.fromisoformat)  # an aware datetime; read back in UTC
_wall_clock = _Spelled(_wall_clock_text, datetime.fromisoformat)  # a naive datetime on the owner's wall clock
_json = _Spelled[object](_json_text, json.loads)
_words = _Spelled(_storable, str)

METADATA = MetaData()

pairs = Table(
    "pairs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

cursors = Table(
    "cursors",
    METADATA,
    Column("pair_id", Integer, ForeignKey("pairs.id", ondelete="CASCADE"), primary_key=True),
    Column("side", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
)

facts = Table(
    "facts",
    METADATA,
    Column("pair_id", Integer, ForeignKey("pairs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", _json),
)

links = Table(
    "links",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("pair_id", Integer, ForeignKey("pairs.id", ondelete="CASCADE"), nullable=False),
    Column("uid", Text, nullable=False),
    Column("href", Text),
    Column("etag", Text),
    Column("ics", Text),
    Column("pending", _json),
    Column("retire_at", _moment),
    UniqueConstraint("pair_id", "uid", name="one_link_per_uid"),
    UniqueConstraint("pair_id", "href", name="one_link_per_href"),
    Index("links_by_retire_at", "pair_id", "retire_at"),
)

rows = Table(
    "rows",
    METADATA,
    Column("pair_id", Integer, ForeignKey("pairs.id", ondelete="CASCADE"), primary_key=True),
    Column("row_id", Text, primary_key=True),
    Column("link_id", Integer, ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Text),
    Column("slot", _wall_clock, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("raw", _json, nullable=False),
    Index("rows_by_link", "link_id"),
    Index("rows_by_event", "pair_id", "event_id"),
)

parts = Table(
    "parts",
    METADATA,
    Column("pair_id", Integer, ForeignKey("pairs.id", ondelete="CASCADE"), primary_key=True),
    Column("href", Text, primary_key=True),
    Column("link_id", Integer, ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
    Column("slot", _wall_clock, nullable=False),
    Column("uid", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("ics", Text),
    Index("parts_by_link", "link_id"),
    Index("parts_by_uid", "pair_id", "uid"),
)

runs = Table(
    "runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("pair_id", Integer, ForeignKey("pairs.id", ondelete="CASCADE"), nullable=False),
    Column("run", Text, nullable=False),
    Column("started_at", _moment, nullable=False),
    Column("ended_at", _moment),
    Column("dry_run", Boolean, nullable=False),
    Column("outcome", Text),
    Column("result", _json),
    UniqueConstraint("pair_id", "run", name="one_run_per_name"),
)

operations = Table(
    "operations",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("side", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("item", _words, nullable=False),
    Column("summary", _words, nullable=False),
    Column("why", _words, nullable=False),
    Column("before", _json),
    Column("after", _json),
    Column("detail", _json, nullable=False),
    Column("state", Text, nullable=False),
    Column("intended_at", _moment, nullable=False),
    Column("receipted_at", _moment),
    Column("uid", Text, nullable=False, server_default=""),
    Index("operations_by_run", "run_id"),
    Index("operations_by_uid", "uid"),
)

agreed = Table(
    "agreed",
    METADATA,
    Column("run_id", Integer, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("link", _json, nullable=False),
)

inbox = Table(
    "inbox",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("pair_id", Integer, ForeignKey("pairs.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("content", _json, nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("opened_at", _moment, nullable=False),
    Column("answer", Text),
    Column("closed_at", _moment),
    Index("inbox_by_key", "pair_id", "kind", "key"),
    Index("inbox_by_uid", "pair_id", "uid"),
    sqlite_autoincrement=True,
)

turns = Table(
    "turns",
    METADATA,
    Column("pair_id", Integer, ForeignKey("pairs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("run", Text),
    Column("host", Text),
    Column("pid", Integer),
    Column("since", _moment),
    Column("until", _moment),
)
