"""What the run needs from the world: two sides and a store, as protocols, and the values they exchange.

Implementations: `bridge.liondesk`, `bridge.caldav`, `bridge.store`. Only `bridge.app` knows which is used.
All of them raise only `bridge.errors`; what is expected comes back as a value.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bridge.core.model import Row, Rule, Slot, Task, Unreadable

# -- LionDesk ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RowsSeen:
    """What LionDesk showed. `complete`: every live row of the account is in `rows`; else only what changed.

    `rows` includes rows with status `deleted` (as `Row.deleted`) where LionDesk shows them. `cursor` is opaque text for
    the next `observe`, None when nothing can be said.
    """

    rows: tuple[Row, ...]
    unreadable: tuple[Unreadable, ...]
    complete: bool
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """A write that LionDesk confirmed. `row` is what it answered, None where the answer holds no row."""

    row: Row | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A write that the side understood and will not do (400, 403, 404, 409, 415, 422): its own words, fit to show."""

    status: int
    message: str

    @property
    def gone(self) -> bool:
        """The item is not there any more."""
        return self.status in (404, 410)

    @property
    def later(self) -> bool:
        """Nothing was done and nothing is wrong with the item: locked, too busy, a token that has just run out."""
        return self.status in (401, 423, 425, 429, 503, 507)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A write whose answer never came: it may or may not have taken effect. Read back before anything else."""

    why: str


@dataclass(frozen=True, slots=True)
class Me:
    """The owner of the account. `time_zone` is an IANA name."""

    id: str
    time_zone: str | None
    name: str = ""


class Known(Protocol):
    """What the base holds of LionDesk's rows, asked only when it is needed."""

    async def count(self) -> int:
        """How many live rows the base holds."""
        ...

    async def of(self, ids: Collection[str]) -> frozenset[str]:
        """Which of these row ids the base holds live."""
        ...


class LionDesk(Protocol):
    """The Tasks API v2.1. Reads are retried, writes never (there is no idempotency key)."""

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far."""
        ...

    async def observe(self, cursor: str | None, known: Known) -> RowsSeen:
        """Rows that changed since `cursor`, or all of them where there is no cursor or rows went missing silently.

        When the account's total differs from what `known` counts, corrected by what this answer adds and removes, the
        whole list is read. At most two requests when nothing changed.
        """
        ...

    async def read(self, ids: Collection[str]) -> Mapping[str, Row]:
        """These rows as they are now, in as few requests as the API allows; ids that are gone are left out."""
        ...

    async def read_series(self, row: Row, since: datetime | None = None) -> tuple[Row, ...]:
        """All rows of the account that may belong to the series of `row`: same event, or looking alike.

        Rows with `modified_at` or `created_at` from `since` on are included whatever their event, so that a tail that
        moved to a new event is found.
        """
        ...

    async def create(self, body: Mapping[str, object]) -> Done | Refused | Unknown:
        """POST one task. The answer's row may be only the first of a series."""
        ...

    async def update(
        self, row_id: str, body: Mapping[str, object], update_type: int | None
    ) -> Done | Refused | Unknown:
        """PATCH with the whole body (an upsert), or with the status alone when `update_type` is 3."""
        ...

    async def delete(self, row_id: str, delete_type: int | None) -> Done | Refused | Unknown:
        """DELETE with `delete_type` in the query string."""
        ...

    async def me(self) -> Me | None:
        """The account's owner; None where there is no account URL."""
        ...

    async def categories(self) -> Mapping[str, str]:
        """Names of task categories by id."""
        ...

    def row(self, raw: Mapping[str, object]) -> Row:
        """A row from its stored raw form. Pure."""
        ...

    def patch_body(self, row: Row, changes: Mapping[str, object]) -> Mapping[str, object]:
        """The body of a PATCH: every writeable value as LionDesk showed it in `row`, less the changes (law 2). Pure.

        `changes` holds new values by Task field, and under `rule` a Rule or None. `update_type` is not in it.
        """
        ...

    def create_body(self, task: Task, rule: Rule | None) -> Mapping[str, object]:
        """The body of a POST, with the configured assignee and no notification. Pure."""
        ...


# -- the calendar ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resource:
    """A calendar object resource (RFC 4791, 4.1). `href` is the path on the server, as the server lists it."""

    href: str
    etag: str
    ics: str


@dataclass(frozen=True, slots=True)
class ResourcesSeen:
    """What the calendar showed. `complete`: `changed` and `unchanged` together are all that is there."""

    changed: tuple[Resource, ...]
    gone: tuple[str, ...]
    unchanged: frozenset[str]
    unreadable: tuple[Unreadable, ...]
    complete: bool
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A write that the server confirmed, with what it holds now (read back where it may have rewritten it)."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class Stale:
    """The precondition failed (412): somebody else was there first. `current` is None if the resource is gone."""

    current: Resource | None


@dataclass(frozen=True, slots=True)
class Removed:
    """The resource is gone, by this request or before it."""


