"""What an observation costs, and how it copes with servers that know less of the query language than documented."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from bridge.errors import Unreachable
from bridge.liondesk.client import LionDeskApi
from bridge.liondesk.cursor import Cursor, Habits, after, dump, load
from bridge.liondesk.http import Given, Waits
from bridge.ports import RowsSeen
from bridge.sandbox.faults import Fault
from bridge.sandbox.serve import serving
from bridge.sandbox.world import World
from tests.liondesk.fault_server import Asked, answer, fault_server

ZONE = ZoneInfo("America/Los_Angeles")
NOON = datetime(2026, 3, 2, 20, tzinfo=UTC)
QUICK = Waits(first=0.01, attempts=2)


@dataclass
class Base:
    """What a store would hold."""

    held: set[str] = field(default_factory=set)

    async def count(self) -> int:
        return len(self.held)

    async def of(self, ids: Collection[str]) -> frozenset[str]:
        return frozenset(ids) & self.held

    def take(self, seen: RowsSeen) -> RowsSeen:
        if seen.complete:
            self.held.clear()
        self.held |= {row.id for row in seen.rows if not row.deleted}
        self.held -= {row.id for row in seen.rows if row.deleted}
        return seen


@dataclass
class Watch:
    """This machine's clock."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def world() -> World:
    world = World()
    world.set_clock(NOON)
    world.add_user("Ann", token="ann", timezone=ZONE.key)
    return world


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with serving(world) as url:
        yield url


@pytest.fixture
async def liondesk(url: str, watch: Watch) -> AsyncIterator[LionDeskApi]:
    async with LionDeskApi(f"{url}/api/v1", url, Given(lambda: "ann"), ZONE, waits=QUICK, now=watch.now) as api:
        yield api


def add(world: World, count: int, apart: timedelta = timedelta(milliseconds=20)) -> list[int]:
    """That many tasks, one after the other; their ids."""
    ids = []
    for number in range(count):
        body = {"assigned_user_id": 1, "due_at": "2026-03-09T09:00:00", "description": f"Task {number}"}
        ids.append(world.create(1, body | {"status": "incomplete"}).id)
        world.advance(apart)
    return ids


async def costs(liondesk: LionDeskApi, base: Base, cursor: str | None) -> tuple[int, RowsSeen]:
    """How many requests an observation takes, and what it shows."""
    before = liondesk.requests
    seen = base.take(await liondesk.observe(cursor, base))
    return liondesk.requests - before, seen


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 75, 76, 100, 1000])
async def test_a_quiet_observation_takes_two_requests_however_many_tasks_there_are(
    world: World, liondesk: LionDeskApi, count: int
) -> None:
    add(world, count)
    base = Base()
    _, seen = await costs(liondesk, base, None)
    for _ in range(3):
        requests, seen = await costs(liondesk, base, seen.cursor)
        assert requests == (2 if count else 1)
        assert seen.complete is (count == 0)
    assert len(base.held) == count


async def test_the_two_requests_are_under_way_together(world: World, liondesk: LionDeskApi) -> None:
    add(world, 3)
    base = Base()
    _, seen = await costs(liondesk, base, None)
    world.faults += [Fault(kind="delay", delay_s=0.4), Fault(kind="delay", delay_s=0.4)]
    started = asyncio.get_running_loop().time()
    await costs(liondesk, base, seen.cursor)
    assert asyncio.get_running_loop().time() - started < 0.8


async def test_the_same_state_gives_the_same_cursor(world: World, liondesk: LionDeskApi) -> None:
    add(world, 5)
    base = Base()
    cursors = []
    cursor = None
    for _ in range(4):
        _, seen = await costs(liondesk, base, cursor)
        cursors.append(cursor := seen.cursor)
    assert cursors[1] == cursors[2] == cursors[3]


async def test_no_text_of_a_task_is_in_the_cursor(world: World, liondesk: LionDeskApi) -> None:
    add(world, 2)
    _, seen = await costs(liondesk, Base(), None)
    assert seen.cursor is not None
    assert "Task" not in seen.cursor


