"""HTTP to one server, on python-caldav's AsyncDAVClient. Slow to import: only `client.open_calendar` does it.

What this adds to AsyncDAVClient, and why:
- no redirect, retry or change of authentication happens behind our back: each is decided here, because a write may be
  repeated only where it surely had no effect, and credentials may not leave the server they belong to;
- every request that leaves is counted where it leaves, in the transport adapter;
- answers are bounded in size and kept as bytes, so that `multistatus` can read them with its own parser.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import niquests
import stamina
from caldav.async_davclient import AsyncDAVClient
from caldav.lib.error import DAVError, parse_retry_after
from niquests.adapters import AsyncHTTPAdapter

from bridge.caldav import hrefs
from bridge.caldav.answer import Answer, Lost
from bridge.caldav.settings import CalendarSettings
from bridge.errors import ConfigurationError, CredentialsError, Unreachable

if TYPE_CHECKING:
    from niquests import AsyncResponse, PreparedRequest

REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({429, 500, 502, 503, 504})
"""Answers that a read may meet again and fare better."""

_MOST_REDIRECTS = 5
_heard: ContextVar[list[Answer]] = ContextVar("_heard")
"""The answers of the request that this task is sending: AsyncDAVClient raises away what it calls errors."""


class _Counting(AsyncHTTPAdapter):
    """The transport, counting what really leaves, the second leg of a digest authentication included."""

    def __init__(self, connections: int) -> None:
        super().__init__(pool_connections=2, pool_maxsize=connections, max_retries=0)
        self.sent = 0

    async def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> AsyncResponse:  # noqa: ANN401
        self.sent += 1
        return await super().send(request, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What AsyncDAVClient may see of an answer: status and headers. The body stays with us."""

    status_code: int
    headers: Mapping[str, str]
    url: str
    reason: str = ""
    content: bytes = b""
    text: str = ""


class _Session:
    """The HTTP session that AsyncDAVClient talks to: no redirects, bounded bodies, each answer noted in `_heard`."""

    def __init__(self, settings: CalendarSettings) -> None:
        self.adapter = _Counting(settings.connections)
        self.largest = settings.largest_answer
        self.inner = niquests.AsyncSession(disable_http3=True)
        self.inner.mount("http://", self.adapter)
        self.inner.mount("https://", self.adapter)

    async def request(self, **kwargs: Any) -> _Spoken:  # noqa: ANN401
        response = await self.inner.request(**kwargs, allow_redirects=False, stream=True)
        content = bytearray()
        try:
            async for chunk in await response.iter_content(65536):
                content += chunk
                if len(content) > self.largest:
                    break
        finally:
            await response.close()
        headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
        whole = len(content) <= self.largest
        answer = Answer(
            int(response.status_code or 0), headers, bytes(content) if whole else b"", str(response.url), whole=whole
        )
        _heard.get().append(answer)
        return _Spoken(answer.status, niquests.structures.CaseInsensitiveDict(headers), answer.url)

    async def close(self) -> None:
        await self.inner.close()


class _BusyError(Exception):
    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


def _backoff(error: Exception) -> bool | dt.timedelta:
    if not isinstance(error, _BusyError):
        return False
    return True if error.wait is None else dt.timedelta(seconds=error.wait)


def _is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent: TLS, or this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    return False


