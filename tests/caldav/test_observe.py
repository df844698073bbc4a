"""What changed, when the server is not one of the good ones."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from bridge.caldav import CalDavCalendar, CalendarSettings, open_calendar
from bridge.caldav.observe import Known
from bridge.errors import ConfigurationError, Unreachable
from bridge.ports import ResourcesSeen
from tests.caldav.faulty import NAMESPACES, PATH, FaultyDav, Reply, Request
from tests.servers import ics


async def opened(dav: FaultyDav, identity: str | None = None, **more: object) -> CalDavCalendar:
    settings = CalendarSettings(dav.url, "alice", "secret", attempts=1, timeout=1, **more)  # type: ignore[arg-type]
    return await open_calendar(settings, identity)


async def nobody_asks() -> Mapping[str, str]:
    raise AssertionError("the store was asked although nothing changed")


def knowing(dav: FaultyDav, *names: str) -> Known:
    etags = {PATH + name: dav.items[name][0] for name in names or dav.items}

    async def known() -> Mapping[str, str]:
        return etags

    return known


def names(seen: ResourcesSeen) -> list[str]:
    return [item.href.removeprefix(PATH) for item in seen.changed]


def fill(dav: FaultyDav, count: int = 3) -> None:
    for number in range(count):
        dav.put(f"{number}.ics", ics(f"uid-{number}", f"task {number}"))


async def nothing() -> Mapping[str, str]:
    return {}


LADDER = pytest.mark.parametrize(
    ("sync", "ctag", "kind"), [(True, True, "token"), (False, True, "ctag"), (False, False, "etags")]
)


@LADDER
async def test_each_rung_of_the_ladder_sees_the_same(dav: FaultyDav, sync: bool, ctag: bool, kind: str) -> None:
    dav.sync, dav.ctag = sync, ctag
    fill(dav)
    async with await opened(dav) as calendar:
        first = await calendar.observe(None, nothing)
        assert first.complete
        assert names(first) == ["0.ics", "1.ics", "2.ics"]
        assert json.loads(first.cursor or "")["kind"] == kind
        known = knowing(dav)
        dav.put("0.ics", ics("uid-0", "edited"))
        dav.put("new.ics", ics("new", "new"))
        dav.remove("2.ics")
        second = await calendar.observe(first.cursor, known)
        assert names(second) == ["0.ics", "new.ics"]
        assert second.gone == (f"{PATH}2.ics",)


@LADDER
async def test_a_quiet_look_is_one_request_on_each_rung(dav: FaultyDav, sync: bool, ctag: bool, kind: str) -> None:
    dav.sync, dav.ctag = sync, ctag
    fill(dav)
    async with await opened(dav) as calendar:
        first = await calendar.observe(None, nothing)
        before = len(dav.log)
        quiet = await calendar.observe(first.cursor, knowing(dav))
        assert len(dav.log) - before == 1
        assert (quiet.changed, quiet.gone) == ((), ())
        assert calendar.requests == len(dav.log)


async def test_a_server_without_sync_that_claims_to_have_it_is_read_by_ctag(dav: FaultyDav) -> None:
    fill(dav)
    async with await opened(dav) as calendar:
        first = await calendar.observe(None, nothing)
        dav.sync = False
        again = await calendar.observe(first.cursor, knowing(dav))
        assert (again.complete, again.changed, again.gone) == (True, (), ())
        assert json.loads(again.cursor or "")["kind"] == "ctag"


@pytest.mark.parametrize("answer", ["403", "412", "everything"])
async def test_a_foreign_token_is_neither_news_nor_a_deletion(dav: FaultyDav, answer: str) -> None:
    dav.garbage_token = answer  # type: ignore[assignment]
    fill(dav)
    async with await opened(dav) as calendar:
        cursor = json.loads((await calendar.observe(None, nothing)).cursor or "")
        cursor["value"] = "data:,token-999"
        seen = await calendar.observe(json.dumps(cursor), knowing(dav))
        assert (seen.complete, seen.changed, seen.gone) == (True, (), ())
        assert seen.unchanged == {f"{PATH}{number}.ics" for number in range(3)}


async def test_a_calendar_made_anew_under_its_old_token_is_found_out_by_the_full_list(dav: FaultyDav) -> None:
    """A server that no row knows says "nothing new" to a token of the former calendar: the schedule sees to it."""
    dav.garbage_token = "nothing"
    fill(dav)
    async with await opened(dav) as calendar:
        cursor = (await calendar.observe(None, nothing)).cursor
        known = knowing(dav)
        dav.items.clear()
        dav.changes.clear()
        dav.put("other.ics", ics("other"))
        looks = 0
        while True:
            looks += 1
            seen = await calendar.observe(cursor, known)
            if seen.complete:
                break
            cursor = seen.cursor
        assert looks == 50
        assert names(seen) == ["other.ics"]
        assert len(seen.gone) == 3


async def test_an_equal_ctag_of_a_calendar_made_anew_proves_nothing(dav: FaultyDav) -> None:
    dav.sync, dav.resource_id = False, "urn:uuid:1"
    fill(dav)
    async with await opened(dav) as calendar:
        cursor = (await calendar.observe(None, nothing)).cursor
        known = knowing(dav)
        dav.items.clear()
        dav.changes.clear()
        fill(dav)
        dav.put("2.ics", ics("other"))
        dav.changes.pop()
        dav.resource_id = "urn:uuid:2"
        seen = await calendar.observe(cursor, known)
        assert seen.complete
        assert names(seen) == ["2.ics"]


async def test_what_the_token_missed_is_found_with_the_next_news(dav: FaultyDav) -> None:
    dav.server = "DAViCal/1.1.12"
    fill(dav)
    async with await opened(dav) as calendar:
        cursor = (await calendar.observe(None, nothing)).cursor
        known = knowing(dav)
        dav.items["missed.ics"] = ('"m"', ics("missed"))
        dav.put("new.ics", ics("new"))
        seen = await calendar.observe(cursor, known)
        assert names(seen) == ["missed.ics", "new.ics"]


async def test_all_507_pages_are_read(dav: FaultyDav) -> None:
    dav.server, dav.page = "Cyrus-HTTP/3.6.1", 2
    fill(dav, 7)
    async with await opened(dav) as calendar:
        first = await calendar.observe(None, nothing)
        assert len(first.changed) == 7
        known = knowing(dav)
        for number in range(5):
            dav.put(f"{number}.ics", ics(f"uid-{number}", "edited"))
        before = len(dav.log)
        second = await calendar.observe(first.cursor, known)
        assert len(second.changed) == 5
        assert len(dav.log) - before == 3


@pytest.mark.parametrize("data_in_sync", [True, False])
async def test_repeated_entries_count_once(dav: FaultyDav, data_in_sync: bool) -> None:
    dav.server, dav.repeats, dav.data_in_sync = "Cyrus-HTTP/3.6.1", True, data_in_sync
    fill(dav)
    async with await opened(dav) as calendar:
        cursor = (await calendar.observe(None, nothing)).cursor
        known = knowing(dav)
        for text in ("first", "second"):
            dav.put("0.ics", ics("uid-0", text))
        dav.put("brief.ics", ics("brief"))
        dav.remove("brief.ics")
        seen = await calendar.observe(cursor, known)
        assert names(seen) == ["0.ics"]
        assert "SUMMARY:second" in seen.changed[0].ics
        assert seen.gone == (f"{PATH}brief.ics",)


@pytest.mark.parametrize("when", ["first", "later"])
async def test_a_control_character_in_one_item_hides_no_other(dav: FaultyDav, when: str) -> None:
    dav.server = "Cyrus-HTTP/3.6.1"
    fill(dav)
    async with await opened(dav) as calendar:
        cursor = (await calendar.observe(None, nothing)).cursor if when == "later" else None
        known = knowing(dav, "0.ics")
        dav.put("bad.ics", ics("bad", "a\x08b"))
        dav.put("good.ics", ics("good"))
        seen = await calendar.observe(cursor, known)
        assert [item.item for item in seen.unreadable] == [f"{PATH}bad.ics"]
        assert "U+0008" in seen.unreadable[0].why
        assert "good.ics" in names(seen)
        assert seen.gone == ()


async def test_an_item_that_cannot_be_read_is_named_and_is_not_gone(dav: FaultyDav) -> None:
    fill(dav)
    dav.put("latin.ics", ics("latin"))

    def broken(request: Request) -> Reply | None:
        if request.method == "GET":
            return Reply(200, {"ETag": '"1"'}, b"BEGIN:VCALENDAR\r\nSUMMARY:\xe9\r\n")
        return None

    dav.unread, dav.intercept = {"latin.ics"}, broken
    async with await opened(dav) as calendar:
        seen = await calendar.observe(None, knowing(dav, "latin.ics"))
        # Known and unchanged it is not read at all; without that it is named.
        assert seen.unchanged == {f"{PATH}latin.ics"}
        seen = await calendar.observe(None, nothing)
        assert [(item.item, item.why) for item in seen.unreadable] == [
            (f"{PATH}latin.ics", "it is not UTF-8 text (byte 25)")
        ]
        assert len(seen.changed) == 3
        with pytest.raises(Unreachable, match=r"latin\.ics is there, but"):
            await calendar.fetch([f"{PATH}latin.ics"])


async def test_what_multiget_leaves_out_is_asked_for_before_it_counts_as_gone(dav: FaultyDav) -> None:
    fill(dav)
    dav.unread = {"1.ics"}
    async with await opened(dav) as calendar:
        assert len((await calendar.observe(None, nothing)).changed) == 3
        dav.unread = set(dav.items)
        assert len(await calendar.fetch([PATH + name for name in dav.items])) == 3


async def test_a_multiget_that_fails_as_a_whole_is_read_singly(dav: FaultyDav) -> None:
    fill(dav)
    dav.intercept = lambda request: Reply(404) if "multiget" in request.body else None
    async with await opened(dav) as calendar:
        found = await calendar.fetch([PATH + name for name in (*dav.items, "never.ics")])
        assert len(found) == 3


async def test_hrefs_that_lead_elsewhere_are_listed_and_never_fetched(dav: FaultyDav) -> None:
    fill(dav, 1)
    outside = ("http://evil.example/dav/cal/x.ics", "/dav/other/x.ics", f"{PATH}%2e%2e/x.ics", "//evil.example/x.ics")
    dav.extra_hrefs = outside
    async with await opened(dav) as calendar:
        seen = await calendar.observe(None, nothing)
        assert {item.item for item in seen.unreadable} == set(outside)
        assert names(seen) == ["0.ics"]
        assert {request.path for request in dav.log} <= {PATH, f"{PATH}0.ics"}


async def test_hrefs_with_scheme_and_host_or_other_escapes_are_the_same_items(dav: FaultyDav) -> None:
    dav.put("a%40b.ics", ics("at"))
    dav.absolute_hrefs = True
    async with await opened(dav) as calendar:

        async def known() -> Mapping[str, str]:
            return {f"{PATH}a@b.ics": '"1"'}

        seen = await calendar.observe(None, known)
        assert (seen.changed, seen.gone) == ((), ())
        assert seen.unchanged == {f"{PATH}a@b.ics"}


@pytest.mark.parametrize("status", [404, 403, 410])
async def test_a_refused_listing_never_means_deleted(dav: FaultyDav, status: int) -> None:
    fill(dav)
    async with await opened(dav) as calendar:
        cursor = (await calendar.observe(None, nothing)).cursor
        dav.intercept = lambda _: Reply(status)
        with pytest.raises(ConfigurationError, match="no task counts as deleted"):
            await calendar.observe(cursor, knowing(dav))


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    f"<D:multistatus {NAMESPACES}><D:response><D:href>&b;</D:href></D:response></D:multistatus>"
)
PAGE = "<!DOCTYPE html><html><head><title>x</title></head><body>Please log in</body></html>"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"Content-Type": "text/html"}, PAGE),
        Reply(207, {"Content-Type": "application/xml"}, PAGE),
        Reply(207, {"Content-Type": "application/xml"}, ENTITIES),
        Reply(207, {"Content-Type": "application/xml"}, "<D:multistatus"),
        Reply(207, {"Content-Type": "application/xml"}, f"<D:prop {NAMESPACES}/>"),
        Reply(207, {"Content-Type": "application/xml"}, ""),
        Reply(200, {}, ""),
        Reply(207, {"Content-Type": "application/xml"}, f"<D:multistatus {NAMESPACES}/>", cut="half"),
        Reply(cut="before"),
        Reply(cut="silent"),
        Reply(500, {}, "oops"),
        Reply(503, {"Retry-After": "3600"}),
    ],
)
async def test_an_answer_that_is_none_makes_the_side_unreachable(dav: FaultyDav, reply: Reply) -> None:
    fill(dav)
    async with await opened(dav) as calendar:
        cursor = (await calendar.observe(None, nothing)).cursor
        dav.intercept = lambda _: reply
        for mark in (cursor, None):
            with pytest.raises(Unreachable) as raised:
                await calendar.observe(mark, knowing(dav))
            assert "secret" not in str(raised.value)
            assert "hanged" in str(raised.value)  # Nothing was changed


async def test_an_answer_that_is_too_long_is_not_read_to_its_end(dav: FaultyDav) -> None:
    fill(dav)
    dav.put("big.ics", ics("big", "x" * 200_000))
    async with await opened(dav, largest_answer=100_000) as calendar:
        seen = await calendar.observe(None, nothing)
        assert len(seen.changed) == 3
        assert [item.item for item in seen.unreadable] == [f"{PATH}big.ics"]
