"""What every implementation of `bridge.ports.LionDesk` promises, over HTTP, under many readings of the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from bridge.core.model import Row, Status, Task
from bridge.core.recurrence import parse_rule
from bridge.liondesk.client import LionDeskApi
from bridge.liondesk.http import Given, Waits
from bridge.ports import Done, Refused, RowsSeen
from bridge.sandbox.serve import serving
from bridge.sandbox.world import World

if TYPE_CHECKING:
    from bridge.ports import LionDesk

    def _is_a_liondesk(api: LionDeskApi) -> LionDesk:
        return api


ZONE = ZoneInfo("America/Los_Angeles")
NOON = datetime(2026, 3, 2, 20, tzinfo=UTC)
DUE = datetime(2026, 3, 9, 9)
READINGS: Mapping[str, Mapping[str, object]] = {
    "documented": {},
    "numbers": {"ids": "integers", "booleans": "integers", "empty_notes": "null", "due_at": "utc"},
    "texts": {"booleans": "strings", "due_at": "offset", "due_at_milliseconds": "yes", "rule_form": "prefix"},
    "bare": {"event_id": "hidden", "id_query": "unknown", "limit_zero": "default", "deletion": "gone"},
    "strict": {"event_id": "hidden", "id_query": "unknown", "unknown_field": "refused", "rule_form": "dtstart"},
    "coarse": {"modified_at": "seconds", "writer_clocks": "differ", "deletion": "gone", "rule_form": "normalised"},
    "narrow": {"max_limit": 3, "due_at": "utc", "due_at_milliseconds": "yes"},
    "restless": {"single_edit_event": "new", "tail_ids": "new", "tail_event": "new", "single_edit_rule": "lost"},
}


@dataclass
class Base:
    """What a store would hold: `Known`, kept up to date by what was observed."""

    held: dict[str, Row] = field(default_factory=dict)

    async def count(self) -> int:
        return len(self.held)

    async def of(self, ids: Collection[str]) -> frozenset[str]:
        return frozenset(ids) & self.held.keys()

    def take(self, seen: RowsSeen) -> None:
        """Commit an observation."""
        if seen.complete:
            self.held.clear()
        for row in seen.rows:
            if row.deleted:
                self.held.pop(row.id, None)
            else:
                self.held[row.id] = row


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[World, str]]:
    world = World()
    with serving(world) as url:
        yield world, url


@pytest.fixture(params=READINGS)
def world(request: pytest.FixtureRequest, served: tuple[World, str]) -> World:
    """The served world, new again, under one reading of the API."""
    world, new = served[0], World()
    for part in fields(World):
        setattr(world, part.name, getattr(new, part.name))
    world.set_clock(NOON)
    world.set_switches(READINGS[request.param])
    world.add_user("Ann", "Agent", token="ann", timezone=ZONE.key)
    world.add_user("Bob", token="bob")
    mobile, office = "425 555 0100", "425 555 0101"
    world.add_contact(1, "Bill", "Gates", email="b@example.com", mobile_phone=mobile, office_phone=office)
    world.add_category("Call")
    return world


@pytest.fixture
def url(world: World, served: tuple[World, str]) -> str:
    return served[1]


@pytest.fixture
async def liondesk(url: str) -> AsyncIterator[LionDeskApi]:
    waits = Waits(first=0.01, attempts=3)
    async with LionDeskApi(
        f"{url}/api/v1", url, Given(lambda: "ann"), ZONE, assigned_user_id="1", waits=waits, now=lambda: NOON
    ) as api:
        yield api


def add(world: World, description: str, owner: int = 1, **values: object) -> str:
    """A task made in LionDesk; its first row's id."""
    body = {"assigned_user_id": owner, "due_at": "2026-03-09T09:00:00", "status": "incomplete", **values}
    return str(world.create(owner, body | {"description": description}, "page").id)


def edit(world: World, row_id: str, **values: object) -> None:
    """An edit on LionDesk's own page, an instant later."""
    world.advance(timedelta(seconds=2))
    shown = world.shown(world.get(1, int(row_id)))
    world.update(1, int(row_id), {**shown, **values}, "page")


def live(world: World) -> set[str]:
    return {str(row.id) for row in world.ledger.owned_by(1) if row.values.status != "deleted"}


async def synced(liondesk: LionDeskApi, base: Base, cursor: str | None = None) -> RowsSeen:
    seen = await liondesk.observe(cursor, base)
    base.take(seen)
    return seen


async def settled(liondesk: LionDeskApi, base: Base) -> str:
    """Observe until all is known; the cursor."""
    seen = await synced(liondesk, base)
    seen = await synced(liondesk, base, seen.cursor)
    assert seen.cursor is not None
    return seen.cursor


# -- observing ---------------------------------------------------------------------------------------------------------


