"""Requests to LionDesk over HTTP: the only module that knows httpx, which is imported with the first request.

Reads are tried again after lost connections, 429, 502, 503 and 504; a Retry-After is honoured in both its forms
(RFC 9110, 10.2.3). Writes are sent once: the API has no idempotency key. The one exception is 429, which says that
nothing was done: such a write is sent once more after the wait it asks for.

Redirects are followed by reads alone, and never to another host or from https to http: the token goes with them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

from bridge.errors import CredentialsError, Unreachable
from bridge.liondesk.answers import Payload, error_words, read_payload, retry_after
from bridge.ports import Refused, Unknown
from bridge.telemetry import hide

if TYPE_CHECKING:
    import httpx

Query: TypeAlias = Sequence[tuple[str, str]]

_BUSY = (429, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 3
_LONGEST_MESSAGE = 400
_RENEW = (
    "The token may have expired or been revoked: get a new one from LionDesk's settings and put it where the pair's "
    "`token` points. Nothing was changed."
)


class Bearer(Protocol):
    """Where the bearer token comes from. It is asked for with every request, so it may be another one meanwhile."""

    def token(self) -> str:
        """The token to send. Raises CredentialsError."""
        ...

    async def renewed(self, refused: str) -> bool:
        """Whether there is another token by now in place of one that LionDesk refused. Raises Unreachable, too."""
        ...


class Given:
    """A token that the user gave: read once, as a command may have to be run for it, and again when it is refused."""

    def __init__(self, reveal: Callable[[], str]) -> None:
        """`reveal` reads it from where it is. Raises CredentialsError."""
        self._reveal = reveal
        self._read = ""

    def token(self) -> str:
        """The token."""
        if not self._read:
            self._read = self._reveal()
            hide(self._read)
        return self._read

    async def renewed(self, refused: str) -> bool:
        """Whether the user put another one there meanwhile."""
        self._read = ""
        return self.token().strip() != refused


@dataclass(frozen=True, slots=True)
class Waits:
    """How long to wait, in seconds, and how often to try a read. A server that asks for longer is not waited for."""

    connect: float = 10.0
    read: float = 30.0
    whole: float = 120.0
    attempts: int = 4
    first: float = 0.5
    longest: float = 60.0
    connections: int = 8


class _Busy(Exception):
    """A status that is worth another try. `after`: how many seconds the server asks to be left alone, if it says."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"status {response.status_code}")
        self.response = response
        self.after = retry_after(response.headers.get("retry-after"), datetime.now(UTC))


