"""The LionDesk side of a pair: `ports.LionDesk` over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from bridge.core.model import Row, Rule, Task, Unreadable
from bridge.errors import StateError, Unreachable
from bridge.liondesk import rows
from bridge.liondesk.account import Account, Contact
from bridge.liondesk.answers import Payload
from bridge.liondesk.http import Bearer, Http, Query, Waits
from bridge.liondesk.listing import LIVE, NEWEST_CHANGE_FIRST, OLDEST_FIRST, Listing, changed_since
from bridge.liondesk.observe import Observer
from bridge.liondesk.paging import Page
from bridge.liondesk.rows import read_row, row_id
from bridge.ports import Done, Known, Me, Refused, RowsSeen, Unknown

_IDS_AT_ONCE = 50
"""Ids in one query: the URL stays well below 2,000 characters."""


class LionDeskApi:
    """One account. `url` is the base of Tasks v2.1, `account_url` that of the v2 API ("" where there is none).

    `zone` is the owner's; due times are naive on its wall clock. `assigned_user_id` is whom new tasks are assigned to,
    the owner as a rule; it may be set later. `now` tells the time of this machine (aware). An async context manager:
    leaving it closes the connections. Raises only `bridge.errors`.
    """

    def __init__(
        self,
        url: str,
        account_url: str,
        bearer: Bearer,
        zone: ZoneInfo,
        *,
        assigned_user_id: str | None = None,
        waits: Waits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.assigned_user_id = assigned_user_id
        self._http = Http(bearer, waits or Waits())
        self._listing = Listing(self._http, url)
        self._observer = Observer(self._listing, zone, now)
        self._account = Account(self._http, account_url)
        self._ids_can_be_asked = True
        self._events_can_be_asked = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far, repeated ones too."""
        return self._http.requests

    @property
    def zone(self) -> ZoneInfo:
        """The owner's time zone. It may be set anew as long as no row was read, as when `/me` tells it."""
        return self._observer.zone

    @zone.setter
    def zone(self, zone: ZoneInfo) -> None:
        self._observer.zone = zone

    # -- reading ---------------------------------------------------------------------------------------------------

    async def observe(self, cursor: str | None, known: Known) -> RowsSeen:
        """See `ports.LionDesk.observe`. Keep the cursor only when all that came with it was dealt with."""
        return await self._observer.observe(cursor, known)

    async def read(self, ids: Collection[str]) -> Mapping[str, Row]:
        """These rows as they are now; ids that are gone are left out.

        Ids that a query by `id` did not bring are asked one by one, since nobody says what such a query is worth.
        """
        wanted = list(dict.fromkeys(ids))
        found: dict[str, object] = {}
        if len(wanted) > 1:
            size = min(_IDS_AT_ONCE, self._listing.page_size)
            for start in range(0, len(wanted), size):
                found |= await self._by_ids(wanted[start : start + size])
        missing = [one for one in wanted if one not in found]
        for one, raw in zip(missing, await asyncio.gather(*map(self._by_id, missing)), strict=True):
            if raw is not None:
                found[one] = raw
        return {one: self._row(found[one]) for one in wanted if one in found}

    async def _by_ids(self, ids: Collection[str]) -> dict[str, object]:
        """Those of these rows that a query by id brings; nothing where ids cannot be asked for."""
        if not self._ids_can_be_asked:
            return {}
        page = await self._listing.page([("id[$in]", one) for one in ids], None, limit=len(ids))
        if not isinstance(page, Page) or any(row_id(raw) not in ids for raw in page.rows):
            self._ids_can_be_asked = False
            return {}
        return {str(row_id(raw)): raw for raw in page.rows}

    async def _by_id(self, one: str) -> object | None:
        match await self._http.read(self._listing.address(one)):
            case Refused(gone=True):
                return None
            case Refused(message=message):
                raise Unreachable(
                    f"LionDesk will not show task {one} ({message}). Nothing was changed; the next run tries again."
                )
            case Payload(value=dict() as raw):
                # The documentation's example of one task shows no id; the one asked for is the one it is.
                return {"id": one, **raw}
            case _:
                raise Unreachable(
                    f"What LionDesk answered for task {one} is no task. Nothing was changed; the next run tries again."
                )

    async def read_series(self, row: Row, since: datetime | None = None) -> tuple[Row, ...]:
        """The live rows that may belong to the series of `row`: of the same event; without events, looking alike.

        With `since` (aware, by the server's clock) also rows stamped or created from then on. Rows that nobody can
        read are left out: they belong to no series.
        """
        raws = await self._series_by_event(row, since)
        if raws is None:
            raws = await self._listing.all(LIVE, OLDEST_FIRST)
        read = [found for raw in raws if isinstance(found := read_row(raw, self.zone), Row) and not found.deleted]
        return tuple(one for one in read if _kin(row, one) or _recent(one, since))

    async def _series_by_event(self, row: Row, since: datetime | None) -> tuple[object, ...] | None:
        """By two queries; None where the server cannot be asked so."""
        if row.event_id is None or not self._events_can_be_asked:
            return None
        if since is not None and not self._listing.habits.changes:
            return None
        event: Query = (("scheduled_event_id", row.event_id), *LIVE)
        page = await self._listing.page(event, OLDEST_FIRST)
        if not isinstance(page, Page) or not all(_event(raw) == row.event_id for raw in page.rows):
            self._events_can_be_asked = False
            return None
        if not page.rows:
            return None
        raws = page.rows if page.whole else await self._listing.all(event, OLDEST_FIRST, page)
        if since is None:
            return raws
        return raws + await self._recent_besides(raws, since)

    async def _recent_besides(self, raws: tuple[object, ...], since: datetime) -> tuple[object, ...]:
        shown = {row_id(raw) for raw in raws}
        recent = await self._listing.all((*LIVE, *changed_since(since)), NEWEST_CHANGE_FIRST)
        return tuple(raw for raw in recent if row_id(raw) not in shown)

    def row(self, raw: Mapping[str, object]) -> Row:
        """A row from its stored raw form. Pure. Raises StateError for what was never a row."""
        match read_row(dict(raw), self.zone):
            case Row() as row:
                return row
            case Unreadable(item, why):
                raise StateError(
                    f"The state holds LionDesk task {item}, which cannot be read: {why}. Nothing was changed; restore "
                    "the state from a backup, or move it away: the next run then finds what belongs together by UID."
                )

    def _row(self, raw: object) -> Row:
        match read_row(raw, self.zone):
            case Row() as row:
                return row
            case Unreadable(item, why):
                raise Unreachable(
                    f"LionDesk shows task {item} in a form that cannot be read any more: {why}. It was left alone; "
                    "look at the task in LionDesk. The next run tries again."
                )

    # -- bodies ----------------------------------------------------------------------------------------------------

    def patch_body(self, row: Row, changes: Mapping[str, object]) -> Mapping[str, object]:
        """The body of a PATCH (law 2); see `rows.patch_body`. Pure."""
        return rows.patch_body(row.raw, changes, self.zone)

    def create_body(self, task: Task, rule: Rule | None) -> Mapping[str, object]:
        """The body of a POST, in the forms in which the rows seen so far came; see `rows.create_body`."""
        defaults: dict[str, object] = {"notify_assignee": False}
        if self.assigned_user_id is not None:
            defaults["assigned_user_id"] = self.assigned_user_id
        return rows.create_body(task, rule, defaults, self.zone, self._observer.sample)

    # -- writing ---------------------------------------------------------------------------------------------------

    async def create(self, body: Mapping[str, object]) -> Done | Refused | Unknown:
        """POST one task. The answer's row may be only the first of a series."""
        return self._outcome(await self._http.write("POST", self._listing.address(), (), body))

    async def update(
        self, row_id: str, body: Mapping[str, object], update_type: int | None
    ) -> Done | Refused | Unknown:
        """PATCH with the whole body (an upsert), or with the status alone when `update_type` is 3."""
        whole = dict(body) if update_type is None else {**body, "update_type": update_type}
        return self._outcome(await self._http.write("PATCH", self._listing.address(row_id), (), whole))

    async def delete(self, row_id: str, delete_type: int | None) -> Done | Refused | Unknown:
        """DELETE with `delete_type` in the query string."""
        query: Query = () if delete_type is None else (("delete_type", str(delete_type)),)
        return self._outcome(await self._http.write("DELETE", self._listing.address(row_id), query, None))

    def _outcome(self, answer: Payload | Refused | Unknown) -> Done | Refused | Unknown:
        if not isinstance(answer, Payload):
            return answer
        match answer.value:
            case None | []:
                return Done(None)
            case (dict() as raw) | [dict() as raw, *_]:
                row = read_row(raw, self.zone)
                return Done(row if isinstance(row, Row) else None)
            case _:
                return Unknown("what LionDesk answered is no task")

    # -- the account -----------------------------------------------------------------------------------------------

    async def me(self) -> Me | None:
        """The account's owner; None where there is no account URL."""
        return await self._account.me()

    async def categories(self) -> Mapping[str, str]:
        """Names of task categories by id."""
        return await self._account.categories()

    async def contact(self, contact_id: str) -> Contact | None:
        """One contact of the owner's book; None where it is not there."""
        return await self._account.contact(contact_id)


def _event(raw: object) -> str | None:
    value = raw.get("scheduled_event_id") if isinstance(raw, dict) else None
    return None if value is None else str(value)


def _kin(row: Row, other: Row) -> bool:
    """Whether two rows may be of one series: the same event; where one shows none, alike in what a series shares."""
    if row.id == other.id:
        return True
    if row.event_id is not None and other.event_id is not None:
        return row.event_id == other.event_id
    alike = (
        row.task.summary == other.task.summary
        or (row.rule is not None and row.rule == other.rule)
        or (row.created_at is not None and row.created_at == other.created_at)
    )
    return alike and row.task.contact_id == other.task.contact_id


def _recent(row: Row, since: datetime | None) -> bool:
    stamps = (row.modified_at, row.created_at)
    return since is not None and any(stamp is not None and stamp >= since for stamp in stamps)
