"""The application: which address is what."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bridge.web.ground import Ground

METRICS = "text/plain; version=0.0.4; charset=utf-8"


def create_app(ground: Ground) -> Starlette:
    """The page on this ground."""
    routes = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
    ]
    app = Starlette(routes=routes)
    app.state.ground = ground
    return app


def ground_of(request: Request) -> Ground:
    """What this application stands on."""
    ground: Ground = request.app.state.ground
    return ground


async def healthz(_: Request) -> Response:
    """The process answers: there is nothing else to know for whoever would restart it."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Whether every pair ran at least once; 503 until then."""
    pairs = ground_of(request).pairs()
    waiting = sorted(name for name, pair in pairs.items() if pair.ended_at is None and not pair.paused)
    return JSONResponse({"status": "waiting" if waiting else "ready", "waiting": waiting}, 503 if waiting else 200)


async def metrics(request: Request) -> Response:
    """What Prometheus reads (its text format, 0.0.4)."""
    return Response(ground_of(request).metrics(), media_type=METRICS)
