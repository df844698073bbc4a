"""Plain HTML forms and pages: templates, fields as they were posted, and who may post them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.sandbox.problems import Problem, Refusal


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("bridge.sandbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page from a template. It runs no scripts and nothing may frame it."""
    html = _templates().get_template(template).render(**values)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
    return HTMLResponse(html, status, {"Content-Security-Policy": policy, "Referrer-Policy": "same-origin"})


async def posted(request: Request) -> dict[str, str]:
    """The fields of a form as the browser sent it. The last value counts where a name stands twice."""
    body = (await request.body()).decode("utf-8", "replace")
    return {name: value.replace("\r\n", "\n") for name, value in parse_qsl(body, keep_blank_values=True)}


def whole(fields: Mapping[str, str], name: str) -> int | None:
    """A field that is a number; None where it is empty or something else."""
    text = fields.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


class SameOrigin:
    """Middleware: a page from elsewhere may not send forms to this server (it has no log-in that would stop it)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            headers = dict(scope["headers"])
            origin, host = headers.get(b"origin"), headers.get(b"host", b"").decode("latin-1")
            if origin is not None and urlsplit(origin.decode("latin-1")).netloc != host:
                refusal = Refusal(Problem.FORBIDDEN, "A page of another server may not change anything here")
                await JSONResponse(refusal.as_json(), refusal.status)(scope, receive, send)
                return
        await self.app(scope, receive, send)
