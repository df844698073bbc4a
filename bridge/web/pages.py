"""From values to HTML: one template a page, times as the pair's owner reads them, forms as they were posted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bridge.web.ground import Ground
from bridge.web.guard import bears_token
from bridge.web.sessions import Session

_LEFTWARD = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"
"""The blocks of scripts that are written from right to left (Unicode, UAX 9)."""
_LEFTWARD_RUN = re.compile(rf"[{_LEFTWARD}](?:[^'<>]*[{_LEFTWARD}])?")
_SIZES = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("bridge.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["directed"] = directed
    return environment


def ground_of(request: Request) -> Ground:
    """What this application stands on."""
    ground: Ground = request.app.state.ground
    return ground


def session_of(request: Request) -> Session:
    """Who is looking."""
    session: Session = request.scope["session"]
    return session


async def page(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """A page from its template, which also knows what every page shows: the navigation, who is looking, the time."""
    ground = ground_of(request)
    common = {
        "path": request.url.path,
        "csrf": session_of(request).csrf,
        "guarded": request.app.state.sessions.guarded,
        "now": ground.now(),
        "said": request.query_params.get("said", ""),
        "waiting": await _waiting(request),
    }
    return HTMLResponse(_templates().get_template(template).render({**common, **values}), status)


async def _waiting(request: Request) -> int:
    """How many items of the inbox wait for the person; a visitor who has yet to log in is told nothing."""
    if request.app.state.sessions.guarded and not session_of(request).known:
        return 0
    ground = ground_of(request)
    return sum([await waiting_in(ground, pair.name) for pair in ground.configuration().pairs])


async def waiting_in(ground: Ground, pair: str) -> int:
    """How many items of this pair wait for the person."""
    return sum(each.waits for each in await ground.state.pair(pair).open_items())


async def zone_of(ground: Ground, pair: str) -> ZoneInfo:
    """The pair's zone as it is configured or remembered; looking at a page costs LionDesk nothing."""
    settings = next(each for each in ground.configuration().pairs if each.name == pair)
    known = settings.liondesk.time_zone or (await ground.state.pair(pair).facts()).get("time_zone")
    return ZoneInfo(str(known or "UTC"))


async def posted(request: Request) -> Mapping[str, str]:
    """The fields of a form of ours; the last value counts where a name stands twice. 403 for anybody else's form."""
    fields = await posted_list(request)
    return dict(fields)


async def posted_list(request: Request) -> list[tuple[str, str]]:
    """The same with every value of a name that stands more than once."""
    body = (await request.body()).decode("utf-8", "replace")
    fields = [(name, value.replace("\r\n", "\n")) for name, value in parse_qsl(body, keep_blank_values=True)]
    token = request.headers.get("x-csrf-token") or dict(fields).get("csrf", "")
    if not bears_token(session_of(request), token):
        raise HTTPException(
            HTTPStatus.FORBIDDEN, "This form is of another session. Go back, load the page again, and repeat it."
        )
    return fields


def back(to: str, said: str = "") -> Response:
    """After a write: the page again, by GET, with a word on what was done."""
    return RedirectResponse(f"{to}?{urlencode({'said': said})}" if said else to, HTTPStatus.SEE_OTHER)


async def failed(request: Request, error: Exception) -> Response:
    """A page for what went wrong: the user's address or form, never a traceback."""
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    words = error.detail if isinstance(error, HTTPException) else ""
    return await page(request, "error.html", status, code=int(status), words=words)


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, or in how long, in the words of a person."""
    seconds = int((now - moment) / timedelta(seconds=1))
    for size, name in _SIZES:
        count = abs(seconds) // size
        if count >= 1:
            span = f"{count} {name}{'s' if count > 1 else ''}"
            return f"{span} ago" if seconds > 0 else f"in {span}"
    return "just now" if seconds >= 0 else "in a moment"


def directed(text: str) -> Markup:
    """A sentence whose words of another direction turn nothing around them (HTML, bdi): 'שלום' of Mon 9 Mar."""
    pieces: list[Markup | str] = []
    end = 0
    for found in _LEFTWARD_RUN.finditer(text):
        pieces += [escape(text[end : found.start()]), Markup("<bdi>{}</bdi>").format(found[0])]
        end = found.end()
    return Markup("").join([*pieces, escape(text[end:])])
