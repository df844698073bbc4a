"""What comes of a write when the server, or the way to it, does something else than store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.caldav import CalDavCalendar, CalendarSettings, open_calendar
from bridge.caldav.settings import Identity
from bridge.ports import Refused, Removed, Stale, Stored, Unknown
from tests.caldav.faulty import NAMESPACES, PATH, FaultyDav, Reply, Request
from tests.servers import ics

TASK = f"{PATH}task.ics"


async def opened(dav: FaultyDav) -> CalDavCalendar:
    return await open_calendar(CalendarSettings(dav.url, attempts=1, timeout=0.5))


def on(method: str, reply: Reply) -> Callable[[Request], Reply | None]:
    return lambda request: reply if request.method == method else None


def error(*elements: str) -> str:
    return f'<?xml version="1.0"?><D:error {NAMESPACES}>{"".join(elements)}</D:error>'


@pytest.mark.parametrize("put_etag", [True, False])
async def test_what_is_returned_is_what_the_server_made_of_it(dav: FaultyDav, put_etag: bool) -> None:
    dav.put_etag, dav.rewrites = put_etag, True
    async with await opened(dav) as calendar:
        stored = await calendar.create("task", ics("task", "Call"))
        assert isinstance(stored, Stored)
        assert "SUMMARY:rewritten Call" in stored.resource.ics
        assert stored.resource.etag == dav.items["task.ics"][0]
        changed = await calendar.update(TASK, stored.resource.etag, ics("task", "Again"))
        assert isinstance(changed, Stored)
        assert "SUMMARY:rewritten Again" in changed.resource.ics
        assert [request.method for request in dav.log[1:]] == ["PUT", "GET", "PUT", "GET"]


async def test_an_etag_that_get_does_not_show_is_asked_for(dav: FaultyDav) -> None:
    def without_etag(request: Request) -> Reply | None:
        if request.method == "GET":
            return Reply(200, {"Content-Type": "text/calendar"}, dav.items["task.ics"][1])
        if request.method == "PROPFIND" and request.path == TASK:
            return dav.multistatus([dav.item("task.ics")])
        return None

    dav.intercept = without_etag
    async with await opened(dav) as calendar:
        stored = await calendar.create("task", ics("task"))
        assert isinstance(stored, Stored)
        assert stored.resource.etag == dav.items["task.ics"][0]


async def test_each_write_carries_its_precondition(dav: FaultyDav) -> None:
    async with await opened(dav) as calendar:
        await calendar.create("task", ics("task"))
        await calendar.update(TASK, 'W/"1"', ics("task"))
        await calendar.delete(TASK, '"1"')
        conditions = [
            (request.method, request.headers.get("if-none-match"), request.headers.get("if-match"))
            for request in dav.sent("PUT", "DELETE")
        ]
        assert conditions == [("PUT", "*", None), ("PUT", None, 'W/"1"'), ("DELETE", None, '"1"')]


async def test_without_an_etag_nothing_is_written(dav: FaultyDav) -> None:
    dav.put("task.ics", ics("task"))
    async with await opened(dav) as calendar:
        assert isinstance(await calendar.update(TASK, "", ics("task", "ours")), Stale)
        assert isinstance(await calendar.delete(TASK, ""), Stale)
        assert dav.sent("PUT", "DELETE") == []


@pytest.mark.parametrize("cut", ["before", "half", "silent"])
@pytest.mark.parametrize("took_effect", [True, False])
async def test_a_lost_answer_is_unknown_and_the_write_is_not_repeated(
    dav: FaultyDav, cut: str, took_effect: bool
) -> None:
    def lose(request: Request) -> Reply | None:
        if request.method not in ("PUT", "DELETE"):
            return None
        if took_effect and request.method == "PUT":
            dav.put(request.path.removeprefix(PATH), request.body)
        return Reply(201, {}, "some body", cut=cut)  # type: ignore[arg-type]

    dav.put("old.ics", ics("old"))
    dav.intercept = lose
    async with await opened(dav) as calendar:
        outcomes = [
            await calendar.create("task", ics("task")),
            await calendar.update(f"{PATH}old.ics", '"1"', ics("old")),
            await calendar.delete(f"{PATH}old.ics", '"1"'),
        ]
        assert all(isinstance(outcome, Unknown) for outcome in outcomes), outcomes
        assert len(dav.sent("PUT", "DELETE")) == 3


async def test_a_kept_connection_that_the_server_dropped_does_not_repeat_a_write(dav: FaultyDav) -> None:
    seen: list[str] = []

    def once(request: Request) -> Reply | None:
        if request.method != "PUT":
            return None
        seen.append(request.path)
        return Reply(cut="before")

    async with await opened(dav) as calendar:
        await calendar.fetch([TASK])
        dav.intercept = once
        assert isinstance(await calendar.create("task", ics("task")), Unknown)
        assert len(seen) == 1


async def test_nobody_listening_is_unknown_for_a_write() -> None:
    async with await open_calendar(SETTINGS, IDENTITY) as calendar:
        assert isinstance(await calendar.create("task", ics("task")), Unknown)


async def test_a_confirmed_write_that_cannot_be_read_back_is_unknown(dav: FaultyDav) -> None:
    dav.intercept = on("GET", Reply(500))
    async with await opened(dav) as calendar:
        outcome = await calendar.create("task", ics("task"))
        assert isinstance(outcome, Unknown)
        assert "took the item" in outcome.why


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_5xx_is_unknown(dav: FaultyDav, status: int) -> None:
    dav.put("task.ics", ics("task"))
    async with await opened(dav) as calendar:
        dav.intercept = on("PUT", Reply(status, {"Retry-After": "1"}, "Oops"))
        assert isinstance(await calendar.create("new", ics("new")), Unknown)
        assert isinstance(await calendar.update(TASK, '"1"', ics("task")), Unknown)
        dav.intercept = on("DELETE", Reply(status))
        assert isinstance(await calendar.delete(TASK, '"1"'), Unknown)
        assert len(dav.sent("PUT", "DELETE")) == 3


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirected_write_is_not_sent_after_the_redirect(dav: FaultyDav, status: int) -> None:
    dav.intercept = on("PUT", Reply(status, {"Location": f"{PATH}elsewhere.ics"}))
    async with await opened(dav) as calendar:
        outcome = await calendar.create("new", ics("new"))
        assert isinstance(outcome, Refused)
        assert f"a redirect to {PATH}elsewhere.ics" in outcome.message
        assert len(dav.sent("PUT")) == 1


@pytest.mark.parametrize("status", [400, 403, 405, 409, 413, 415, 422, 423, 429, 507])
async def test_a_refusal_is_told_in_the_servers_words(dav: FaultyDav, status: int) -> None:
    dav.put("task.ics", ics("task"))
    dav.intercept = on(
        "PUT",
        Reply(
            status,
            {"Content-Type": "application/xml"},
            error("<C:max-resource-size/>", "<D:responsedescription>No more than 5 kB</D:responsedescription>"),
        ),
    )
    async with await opened(dav) as calendar:
        for outcome in (
            await calendar.create("new", ics("new")),
            await calendar.update(TASK, '"1"', ics("task")),
        ):
            assert isinstance(outcome, Refused), outcome
            assert outcome.status == status
            assert "max-resource-size" in outcome.message
            assert "No more than 5 kB" in outcome.message


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("", Stale),
        ("<C:valid-calendar-data/>", Refused),
        ("<C:supported-calendar-component/>", Refused),
        ("<C:no-uid-conflict/>", Refused),
        (f"<C:no-uid-conflict><D:href>{PATH}other.ics</D:href></C:no-uid-conflict>", Stale),
        ("<C:no-uid-conflict><D:href>/elsewhere/other.ics</D:href></C:no-uid-conflict>", Refused),
    ],
)
@pytest.mark.parametrize("status", [412, 409, 403])
async def test_a_412_on_create_means_what_its_body_says(
    dav: FaultyDav, status: int, element: str, expected: type
) -> None:
    dav.put("other.ics", ics("task", "the other"))
    if not element and status == 412:
        dav.put("task.ics", ics("task"))
    elif not element:
        expected = Refused
    dav.intercept = on("PUT", Reply(status, {}, error(element) if element else ""))
    async with await opened(dav) as calendar:
        outcome = await calendar.create("task", ics("task"))
        assert isinstance(outcome, expected), outcome


async def test_a_412_for_the_very_version_that_was_meant_is_a_refusal(dav: FaultyDav) -> None:
    """Radicale answers 412 to a PUT that is too large for it."""
    dav.put("task.ics", ics("task"))
    dav.intercept = on("PUT", Reply(412))
    async with await opened(dav) as calendar:
        assert isinstance(await calendar.update(TASK, '"1"', ics("task")), Refused)
        assert isinstance(await calendar.update(TASK, '"0"', ics("task")), Stale)
        assert isinstance(await calendar.create("nothing-there", ics("x")), Refused)


async def test_a_server_that_ignores_preconditions_is_asked_before(dav: FaultyDav) -> None:
    dav.server = "SOGo/5.8.0"
    dav.put("task.ics", ics("task", "theirs"))
    async with await opened(dav) as calendar:
        assert isinstance(await calendar.create("task", ics("task")), Stale)
        assert isinstance(await calendar.delete(TASK, '"0"'), Stale)
        assert dav.sent("PUT", "DELETE") == []
        assert await calendar.delete(TASK, '"1"') == Removed()
        assert await calendar.delete(TASK, '"1"') == Removed()
        assert len(dav.sent("DELETE")) == 1


async def test_what_is_too_large_for_the_server_is_not_sent() -> None:
    async with await open_calendar(SETTINGS, IDENTITY.replace('"unknown"', '"radicale"')) as calendar:
        outcome = await calendar.create("task", ics("task", "x" * 10_000_001))
        assert isinstance(outcome, Refused)
        assert "10000000" in outcome.message
        assert calendar.requests == 0


async def test_a_task_removed_by_another_in_the_same_moment_is_stale(dav: FaultyDav) -> None:
    dav.intercept = on("GET", Reply(404))
    async with await opened(dav) as calendar:
        assert await calendar.create("task", ics("task")) == Stale(None)


SETTINGS = CalendarSettings("http://127.0.0.1:9/dav/cal/", attempts=1)
IDENTITY = Identity(SETTINGS.fingerprint, SETTINGS.url, "Nobody").to_text()


async def test_a_page_that_a_portal_puts_in_place_of_the_answer_is_no_confirmation(dav: FaultyDav) -> None:
    page = Reply(200, {"Content-Type": "text/html"}, "<!doctype html><title>Log in to the guest network</title>")
    async with await opened(dav) as calendar:
        stored = await calendar.create("task", ics("task"))
        assert isinstance(stored, Stored)
        dav.intercept = lambda request: page if request.method in ("PUT", "DELETE") else None
        changed = await calendar.update(TASK, stored.resource.etag, ics("task", "Again"))
        assert isinstance(changed, Unknown)
        assert "a web page came" in changed.why
        assert isinstance(await calendar.delete(TASK, stored.resource.etag), Unknown)
        assert "task.ics" in dav.items


async def test_a_server_that_confirms_with_a_page_is_believed_when_it_did_what_it_says(dav: FaultyDav) -> None:
    async with await opened(dav) as calendar:
        stored = await calendar.create("task", ics("task"))
        assert isinstance(stored, Stored)

        def deleted(request: Request) -> Reply | None:
            if request.method != "DELETE":
                return None
            del dav.items["task.ics"]
            return Reply(200, {"Content-Type": "text/html"}, "<!doctype html><title>Deleted</title>")

        dav.intercept = deleted
        assert isinstance(await calendar.delete(TASK, stored.resource.etag), Removed)
