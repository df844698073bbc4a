"""What changed in LionDesk since a cursor, in two parallel requests when nothing did.

Changed rows come by `modified_at`; rows that vanished leave no trace, so the total of live rows is asked beside and
compared with what the base holds, corrected by what the answer adds and removes. When they differ, all is read.

While more rows than a page holds were stamped in the last minutes (a first import, say), reading them again each time
would take many requests. Then live rows are asked in two halves, from a floor on and before it: an edit is either
stamped newer than all, and comes first in the upper half, or late by another writer's clock, and comes first in the
lower half, which begins just below the crowd; the two totals make the whole. What hides within the crowd is found when
the crowd has settled: then it is read once more and left behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.core.model import Row, Unreadable
from bridge.liondesk.cursor import Cursor, after, dump, load
from bridge.liondesk.fields import read_stamp
from bridge.liondesk.listing import LIVE, NEWEST_CHANGE_FIRST, OLDEST_FIRST, Listing, changed_before, changed_since
from bridge.liondesk.paging import Page
from bridge.liondesk.rows import is_deleted, key, read_row
from bridge.ports import Known, RowsSeen

_ROUNDING = timedelta(seconds=2)
"""By how much a stamp may be shown lower than the server compares it."""

_SAMPLE = ("id", "crm_user_id", "assigned_user_id", "due_at", "is_all_day", "notify_assignee")


@dataclass(frozen=True, slots=True)
class _Balance:
    """How many live rows there should be, and which of them the base does not hold."""

    expected: int
    unheld: tuple[str, ...]


@dataclass(slots=True)
class Observer:
    """One observation at a time. `sample` shows in which forms this account's rows come."""

    listing: Listing
    zone: ZoneInfo
    now: Callable[[], datetime]
    sample: Mapping[str, object] | None = None

    async def observe(self, text: str | None, known: Known) -> RowsSeen:
        """Rows that changed since the cursor in `text`, or all of them. See `ports.LionDesk.observe`."""
        cursor, self.listing.habits = load(text)
        if cursor is None or not self.listing.habits.changes:
            return await self._everything(None, known, ())
        self.sample = cursor.sample or None
        if cursor.floor is not None and not cursor.settled(self.now()):
            seen = await self._halves(cursor, cursor.floor, known)
            if seen is not None:
                return seen
        return await self._changes(cursor, known)

    async def _changes(self, cursor: Cursor, known: Known) -> RowsSeen:
        """Every row stamped since the cursor, and the total."""
        filters = changed_since(cursor.since)
        page, total = await asyncio.gather(self.listing.page(filters, NEWEST_CHANGE_FIRST), self.listing.total(LIVE))
        if not isinstance(page, Page) or any(_before(raw, cursor.since - _ROUNDING) for raw in page.rows):
            self.listing.habits = replace(self.listing.habits, changes=False)
            return await self._everything(None, known, ())
        raws = page.rows if page.whole else await self.listing.all(filters, NEWEST_CHANGE_FIRST, page)
        balance = await _balance(raws, cursor.unheld, known)
        if total != balance.expected:
            return await self._everything(cursor, known, raws)
        following = after(cursor, _stamps(raws), self.now(), self.listing.page_size)
        return self._seen(raws, following, balance, complete=False)

    async def _halves(self, cursor: Cursor, floor: datetime, known: Known) -> RowsSeen | None:
        """A glance over a crowd of recent rows; None when it does not tell enough."""
        upper, lower = await asyncio.gather(
            self.listing.page((*LIVE, *changed_since(floor)), NEWEST_CHANGE_FIRST),
            self.listing.page((*LIVE, *changed_before(floor)), NEWEST_CHANGE_FIRST),
        )
        if not isinstance(upper, Page) or not isinstance(lower, Page):
            return None
        newer = _until(upper, lambda raw: not _before(raw, cursor.mark, or_at=True))
        late = _until(lower, lambda raw: not _before(raw, cursor.since))
        if newer is None or late is None:
            return None
        raws = (*newer, *late)
        balance = await _balance(raws, cursor.unheld, known)
        if upper.total + lower.total != balance.expected:
            return None
        return self._seen(raws, _moved_on(cursor, _stamps(newer), self.now()), balance, complete=False)

    async def _everything(self, previous: Cursor | None, known: Known, changes: Iterable[object]) -> RowsSeen:
        """All live rows, and of `changes` those that were deleted."""
        live = await self.listing.all(LIVE, OLDEST_FIRST)
        shown = {key(raw) for raw in live}
        deleted = tuple(raw for raw in changes if is_deleted(raw) and key(raw) not in shown)
        balance = await _balance(live, (), known)
        following = after(previous, _stamps((*live, *deleted)), self.now(), self.listing.page_size)
        return self._seen((*live, *deleted), following, balance, complete=True)

    def _seen(self, raws: Iterable[object], following: Cursor | None, balance: _Balance, *, complete: bool) -> RowsSeen:
        rows: list[Row] = []
        unreadable: list[Unreadable] = []
        for raw in raws:
            match read_row(raw, self.zone):
                case Row() as row:
                    rows.append(row)
                case Unreadable() as item:
                    unreadable.append(item)
        if rows:
            timed = next((row for row in rows if not row.task.all_day), rows[0])
            self.sample = {name: timed.raw[name] for name in _SAMPLE if name in timed.raw}
        if following is not None:
            following = replace(following, unheld=balance.unheld, sample=self.sample or {})
        return RowsSeen(tuple(rows), tuple(unreadable), complete, dump(following, self.listing.habits))


async def _balance(raws: Iterable[object], unheld: Iterable[str], known: Known) -> _Balance:
    """The number of live rows by what the base holds, what was left out of it before, and what these rows say now."""
    live = set(unheld)
    deleted: set[str] = set()
    for raw in raws:
        (deleted if is_deleted(raw) else live).add(key(raw))
    held = await known.of(live | deleted) if live or deleted else frozenset()
    outside = live - held - deleted
    return _Balance(await known.count() - len(held & deleted) + len(outside), tuple(sorted(outside)))


def _moved_on(cursor: Cursor, stamps: list[datetime], now: datetime) -> Cursor:
    """The cursor after a glance: the crowd stays what it was."""
    if not stamps:
        return cursor
    following = after(cursor, stamps, now, len(stamps) + 1)
    return replace(following, floor=cursor.floor) if following else cursor


def _stamps(raws: Iterable[object]) -> list[datetime]:
    return [moment for raw in raws if (moment := _stamp(raw)) is not None]


def _stamp(raw: object) -> datetime | None:
    return read_stamp(raw.get("modified_at")) if isinstance(raw, dict) else None


def _before(raw: object, moment: datetime, *, or_at: bool = False) -> bool:
    found = _stamp(raw)
    return found is not None and (found < moment or (or_at and found == moment))


def _until(page: Page, wanted: Callable[[object], bool]) -> tuple[object, ...] | None:
    """The wanted rows at the head of a page; None when the page ends before they do."""
    rows = tuple(raw for raw in page.rows if wanted(raw))
    return rows if len(rows) < len(page.rows) or page.whole else None
