"""A list is read whole while it changes: no row that was there all the time is skipped or comes twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import Unreachable
from bridge.liondesk.client import LionDeskApi
from bridge.liondesk.http import Given, Waits
from bridge.liondesk.paging import Page, read_all, read_page
from bridge.liondesk.rows import key
from tests.liondesk.fault_server import Asked, answer, fault_server


def row(number: int) -> dict[str, object]:
    return {"id": str(number), "created_at": f"2026-03-02T16:00:{number % 60:02}Z"}


@dataclass(slots=True)
class MovingList:
    """Rows that change between any two pages; `most` is the server's own maximum."""

    rows: list[dict[str, object]]
    most: int
    change: Callable[[list[dict[str, object]], int], None] = lambda _rows, _page: None
    pages: int = 0
    ever: set[str] = field(default_factory=set)
    always: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ever = {key(item) for item in self.rows}
        self.always = set(self.ever)

    async def fetch(self, skip: int) -> Page:
        return self.page(skip)

    def page(self, skip: int) -> Page:
        if self.pages:
            self.change(self.rows, self.pages)
        self.pages += 1
        there = {key(item) for item in self.rows}
        self.ever |= there
        self.always &= there
        return Page(len(self.rows), tuple(self.rows[skip : skip + self.most]))


async def ids(moving: MovingList) -> list[str]:
    return [key(item) for item in await read_all(moving.fetch)]


@pytest.mark.parametrize(("count", "most", "pages"), [(0, 10, 1), (1, 10, 1), (10, 10, 1), (11, 10, 2), (95, 10, 11)])
async def test_a_list_that_rests_is_read_in_as_many_pages_as_it_takes(count: int, most: int, pages: int) -> None:
    moving = MovingList([row(number) for number in range(count)], most)
    assert await ids(moving) == [str(number) for number in range(count)]
    assert moving.pages == pages


async def test_pages_of_one_row_are_enough() -> None:
    assert len(await ids(MovingList([row(number) for number in range(7)], 1))) == 7


async def test_rows_deleted_before_the_page_skip_nothing() -> None:
    moving = MovingList([row(number) for number in range(100)], 10, lambda rows, _page: rows.__delitem__(0))
    found = await ids(moving)
    assert moving.always <= set(found)
    assert len(found) == len(set(found))


async def test_many_rows_deleted_at_once_skip_nothing() -> None:
    def change(rows: list[dict[str, object]], page: int) -> None:
        if page == 5:
            del rows[:37]

    moving = MovingList([row(number) for number in range(100)], 10, change)
    assert moving.always <= set(await ids(moving))


async def test_a_list_that_shrinks_below_where_the_reading_stands_is_read_to_its_new_end() -> None:
    def change(rows: list[dict[str, object]], page: int) -> None:
        if page == 2:
            del rows[:12]

    moving = MovingList([row(number) for number in range(30)], 10, change)
    assert moving.always <= set(await ids(moving))


async def test_rows_added_meanwhile_at_either_end_are_there_once() -> None:
    def change(rows: list[dict[str, object]], page: int) -> None:
        if page < 6:
            rows.insert(0 if page % 2 else len(rows), row(1000 + page))

    moving = MovingList([row(number) for number in range(50)], 10, change)
    found = await ids(moving)
    assert moving.ever == set(found)
    assert len(found) == len(set(found))


async def test_a_row_that_slips_in_between_is_found_by_another_reading() -> None:
    def change(rows: list[dict[str, object]], page: int) -> None:
        if page == 4:
            rows.insert(3, row(1000))

    moving = MovingList([row(number) for number in range(50)], 10, change)
    assert "1000" in await ids(moving)


@given(st.integers(0, 2**32), st.integers(2, 12), st.integers(0, 80), st.integers(0, 25))
async def test_whatever_happens_between_pages_nothing_that_stayed_is_lost(
    seed: int, most: int, count: int, events: int
) -> None:
    lot = random.Random(seed)

    def change(rows: list[dict[str, object]], page: int) -> None:
        if page > events:
            return
        for _ in range(lot.choice((0, 1, 2, 25))):
            if rows and lot.random() < 0.5:
                rows.pop(lot.randrange(len(rows)))
            else:
                rows.append(row(1000 + lot.randrange(10**9)))

    moving = MovingList([row(number) for number in range(count)], most, change)
    found = await ids(moving)
    assert moving.always <= set(found) <= moving.ever
    assert len(found) == len(set(found))


async def test_rows_that_are_counted_but_never_shown_are_not_taken_for_deleted() -> None:
    async def fetch(skip: int) -> Page:
        return Page(100, tuple(row(number) for number in range(60))[skip : skip + 10])

    with pytest.raises(Unreachable, match="counts 100 tasks but shows only 60"):
        await read_all(fetch)


async def test_an_empty_page_in_place_of_rows_is_not_taken_for_the_end() -> None:
    async def fetch(skip: int) -> Page:
        return Page(30, () if skip else tuple(row(number) for number in range(10)))

    with pytest.raises(Unreachable):
        await read_all(fetch)


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        [],
        [{"id": "1"}],
        {},
        {"total": 1},
        {"data": []},
        {"total": None, "data": []},
        {"total": -1, "data": []},
        {"total": True, "data": []},
        {"total": "many", "data": []},
        {"total": 1, "data": {"id": "1"}},
    ],
)
def test_what_is_no_page_is_named_as_such(nonsense: object) -> None:
    with pytest.raises(ValueError, match="the list of tasks"):
        read_page(nonsense)


def test_a_total_may_be_text() -> None:
    assert read_page({"total": "2", "limit": 10, "skip": 0, "data": [1, 2]}) == Page(2, (1, 2))


class Nothing:
    """A base that holds nothing."""

    async def count(self) -> int:
        return 0

    async def of(self, _ids: object) -> frozenset[str]:
        return frozenset()


async def test_over_http_a_list_that_changes_with_every_page_is_read_whole() -> None:
    values = {"description": "Call", "due_at": "2026-03-09T09:00:00", "status": "incomplete"}
    moving = MovingList([row(number) | values for number in range(200)], 25, lambda rows, _page: rows.__delitem__(7))

    def page(asked: Asked) -> bytes:
        query = parse_qs(urlsplit(asked.target).query)
        shown = moving.page(int(query.get("$skip", ["0"])[0]))
        return answer(body={"total": shown.total, "limit": 25, "skip": 0, "data": shown.rows})

    async with (
        fault_server(page) as server,
        LionDeskApi(server.url, "", Given(lambda: "token"), ZoneInfo("UTC"), waits=Waits(first=0.01)) as client,
    ):
        seen = await client.observe(None, Nothing())
    found = [one.id for one in seen.rows]
    assert seen.complete
    assert moving.always <= set(found)
    assert len(found) == len(set(found))
