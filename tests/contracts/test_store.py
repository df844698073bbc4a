"""What every implementation of `bridge.ports.Store` promises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from bridge.errors import StateError
from bridge.ports import OperationRecord, StoredLink, StoredPart, StoredRow
from bridge.records import InboxItem
from bridge.store import SqlStore, State, open_state

if TYPE_CHECKING:
    from bridge.ports import Known, Store
    from bridge.records import Inbox, Journal

    def _is_a_store(store: SqlStore) -> tuple[Store, Known, Inbox, Journal]:
        return store, store, store, store


NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
NINE = datetime(2026, 3, 9, 9)


@pytest.fixture(params=["sqlite"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[State]:
    with open_state(f"{request.param}:///{tmp_path}/state.db", now=lambda: NOON) as opened:
        yield opened


@pytest.fixture
def store(state: State) -> SqlStore:
    return state.pair("alice")


def row(row_id: str, day: int = 9, event_id: str | None = "7", status: str = "incomplete") -> StoredRow:
    return StoredRow(row_id, event_id, NINE.replace(day=day), {"id": row_id, "status": status})


def link(uid: str, *rows: StoredRow, **values: object) -> StoredLink:
    whole = StoredLink(None, uid, href=f"/dav/{uid}.ics", etag=f'"{uid}"', ics=f"BEGIN:{uid}", rows=rows)
    return replace(whole, **values)  # type: ignore[arg-type]


def operation(item: str = "12", **detail: object) -> OperationRecord:
    return OperationRecord(
        id=None,
        side="liondesk",
        action="update",
        item=item,
        summary="Call Bill Gates",
        why="moved in the calendar from 09:00 to 10:00",
        before={"due_at": "2026-03-09T09:00:00"},
        after={"due_at": "2026-03-09T10:00:00"},
        detail=detail,
    )


# -- small things ------------------------------------------------------------------------------------------------------


async def test_a_cursor_is_kept_per_side_and_can_be_forgotten(store: SqlStore) -> None:
    assert await store.cursor("liondesk") is None
    await store.set_cursor("liondesk", "2026-03-09T09:00:00Z|12")
    await store.set_cursor("calendar", "http://example.org/sync/1")
    await store.set_cursor("liondesk", "2026-03-10T09:00:00Z|14")
    assert await store.cursor("liondesk") == "2026-03-10T09:00:00Z|14"
    await store.set_cursor("liondesk", None)
    assert await store.cursor("liondesk") is None
    assert await store.cursor("calendar") == "http://example.org/sync/1"


async def test_facts_are_merged_by_name(store: SqlStore) -> None:
    assert await store.facts() == {}
    await store.set_facts({"zone": "America/Los_Angeles", "categories": {"1": "Call"}, "calendar": None})
    await store.set_facts({"categories": {"1": "Call", "2": "Büro"}})
    assert await store.facts() == {
        "zone": "America/Los_Angeles",
        "categories": {"1": "Call", "2": "Büro"},
        "calendar": None,
    }


# -- the base ----------------------------------------------------------------------------------------------------------


async def test_a_link_comes_back_as_it_was_saved(store: SqlStore) -> None:
    whole = link(
        "a",
        row("12", event_id=None),
        row("13", day=16),
        pending={"truncated": {"until": "2026-03-16T09:00:00"}},
        retire_at=NOON,
    )
    bare = StoredLink(None, "b")
    saved = await store.save([whole, bare])
    assert [each.id for each in saved if each.id is not None] != []
    assert saved == (replace(whole, id=saved[0].id), replace(bare, id=saved[1].id))
    assert await store.all_links() == saved


async def test_rows_come_in_the_order_of_their_slots(store: SqlStore) -> None:
    (saved,) = await store.save([link("a", row("1", 23), row("2", 9), row("3", 16))])
    assert [each.row_id for each in saved.rows] == ["2", "3", "1"]
    assert await store.all_links() == (saved,)


async def test_a_moment_keeps_its_instant_and_a_slot_its_wall_clock(store: SqlStore) -> None:
    there = NOON.astimezone(timezone(timedelta(hours=-8)))
    await store.save([link("a", row("1"), retire_at=there)])
    (read,) = await store.all_links()
    assert (read.retire_at, read.rows[0].slot) == (NOON, NINE)
    assert read.rows[0].slot.tzinfo is None


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"id": 12, "is_all_day": "1", "notes": None, "event": {"dates": [1, 2.5]}},
        {"description": "日本 \x00 \ud800 \u2028"},
        MappingProxyType({"nested": MappingProxyType({"deep": True})}),
    ],
    ids=["empty", "odd forms", "odd characters", "read-only mappings"],
)
async def test_what_liondesk_sent_comes_back_as_it_was(store: SqlStore, raw: dict[str, object]) -> None:
    await store.save([link("a", StoredRow("1", None, NINE, raw))])
    (read,) = await store.all_links()
    assert read.rows[0].raw == raw


async def test_a_link_saved_again_is_replaced_whole(store: SqlStore) -> None:
    (first,) = await store.save([link("a", row("1"), row("2", 16), pending={"x": 1}, retire_at=NOON)])
    (second,) = await store.save([StoredLink(first.id, "a", rows=(row("2", 17),))])
    assert second == StoredLink(first.id, "a", rows=(row("2", 17),))
    assert await store.all_links() == (second,)
    assert await store.links(row_ids=["1"]) == ()


async def test_a_forgotten_link_takes_its_rows_along(store: SqlStore) -> None:
    a, b = await store.save([link("a", row("1")), link("b", row("2"))])
    assert a.id is not None
    await store.save([], forget=[a.id])
    assert await store.all_links() == (b,)
    assert await store.count() == 1


async def test_one_save_can_forget_a_link_and_give_its_uid_to_another(store: SqlStore) -> None:
    (old,) = await store.save([link("a", row("1"))])
    assert old.id is not None
    (new,) = await store.save([link("a", row("1", 10))], forget=[old.id])
    assert await store.all_links() == (new,)


async def test_two_links_can_exchange_their_hrefs_in_one_save(store: SqlStore) -> None:
    a, b = await store.save([link("a"), link("b")])
    saved = await store.save([replace(a, href=b.href), replace(b, href=a.href)])
    assert await store.all_links() == saved


async def test_a_row_belongs_to_the_link_that_was_saved_with_it_last(store: SqlStore) -> None:
    """A tail that moves to a new series takes its rows along, whether or not the head was saved with it."""
    (head,) = await store.save([link("a", row("1"), row("2", 16))])
    (tail,) = await store.save([link("b", row("2", 16, event_id="8"))])
    assert await store.all_links() == (replace(head, rows=head.rows[:1]), tail)


@pytest.mark.parametrize(
    "second", [link("a", href="/elsewhere.ics"), link("b", href="/dav/a.ics")], ids=["uid", "href"]
)
async def test_a_task_exists_once_and_a_save_is_all_or_nothing(store: SqlStore, second: StoredLink) -> None:
    saved = await store.save([link("a", row("1"))])
    with pytest.raises(StateError, match="taken back whole"):
        await store.save([link("c", row("1"), row("3")), second])
    assert await store.all_links() == saved


async def test_a_link_that_is_gone_is_not_brought_back_by_half(store: SqlStore) -> None:
    a, b = await store.save([link("a", row("1")), link("b", row("2"))])
    assert a.id is not None
    await store.save([], forget=[a.id])
    with pytest.raises(StateError, match="run again"):
        await store.save([replace(b, etag="new"), a])
    assert await store.all_links() == (b,)


async def test_etags_are_those_of_the_resources(store: SqlStore) -> None:
    await store.save([link("a"), link("b", etag='W/"2"'), StoredLink(None, "c"), link("d", etag=None)])
    assert await store.etags() == {"/dav/a.ics": '"a"', "/dav/b.ics": 'W/"2"'}


def part(uid: str, day: int = 9, **values: object) -> StoredPart:
    whole = StoredPart(NINE.replace(day=day), uid, f"/dav/{uid}.ics", f'"{uid}"', f"BEGIN:{uid}")
    return replace(whole, **values)  # type: ignore[arg-type]


async def test_parts_come_back_in_the_order_of_their_slots_and_are_replaced_whole(store: SqlStore) -> None:
    (saved,) = await store.save([link("a", row("1"), parts=(part("a-2", 16), part("a-1", 9, ics=None)))])
    assert [each.uid for each in saved.parts] == ["a-1", "a-2"]
    assert await store.all_links() == await store.links(uids=["a"]) == (saved,)
    (again,) = await store.save([replace(saved, href=None, etag=None, ics=None, parts=(part("a-1", 9),))])
    assert await store.all_links() == (again,)
    assert again.id is not None
    await store.save([], forget=[again.id])
    assert await store.etags() == {}


async def test_parts_have_etags_and_find_their_link_by_href_and_uid(store: SqlStore) -> None:
    a, b = await store.save([link("a", parts=(part("a-1"),)), link("b", href=None, etag=None, parts=(part("b-1"),))])
    assert await store.etags() == {"/dav/a.ics": '"a"', "/dav/a-1.ics": '"a-1"', "/dav/b-1.ics": '"b-1"'}
    assert await store.links(hrefs=["/dav/b-1.ics"]) == (b,)
    assert await store.links(uids=["a-1"]) == (a,)


async def test_a_part_belongs_to_the_link_that_was_saved_with_it_last(store: SqlStore) -> None:
    (head,) = await store.save([link("a", parts=(part("a-1"), part("a-2", 16)))])
    (tail,) = await store.save([link("b", parts=(part("a-2", 16),))])
    assert await store.all_links() == (replace(head, parts=head.parts[:1]), tail)


async def test_live_rows_are_counted_and_known_and_deleted_ones_are_not(store: SqlStore) -> None:
    await store.save([link("a", row("1"), row("2", 10, status="complete"), row("3", 11, status="deleted"))])
    assert await store.count() == 2
    assert await store.of(["1", "2", "3", "4"]) == {"1", "2"}
    assert await store.of([]) == frozenset()


async def test_links_are_found_by_whatever_touches_them_each_once(store: SqlStore) -> None:
    a, b, c, d, _ = await store.save(
        [
            link("a", row("1", event_id="7"), row("2", 10, event_id="7")),
            link("b", row("3", event_id="8")),
            link("c", pending={"waits": True}),
            link("d", retire_at=NOON),
            link("e", retire_at=NOON + timedelta(days=1), pending=None),
        ]
    )
    assert await store.links() == ()
    assert await store.links(row_ids=["1", "2", "99"]) == (a,)
    assert await store.links(event_ids=["8", "7"]) == (a, b)
    assert await store.links(hrefs=["/dav/c.ics"]) == (c,)
    assert await store.links(uids=["d", "a"]) == (a, d)
    assert await store.links(pending=True) == (c,)
    assert await store.links(retire_before=NOON) == (d,)
    assert await store.links(retire_before=NOON - timedelta(seconds=1)) == ()
    everything = await store.links(
        row_ids=["3"], event_ids=["7"], hrefs=["/dav/a.ics"], uids=["c"], pending=True, retire_before=NOON
    )
    assert everything == (a, b, c, d)


async def test_thousands_of_ids_are_no_problem(store: SqlStore) -> None:
    many = [str(number) for number in range(40_000)]
    saved = await store.save(link(f"u{number}", row(str(number))) for number in range(1_200))
    assert await store.links(row_ids=many) == saved
    assert len(await store.of(many)) == 1_200
    await store.save([], forget=[each.id for each in saved if each.id is not None])
    assert await store.all_links() == ()


async def test_pairs_of_one_state_know_nothing_of_each_other(state: State) -> None:
    alice, bob = state.pair("alice"), state.pair("bob")
    await alice.save([link("a", row("1"), pending={"x": 1})])
    (his,) = await bob.save([link("a", row("1", 20))])
    await alice.set_cursor("calendar", "1")
    await alice.set_facts({"zone": "UTC"})
    await alice.begin_run("r1", NOON, dry_run=False)
    assert await bob.all_links() == await bob.links(uids=["a"], row_ids=["1"]) == (his,)
    assert (await bob.cursor("calendar"), await bob.facts(), await bob.last_runs()) == (None, {}, ())
    assert await state.pair("alice").cursor("calendar") == "1"


# -- the journal -------------------------------------------------------------------------------------------------------


async def test_operations_are_receipted_by_the_ids_of_their_intents(store: SqlStore) -> None:
    await store.begin_run("r1", NOON, dry_run=False)
    first = await store.intend("r1", [operation("12", update_type=1), operation("13")])
    second = await store.intend("r1", [operation("14")])
    assert len({*first, *second}) == 3
    assert await store.intend("r1", []) == ()
    await store.receipt(first[0], "done", {"row": {"id": "12"}})
    with pytest.raises(StateError, match="no operation"):
        await store.receipt(10_000, "done", {})


async def test_an_intent_needs_a_run_that_has_begun(store: SqlStore) -> None:
    with pytest.raises(StateError, match="no run r9"):
        await store.intend("r9", [operation()])
    with pytest.raises(StateError, match="no run r9"):
        await store.end_run("r9", NOON, "agreed", {})


async def test_the_newest_runs_come_first_and_are_json_ready(store: SqlStore) -> None:
    assert await store.last_runs() == ()
    await store.begin_run("r1", NOON, dry_run=True)
    await store.end_run("r1", NOON + timedelta(seconds=1), "agreed", {"operations": []})
    await store.begin_run("r2", NOON + timedelta(hours=1), dry_run=False)
    runs = await store.last_runs(5)
    assert json.loads(json.dumps(runs)) == [
        {
            "run": "r2",
            "started_at": "2026-03-09T13:00:00.000000Z",
            "ended_at": None,
            "dry_run": False,
            "outcome": None,
            "result": None,
        },
        {
            "run": "r1",
            "started_at": "2026-03-09T12:00:00.000000Z",
            "ended_at": "2026-03-09T12:00:01.000000Z",
            "dry_run": True,
            "outcome": "agreed",
            "result": {"operations": []},
        },
    ]
    assert await store.last_runs() == runs[:1]


async def ran(store: SqlStore, run: str, *uids: str, at: datetime = NOON, agreed: StoredLink | None = None) -> None:
    """A run that wrote each of these links once."""
    await store.begin_run(run, at, dry_run=False)
    written = [replace(operation(uid, update_type=1), uid=uid, agreed=agreed) for uid in uids]
    for number in await store.intend(run, written):
        await store.receipt(number, "done", {"message": ""})
    await store.end_run(run, at, "agreed", {"pair": "alice"})


async def test_the_journal_reads_back_runs_and_their_operations(store: SqlStore) -> None:
    await ran(store, "r1", "a", "b")
    await store.begin_run("r2", NOON + timedelta(hours=1), dry_run=False)
    await store.intend("r2", [operation("14")])
    newest, first = await store.runs(5)
    assert (newest.run, newest.ended_at, newest.done, newest.others) == ("r2", None, 0, 1)
    assert (first.run, first.outcome, first.result, first.done, first.others) == (
        "r1",
        "agreed",
        {"pair": "alice"},
        2,
        0,
    )
    assert first.started_at == NOON
    one, two = await store.entries("r1")
    assert (one.run, one.at, one.operation.state) == ("r1", NOON, "done")
    assert one.operation.before == {"due_at": "2026-03-09T09:00:00"}
    assert one.operation.detail == {"update_type": 1, "message": ""}
    assert (two.operation.uid, two.operation.item) == ("b", "b")
    assert await store.entries("r9") == ()


async def test_runs_come_page_by_page_and_by_the_beginning_of_their_names(store: SqlStore) -> None:
    for number in range(5):
        await ran(store, f"2026030{number}-a", "a")
    assert [each.run for each in await store.runs(2)] == ["20260304-a", "20260303-a"]
    assert [each.run for each in await store.runs(2, before="20260303-a")] == ["20260302-a", "20260301-a"]
    assert [each.run for each in await store.runs_named("20260301")] == ["20260301-a"]
    assert len(await store.runs_named("202603")) == 5
    assert await store.runs_named("%") == await store.runs_named("") == ()


async def test_the_story_of_a_task_is_found_by_id_by_uid_and_by_a_part_of_its_text(store: SqlStore) -> None:
    await ran(store, "r1", "a", "b")
    await ran(store, "r2", "a")
    assert [each.run for each in await store.story("a", 10)] == ["r1", "r2"]
    assert [each.run for each in await store.story("a", 1)] == ["r2"]
    assert len(await store.story("bill gates", 10)) == 3
    assert await store.story("100%", 10) == ()


async def test_a_run_keeps_what_was_agreed_before_it(store: SqlStore) -> None:
    before = link("a", row("1"), row("2", 16))
    await ran(store, "r1", "a", agreed=before)
    await ran(store, "r2", "b")
    assert await store.agreed_before("r1") == {"a": before}
    assert await store.agreed_before("r2") == {"b": None}
    assert await store.written_since("r1") == {"b"}
    assert await store.written_since("r1", but=["r2"]) == frozenset()
    assert await store.written_since("r2") == frozenset()


async def test_old_runs_and_old_answers_are_pruned_but_not_the_newest_nor_what_waits(store: SqlStore) -> None:
    for number in range(25):
        await ran(store, f"r{number}", "a", at=NOON + timedelta(days=number), agreed=link("a"))
    asked, told, answered = await store.put_items([item("1", waits=True), item("2"), item("3", waits=True)])
    await store.close_items([answered.id or 0], "both")
    assert await store.prune(NOON + timedelta(days=100)) == 5
    assert [each.run for each in await store.runs(50)][-1] == "r5"
    assert await store.agreed_before("r0") == {}
    assert await store.open_items() == (asked,)
    assert await store.item(told.id or 0) is None


# -- the inbox ---------------------------------------------------------------------------------------------------------


def item(key: str, uid: str = "a", *, waits: bool = False, **content: object) -> InboxItem:
    return InboxItem(None, "conflict", key, uid, content, waits, NOON)


async def test_what_is_asked_is_kept_until_it_is_answered(store: SqlStore) -> None:
    one, two = await store.put_items([item("1", waits=True, field="due_at"), item("2", "b")])
    assert (one.id, one.content, one.waits, one.opened_at, one.answer) == (1, {"field": "due_at"}, True, NOON, None)
    assert await store.open_items() == (one, two)
    assert await store.open_items(["b", "c"]) == (two,)
    await store.close_items([1], "liondesk")
    await store.close_items([1], "both")
    assert await store.open_items() == (two,)
    closed = await store.item(1)
    assert closed == replace(one, answer="liondesk", closed_at=NOON)
    assert await store.last_answer("conflict", "1") == closed
    assert await store.last_answer("conflict", "2") is None


async def test_the_same_question_is_not_asked_twice_and_ids_are_never_used_again(store: SqlStore) -> None:
    (one,) = await store.put_items([item("1", waits=True, value="old")])
    (again,) = await store.put_items([replace(item("1", waits=True, value="new"), opened_at=NOON + timedelta(hours=1))])
    assert again == replace(one, content={"value": "new"})
    await store.close_items([1], "calendar")
    (later,) = await store.put_items([item("1")])
    assert later.id == 2
    await store.close_items([1, 2], "x")
    await store.prune(NOON + timedelta(days=1))
    (new,) = await store.put_items([item("1")])
    assert new.id == 3


async def test_pairs_have_inboxes_of_their_own(state: State) -> None:
    (his,) = await state.pair("bob").put_items([item("1")])
    (hers,) = await state.pair("alice").put_items([item("1")])
    assert his.id != hers.id
    assert await state.pair("alice").item(his.id or 0) is None
    assert await state.pair("alice").open_items() == (hers,)
