"""A relay on loopback that counts what passes: requests by method, and bytes both ways."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator
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

    def through(self, url: str) -> str:
        """A URL of the server behind, by way of the relay."""
        return urlunsplit(urlsplit(url)._replace(netloc=urlsplit(self.url).netloc))


@dataclass
class _Requests:
    """One connection's requests, each with the Content-Length that every client here sends."""

    counted: Counter[str]
    head: bytes = b""
    body: int = 0

    def take(self, data: bytes) -> None:
        """What the client sent next."""
        while data:
            skipped = min(self.body, len(data))
            self.body -= skipped
            head, end, data = (self.head + data[skipped:]).partition(b"\r\n\r\n")
            self.head = b"" if end else head
            if end:
                self.counted[head.split(b" ", 1)[0].decode()] += 1
                length = _LENGTH.search(head)
                self.body = int(length[1]) if length else 0


@contextlib.contextmanager
def relaying(server: str) -> Iterator[Relay]:
    """A relay before the server at this URL, in a thread of its own, until the end of the block."""
    parts = urlsplit(server)
    loop = asyncio.new_event_loop()
    relay = Relay(server)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            with contextlib.suppress(ConnectionError):
                await asyncio.gather(_upward(relay, reader, back), _downward(relay, there, writer))
        finally:
            await asyncio.gather(_gone(back), _gone(writer))

    thread = threading.Thread(target=loop.run_forever, name="relay", daemon=True)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, "127.0.0.1", 0), loop).result(10)
    port = listening.sockets[0].getsockname()[1]
    relay.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{port}"))
    try:
        yield relay
    finally:
        asyncio.run_coroutine_threadsafe(_closed(listening), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _upward(relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    requests = _Requests(relay.requests)
    while data := await reader.read(65536):
        relay.sent += len(data)
        requests.take(data)
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def _downward(relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        relay.received += len(data)
        writer.write(data)
        await writer.drain()
    writer.close()


async def _gone(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def _closed(listening: asyncio.Server) -> None:
    listening.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
