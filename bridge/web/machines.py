"""What machines ask: whether the process lives, whether every pair has run, and figures."""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bridge.web.pages import ground_of, session_of
from bridge.web.sessions import Sessions

METRICS = "text/plain; version=0.0.4; charset=utf-8"


async def healthz(_: Request) -> Response:
    """The process answers: there is nothing else to know for whoever would restart it."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Whether every pair ran at least once; 503 until then."""
    pairs = ground_of(request).pairs()
    waiting = sorted(name for name, pair in pairs.items() if pair.ended_at is None and not pair.paused)
    return JSONResponse({"status": "waiting" if waiting else "ready", "waiting": waiting}, 503 if waiting else 200)


async def metrics(request: Request) -> Response:
    """What Prometheus reads (its text format, 0.0.4). With a password, by HTTP's Basic authentication."""
    if not _may_read(request):
        headers = {"WWW-Authenticate": 'Basic realm="liondesk-bridge"'}
        return PlainTextResponse("The page's password is needed.\n", HTTPStatus.UNAUTHORIZED, headers)
    return Response(ground_of(request).metrics(), media_type=METRICS)


def _may_read(request: Request) -> bool:
    sessions: Sessions = request.app.state.sessions
    if not sessions.guarded or session_of(request).known:
        return True
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        sent = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return kind.lower() == "basic" and sessions.basic(sent)
