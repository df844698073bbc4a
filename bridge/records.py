"""The inbox and the journal as people ask about them: protocols, and the values they exchange.

Implementation: `bridge.store`. What a run itself writes into the journal stands in `bridge.ports`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bridge.ports import OperationRecord, StoredLink


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run of the journal. Moments are aware UTC; `ended_at`, `outcome` and `result` are None where it was cut off.

    `done` and `others` count its operations: those that took effect, and all the rest.
    """

    run: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    result: Mapping[str, object] | None
    done: int
    others: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation of the journal, the run that it is of, and when it was intended (aware UTC)."""

    run: str
    at: datetime
    operation: OperationRecord


@dataclass(frozen=True, slots=True)
class InboxItem:
    """Something a person may have to decide. `id` is short, and stays.

    `kind`: conflict, refused, doubtful, halt. `key` says what it is about: while one of a key is open there is no
    second. `waits`: both sides are left alone on it until somebody answers. `content` is JSON-ready and differs by
    kind. `answer` is None while it is open; `closed_at` then, too.
    """

    id: int | None
    kind: str
    key: str
    uid: str
    content: Mapping[str, object]
    waits: bool
    opened_at: datetime
    answer: str | None = None
    closed_at: datetime | None = None


class Inbox(Protocol):
    """What waits for a person, of one pair. One transaction per call, durable on return."""

    async def open_items(self, uids: Collection[str] | None = None) -> tuple[InboxItem, ...]:
        """The open ones, oldest first; of these links alone where they are named."""
        ...

    async def item(self, number: int) -> InboxItem | None:
        """One item, open or not; None where this pair has none of that number."""
        ...

    async def put_items(self, items: Iterable[InboxItem]) -> tuple[InboxItem, ...]:
        """Keep these; an open one of the same kind and key takes the new content and keeps its id and its moment."""
        ...

    async def close_items(self, numbers: Collection[int], answer: str) -> None:
        """These are answered, or have answered themselves."""
        ...

    async def last_answer(self, kind: str, key: str) -> InboxItem | None:
        """The newest closed item of a kind and key."""
        ...


class Journal(Protocol):
    """The journal read back, of one pair."""

    async def runs(self, count: int, before: str | None = None) -> tuple[RunRecord, ...]:
        """Runs that wrote something, newest first; those older than the run `before` where it is named."""
        ...

    async def runs_named(self, beginning: str) -> tuple[RunRecord, ...]:
        """The run of this name, else every run whose name begins so, newest first."""
        ...

    async def entries(self, run: str) -> tuple[Entry, ...]:
        """The operations of a run, in the order in which they were intended."""
        ...

    async def story(self, text: str, count: int) -> tuple[Entry, ...]:
        """The newest operations of tasks whose id, UID or text this is, else holds it, oldest of them first."""
        ...

    async def agreed_before(self, run: str) -> Mapping[str, StoredLink | None]:
        """Every link that a run wrote, by UID, as both sides had agreed on it before; None where that was nothing."""
        ...

    async def written_since(self, run: str, but: Collection[str] = ()) -> frozenset[str]:
        """The UIDs of links that a later run wrote, those named in `but` apart."""
        ...

    async def prune(self, before: datetime) -> int:
        """Forget runs that began before this (aware), but for the newest twenty, and what was answered; how many."""
        ...


class Records(Inbox, Journal, Protocol):
    """Both."""
