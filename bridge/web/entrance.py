"""Logging in and out, where the page has a password."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bridge.web.guard import cookie
from bridge.web.pages import back, page, posted, session_of
from bridge.web.sessions import Sessions


async def ask(request: Request) -> Response:
    """GET /login."""
    return await page(request, "login.html", wrong="", next=_inside(request.query_params.get("next", "/")))


async def answer(request: Request) -> Response:
    """POST /login: the page that was wanted, or the question again."""
    form = await posted(request)
    sessions: Sessions = request.app.state.sessions
    wanted = _inside(form.get("next", "/"))
    try:
        session = sessions.log_in(session_of(request), form.get("password", ""))
    except PermissionError:
        wrong = "Too many wrong passwords. Wait five minutes."
        return await page(request, "login.html", HTTPStatus.TOO_MANY_REQUESTS, wrong=wrong, next=wanted)
    if session is None:
        return await page(request, "login.html", HTTPStatus.FORBIDDEN, wrong="That is not the password.", next=wanted)
    response = RedirectResponse(wanted, HTTPStatus.SEE_OTHER)
    response.headers["Set-Cookie"] = cookie(session.key)
    return response


async def leave(request: Request) -> Response:
    """POST /logout."""
    await posted(request)
    sessions: Sessions = request.app.state.sessions
    sessions.log_out(session_of(request))
    return back("/login")


def _inside(target: str) -> str:
    """A path of this page; anything else could lead a person elsewhere right after the password."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
