"""A relay on loopback that counts what passes: requests by method, and bytes both ways."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Relay:
    """`url` is that of the server behind it, with the relay's own port."""

    url: str
    requests: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    received: int = 0

    @property
    def total(self) -> int:
        """How many requests passed."""
        return self.requests.total()

    def reset(self) -> None:
        """Count from nothing."""
        self.requests.clear()
        self.sent = self.received = 0

    def note_received(self, data: bytes) -> None:
        """Counts what the server sent next."""
        self.received += len(data)

    def through(self, url: str) -> str:
        """A URL of the server behind, by way of the relay."""
        return urlunsplit(urlsplit(url)._replace(netloc=urlsplit(self.url).netloc))


@dataclass
class _Upward:
    """One connection's requests, each with the Content-Length that every client here sends."""

    relay: Relay
    head: bytes = b""
    body: int = 0

    def note(self, data: bytes) -> None:
        """Counts what the client sent next."""
        self.relay.sent += len(data)
        while data:
            skipped = min(self.body, len(data))
            self.body -= skipped
            head, end, data = (self.head + data[skipped:]).partition(b"\r\n\r\n")
            self.head = b"" if end else head
            if end:
                self.relay.requests[head.split(b" ", 1)[0].decode()] += 1
                length = _LENGTH.search(head)
                self.body = int(length[1]) if length else 0


@contextlib.contextmanager
def relaying(server: str) -> Iterator[Relay]:
    """A relay before the server at this URL, in threads of its own, until the end of the block."""
    parts = urlsplit(server)
    relay = Relay(server)
    open_ends: set[socket.socket] = set()

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection((parts.hostname or "", parts.port or 80)) as back:
            ends = {client, back}
            open_ends.update(ends)
            for end in ends:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            upward = _start(_pump, client, back, _Upward(relay).note)
            _pump(back, client, relay.note_received)
            upward.join()
            open_ends.difference_update(ends)

    def accept() -> None:
        with contextlib.suppress(OSError):  # the listening socket was shut down: the block has ended
            while True:
                _start(serve, listening.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        relay.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{listening.getsockname()[1]}"))
        _start(accept)
        try:
            yield relay
        finally:
            for end in (listening, *tuple(open_ends)):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


def _start(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name="relay", daemon=True)
    thread.start()
    return thread


def _pump(source: socket.socket, target: socket.socket, note: Callable[[bytes], None]) -> None:
    """Everything from one socket to the other, noted before it is passed on."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            note(data)
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