async def test_the_first_observation_shows_every_live_row_of_the_owner_alone(
    world: World, liondesk: LionDeskApi
) -> None:
    for number in range(4):
        add(world, f"Task {number}")
    add(world, "Series", recurrence_rule="FREQ=WEEKLY;COUNT=5")
    add(world, "Somebody else's", owner=2)
    world.delete(1, 1)
    seen = await liondesk.observe(None, Base())
    assert seen.complete
    assert {row.id for row in seen.rows if not row.deleted} == live(world)
    assert seen.unreadable == ()


async def test_an_empty_account_is_complete_and_not_an_error(liondesk: LionDeskApi) -> None:
    seen = await liondesk.observe(None, Base())
    assert (seen.rows, seen.complete) == ((), True)


async def test_when_nothing_changed_two_requests_say_so(world: World, liondesk: LionDeskApi) -> None:
    add(world, "Once")
    add(world, "Daily", recurrence_rule="FREQ=DAILY")
    base = Base()
    cursor = await settled(liondesk, base)
    before, held = liondesk.requests, dict(base.held)
    seen = await synced(liondesk, base, cursor)
    assert not seen.complete
    assert base.held == held
    assert liondesk.requests - before == 2


async def test_an_edit_is_seen_by_the_next_observation(world: World, liondesk: LionDeskApi) -> None:
    ids = [add(world, f"Task {number}") for number in range(5)]
    base = Base()
    cursor = await settled(liondesk, base)
    edit(world, ids[2], description="Changed")
    await synced(liondesk, base, cursor)
    assert base.held[ids[2]].task.summary == "Changed"


async def test_a_late_stamped_edit_among_many_fresh_rows_is_seen(world: World, liondesk: LionDeskApi) -> None:
    old = add(world, "Old")
    world.advance(timedelta(minutes=30))
    add(world, "Daily", recurrence_rule="FREQ=DAILY")
    base = Base()
    cursor = await settled(liondesk, base)
    edit(world, old, description="Changed")
    await synced(liondesk, base, cursor)
    assert base.held[old].task.summary == "Changed"
    assert set(base.held) == live(world)


async def test_new_and_deleted_rows_are_noticed_however_they_go(world: World, liondesk: LionDeskApi) -> None:
    ids = [add(world, f"Task {number}") for number in range(5)]
    base = Base()
    cursor = await settled(liondesk, base)
    world.advance(timedelta(seconds=2))
    world.delete(1, int(ids[1]), 1, "page")
    new = add(world, "New")
    await synced(liondesk, base, cursor)
    assert set(base.held) == live(world) == {*ids, new} - {ids[1]}


async def test_one_row_gone_and_one_come_do_not_cancel_out(world: World, liondesk: LionDeskApi) -> None:
    ids = [add(world, f"Task {number}") for number in range(5)]
    base = Base()
    cursor = await settled(liondesk, base)
    world.advance(timedelta(seconds=2))
    del world.ledger.rows[int(ids[0])]
    new = add(world, "New")
    await synced(liondesk, base, cursor)
    assert set(base.held) == {*ids[1:], new}


async def test_rows_that_the_base_does_not_hold_are_not_read_again_and_again(
    world: World, liondesk: LionDeskApi
) -> None:
    left_out = add(world, "Left out")
    add(world, "Taken")
    base = Base()
    cursor: str | None = None
    for _ in range(2):
        seen = await synced(liondesk, base, cursor)
        base.held.pop(left_out, None)
        cursor = seen.cursor
    before = liondesk.requests
    seen = await liondesk.observe(cursor, base)
    assert not seen.complete
    assert liondesk.requests - before == 2


async def test_a_base_that_lost_rows_gets_them_all_again(world: World, liondesk: LionDeskApi) -> None:
    for number in range(3):
        add(world, f"Task {number}")
    world.advance(timedelta(hours=1))
    add(world, "Fresh")
    base = Base()
    cursor = await settled(liondesk, base)
    base.held.clear()
    seen = await synced(liondesk, base, cursor)
    assert seen.complete
    assert set(base.held) == live(world)


async def test_rows_that_the_moving_horizon_brings_are_seen(world: World, liondesk: LionDeskApi) -> None:
    add(world, "Daily", recurrence_rule="FREQ=DAILY")
    base = Base()
    cursor = await settled(liondesk, base)
    world.advance(timedelta(days=3))
    await synced(liondesk, base, cursor)
    assert set(base.held) == live(world)


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "{}", '{"version": 99}', '{"version":1,"habits":{},"mark":"x"}', '{"version":1}', "[]"]
)
async def test_a_cursor_that_says_nothing_means_all_is_read(world: World, liondesk: LionDeskApi, cursor: str) -> None:
    add(world, "Task")
    seen = await liondesk.observe(cursor, Base())
    assert seen.complete
    assert len(seen.rows) == 1


