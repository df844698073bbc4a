"""One pair's part of the state, as `bridge.ports.Store`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, and_, delete, insert, select

from bridge.ports import OperationRecord, StoredLink
from bridge.records import Entry, InboxItem, RunRecord
from bridge.store import base, history, inbox, journal, tables, turns
from bridge.store.commits import Commits
from bridge.store.database import Database
from bridge.turns import Holder, Turn


class SqlStore:
    """A `bridge.ports.Store`, and the `Known`, the `Inbox` and the `Journal` of the same pair.

    On the disk when a call returns. Errors: StateError. A file answers faster than another task of the loop could be
    woken, so calls do not give way; but for intents and receipts, of which those of a moment share one commit. Links
    come with their rows in the order of slots.
    """

    def __init__(self, database: Database, pair_id: int, now: Callable[[], datetime]) -> None:
        """Made by `State.pair`."""
        self._database = database
        self._pair_id = pair_id
        self._now = now
        self._commits = Commits(database)

    async def cursor(self, side: str) -> str | None:
        """The cursor of a side, None if there is none."""
        cursors = tables.cursors
        wanted = select(cursors.c.cursor).where(cursors.c.pair_id == self._pair_id, cursors.c.side == side)
        return self._database.read(lambda connection: connection.scalar(wanted))

    async def set_cursor(self, side: str, cursor: str | None) -> None:
        """Keep the cursor of a side; None forgets it."""

        def work(connection: Connection) -> None:
            key = {"pair_id": self._pair_id, "side": side}
            _drop(connection, tables.cursors, key)
            if cursor is not None:
                connection.execute(insert(tables.cursors).values({**key, "cursor": cursor}))

        self._database.write(work)

    async def facts(self) -> Mapping[str, object]:
        """What the pair remembers between runs."""
        kept = tables.facts
        wanted = select(kept.c.name, kept.c.value).where(kept.c.pair_id == self._pair_id)
        return self._database.read(lambda connection: {fact.name: fact.value for fact in connection.execute(wanted)})

    async def set_facts(self, facts: Mapping[str, object]) -> None:
        """Merge JSON-ready facts into those kept, name by name."""

        def work(connection: Connection) -> None:
            for name, value in facts.items():
                key = {"pair_id": self._pair_id, "name": name}
                _drop(connection, tables.facts, key)
                connection.execute(insert(tables.facts).values({**key, "value": value}))

        self._database.write(work)

    async def count(self) -> int:
        """How many rows the base holds, those apart whose raw form says `deleted`."""
        return self._database.read(lambda connection: base.count_live(connection, self._pair_id))

    async def of(self, ids: Collection[str]) -> frozenset[str]:
        """Those of these row ids that `count` counts."""
        return self._database.read(lambda connection: base.live_among(connection, self._pair_id, ids))

    async def etags(self) -> Mapping[str, str]:
        """The href -> ETag of every resource the base holds."""
        return self._database.read(lambda connection: base.etags(connection, self._pair_id))

    async def links(
        self,
        *,
        row_ids: Collection[str] = (),
        event_ids: Collection[str] = (),
        hrefs: Collection[str] = (),
        uids: Collection[str] = (),
        pending: bool = False,
        retire_before: datetime | None = None,
    ) -> tuple[StoredLink, ...]:
        """Every link that any of these touches, whole, each once. `retire_before`: aware, inclusive."""
        touching = base.Touching(row_ids, event_ids, hrefs, uids, pending, retire_before)
        return self._database.read(lambda connection: base.read_touched(connection, self._pair_id, touching))

    async def all_links(self) -> tuple[StoredLink, ...]:
        """The whole base."""
        return self._database.read(lambda connection: base.read_all(connection, self._pair_id))

    async def save(self, links: Iterable[StoredLink], forget: Iterable[int] = ()) -> tuple[StoredLink, ...]:
        """Forget links and write these whole, all or nothing; answers them with their ids.

        A row that another link held moves to the one it is saved with. Two links of one UID, or of one href, are a
        StateError: a task exists once.
        """
        changed, forgotten = tuple(links), tuple(forget)
        return self._database.write(lambda connection: base.write(connection, self._pair_id, changed, forgotten))

    async def begin_run(self, run: str, started_at: datetime, dry_run: bool) -> None:
        """A run starts. `started_at` is aware; `run` is new to the pair."""
        self._database.write(lambda connection: journal.begin(connection, self._pair_id, run, started_at, dry_run))

    async def intend(self, run: str, operations: Sequence[OperationRecord]) -> tuple[int, ...]:
        """Journal what is about to be sent; the ids to receipt it with, in the same order."""
        at = self._now()
        return await self._commits.write(
            lambda connection: journal.intend(connection, self._pair_id, run, operations, at)
        )

    async def receipt(self, operation_id: int, state: str, detail: Mapping[str, object]) -> None:
        """Journal what came of it; `detail` is merged into the operation's."""
        at = self._now()
        await self._commits.write(lambda connection: journal.receipt(connection, operation_id, state, detail, at))

    async def end_run(self, run: str, ended_at: datetime, outcome: str, result: Mapping[str, object]) -> None:
        """A run ends. `ended_at` is aware; `result` is its JSON report."""
        self._database.write(lambda connection: journal.end(connection, self._pair_id, run, ended_at, outcome, result))

    async def last_runs(self, count: int = 1) -> tuple[Mapping[str, object], ...]:
        """The newest runs, newest first: `run`, `started_at`, `ended_at`, `dry_run`, `outcome`, `result`.

        JSON-ready: moments are ISO 8601 text in UTC with a `Z`. A run that was cut off has None for the last but
        `dry_run`.
        """
        return self._database.read(lambda connection: journal.last(connection, self._pair_id, count))

    # -- the journal read back -----------------------------------------------------------------------------------------

    async def runs(self, count: int, before: str | None = None) -> tuple[RunRecord, ...]:
        """Runs that wrote something, newest first; those older than the run `before` where it is named."""
        return self._database.read(lambda connection: history.newest(connection, self._pair_id, count, before))

    async def runs_named(self, beginning: str) -> tuple[RunRecord, ...]:
        """The run of this name, else every run whose name begins so, newest first."""
        return self._database.read(lambda connection: history.named(connection, self._pair_id, beginning))

    async def entries(self, run: str) -> tuple[Entry, ...]:
        """The operations of a run, in the order in which they were intended."""
        return self._database.read(lambda connection: history.entries(connection, self._pair_id, run))

    async def story(self, text: str, count: int) -> tuple[Entry, ...]:
        """The newest operations of tasks whose id, UID or text this is, else holds it, oldest of them first."""
        return self._database.read(lambda connection: history.story(connection, self._pair_id, text, count))

    async def agreed_before(self, run: str) -> Mapping[str, StoredLink | None]:
        """Every link that a run wrote, by UID, as both sides had agreed on it before; None where that was nothing."""
        return self._database.read(lambda connection: history.agreed_before(connection, self._pair_id, run))

    async def written_since(self, run: str, but: Collection[str] = ()) -> frozenset[str]:
        """The UIDs of links that a later run wrote, those named in `but` apart."""
        return self._database.read(lambda connection: history.written_since(connection, self._pair_id, run, but))

    async def prune(self, before: datetime) -> int:
        """Forget runs that began before this (aware) but for the newest twenty, and what was answered by then."""
        return self._database.write(lambda connection: history.prune(connection, self._pair_id, before))

    # -- the inbox -----------------------------------------------------------------------------------------------------

    async def open_items(self, uids: Collection[str] | None = None) -> tuple[InboxItem, ...]:
        """The open ones, oldest first; of these links alone where they are named."""
        return self._database.read(lambda connection: inbox.open_items(connection, self._pair_id, uids))

    async def item(self, number: int) -> InboxItem | None:
        """One item, open or not; None where this pair has none of that number."""
        return self._database.read(lambda connection: inbox.item(connection, self._pair_id, number))

    async def put_items(self, items: Iterable[InboxItem]) -> tuple[InboxItem, ...]:
        """Keep these; an open one of the same kind and key takes the new content and keeps its id and its moment."""
        given = tuple(items)
        return self._database.write(lambda connection: inbox.put(connection, self._pair_id, given))

    async def close_items(self, numbers: Collection[int], answer: str) -> None:
        """These are answered, or have answered themselves."""
        at = self._now()
        self._database.write(lambda connection: inbox.close(connection, self._pair_id, numbers, answer, at))

    async def last_answer(self, kind: str, key: str) -> InboxItem | None:
        """The newest closed item of a kind and key."""
        return self._database.read(lambda connection: inbox.last_answer(connection, self._pair_id, kind, key))

    # -- turns ---------------------------------------------------------------------------------------------------------

    async def turn(self) -> Turn:
        """Whose turn it is, and how often that changed."""
        return self._database.read(lambda connection: turns.read(connection, self._pair_id))

    async def take_turn(self, before: Turn, mine: Holder) -> bool:
        """Begin one, if nothing changed since `before` was read; whether it did."""
        return self._database.write(lambda connection: turns.take(connection, self._pair_id, before, mine))

    async def renew_turn(self, mine: Holder) -> bool:
        """Keep it until `mine.until`; whether it still was this run's."""
        return self._database.write(lambda connection: turns.renew(connection, self._pair_id, mine))

    async def end_turn(self, run: str) -> None:
        """It is nobody's now, if it was this run's."""
        self._database.write(lambda connection: turns.end(connection, self._pair_id, run))


def _drop(connection: Connection, table: Table, key: Mapping[str, object]) -> None:
    # Drop and insert is an upsert that every database understands.
    connection.execute(delete(table).where(and_(*(table.c[name] == value for name, value in key.items()))))
