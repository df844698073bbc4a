"""Asking `/scheduled/tasks`: pages, totals and whole lists, by the query words of the documentation.

What no page says (may `id` be sorted by, is `$limit=0` honoured, how long is a page at most) is found out as it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from bridge.errors import Unreachable
from bridge.liondesk.cursor import Habits, stamp
from bridge.liondesk.http import Http, Query
from bridge.liondesk.paging import Page, read_all, read_page
from bridge.ports import Refused

LIMIT = 500
"""How many rows a page is asked to hold; the server may give fewer."""

LIVE: Query = (("status[$ne]", "deleted"),)
OLDEST_FIRST = "created_at", "1"
NEWEST_CHANGE_FIRST = "modified_at", "-1"


def changed_since(moment: datetime) -> Query:
    """Rows stamped at this (aware) moment or later."""
    return (("modified_at[$gte]", stamp(moment)),)


def changed_before(moment: datetime) -> Query:
    """Rows stamped before this (aware) moment."""
    return (("modified_at[$lt]", stamp(moment)),)


class Listing:
    """The list of one account's tasks. `page_size` is how many rows a page was seen to hold at most."""

    def __init__(self, http: Http, url: str) -> None:
        self.habits = Habits()
        self.page_size = LIMIT
        self._http = http
        self._url = f"{url.rstrip('/')}/scheduled/tasks"

    def address(self, row_id: str | None = None) -> str:
        """The URL of the list, or of one task."""
        return self._url if row_id is None else f"{self._url}/{quote(row_id, safe='')}"

    async def page(
        self, filters: Query, order: tuple[str, str] | None, skip: int = 0, limit: int = LIMIT
    ) -> Page | Refused:
        """One page, in an order that ids make a total one where they may be sorted by; or why the server will not."""
        answer = await self._ask(filters, self._sort(order), skip, limit)
        if isinstance(answer, Refused) and order and self.habits.sort_by_id:
            plain = await self._ask(filters, self._sort(order)[:1], skip, limit)
            if isinstance(plain, Page):
                self.habits = replace(self.habits, sort_by_id=False)
            answer = plain
        if isinstance(answer, Page) and skip == 0 and 0 < len(answer.rows) < min(limit, answer.total):
            self.page_size = len(answer.rows)
        return answer

    async def total(self, filters: Query) -> int:
        """How many rows match. Where `$limit=0` is refused, a page of one row is asked for."""
        if self.habits.total_alone:
            answer = await self._ask(filters, (), 0, 0)
            if isinstance(answer, Page):
                return answer.total
            self.habits = replace(self.habits, total_alone=False)
        return self.must(await self._ask(filters, (), 0, 1)).total

    async def all(self, filters: Query, order: tuple[str, str], first: Page | None = None) -> tuple[object, ...]:
        """Every row that matches. `first` is the first page where it is here already. Raises Unreachable."""

        async def fetch(skip: int) -> Page:
            return self.must(await self.page(filters, order, skip))

        return await read_all(fetch, first)

    def must(self, answer: Page | Refused) -> Page:
        """The page. Raises Unreachable for a refusal: what asks so has no other way."""
        if isinstance(answer, Refused):
            raise Unreachable(
                f"LionDesk will not list the tasks ({answer.message}). Nothing was changed; check that the pair's "
                f"`url` is that of the Tasks API v2.1 ({self._url} was asked). The next run tries again."
            )
        return answer

    async def _ask(self, filters: Query, sort: Query, skip: int, limit: int) -> Page | Refused:
        query = [*filters, *sort, ("$limit", str(limit))]
        if skip:
            query.append(("$skip", str(skip)))
        answer = await self._http.read(self._url, query)
        if isinstance(answer, Refused):
            return answer
        try:
            return read_page(answer.value)
        except ValueError as error:
            raise Unreachable(
                f"What LionDesk answered is no answer: {error}. Nothing was changed; check that the pair's `url` is "
                "that of the Tasks API v2.1. The next run tries again."
            ) from None

    def _sort(self, order: tuple[str, str] | None) -> Sequence[tuple[str, str]]:
        if order is None:
            return ()
        name, direction = order
        by_id = (("$sort[id]", direction),) if self.habits.sort_by_id else ()
        return ((f"$sort[{name}]", direction), *by_id)
