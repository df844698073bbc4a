"""The contract of `bridge.ports.Calendar`, on every implementation: real Radicale, real Xandikos."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from bridge.caldav import CalDavCalendar, CalendarSettings, open_calendar
from bridge.errors import ConfigurationError
from bridge.ports import Calendar, Refused, Removed, Resource, Stale, Stored
from tests.servers import AppCalendar, DavServer, ics


@dataclass(frozen=True)
class Rig:
    """A calendar, and another app that works in it."""

    calendar: CalDavCalendar
    app: AppCalendar
    settings: CalendarSettings

    @property
    def path(self) -> str:
        return urlsplit(self.app.url).path

    async def stored(self, uid: str, summary: str = "Call Bill Gates") -> Resource:
        outcome = await self.calendar.create(uid, ics(uid, summary))
        assert isinstance(outcome, Stored), outcome
        return outcome.resource


@pytest.fixture
async def rig(calendar_server: DavServer) -> AsyncIterator[Rig]:
    app = calendar_server.new_calendar()
    settings = CalendarSettings(app.url, calendar_server.username, calendar_server.password, attempts=2)
    async with await open_calendar(settings) as calendar:
        yield Rig(calendar, app, settings)


def base(*resources: Resource) -> Callable[[], Awaitable[Mapping[str, str]]]:
    async def known() -> Mapping[str, str]:
        await asyncio.sleep(0)
        return {resource.href: resource.etag for resource in resources}

    return known


async def nobody_asks() -> Mapping[str, str]:
    raise AssertionError("the store was asked although nothing changed")


def summaries(resources: Iterable[Resource]) -> list[str]:
    return sorted(
        line.partition(":")[2] for item in resources for line in item.ics.splitlines() if line.startswith("SUMMARY")
    )


def test_it_is_the_port(rig: Rig) -> None:
    port: Calendar = rig.calendar
    assert port.requests == 1


async def test_create_stores_under_a_name_made_of_the_uid_and_returns_what_the_server_holds(rig: Rig) -> None:
    stored = await rig.stored("task-1")
    assert stored.href == f"{rig.path}task-1.ics"
    assert stored.ics.encode() == rig.app.get("task-1.ics").content
    assert stored.etag == rig.app.etag("task-1.ics")


async def test_create_where_something_is_already_is_stale_and_shows_it(rig: Rig) -> None:
    rig.app.put("task-1.ics", ics("task-1", "theirs"))
    outcome = await rig.calendar.create("task-1", ics("task-1", "ours"))
    assert isinstance(outcome, Stale)
    assert outcome.current is not None
    assert "SUMMARY:theirs" in outcome.current.ics
    assert "SUMMARY:theirs" in rig.app.get("task-1.ics").text


async def test_create_with_a_uid_that_lies_under_another_name_is_stale_and_shows_where(rig: Rig) -> None:
    rig.app.put("elsewhere.ics", ics("task-1", "theirs"))
    outcome = await rig.calendar.create("task-1", ics("task-1", "ours"))
    assert isinstance(outcome, Stale), outcome
    assert outcome.current is not None
    assert outcome.current.href == f"{rig.path}elsewhere.ics"
    assert rig.app.names() == ["elsewhere.ics"]


@pytest.mark.parametrize("uid", ["a b/c", "ümlaut@example.org", "../../etc", "x" * 300, "a:b", ".", "100%25"])
async def test_an_odd_uid_gets_a_plain_name_of_its_own(rig: Rig, uid: str) -> None:
    stored = await rig.stored(uid)
    name = stored.href.removeprefix(rig.path)
    assert name.removesuffix(".ics").isalnum()
    assert rig.app.names() == [name]


async def test_update_replaces_the_version_that_was_meant(rig: Rig) -> None:
    first = await rig.stored("task-1")
    outcome = await rig.calendar.update(first.href, first.etag, ics("task-1", "second"))
    assert isinstance(outcome, Stored)
    assert outcome.resource.etag != first.etag
    assert outcome.resource.ics.encode() == rig.app.get("task-1.ics").content
    assert "SUMMARY:second" in outcome.resource.ics


async def test_update_of_another_version_is_stale_and_changes_nothing(rig: Rig) -> None:
    first = await rig.stored("task-1")
    rig.app.put("task-1.ics", ics("task-1", "theirs"))
    outcome = await rig.calendar.update(first.href, first.etag, ics("task-1", "ours"))
    assert isinstance(outcome, Stale)
    assert outcome.current is not None
    assert outcome.current.etag == rig.app.etag("task-1.ics")
    assert "SUMMARY:theirs" in rig.app.get("task-1.ics").text


async def test_update_of_what_is_gone_is_stale_with_nothing_there(rig: Rig) -> None:
    first = await rig.stored("task-1")
    rig.app.delete("task-1.ics")
    assert await rig.calendar.update(first.href, first.etag, ics("task-1", "ours")) == Stale(None)
    assert rig.app.names() == []


async def test_delete_removes_the_version_that_was_meant(rig: Rig) -> None:
    first = await rig.stored("task-1")
    assert await rig.calendar.delete(first.href, first.etag) == Removed()
    assert rig.app.names() == []


async def test_delete_of_what_is_gone_is_removed(rig: Rig) -> None:
    first = await rig.stored("task-1")
    rig.app.delete("task-1.ics")
    assert await rig.calendar.delete(first.href, first.etag) == Removed()


async def test_delete_of_another_version_is_stale_and_changes_nothing(rig: Rig) -> None:
    first = await rig.stored("task-1")
    rig.app.put("task-1.ics", ics("task-1", "theirs"))
    outcome = await rig.calendar.delete(first.href, first.etag)
    assert isinstance(outcome, Stale)
    assert outcome.current is not None
    assert rig.app.names() == ["task-1.ics"]


async def test_data_that_the_server_will_not_take_is_refused_in_its_words(rig: Rig) -> None:
    first = await rig.stored("task-1")
    created = await rig.calendar.create("task-2", "this is no calendar")
    updated = await rig.calendar.update(first.href, first.etag, "this is no calendar")
    for outcome in (created, updated):
        assert isinstance(outcome, Refused), outcome
        assert str(outcome.status) in outcome.message
    assert rig.app.names() == ["task-1.ics"]


@pytest.mark.parametrize(
    "href", ["/elsewhere/x.ics", "{path}../x.ics", "{path}%2e%2e%2fx.ics", "{path}", "{path}a/b.ics"]
)
async def test_an_href_outside_the_calendar_is_never_written_to(rig: Rig, href: str) -> None:
    sent = rig.calendar.requests
    href = href.format(path=rig.path)
    assert isinstance(await rig.calendar.update(href, '"1"', ics("x")), Refused)
    assert isinstance(await rig.calendar.delete(href, '"1"'), Refused)
    assert rig.calendar.requests == sent


async def test_the_first_observation_is_complete_and_asks_what_is_known(rig: Rig) -> None:
    rig.app.put("a.ics", ics("a", "A"))
    seen = await rig.calendar.observe(None, base())
    assert seen.complete
    assert summaries(seen.changed) == ["A"]
    assert (seen.gone, seen.unchanged, seen.unreadable) == ((), frozenset(), ())
    assert seen.cursor is not None


async def test_an_empty_calendar_is_seen_as_complete_and_empty(rig: Rig) -> None:
    seen = await rig.calendar.observe(None, base())
    assert seen.complete
    assert (seen.changed, seen.gone) == ((), ())


async def test_a_quiet_observation_is_one_request_and_asks_nothing(rig: Rig) -> None:
    first = await rig.stored("task-1")
    seen = await rig.calendar.observe(None, base(first))
    before = rig.calendar.requests
    quiet = await rig.calendar.observe(seen.cursor, nobody_asks)
    assert rig.calendar.requests - before == 1
    assert (quiet.changed, quiet.gone, quiet.complete) == ((), (), False)
    assert quiet.cursor == seen.cursor


async def test_a_quiet_run_with_what_was_remembered_is_one_request_in_all(rig: Rig) -> None:
    first = await rig.stored("task-1")
    seen = await rig.calendar.observe(None, base(first))
    async with await open_calendar(rig.settings, rig.calendar.identity) as again:
        await again.observe(seen.cursor, nobody_asks)
        assert again.requests == 1


async def test_what_another_app_made_edited_and_deleted_is_the_next_news(rig: Rig) -> None:
    kept, edited, removed = [await rig.stored(uid) for uid in ("kept", "edited", "removed")]
    seen = await rig.calendar.observe(None, base(kept, edited, removed))
    rig.app.put("new.ics", ics("new", "made by the app"))
    rig.app.put("edited.ics", ics("edited", "edited by the app"))
    rig.app.delete("removed.ics")
    before = rig.calendar.requests
    news = await rig.calendar.observe(seen.cursor, base(kept, edited, removed))
    assert rig.calendar.requests - before <= 2
    assert summaries(news.changed) == ["edited by the app", "made by the app"]
    assert news.gone == (removed.href,)
    assert (news.complete, news.unreadable) == (False, ())
    assert (await rig.calendar.observe(news.cursor, nobody_asks)).changed == ()


async def test_our_own_writes_are_no_news(rig: Rig) -> None:
    seen = await rig.calendar.observe(None, base())
    ours = [await rig.stored(f"task-{number}") for number in range(3)]
    before = rig.calendar.requests
    news = await rig.calendar.observe(seen.cursor, base(*ours))
    assert rig.calendar.requests - before == 1
    assert news.changed == ()
    assert news.unchanged == {item.href for item in ours}


async def test_after_forgetting_the_cursor_everything_is_listed_and_only_the_difference_is_read(rig: Rig) -> None:
    kept, edited, removed = [await rig.stored(uid) for uid in ("kept", "edited", "removed")]
    rig.app.put("edited.ics", ics("edited", "edited by the app"))
    rig.app.delete("removed.ics")
    seen = await rig.calendar.observe(None, base(kept, edited, removed))
    assert seen.complete
    assert summaries(seen.changed) == ["edited by the app"]
    assert seen.unchanged == {kept.href}
    assert seen.gone == (removed.href,)


@pytest.mark.parametrize("garbage", ["", "garbage", "{}", '{"tie": 1}', "[]"])
async def test_a_cursor_that_is_garbage_leads_to_a_full_list(rig: Rig, garbage: str) -> None:
    first = await rig.stored("task-1")
    seen = await rig.calendar.observe(garbage, base(first))
    assert seen.complete
    assert seen.unchanged == {first.href}
    assert seen.changed + seen.gone == ()


async def test_a_token_that_the_server_does_not_know_leads_to_a_full_list(rig: Rig) -> None:
    first = await rig.stored("task-1")
    cursor = json.loads((await rig.calendar.observe(None, base(first))).cursor or "")
    cursor["value"] = cursor["value"][:-5] + "00000"
    seen = await rig.calendar.observe(json.dumps(cursor), base(first))
    assert seen.complete
    assert seen.unchanged == {first.href}
    assert seen.changed + seen.gone == ()


async def test_a_cursor_of_another_calendar_leads_to_a_full_list(rig: Rig, calendar_server: DavServer) -> None:
    cursor = (await rig.calendar.observe(None, base())).cursor
    other = calendar_server.new_calendar()
    other.put("b.ics", ics("b", "B"))
    settings = CalendarSettings(other.url, calendar_server.username, calendar_server.password)
    async with await open_calendar(settings) as calendar:
        seen = await calendar.observe(cursor, base())
    assert seen.complete
    assert summaries(seen.changed) == ["B"]


async def test_120_resources_come_in_three_batches(rig: Rig) -> None:
    for number in range(120):
        rig.app.put(f"{number}.ics", ics(f"uid-{number}", f"{number}"))
    before = rig.calendar.requests
    seen = await rig.calendar.observe(None, base())
    assert len(seen.changed) == 120
    assert rig.calendar.requests - before <= 1 + 3
    before = rig.calendar.requests
    fetched = await rig.calendar.fetch([item.href for item in seen.changed])
    assert rig.calendar.requests - before == 3
    assert {href: item.etag for href, item in fetched.items()} == {item.href: item.etag for item in seen.changed}


async def test_fetch_leaves_out_what_is_not_there(rig: Rig) -> None:
    first, second = await rig.stored("one"), await rig.stored("two")
    rig.app.delete("two.ics")
    fetched = await rig.calendar.fetch([first.href, second.href, f"{rig.path}never.ics"])
    assert fetched == {first.href: first}
    assert await rig.calendar.fetch([second.href]) == {}
    assert await rig.calendar.fetch([]) == {}


async def test_get_and_multiget_show_the_same_text(rig: Rig) -> None:
    first, second = await rig.stored("one"), await rig.stored("two")
    together = await rig.calendar.fetch([first.href, second.href])
    assert together[first.href] == (await rig.calendar.fetch([first.href]))[first.href] == first


async def test_many_writes_at_once_all_arrive(rig: Rig) -> None:
    outcomes = await asyncio.gather(
        *(rig.calendar.create(f"task-{number}", ics(f"task-{number}")) for number in range(20))
    )
    assert all(isinstance(outcome, Stored) for outcome in outcomes), outcomes
    assert len(rig.app.names()) == 20


async def test_of_many_creates_of_one_task_one_is_stored_and_the_others_are_stale(rig: Rig) -> None:
    outcomes = await asyncio.gather(*(rig.calendar.create("task", ics("task", f"{n}")) for n in range(6)))
    assert sum(isinstance(outcome, Stored) for outcome in outcomes) == 1, outcomes
    assert all(isinstance(outcome, Stored | Stale) for outcome in outcomes), outcomes


async def test_a_calendar_that_is_gone_is_an_error_and_no_deletion(rig: Rig) -> None:
    first = await rig.stored("task-1")
    cursor = (await rig.calendar.observe(None, base(first))).cursor
    rig.app.client.delete(rig.app.url)
    for mark in (cursor, None):
        with pytest.raises(ConfigurationError, match="no task counts as deleted"):
            await rig.calendar.observe(mark, base(first))