async def test_one_edit_among_a_thousand_fresh_tasks_takes_two_requests(world: World, liondesk: LionDeskApi) -> None:
    ids = add(world, 1000)
    base = Base()
    _, seen = await costs(liondesk, base, None)
    world.update(1, ids[500], {"status": "complete", "update_type": 3}, "page")
    requests, seen = await costs(liondesk, base, seen.cursor)
    assert str(ids[500]) in {row.id for row in seen.rows}
    assert requests == 2
    assert (await costs(liondesk, base, seen.cursor))[0] == 2


async def test_what_hid_in_a_crowd_is_found_when_the_crowd_has_settled(
    world: World, liondesk: LionDeskApi, watch: Watch
) -> None:
    world.set_switches({"writer_clocks": "differ"})
    ids = add(world, 200, timedelta(seconds=1))
    base = Base()
    _, seen = await costs(liondesk, base, None)
    world.update(1, ids[190], {"status": "complete", "update_type": 3}, "page")
    watch.time += timedelta(minutes=6)
    found: set[str] = set()
    for _ in range(2):
        _, seen = await costs(liondesk, base, seen.cursor)
        found |= {row.id for row in seen.rows if row.task.status == "complete"}
    assert found == {str(ids[190])}
    requests, seen = await costs(liondesk, base, seen.cursor)
    assert (requests, seen.rows) == (2, ())


async def test_when_all_has_settled_nothing_is_shown_again(world: World, liondesk: LionDeskApi, watch: Watch) -> None:
    ids = add(world, 10)
    base = Base()
    _, seen = await costs(liondesk, base, None)
    watch.time += timedelta(minutes=6)
    world.advance(timedelta(minutes=6))
    _, seen = await costs(liondesk, base, seen.cursor)
    _, seen = await costs(liondesk, base, seen.cursor)
    assert seen.rows == ()
    world.update(1, ids[3], {"status": "complete", "update_type": 3})
    _, seen = await costs(liondesk, base, seen.cursor)
    assert [row.id for row in seen.rows] == [str(ids[3])]


async def test_a_bulk_delete_in_a_crowd_is_noticed(world: World, liondesk: LionDeskApi) -> None:
    ids = add(world, 150)
    base = Base()
    _, seen = await costs(liondesk, base, None)
    for one in ids[20:90]:
        world.delete(1, one)
    for one in ids[100:110]:
        del world.ledger.rows[one]
    await costs(liondesk, base, seen.cursor)
    assert base.held == {str(one) for one in (*ids[:20], *ids[90:100], *ids[110:])}


async def test_trouble_while_observing_never_looks_like_an_empty_list(world: World, liondesk: LionDeskApi) -> None:
    add(world, 3)
    for fault in (
        Fault(kind="html", status=200, times=9),
        Fault(kind="half_body", times=9),
        Fault(kind="status", status=404, times=9),
        Fault(kind="status", status=500, times=9),
        Fault(kind="close_before", times=9),
    ):
        world.faults[:] = [fault]
        with pytest.raises(Unreachable):
            await liondesk.observe(None, Base())


# -- servers that know less --------------------------------------------------------------------------------------------


@dataclass
class Plain:
    """A list of tasks that refuses, or ignores, some words of the query language."""

    refused: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    rows: list[dict[str, object]] = field(default_factory=list)

    def __call__(self, asked: Asked) -> bytes:
        query = dict(parse_qsl(urlsplit(asked.target).query))
        if any(f"{name}={value}".startswith(self.refused) for name, value in query.items() if self.refused):
            return answer(400, {"name": "BadRequest", "message": "Invalid query", "code": 400, "errors": {}})
        query = {name: value for name, value in query.items() if not (self.ignored and name.startswith(self.ignored))}
        found = [row for row in self.rows if _matches(row, query)]
        limit, skip = int(query["$limit"]), int(query.get("$skip", "0"))
        return answer(body={"total": len(found), "limit": limit, "skip": skip, "data": found[skip : skip + limit]})