class Calendar(Protocol):
    """One calendar collection on a CalDAV server."""

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far."""
        ...

    async def observe(self, cursor: str | None, known: Callable[[], Awaitable[Mapping[str, str]]]) -> ResourcesSeen:
        """What changed since `cursor` (sync-token, else ctag, else ETags against `known`: href -> ETag).

        `known` is asked only when it is needed. One request when nothing changed.
        """
        ...

    async def fetch(self, hrefs: Collection[str]) -> Mapping[str, Resource]:
        """These resources as they are now, by multiget in batches; missing ones are left out."""
        ...

    async def create(self, uid: str, ics: str) -> Stored | Stale | Refused | Unknown:
        """PUT with `If-None-Match: *` at an href derived from `uid`."""
        ...

    async def update(self, href: str, etag: str, ics: str) -> Stored | Stale | Refused | Unknown:
        """PUT with `If-Match: etag`."""
        ...

    async def delete(self, href: str, etag: str) -> Removed | Stale | Refused | Unknown:
        """DELETE with `If-Match: etag`."""
        ...


# -- the store ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A LionDesk row as last agreed, and the slot it stands for."""

    row_id: str
    event_id: str | None
    slot: Slot
    raw: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A stand-alone resource that shows one occurrence of a link's series, as last agreed.

    `ics` is None once the base must not be compared with any more.
    """

    slot: Slot
    uid: str
    href: str
    etag: str
    ics: str | None


@dataclass(frozen=True, slots=True)
class StoredLink:
    """Which items belong together, and what each side showed when both last agreed.

    `ics`, `etag` and `href` are those of the main resource, None where there is none. `parts` are the stand-alone
    resources beside it, in the order of their slots. `pending` is what a later run must know
    (JSON-ready), such as a truncation that waits for its tail. `retire_at`: aware UTC; from then on the link's
    completed tasks leave the calendar.
    """

    id: int | None
    uid: str
    href: str | None = None
    etag: str | None = None
    ics: str | None = None
    rows: tuple[StoredRow, ...] = ()
    pending: Mapping[str, object] | None = None
    retire_at: datetime | None = None
    parts: tuple[StoredPart, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """One write request, for the journal and the history. `id` is None until the intent is stored.

    `state`: intent, done, refused, later, stale, unknown. `before` and `after` are JSON-ready images of what was there
    and of what was sent. `uid` names the link; `agreed` is that link as both sides had agreed on it before the run,
    given with the first operation of a link alone: what an undo restores. None where nothing was agreed on yet.
    """

    id: int | None
    side: str
    action: str
    item: str
    summary: str
    why: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    detail: Mapping[str, object]
    state: str = "intent"
    uid: str = ""
    agreed: StoredLink | None = None


class Store(Protocol):
    """The base of one pair, its cursors, and each run's operations. One transaction per call, durable on return."""

    async def cursor(self, side: str) -> str | None:
        """The cursor of a side, as the last run left it."""
        ...

    async def set_cursor(self, side: str, cursor: str | None) -> None:
        """Keep the cursor of a side, or forget it."""
        ...

    async def facts(self) -> Mapping[str, object]:
        """Small things the pair remembers between runs (categories, the owner's zone, the calendar's identity)."""
        ...

    async def set_facts(self, facts: Mapping[str, object]) -> None:
        """Merge these facts into those kept."""
        ...

    async def count(self) -> int:
        """How many live LionDesk rows the base holds."""
        ...

    async def of(self, ids: Collection[str]) -> frozenset[str]:
        """Which of these rows the base holds."""
        ...

    async def etags(self) -> Mapping[str, str]:
        """The ETag of every resource the base holds, parts included, by href."""
        ...

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
        """Every link that any of these touches, whole, each once."""
        ...

    async def all_links(self) -> tuple[StoredLink, ...]:
        """The whole base."""
        ...

    async def save(self, links: Iterable[StoredLink], forget: Iterable[int] = ()) -> tuple[StoredLink, ...]:
        """Write these links whole (their ids filled in) and forget others, in one transaction."""
        ...

    async def begin_run(self, run: str, started_at: datetime, dry_run: bool) -> None:
        """A run starts."""
        ...

    async def intend(self, run: str, operations: Sequence[OperationRecord]) -> tuple[int, ...]:
        """Journal what is about to be sent; the ids to receipt it with."""
        ...

    async def receipt(self, operation_id: int, state: str, detail: Mapping[str, object]) -> None:
        """Journal what came of it; `detail` is merged into the operation's."""
        ...

    async def end_run(self, run: str, ended_at: datetime, outcome: str, result: Mapping[str, object]) -> None:
        """A run ends; `result` is its JSON report."""
        ...

    async def last_runs(self, count: int = 1) -> tuple[Mapping[str, object], ...]:
        """The newest runs' reports, newest first, with `run`, `started_at`, `ended_at`, `outcome`, `result`."""
        ...
