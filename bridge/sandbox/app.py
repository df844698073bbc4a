"""The sandbox as a web application: API, OAuth, control paths and page around one world."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bridge.sandbox import api, control, oauth, page
from bridge.sandbox.forms import SameOrigin
from bridge.sandbox.problems import Refusal, with_status
from bridge.sandbox.statefile import Kept
from bridge.sandbox.traffic import Traffic
from bridge.sandbox.world import World


async def _refused(_request: Request, error: Exception) -> Response:
    """A refusal in the shape of a Feathers service."""
    match error:
        case Refusal():
            return JSONResponse(error.as_json(), error.status)
        case HTTPException():
            return JSONResponse(with_status(error.status_code, error.detail), error.status_code, error.headers)
        case _:
            raise error


def create_app(world: World, data: Path | None = None) -> Starlette:
    """The application; `data` is the file that it keeps the world in.

    `app.state.world` is the world; `app.state.sever` closes a peer's connection where the server gives it (`serve`).
    """
    kept = [Middleware(Kept, world=world, path=data)] if data else []
    app = Starlette(
        routes=[*api.ROUTES, *oauth.ROUTES, *control.ROUTES, *page.ROUTES],
        middleware=[Middleware(SameOrigin), Middleware(Traffic, world=world), *kept],
        exception_handlers={Refusal: _refused, HTTPException: _refused},
    )
    app.state.world = world
    return app