def _matches(row: Mapping[str, object], query: Mapping[str, str]) -> bool:
    stamp = str(row["modified_at"])
    return (
        row["status"] != query.get("status[$ne]")
        and stamp >= query.get("modified_at[$gte]", "")
        and stamp < query.get("modified_at[$lt]", "~")
    )


def plain_row(number: int, modified_at: str = "2026-03-02T20:00:00.000Z") -> dict[str, object]:
    return {
        "id": number,
        "description": f"Task {number}",
        "due_at": "2026-03-09T09:00:00",
        "status": "incomplete",
        "created_at": "2026-03-01T20:00:00.000Z",
        "modified_at": modified_at,
    }


@pytest.mark.parametrize(
    ("refused", "ignored", "quiet"),
    [
        ((), (), 2),
        (("$limit=0",), (), 2),
        (("$sort[id]",), (), 2),
        (("$limit=0", "$sort[id]"), (), 2),
        (("modified_at",), (), 1),
        (("$sort[modified_at]",), (), 1),
        ((), ("modified_at",), 1),
        ((), ("$sort",), 2),
    ],
)
async def test_what_a_server_does_not_know_is_done_without_and_remembered(
    refused: tuple[str, ...], ignored: tuple[str, ...], quiet: int
) -> None:
    old = plain_row(1, "2025-01-01T00:00:00.000Z")
    plain = Plain(refused, ignored, [old, plain_row(2), plain_row(3)])
    base = Base()
    async with fault_server(plain) as server:

        async def run(cursor: str | None) -> tuple[int, RowsSeen]:
            async with LionDeskApi(server.url, "", Given(lambda: "t"), ZONE, waits=QUICK, now=lambda: NOON) as api:
                return await costs(api, base, cursor)

        _, seen = await run(None)
        _, seen = await run(seen.cursor)
        requests, seen = await run(seen.cursor)
        assert requests == quiet
        plain.rows[0] = plain_row(1, "2026-03-02T20:01:00.000Z") | {"description": "Changed"}
        _, seen = await run(seen.cursor)
        assert "Changed" in {row.task.summary for row in seen.rows}
        del plain.rows[1]
        await run(seen.cursor)
        assert base.held == {"1", "3"}


async def test_rows_without_stamps_are_read_whole_every_time() -> None:
    plain = Plain(rows=[plain_row(1) | {"modified_at": None}, plain_row(2) | {"modified_at": "?"}])
    async with (
        fault_server(plain) as server,
        LionDeskApi(server.url, "", Given(lambda: "t"), ZONE, waits=QUICK, now=lambda: NOON) as api,
    ):
        base = Base()
        _, seen = await costs(api, base, None)
        requests, seen = await costs(api, base, seen.cursor)
        assert (requests, seen.complete, len(seen.rows)) == (1, True, 2)


# -- the cursor --------------------------------------------------------------------------------------------------------


def test_a_cursor_survives_its_text() -> None:
    cursor = Cursor(NOON, NOON + timedelta(microseconds=7), NOON, NOON, ("1", "?ab"), {"id": 1})
    habits = Habits(changes=False, sort_by_id=False)
    assert load(dump(cursor, habits)) == (cursor, habits)
    assert load(dump(None, habits)) == (None, habits)


@pytest.mark.parametrize(("was", "now"), [("}", ""), ("2026", "never"), ("mark", "spot"), ("since", "until")])
def test_a_damaged_cursor_is_no_cursor(was: str, now: str) -> None:
    assert load(dump(Cursor(NOON, NOON, NOON), Habits()).replace(was, now))[0] is None


def test_the_overlap_is_read_again_until_it_has_settled() -> None:
    first = after(None, [NOON], NOON, 50)
    assert first is not None
    assert first.since == NOON - timedelta(minutes=5)
    soon = after(first, [NOON], NOON + timedelta(minutes=4), 50)
    assert soon == first
    late = after(first, [NOON], NOON + timedelta(minutes=6), 50)
    assert late is not None
    assert late.since > NOON
    more = after(late, [NOON + timedelta(minutes=7)], NOON + timedelta(minutes=8), 50)
    assert more is not None
    assert late.since <= more.since <= NOON + timedelta(minutes=2)
