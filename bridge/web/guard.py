"""What stands before every page: who may ask, from where, and what a browser may do with the answer.

- A Host header that names no address of this machine is refused: a page elsewhere could point its name here (DNS
  rebinding) and read along.
- Every write bears the token of its session (CSRF), and comes from the page itself (Fetch Metadata, where a browser
  tells).
- Nothing but what the page itself brings is run, framed or loaded (CSP); no script stands in a page.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.web.sessions import COOKIE, Session, Sessions

OPEN = ("/healthz", "/readyz", "/metrics", "/login", "/static/", "/feeds/")
"""Where nobody has to have logged in: these have their own ways, or nothing to hide."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_LONGEST_FORM = 2_000_000
"""Bytes: the plan of a first run of fifty thousand tasks fits."""


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, sessions: Sessions, hosts: Collection[str]) -> None:
        """`hosts` are names besides localhost by which this machine may be asked."""
        self._app, self._sessions, self._hosts = app, sessions, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        session, fresh = self._sessions.of(request.cookies.get(COOKIE, ""))
        scope["session"] = session
        refusal = self._refusal(request, session)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if fresh and not request.url.path.startswith(("/static/", "/feeds/")):
                    headers.append("Set-Cookie", cookie(session.key))
            await send(message)

        await (refusal or self._app)(scope, receive, guarded)

    def _refusal(self, request: Request, session: Session) -> Response | None:
        path = request.url.path
        if not self._known_host(request.headers.get("host", "")):
            words = "This page is asked for by its machine's own address: http://127.0.0.1 with its port.\n"
            return PlainTextResponse(words, HTTPStatus.MISDIRECTED_REQUEST)
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > _LONGEST_FORM:
            return PlainTextResponse("That is too much.\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if request.method not in ("GET", "HEAD") and request.headers.get("sec-fetch-site", "same-origin") not in (
            "same-origin",
            "none",
        ):
            return PlainTextResponse("Only the page itself may ask for that.\n", HTTPStatus.FORBIDDEN)
        may_pass = path.startswith(OPEN) and not (path.startswith("/feeds/") and request.method not in ("GET", "HEAD"))
        if not may_pass and self._sessions.guarded and not session.known:
            if request.method in ("GET", "HEAD"):
                wanted = f"{path}?{request.url.query}" if request.url.query else path
                return RedirectResponse(f"/login?{urlencode({'next': wanted}, safe='/')}", HTTPStatus.SEE_OTHER)
            return PlainTextResponse("Log in first.\n", HTTPStatus.UNAUTHORIZED)
        return None

    def _known_host(self, header: str) -> bool:
        try:
            host = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        if host == "localhost" or host.endswith(".localhost") or host in self._hosts:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True  # a bare address is nobody's name


def cookie(key: str) -> str:
    """The session's cookie. No `Secure`: the page speaks http on its own machine."""
    return f"{COOKIE}={key}; HttpOnly; SameSite=Strict; Path=/"


def bears_token(session: Session, token: str) -> bool:
    """Whether a form was made for this session."""
    return secrets.compare_digest(session.csrf.encode(), token.encode())
