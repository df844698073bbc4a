"""The sandbox on a port: in the foreground for a person, or in a thread for a demo or a test."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from bridge.sandbox import statefile
from bridge.sandbox.app import create_app
from bridge.sandbox.book import believable_book
from bridge.sandbox.seed import plant, read
from bridge.sandbox.world import World


@dataclass(slots=True)
class Connections:
    """The open connections by peer, so that a fault can close one."""

    open: dict[tuple[str, int], asyncio.BaseTransport] = field(default_factory=dict)

    def sever(self, peer: tuple[str, int]) -> None:
        """Close the connection of this peer; what was written before still arrives."""
        self.open[peer].close()

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's HTTP protocol that keeps this list."""
        connections = self.open

        class Listed(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                connections[transport.get_extra_info("peername")[:2]] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self.transport.get_extra_info("peername")[:2], None)
                super().connection_lost(exc)

        return Listed


def server_for(app: Starlette) -> uvicorn.Server:
    """A uvicorn server for the sandbox, whose connections faults can close."""
    connections = Connections()
    app.state.sever = connections.sever
    config = uvicorn.Config(
        app,
        http=connections.protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _listening(host: str, port: int) -> socket.socket:
    """A bound socket. OSError if the port is taken.

    It names its protocol, which `socket.create_server` does not: asyncio turns Nagle's algorithm off only on sockets
    that do, and with it on, every answer waits 40 ms for the peer's delayed ACK.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(100)
    except OSError:
        listening.close()
        raise
    return listening


def _url(host: str, listening: socket.socket) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


@contextmanager
def serving(world: World, host: str = "127.0.0.1", port: int = 0, data: Path | None = None) -> Iterator[str]:
    """Serve this world in a thread, on a free loopback port unless one is given; the base URL. It stops on leaving."""
    with serving_app(create_app(world, data), host, port) as url:
        yield url


@contextmanager
def serving_app(app: Starlette, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """The same for an application that is made already."""
    listening = _listening(host, port)
    server = server_for(app)
    thread = threading.Thread(target=server.run, args=([listening],), name="sandbox", daemon=True)
    thread.start()
    try:
        yield _url(host, listening)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def run(port: int, seed: Path | None, data: Path | None, host: str = "127.0.0.1") -> None:
    """Serve until SIGINT or SIGTERM. An existing `data` file goes before the seed; without both: an example book.

    Port 0 takes a free one. UnusableSeed, UnusableData and OSError (the port is taken) come before anything is served.
    Says on standard error where it listens. Once it has stopped, the signal is raised again: KeyboardInterrupt.
    """
    if data is not None and data.exists():
        world = statefile.load(data)
    else:
        world = plant(read(seed) if seed is not None else believable_book(datetime.now(UTC)))
        if data is not None:
            statefile.save(world, data)
    listening = _listening(host, port)
    where = _url(host, listening)
    sys.stderr.write(f"LionDesk sandbox: {where}/ (tasks below {where}/api/v1). Ctrl-C ends it.\n")
    with listening:
        server_for(create_app(world, data)).run([listening])
