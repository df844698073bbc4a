"""What stands between the network and the API: the request log, the rate limit, and failures on demand (pure ASGI)."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.sandbox import faults
from bridge.sandbox.faults import Fault
from bridge.sandbox.problems import with_status
from bridge.sandbox.world import LoggedRequest, World

_API = ("/api/v1/", "/me", "/contacts", "/task-categories", "/oauth2/token")
_PROXY_PAGE = "<!doctype html><html><title>Please wait</title><body><h1>One moment, please</h1></body></html>"

Sever = Callable[[tuple[str, int]], None]
"""Closes the connection of this peer at once."""


@dataclass(slots=True)
class Exchange:
    """One request and what the API made of it, held back until it is clear what the network does with it."""

    method: str
    path: str
    query: str
    body: bytes
    user_id: int | None
    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The status code of the answer."""
        return next((int(part["status"]) for part in self.messages if part["type"] == "http.response.start"), 500)


@dataclass(slots=True)
class Traffic:
    """Middleware for the API's paths; the page and the control paths pass untouched."""

    app: ASGIApp
    world: World
    windows: dict[int | None, deque[float]] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not scope["path"].startswith(_API):
            await self.app(scope, receive, send)
            return
        exchange = await self._arrived(scope, receive)
        fault = faults.take(self.world.faults, exchange.method, exchange.path)
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        answer = self._instead(exchange, fault)
        if fault is not None and fault.kind == "close_before":
            self._record(exchange, None, fault.kind)
            await _sever(scope, receive)
        elif answer is not None:
            self._record(exchange, answer.status_code, fault.kind if fault else "rate_limit")
            await answer(scope, receive, send)
        else:
            await self._through(exchange, fault, scope, receive, send)

    async def _arrived(self, scope: Scope, receive: Receive) -> Exchange:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = dict(scope["headers"])
        token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")[2].strip()
        known = self.world.tokens.get(token)
        query = scope["query_string"].decode("latin-1")
        return Exchange(scope["method"], scope["path"], query, body, known.user_id if known else None)

    def _instead(self, exchange: Exchange, fault: Fault | None) -> Response | None:
        """What is answered in place of the API, if anything."""
        if fault is not None and fault.kind == "status":
            answer = JSONResponse(with_status(fault.status, "The sandbox was told to fail"), fault.status)
            if fault.retry_after is not None:
                answer.headers["Retry-After"] = self._retry_after(fault.retry_after, as_date=fault.retry_after_date)
            return answer
        if fault is not None and fault.kind == "html":
            return HTMLResponse(_PROXY_PAGE, fault.status)
        return self._too_many(exchange.user_id)

    def _too_many(self, user_id: int | None) -> Response | None:
        """429 where this user has sent too many requests within the (real) window."""
        switches = self.world.switches
        if not switches.rate_limit:
            return None
        window, now = self.windows.setdefault(user_id, deque()), time.monotonic()
        while window and window[0] <= now - switches.rate_window_s:
            window.popleft()
        if len(window) < switches.rate_limit:
            window.append(now)
            return None
        answer = JSONResponse(with_status(429, "Too many requests"), 429)
        if switches.retry_after != "none":
            wait = max(1, round(window[0] + switches.rate_window_s - now + 0.5))
            answer.headers["Retry-After"] = self._retry_after(wait, as_date=switches.retry_after == "date")
        return answer

    def _retry_after(self, seconds: int, *, as_date: bool) -> str:
        """RFC 9110, 10.2.3: seconds, or an HTTP-date (of the real clock, which is the one that waits)."""
        if not as_date:
            return str(seconds)
        return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)

    async def _through(  # ASGI's three and our two
        self, exchange: Exchange, fault: Fault | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let the API act, then let the answer go, or half of it, or none."""
        parts = iter(({"type": "http.request", "body": exchange.body, "more_body": False},))

        async def replay() -> Message:
            return next(parts, None) or await receive()

        async def hold(message: Message) -> None:
            exchange.messages.append(message)

        await self.app(scope, replay, hold)
        exchange.user_id = scope.get("sandbox_user_id", exchange.user_id)
        kind = fault.kind if fault else None
        if self.world.switches.post_answer == "lost" and exchange.method == "POST" and exchange.status == 201:
            kind = "close_after"
        if kind == "close_after":
            self._record(exchange, None, kind)
            await _sever(scope, receive)
            return
        self._record(exchange, exchange.status, kind)
        for message in exchange.messages:
            if kind == "half_body" and message["type"] == "http.response.body":
                body = message.get("body", b"")
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                await _sever(scope, receive)
                return
            await send(message)

    def _record(self, exchange: Exchange, status: int | None, fault: str | None) -> None:
        """Log it. What goes to /oauth2/token is secrets, so that body stays out."""
        body: object = None
        if exchange.body and exchange.path != "/oauth2/token":
            try:
                body = json.loads(exchange.body)
            except ValueError:
                body = exchange.body.decode("utf-8", "replace")
        who, at = exchange.user_id, self.world.clock.now()
        self.world.log.append(
            LoggedRequest(exchange.method, exchange.path, exchange.query, body, status, who, fault, at)
        )


async def _sever(scope: Scope, receive: Receive) -> None:
    """Close the peer's connection, and wait until it is closed."""
    sever: Sever | None = getattr(scope["app"].state, "sever", None)
    if sever is None:
        raise ConnectionResetError("the sandbox was told to close this connection")
    host, port = scope["client"]
    sever((host, port))
    while (await receive())["type"] != "http.disconnect":
        pass