class Http:
    """One pool of connections, with the bearer token on every request. An async context manager, or `close()` it."""

    def __init__(self, bearer: Bearer, waits: Waits) -> None:
        self.requests = 0
        self._bearer = bearer
        self._sent = ""
        self._waits = waits
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def read(self, url: str, query: Query = ()) -> Payload | Refused:
        """GET. What it answers, or why it will not (400, 404 and the like).

        Raises CredentialsError for 401 and 403, Unreachable when nothing usable comes after all tries.
        """
        try:
            response = await self._read_patiently(url, query)
        except _Busy as busy:
            raise Unreachable(self._busy_words(url, busy)) from None
        except _lost() as error:
            raise Unreachable(
                f"LionDesk at {_host(url)} cannot be reached: {self._safe(_what_happened(error))}. Nothing was "
                "changed; check the network and the `url` of the pair. The next run tries again."
            ) from error
        status = response.status_code
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise CredentialsError(f"LionDesk refuses the token ({self._refusal(response).message}). {_RENEW}")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unreachable(
                f"LionDesk at {_host(url)} has a problem of its own ({self._refusal(response).message}). Nothing was "
                "changed; the next run tries again."
            )
        if status >= HTTPStatus.BAD_REQUEST:
            return self._refusal(response)
        try:
            return read_payload(response.content)
        except ValueError as error:
            raise Unreachable(
                f"What LionDesk at {_host(url)} answers is no answer: {error}. Nothing was changed; check the `url` of "
                "the pair. The next run tries again."
            ) from None

    async def write(
        self, method: str, url: str, query: Query, body: Mapping[str, object] | None
    ) -> Payload | Refused | Unknown:
        """Send one write once. Unknown: its answer never came, or is none, so it may or may not have taken effect."""
        for last in (False, True):
            try:
                response = await self._send(method, url, query, body)
            except _lost() as error:
                return Unknown(f"LionDesk's answer never came: {self._safe(_what_happened(error))}")
            wait = retry_after(response.headers.get("retry-after"), datetime.now(UTC)) or self._waits.first
            if response.status_code != HTTPStatus.TOO_MANY_REQUESTS or last or wait > self._waits.longest:
                return self._written(response)
            await asyncio.sleep(wait)
        raise AssertionError("the second round returns")

    # -- one request -----------------------------------------------------------------------------------------------

    async def _read_patiently(self, url: str, query: Query) -> httpx.Response:
        import stamina

        tries = stamina.retry_context(
            on=self._worth_another_try,
            attempts=self._waits.attempts,
            timeout=None,
            wait_initial=self._waits.first,
            wait_max=self._waits.longest,
            wait_jitter=self._waits.first,
        )
        async for attempt in tries:
            with attempt:
                response = await self._send_following(url, query)
                if response.status_code in _BUSY:
                    raise _Busy(response)
                return response
        raise AssertionError("the last try returns or raises")

    def _worth_another_try(self, error: Exception) -> bool | float:
        match error:
            case _Busy(after=None):
                return True
            case _Busy(after=float() as after):
                # Sooner than asked would be rude, later than `longest` is the next run's affair.
                return max(after, 0.01) if after <= self._waits.longest else False
            case _:
                return isinstance(error, _lost())

    async def _send_following(self, url: str, query: Query) -> httpx.Response:
        response = await self._send("GET", url, query, None)
        for _ in range(_MOST_REDIRECTS):
            if response.status_code not in _REDIRECTS or "location" not in response.headers:
                return response
            target = response.url.join(response.headers["location"])
            if not _same_place(response.url, target):
                raise Unreachable(
                    f"LionDesk at {_host(url)} sends its readers on to {target.host}, where the token must not go. "
                    "Nothing was changed; if that is LionDesk's new address, set it as the `url` of the pair."
                )
            response = await self._send("GET", str(target), (), None)
        return response

    async def _send(self, method: str, url: str, query: Query, body: Mapping[str, object] | None) -> httpx.Response:
        """One request; once more with another token where the first one was refused, which changed nothing (401)."""
        response = await self._send_once(method, url, query, body)
        if response.status_code == HTTPStatus.UNAUTHORIZED and await self._bearer.renewed(self._sent):
            response = await self._send_once(method, url, query, body)
        return response

    async def _send_once(
        self, method: str, url: str, query: Query, body: Mapping[str, object] | None
    ) -> httpx.Response:
        client = self._open()
        self._sent = self._secret()
        headers = {"authorization": f"Bearer {self._sent}"}
        content = None
        if body is not None:
            # Escaped: a text that LionDesk itself cut within a character goes back as it came, which UTF-8 cannot say.
            headers["content-type"] = "application/json"
            content = json.dumps(dict(body)).encode("ascii")
        self.requests += 1
        async with asyncio.timeout(self._waits.whole):
            return await client.request(method, url, params=list(query) or None, headers=headers, content=content)

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(self._waits.read, connect=self._waits.connect, pool=None),
                limits=httpx.Limits(
                    max_connections=self._waits.connections, max_keepalive_connections=self._waits.connections
                ),
                headers={"accept": "application/json", "user-agent": "liondesk-bridge"},
                follow_redirects=False,
            )
        return self._client

    def _secret(self) -> str:
        token = self._bearer.token().strip()
        # A header with other characters would be refused by the HTTP library in words that quote the token.
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise CredentialsError(
                "The token for LionDesk is empty or holds characters that no token has (blanks, line breaks, letters "
                "outside ASCII). Look at what the pair's `token` points to. Nothing was changed."
            )
        return token

    # -- answers ---------------------------------------------------------------------------------------------------

    def _written(self, response: httpx.Response) -> Payload | Refused | Unknown:
        status = response.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return Unknown(f"LionDesk answered with an error of its own ({self._refusal(response).message})")
        if status in _REDIRECTS:
            return Refused(status, "LionDesk has moved to another address; set it as the `url` of the pair")
        if status >= HTTPStatus.BAD_REQUEST:
            return self._refusal(response)
        try:
            return read_payload(response.content)
        except ValueError as error:
            return Unknown(f"what LionDesk answered is no answer: {error}")

    def _refusal(self, response: httpx.Response) -> Refused:
        """The server's own words: the error shape of a Feathers service, else the name of the status."""
        words = error_words(response.content) or f"{response.status_code} {response.reason_phrase}"
        return Refused(response.status_code, self._safe(words))

    def _busy_words(self, url: str, busy: _Busy) -> str:
        limited = busy.response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        what = "asks for fewer requests" if limited else "is overloaded or down for a while"
        until = f" and wants to be left alone for {busy.after:.0f} seconds" if busy.after else ""
        words = self._refusal(busy.response).message
        return f"LionDesk at {_host(url)} {what}{until} ({words}). Nothing was changed; the next run tries again."

    def _safe(self, text: str) -> str:
        """One line of bounded length without the token, which a server may echo."""
        line = " ".join((text.replace(self._sent, "[token]") if self._sent else text).split())
        return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}…"


async def post_openly(url: str, body: Mapping[str, object], waits: Waits) -> Payload | Refused | Unknown:
    """POST without a bearer token, once, following no redirect: what a token is asked for with (RFC 6749, 4.1.3, 6).

    What a refusal says is the server's words; the body, which holds secrets, is in none of them.
    """
    import httpx

    try:
        async with (
            asyncio.timeout(waits.whole),
            httpx.AsyncClient(timeout=httpx.Timeout(waits.read, connect=waits.connect)) as client,
        ):
            response = await client.post(url, json=dict(body), headers={"accept": "application/json"})
    except _lost() as error:
        return Unknown(_what_happened(error))
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(f"{response.status_code} {response.reason_phrase}")
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        return Refused(response.status_code, error_words(response.content) or response.reason_phrase)
    try:
        return read_payload(response.content)
    except ValueError as error:
        return Unknown(str(error))


def _lost() -> tuple[type[Exception], ...]:
    """What is raised when a request or its answer is lost on the way."""
    import httpx

    return (OSError, httpx.TransportError, httpx.DecodingError)


def _what_happened(error: BaseException) -> str:
    import httpx

    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return f"no connection ({error})" if str(error) else "no connection"
        case httpx.TimeoutException() | TimeoutError():
            return "no answer in time"
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError():
            return "the connection was closed before the answer was complete"
        case _:
            return str(error) or type(error).__name__


def _same_place(here: httpx.URL, there: httpx.URL) -> bool:
    if here.host != there.host:
        return False
    return (here.scheme, here.port) == (there.scheme, there.port) or (
        (here.scheme, there.scheme) == ("http", "https") and here.port is None and there.port is None
    )


def _host(url: str) -> str:
    """The host of a URL as the user knows it, without any credentials somebody put into it."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts.hostname + (f":{parts.port}" if parts.port else "") if parts.hostname else url