class Wire:
    """One server. Safe for several tasks at once; at most `settings.connections` requests are under way."""

    def __init__(self, settings: CalendarSettings, auth: str | None = None) -> None:
        # Of the library's own logging only warnings matter: its debug lines hold whole bodies.
        logging.getLogger("caldav").setLevel(logging.WARNING)
        self.settings = settings
        self.server_headers: Mapping[str, str] = {}
        self._session = _Session(settings)
        self._slots = asyncio.Semaphore(settings.connections)
        # No user name yet: with one, the library would probe and repeat requests by itself, writes included.
        self._client = AsyncDAVClient(
            url=settings.url,
            timeout=settings.timeout,  # type: ignore[arg-type]  # seconds may be fractional
            features={"http.multiplexing": False},
            enable_rfc6764=False,
            rate_limit_handle=False,
            headers={"User-Agent": "liondesk-bridge"},
        )
        self._client.session = self._session
        self.auth: str | None = None
        if settings.username and (auth or _is_private(settings.url)):
            self._log_in(auth or "basic")

    @property
    def requests(self) -> int:
        """How many HTTP requests left so far, redirects and refused log-ins included."""
        return self._session.adapter.sent

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
        await self._session.close()

    async def write(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> Answer | Lost:
        """One request that changes something: never repeated, unless a 401 says that nothing was done yet.

        Raises CredentialsError.
        """
        try:
            answer = await self._authenticated(method, url, body, headers)
        except (niquests.exceptions.RequestException, OSError) as error:
            return Lost(_reason(error))
        return answer

    async def read(self, method: str, url: str, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """One request that changes nothing, repeated while the server is busy or the connection breaks.

        Raises CredentialsError, ConfigurationError (a redirect to another server) and Unreachable.
        """
        attempts = stamina.retry_context(on=_backoff, attempts=self.settings.attempts, timeout=None)
        try:
            async for attempt in attempts:
                with attempt:
                    return await self._read_once(method, url, body, headers or {})
        except _BusyError as error:
            raise Unreachable(
                f"The calendar server at {_host(url)} does not answer as it should: {error}. Nothing was changed by "
                "this request; the next run tries again."
            ) from None
        raise AssertionError("stamina gives an attempt or raises")

    async def _read_once(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        for _ in range(_MOST_REDIRECTS):
            try:
                answer = await self._authenticated(method, url, body, headers)
            except (niquests.exceptions.RequestException, OSError) as error:
                raise _BusyError(_reason(error)) from None
            if answer.status in BUSY:
                raise self._busy(answer)
            if answer.status not in REDIRECTS or "location" not in answer.headers:
                return answer
            url = self._redirected(url, answer.headers["location"])
        raise ConfigurationError(
            f"The calendar server at {_host(url)} redirects in a circle. Nothing was changed. Put the address of the "
            "calendar itself into [pair.calendar] url."
        )

    def _busy(self, answer: Answer) -> Exception:
        wait = parse_retry_after(answer.headers["retry-after"]) if "retry-after" in answer.headers else None
        if wait is not None and wait > self.settings.patience:
            return Unreachable(
                f"The calendar server at {_host(answer.url)} is busy ({answer.status}) and asks to come back in "
                f"{wait:.0f} seconds. Nothing was changed by this request; the next run tries again."
            )
        return _BusyError(f"it answered {answer.status} {answer.words(80)}".rstrip(), wait)

    def _redirected(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        if urlsplit(target).scheme in ("http", "https") and hrefs.may_follow(url, target):
            return target
        parts = urlsplit(target)
        raise ConfigurationError(
            f"The calendar server at {_host(url)} redirects to {parts.scheme}://{_host(target)}{parts.path}, which is "
            "another server or an unencrypted connection; the password was not sent there and nothing was changed. If "
            "that is the right place, put this address into [pair.calendar] url."
        )

    async def _authenticated(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        answer = await self._send(method, url, body, headers)
        if answer.status == 401 and self._may_log_in_otherwise(answer):
            answer = await self._send(method, url, body, headers)
        if answer.status == 401:
            raise CredentialsError(
                f"The calendar server at {_host(url)} does not accept "
                + (
                    f"the password of {self.settings.username!r}"
                    if self.settings.username
                    else "requests without a user"
                )
                + ". Nothing was changed. Check username and password in [pair.calendar]; some services want an app "
                "password in place of your own."
            )
        return answer

    def _may_log_in_otherwise(self, answer: Answer) -> bool:
        """Take the best scheme that the server offers, if it is not the one just refused."""
        if not self.settings.username:
            return False
        offered = self._client.extract_auth_types(answer.headers.get("www-authenticate", ""))
        scheme = next((scheme for scheme in ("digest", "basic") if scheme in offered), None)
        if scheme is None or scheme == self.auth:
            return False
        self._log_in(scheme)
        return True

    def _log_in(self, scheme: str) -> None:
        self._client.username = self.settings.username
        self._client.password = self.settings.password or ""
        self._client.build_auth_object([scheme])
        self.auth = scheme

    async def _send(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        heard: list[Answer] = []
        token = _heard.set(heard)
        try:
            async with self._slots:
                with contextlib.suppress(DAVError):  # what it raises for a status; the answer itself is in `heard`
                    await self._client.request(url, method, body, headers)
        finally:
            _heard.reset(token)
        answer = heard[-1]
        self.server_headers = {**self.server_headers, **answer.headers}
        return answer


def _host(url: str) -> str:
    """Host and port without any credentials."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _reason(error: Exception) -> str:
    """What broke, in words that hold neither an object's address nor a secret."""
    match error:
        case niquests.exceptions.ConnectTimeout():
            return "the connection could not be opened in time"
        case niquests.exceptions.Timeout():
            return "no answer came in time"
        case niquests.exceptions.SSLError():
            return f"the encrypted connection could not be set up ({error.__class__.__name__})"
        case niquests.exceptions.ConnectionError():
            return "the connection was refused or broke off"
        case _:
            return f"the answer broke off ({error.__class__.__name__})"