async def test_a_row_that_nobody_can_read_is_listed_and_the_rest_is_read(world: World, liondesk: LionDeskApi) -> None:
    add(world, "Good")
    bad = int(add(world, "Odd"))
    row = world.ledger.rows[bad]
    world.ledger.put(replace(row, values=replace(row.values, status="dancing")))
    base = Base()
    seen = await synced(liondesk, base)
    assert [item.item for item in seen.unreadable] == [str(bad)]
    assert '"Odd"' in seen.unreadable[0].why
    assert [one.task.summary for one in seen.rows] == ["Good"]
    seen = await synced(liondesk, base, seen.cursor)
    for counted in ({}, {item.item: seen.rows[0] for item in seen.unreadable}):
        before = liondesk.requests
        again = await liondesk.observe(seen.cursor, Base(base.held | counted))
        assert (again.complete, liondesk.requests - before) == (False, 2)


# -- reading rows ------------------------------------------------------------------------------------------------------


async def test_rows_are_read_by_id_and_those_that_are_gone_are_left_out(world: World, liondesk: LionDeskApi) -> None:
    ids = [add(world, f"Task {number}") for number in range(5)]
    del world.ledger.rows[int(ids[3])]
    wanted = [ids[4], ids[3], ids[0], "999"]
    found = await liondesk.read(wanted)
    assert {one: row.task.summary for one, row in found.items()} == {ids[4]: "Task 4", ids[0]: "Task 0"}
    assert await liondesk.read([]) == {}
    assert list(await liondesk.read(["999"])) == []


async def test_a_series_is_read_whole_without_the_rest(world: World, liondesk: LionDeskApi) -> None:
    first = add(world, "Weekly", recurrence_rule="FREQ=WEEKLY;COUNT=6")
    world.advance(timedelta(seconds=5))
    other = add(world, "Other")
    row = (await liondesk.read([first]))[first]
    series = {one.id for one in await liondesk.read_series(row)}
    assert live(world) - {other} == series


async def test_a_tail_is_found_wherever_it_went(world: World, liondesk: LionDeskApi) -> None:
    first = int(add(world, "Weekly", recurrence_rule="FREQ=WEEKLY;COUNT=6"))
    row = (await liondesk.read([str(first)]))[str(first)]
    middle = (await liondesk.read([str(first + 2)]))[str(first + 2)]
    world.advance(timedelta(seconds=5))
    since = world.clock.now().replace(microsecond=0)
    body = liondesk.patch_body(middle, {"summary": "Tail", "due": middle.task.due + timedelta(hours=1)})
    assert isinstance(await liondesk.update(middle.id, body, 2), Done)
    series = await liondesk.read_series(row, since)
    assert {one.id for one in series} == live(world)
    assert sorted(one.task.summary for one in series) == ["Tail"] * 4 + ["Weekly"] * 2


# -- writing -----------------------------------------------------------------------------------------------------------


async def test_a_patch_without_changes_changes_nothing(world: World, liondesk: LionDeskApi) -> None:
    ids = [
        add(world, "Single", contact_id=1, category_id=1, reminder_type=3, notify_assignee=True),
        add(world, "All day", is_all_day=True, due_at="2026-03-09T00:00:00", notes="Bring the keys"),
        add(world, "Series", recurrence_rule="FREQ=WEEKLY;COUNT=3"),
    ]
    before = await liondesk.read(ids)
    values = {one: world.ledger.rows[int(one)].values for one in ids}
    for one in ids[:2]:
        assert isinstance(await liondesk.update(one, liondesk.patch_body(before[one], {}), None), Done)
    assert isinstance(await liondesk.update(ids[2], liondesk.patch_body(before[ids[2]], {}), 1), Done)
    for one in ids[:2]:
        assert world.ledger.rows[int(one)].values == values[one]
    assert (await liondesk.read(ids[2:]))[ids[2]].task == before[ids[2]].task


async def test_an_edit_arrives_and_leaves_the_rest(world: World, liondesk: LionDeskApi) -> None:
    one = add(world, "Call", contact_id=1, notes="Twice", notify_assignee=True)
    row = (await liondesk.read([one]))[one]
    changes = {"summary": "Call back", "due": datetime(2026, 7, 1, 10, 30), "category_id": "1"}
    outcome = await liondesk.update(one, liondesk.patch_body(row, changes), None)
    assert isinstance(outcome, Done)
    after = (await liondesk.read([one]))[one].task
    assert after == replace(row.task, summary="Call back", due=datetime(2026, 7, 1, 10, 30), category_id="1")
    assert world.ledger.rows[int(one)].values.notify_assignee is True


