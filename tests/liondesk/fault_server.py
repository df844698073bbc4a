"""A server that answers what it is told, byte by byte: for what the sandbox, being a good server, cannot do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = bytes | Callable[["Asked"], bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class FaultServer:
    """Answers in order, the last one again and again; an empty answer closes the connection."""

    answers: list[Answer]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, target, _ = head[0].split(" ", 2)
            pairs = (line.partition(": ") for line in head[1:] if line)
            headers = {name.lower(): value for name, _, value in pairs}
            asked = Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
            self.asked.append(asked)
            answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
            writer.write(answer if isinstance(answer, bytes) else answer(asked))
            await writer.drain()
        finally:
            writer.close()


def answer(status: int = 200, body: object = None, **headers: str) -> bytes:
    """An HTTP answer; a body of bytes is sent as it is, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {"content-length": str(len(content)), "connection": "close"}
    names |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in names.items()), "", ""]
    return "\r\n".join(lines).encode() + content


@asynccontextmanager
async def fault_server(*answers: Answer) -> AsyncIterator[FaultServer]:
    """Serve these answers on a free loopback port."""
    server = FaultServer(list(answers))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield server
