"""The application: which address is which page."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bridge.web import agenda, entrance, feeds, history, inbox, machines, overview, preview, settings
from bridge.web.ground import Ground
from bridge.web.guard import Guard
from bridge.web.pages import failed
from bridge.web.sessions import Sessions


def create_app(ground: Ground) -> Starlette:
    """The page on this ground. The password is read once, here. Raises CredentialsError."""
    web = ground.configuration().web
    sessions = Sessions(web.password.reveal() if web.password is not None else None, ground.now)
    app = Starlette(
        routes=[
            Route("/", overview.overview),
            Route("/agenda", agenda.agenda),
            Route("/preview", preview.preview),
            Route("/preview", preview.run, methods=["POST"]),
            Route("/inbox", inbox.inbox),
            Route("/inbox", inbox.answer, methods=["POST"]),
            Route("/inbox/ask-again", inbox.forget, methods=["POST"]),
            Route("/history", history.history),
            Route("/history/run", history.one),
            Route("/history/undo", history.undo),
            Route("/history/undo", history.take_back, methods=["POST"]),
            Route("/settings", settings.settings),
            Route("/feeds/{key}.ics", feeds.feed),
            Route("/feeds/{what}", feeds.change, methods=["POST"]),
            Route("/pairs/{what}", overview.act, methods=["POST"]),
            Route("/reload", overview.reload, methods=["POST"]),
            Route("/login", entrance.ask),
            Route("/login", entrance.answer, methods=["POST"]),
            Route("/logout", entrance.leave, methods=["POST"]),
            Route("/healthz", machines.healthz),
            Route("/readyz", machines.readyz),
            Route("/metrics", machines.metrics),
            Mount("/static", StaticFiles(directory=Path(str(files("bridge.web") / "static")))),
        ],
        middleware=[Middleware(Guard, sessions=sessions, hosts=())],
        exception_handlers={HTTPException: failed, Exception: failed},
    )
    app.state.ground, app.state.sessions = ground, sessions
    return app
