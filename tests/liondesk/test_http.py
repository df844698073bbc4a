"""What becomes of a request: tries, waits, errors in plain words, and no secret in any of them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest

from bridge.errors import BridgeError, CredentialsError, Unreachable
from bridge.liondesk.answers import retry_after
from bridge.liondesk.client import LionDeskApi
from bridge.liondesk.http import Given, Waits
from bridge.ports import Done, Refused, Unknown
from tests.liondesk.fault_server import Answer, FaultServer, answer, fault_server

TOKEN = "top-secret-token"
QUICK = Waits(connect=2, read=0.5, whole=2, attempts=3, first=0.01, longest=1.5)
ZONE = ZoneInfo("America/Los_Angeles")
ROW = {"id": "12", "description": "Call", "due_at": "2026-03-09T09:00:00", "status": "incomplete"}
BODY: Mapping[str, object] = {"description": "Call"}


def api(server: FaultServer | str, waits: Waits = QUICK) -> LionDeskApi:
    url = server if isinstance(server, str) else server.url
    return LionDeskApi(url, url, Given(lambda: TOKEN), ZONE, waits=waits)


async def read_through(*answers: Answer, waits: Waits = QUICK) -> tuple[object, FaultServer, int]:
    """What reading task 12 gives, the server that was asked, and how many requests the client says it sent."""
    async with fault_server(*answers) as server, api(server, waits) as client:
        try:
            return (await client.read(["12"])).get("12"), server, client.requests
        except BridgeError as error:
            return error, server, client.requests


async def write_through(*answers: Answer, waits: Waits = QUICK) -> tuple[Done | Refused | Unknown, FaultServer]:
    async with fault_server(*answers) as server, api(server, waits) as client:
        return await client.create(BODY), server


# -- reads -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{",
        answer(429),
        answer(502),
        answer(503, {"message": "Down for a while"}),
        answer(504, b"<html>Bad gateway</html>"),
        answer(429, retry_after="0"),
        answer(503, retry_after="1"),
        lambda _: answer(503, retry_after=format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)),
        answer(503, retry_after="soon"),
    ],
)
async def test_a_read_survives_passing_trouble(trouble: Answer) -> None:
    row, server, requests = await read_through(trouble, answer(body=ROW))
    assert getattr(row, "id", row) == "12"
    assert len(server.asked) == requests == 2


async def test_retry_after_in_seconds_is_waited_for() -> None:
    started = asyncio.get_running_loop().time()
    await read_through(answer(503, retry_after="1"), answer(body=ROW))
    assert asyncio.get_running_loop().time() - started >= 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("Mon, 09 Mar 2026 09:00:30 GMT", 30.0),
        ("Mon, 09 Mar 2026 08:00:00 GMT", 0.0),
        ("Mon, 09 Mar 2026 10:00:05 +0100", 5.0),
        ("in a while", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_understood_in_both_forms(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, datetime(2026, 3, 9, 9, tzinfo=UTC)) == seconds


async def test_a_longer_wait_than_allowed_ends_the_read_at_once_and_says_how_long() -> None:
    error, server, _ = await read_through(answer(429, retry_after="3600"))
    assert isinstance(error, Unreachable)
    assert "3600 seconds" in str(error)
    assert len(server.asked) == 1


@pytest.mark.parametrize("trouble", [b"", answer(503), answer(429)])
async def test_a_read_is_tried_so_often_and_no_more(trouble: bytes) -> None:
    error, server, requests = await read_through(trouble)
    assert isinstance(error, Unreachable)
    assert len(server.asked) == requests == QUICK.attempts


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token_is_not_tried_again_and_names_the_next_step(status: int) -> None:
    error, server, _ = await read_through(answer(status, {"message": f"Invalid token {TOKEN}", "code": status}))
    assert isinstance(error, CredentialsError)
    assert "put it where the pair" in str(error)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("nonsense", "words"),
    [
        (answer(200, b"<!DOCTYPE html><title>Log in</title>"), "web page"),
        (answer(200, b'{"id": "12", "descr'), "incomplete or garbled"),
        (answer(200, b"\xff\xfe\x00"), "incomplete or garbled"),
        (answer(200, b"[" * 100_000), "incomplete or garbled"),
        (answer(200, [1, 2]), "is no task"),
        (answer(200, b""), "is no task"),
        (answer(500, {"name": "GeneralError", "message": "Oops", "code": 500}), "Oops"),
        (answer(400, {"name": "BadRequest", "message": "No", "errors": {"id": "odd"}}), "No (id: odd)"),
        (b"garbage\r\n\r\n", "cannot be reached"),
    ],
)
async def test_what_is_no_answer_is_told_in_plain_words(nonsense: bytes, words: str) -> None:
    error, _, _ = await read_through(nonsense)
    assert isinstance(error, Unreachable)
    assert words in str(error)
    assert "Nothing was changed" in str(error)
    assert "\n" not in str(error)


async def test_a_server_that_is_silent_is_given_up_in_time() -> None:
    def late(_: object) -> bytes:
        return b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: keep-alive\r\n\r\n"

    error, _, _ = await read_through(late, waits=Waits(read=0.1, whole=1, attempts=2, first=0.01))
    assert isinstance(error, Unreachable)


async def test_a_refused_connection_and_an_unknown_host_are_unreachable() -> None:
    async with fault_server(b"") as server:
        port = server.url
    for url in (port, "http://nowhere.invalid"):
        async with api(url) as client:
            with pytest.raises(Unreachable, match="cannot be reached"):
                await client.read(["12"])


# -- redirects ---------------------------------------------------------------------------------------------------------


async def test_a_redirect_on_the_same_host_is_followed_by_reads() -> None:
    row, server, requests = await read_through(answer(301, location="/v2/12"), answer(body=ROW))
    assert getattr(row, "id", row) == "12"
    assert [asked.target for asked in server.asked] == ["/scheduled/tasks/12", "/v2/12"]
    assert requests == 2


async def test_a_redirect_to_another_host_is_never_followed() -> None:
    async with fault_server(answer(body=ROW)) as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        error, _, _ = await read_through(answer(302, location=elsewhere))
        assert isinstance(error, Unreachable)
        assert "localhost" in str(error)
        assert other.asked == []


async def test_redirects_in_a_circle_come_to_an_end() -> None:
    error, server, _ = await read_through(answer(302, location="/again"))
    assert isinstance(error, Unreachable)
    assert len(server.asked) == 4


async def test_a_redirected_write_is_not_sent_on() -> None:
    outcome, server = await write_through(answer(307, location="/elsewhere"))
    assert isinstance(outcome, Refused)
    assert len(server.asked) == 1


# -- writes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        b"",
        b"HTTP/1.1 201 Created\r\ncontent-length: 900\r\n\r\n{",
        answer(500, {"message": "Oops"}),
        answer(502),
        answer(503, retry_after="0"),
        answer(504),
        answer(408),
        answer(200, b"<html>"),
        answer(201, b'{"id": '),
        answer(201, "done"),
    ],
)
async def test_a_write_whose_fate_is_unclear_is_unknown_and_never_sent_twice(trouble: bytes) -> None:
    outcome, server = await write_through(trouble)
    assert isinstance(outcome, Unknown)
    assert outcome.why
    assert len(server.asked) == 1


async def test_a_write_without_an_answer_in_time_is_unknown_and_sent_once() -> None:
    waits = Waits(read=0.1, whole=1, first=0.01)
    outcome, server = await write_through(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", waits=waits)
    assert isinstance(outcome, Unknown)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 415, 422])
async def test_a_refused_write_tells_the_servers_words(status: int) -> None:
    errors = {"due_at": "is missing", "notes": {"message": "long"}}
    body = {"name": "BadRequest", "message": "Not valid", "errors": errors}
    outcome, server = await write_through(answer(status, body))
    assert outcome == Refused(status, "Not valid (due_at: is missing; notes: long)")
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"", b"no json", b"[]"])
async def test_a_refusal_without_words_has_those_of_its_status(body: bytes) -> None:
    outcome, _ = await write_through(answer(422, body))
    assert outcome == Refused(422, "422 Whatever")


async def test_429_did_nothing_so_the_write_is_sent_once_more() -> None:
    outcome, server = await write_through(answer(429, retry_after="0"), answer(201, ROW))
    assert isinstance(outcome, Done)
    assert outcome.row is not None
    assert [asked.method for asked in server.asked] == ["POST", "POST"]


async def test_a_second_429_and_one_that_asks_for_long_are_refusals() -> None:
    outcome, server = await write_through(answer(429))
    assert isinstance(outcome, Refused)
    assert len(server.asked) == 2
    outcome, server = await write_through(answer(429, retry_after="3600"))
    assert isinstance(outcome, Refused)
    assert len(server.asked) == 1


@pytest.mark.parametrize("nothing", [answer(204, b""), answer(200, b""), answer(200, []), answer(200, {"ok": True})])
async def test_a_confirmed_write_may_be_answered_without_a_row(nothing: bytes) -> None:
    outcome, _ = await write_through(nothing)
    assert outcome == Done(None)


# -- the token ---------------------------------------------------------------------------------------------------------


async def test_a_token_is_read_once_and_again_when_it_is_refused() -> None:
    """It may come from a command that asks a person; and the user may have put another one there."""
    tokens = iter(["first", "second"])
    async with fault_server(answer(body=ROW), answer(401), answer(body=ROW)) as server:
        async with LionDeskApi(server.url, "", Given(lambda: next(tokens)), ZONE, waits=QUICK) as client:
            await client.read(["12"])
            assert await client.update("12", {"status": "complete"}, 3) == Done(client.row(ROW))
        sent = [asked.headers["authorization"] for asked in server.asked]
        assert sent == ["Bearer first", "Bearer first", "Bearer second"]


async def test_a_token_that_is_still_the_same_is_not_tried_twice() -> None:
    async with fault_server(answer(401)) as server:
        async with LionDeskApi(server.url, "", Given(lambda: "first"), ZONE, waits=QUICK) as client:
            with pytest.raises(CredentialsError):
                await client.read(["12"])
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        b"",
        answer(401, {"message": f"Bearer {TOKEN} is not valid"}),
        answer(500, {"message": f"Bearer {TOKEN} is not valid"}),
        answer(503, {"message": f"Bearer {TOKEN} is not valid"}),
        answer(400, {"message": "x", "errors": {"authorization": TOKEN}}),
        answer(200, f"<html>{TOKEN}</html>".encode()),
    ],
)
async def test_no_secret_is_in_any_message_log_or_repr(trouble: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        fault_server(trouble) as server,
        LionDeskApi(server.url, "", Given(lambda: f"{TOKEN}\n"), ZONE, waits=QUICK) as client,
    ):
        with pytest.raises(BridgeError) as caught:
            await client.read(["12"])
        outcome = await client.create(BODY)
        assert TOKEN not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {outcome} {client!r}"
        assert TOKEN not in f"{vars(client)!r}"
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("broken", ["", "   ", "two words", "line\nbreak", "tökén"])
async def test_a_token_that_can_be_none_is_named_before_anything_is_sent(broken: str) -> None:
    async with (
        fault_server(answer(body=ROW)) as server,
        LionDeskApi(server.url, "", Given(lambda: broken), ZONE) as client,
    ):
        with pytest.raises(CredentialsError) as caught:
            await client.read(["12"])
        assert server.asked == []
        assert not broken.strip() or broken not in str(caught.value)


async def test_half_a_character_is_sent_as_json_can_say_it() -> None:
    async with fault_server(answer(200, {"data": ROW})) as server, api(server) as client:
        await client.update("12", {"notes": "cut \ud83d", "description": "caf\u00e9"}, None)
        (asked,) = server.asked
    assert b'"cut \\ud83d"' in asked.body
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body)["description"] == "caf\u00e9"