async def test_a_status_travels_alone(world: World, liondesk: LionDeskApi) -> None:
    one = add(world, "Call", notes="Twice")
    assert isinstance(await liondesk.update(one, {"status": "complete"}, 3), Done)
    row = (await liondesk.read([one]))[one]
    assert (row.task.status, row.task.notes) == (Status.COMPLETE, "Twice")
    assert world.log[-2].body == {"status": "complete", "update_type": 3}


@pytest.mark.parametrize("known", [False, True])
async def test_a_new_task_reads_back_as_it_was_meant(world: World, liondesk: LionDeskApi, known: bool) -> None:
    if known:
        add(world, "Known before")
        await liondesk.observe(None, Base())
    timed = Task("Call", DUE, notes="Twice", category_id="1", contact_id="1", reminder_type="3")
    day = Task("Visit", datetime(2026, 3, 10), all_day=True)
    for task in (timed, day):
        outcome = await liondesk.create(liondesk.create_body(task, None))
        assert isinstance(outcome, Done)
        assert outcome.row is not None
        row = (await liondesk.read([outcome.row.id]))[outcome.row.id]
        assert replace(row.task, reminder_type=task.reminder_type) == task
        assert row.rule is None
        assert world.ledger.rows[int(row.id)].values.notify_assignee is False


async def test_a_new_series_makes_its_rows(world: World, liondesk: LionDeskApi) -> None:
    rule = parse_rule("FREQ=DAILY;COUNT=4", ZONE)
    outcome = await liondesk.create(liondesk.create_body(Task("Daily", DUE), rule))
    assert isinstance(outcome, Done)
    assert outcome.row is not None
    series = await liondesk.read_series(outcome.row)
    assert sorted(row.task.due for row in series) == [DUE + timedelta(days=day) for day in range(4)]
    assert {row.rule for row in series} == {rule}


async def test_a_rule_may_be_changed_and_taken_away(world: World, liondesk: LionDeskApi) -> None:
    one = add(world, "Daily", recurrence_rule="FREQ=DAILY;COUNT=4")
    row = (await liondesk.read([one]))[one]
    rule = parse_rule("FREQ=DAILY;COUNT=6", ZONE)
    assert isinstance(await liondesk.update(one, liondesk.patch_body(row, {"rule": rule}), 2), Done)
    assert len(live(world)) == 6
    row = next(row for row in (await liondesk.observe(None, Base())).rows if row.task.due == DUE)
    assert row.rule == rule
    assert isinstance(await liondesk.update(row.id, liondesk.patch_body(row, {"rule": None}), 2), Done)
    (row,) = (await liondesk.observe(None, Base())).rows
    assert row.rule is None


@pytest.mark.parametrize(("delete_type", "left"), [(None, 3), (1, 3), (2, 1), (3, 0)])
async def test_deleting_takes_this_these_or_all(
    world: World, liondesk: LionDeskApi, delete_type: int | None, left: int
) -> None:
    first = int(add(world, "Daily", recurrence_rule="FREQ=DAILY;COUNT=4"))
    assert isinstance(await liondesk.delete(str(first + 1), delete_type), Done)
    assert len(live(world)) == left


async def test_what_liondesk_refuses_comes_back_in_its_words(world: World, liondesk: LionDeskApi) -> None:
    one = add(world, "Call")
    row = (await liondesk.read([one]))[one]
    outcome = await liondesk.update(one, {**liondesk.patch_body(row, {}), "contact_id": "77"}, None)
    assert isinstance(outcome, Refused)
    assert outcome.status == 400
    assert "contact_id" in outcome.message
    gone = await liondesk.delete("999", 1)
    assert isinstance(gone, Refused)
    assert gone.gone


async def test_a_stored_row_is_the_row_it_was(world: World, liondesk: LionDeskApi) -> None:
    one = add(world, "Weekly", recurrence_rule="FREQ=WEEKLY;COUNT=2")
    row = (await liondesk.read([one]))[one]
    assert liondesk.row(dict(row.raw)) == row


# -- the account -------------------------------------------------------------------------------------------------------


async def test_the_account_tells_its_owner_categories_and_contacts(liondesk: LionDeskApi) -> None:
    me, categories, contact, nobody = await asyncio.gather(
        liondesk.me(), liondesk.categories(), liondesk.contact("1"), liondesk.contact("99")
    )
    assert me is not None
    assert (me.id, me.time_zone, me.name) == ("1", ZONE.key, "Ann Agent")
    assert categories == {"1": "Call"}
    assert contact is not None
    assert (contact.name, contact.phones, contact.email) == (
        "Bill Gates",
        ("425 555 0100", "425 555 0101"),
        "b@example.com",
    )
    assert nobody is None


async def test_without_an_account_url_nothing_is_asked(url: str) -> None:
    async with LionDeskApi(f"{url}/api/v1", "", Given(lambda: "ann"), ZONE) as api:
        assert (await api.me(), await api.categories(), await api.contact("1"), api.requests) == (None, {}, None, 0)
