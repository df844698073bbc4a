"""Reading a whole list by `$limit` and `$skip` while it changes, without skipping or repeating a row.

Each page begins with the last row of the one before. If it does not, rows have moved down (something was deleted), and
the reading steps back until it meets what it has seen. Rows that moved up come twice and count once. At the end there
must be as many rows as the server counts; else something slipped in between and the list is read again.

This holds for any order that the server keeps to. New rows should come last (ascending) or first (descending) in it:
then one pass is enough.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass

from bridge.errors import Unreachable
from bridge.liondesk.rows import key

PASSES = 5
"""How often a list is read before it counts as one that never holds still."""

_MOST_STALE = 20
"""How many pages in a row may bring nothing new before a reading is given up."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the list: `total` counts all rows that match, whatever the page holds."""

    total: int
    rows: tuple[object, ...]

    @property
    def whole(self) -> bool:
        """Whether this one page, as the first, is all there is."""
        return len(self.rows) >= self.total


Fetch = Callable[[int], Awaitable[Page]]
"""The page that begins after that many rows."""


def read_page(value: object) -> Page:
    """A page from the JSON of `{total, limit, skip, data}`. Raises ValueError in words."""
    match value:
        case {"total": int() | str() as total, "data": list() as rows} if str(total).isdecimal():
            return Page(int(total), tuple(rows))
        case {"data": list()}:
            raise ValueError("the list of tasks has no total")
        case _:
            raise ValueError("the list of tasks is none")


async def read_all(fetch: Fetch, first: Page | None = None) -> tuple[object, ...]:
    """Every row of the list, once, as last seen. `first` is the page at 0 where it is already here.

    Raises Unreachable when the list is never consistent.
    """
    seen, total = await _pass(fetch, first)
    for _ in range(PASSES - 1):
        if len(seen) >= total:
            break
        seen, total = await _pass(fetch, None)
    if len(seen) >= total:
        return tuple(seen.values())
    raise Unreachable(
        f"LionDesk counts {total} tasks but shows only {len(seen)} of them, and still does after {PASSES} readings. "
        "Nothing was changed, since rows that are not shown must not be taken for deleted; the next run tries again."
    )


async def _pass(fetch: Fetch, first: Page | None) -> tuple[dict[str, object], int]:
    """One reading from the first row to the last: the rows by key, and the total as the last page told it."""
    page = first or await fetch(0)
    seen = {key(raw): raw for raw in page.rows}
    at = stale = 0
    while page.rows and at + len(page.rows) < page.total and stale < _MOST_STALE:
        overlap = 1 if len(page.rows) > 1 else 0
        at, page = await _next(fetch, at + len(page.rows) - overlap, seen if overlap else None)
        known = len(seen)
        seen.update((key(raw), raw) for raw in page.rows)
        stale = stale + 1 if len(seen) == known else 0
    return seen, page.total


async def _next(fetch: Fetch, at: int, seen: Container[str] | None) -> tuple[int, Page]:
    """The page at this place, or so far before it that it begins with a row that was seen."""
    page, back = await fetch(at), 1
    while seen is not None and at > 0 and not (page.rows and key(page.rows[0]) in seen):
        at, back = max(0, at - back), back * 2
        page = await fetch(at)
    return at, page
