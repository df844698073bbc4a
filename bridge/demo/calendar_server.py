"""Radicale in a thread, on a free loopback port, with its data in a folder of the caller's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from radicale import config
from radicale.app import Application


class _Server(ThreadingMixIn, WSGIServer):
    """One thread a connection; leaving waits for those that still answer."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Says nothing about single requests."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gave it
        pass


@contextmanager
def serving_calendars(folder: Path) -> Iterator[str]:
    """The server's URL, with a slash. Whoever is on this machine may log in as anybody. It stops on leaving."""
    for name in ("radicale", "uvicorn"):
        # What servers say of connections that end with the demo would puzzle a visitor.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    settings = config.load()
    settings.update(
        {
            "auth": {"type": "none"},
            "rights": {"type": "authenticated"},
            "storage": {"filesystem_folder": str(folder), "_filesystem_fsync": "False"},
        },
        "the demo",
        privileged=True,
    )
    server = make_server("127.0.0.1", 0, Application(settings), server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="radicale", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
