"""A proxy before a real CalDAV server that answers some requests otherwise than the server does."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["status", "close_before", "close_after", "half_body", "html", "late_answer", "errors_inside", "redirect"]
PAGE = b"<!doctype html><html><title>Please wait</title><body><h1>One moment, please</h1></body></html>"


@dataclass
class DavFault:
    """What becomes of requests of `method` whose body holds `inside`; `times` counts down.

    status: answered with `status`, no effect. close_before, close_after: the connection ends before or after the
    effect. half_body: the effect, and half of the answer. html: a page with `status`, no effect. late_answer: the
    effect at once, the answer after `delay_s`. errors_inside: a multistatus whose every part says 500. redirect: to
    `target`.
    """

    kind: Kind
    method: str
    inside: bytes = b""
    times: int = 1
    status: int = 200
    delay_s: float = 0.0
    target: str = ""


@dataclass
class Proxy:
    """`url` stands for the server's. `hits`: how many requests met a fault."""

    url: str
    faults: list[DavFault] = field(default_factory=list)
    hits: int = 0

    def take(self, method: str, body: bytes) -> DavFault | None:
        """The first fault that this request meets."""
        for fault in self.faults:
            if fault.method == method and fault.inside in body and fault.times > 0:
                fault.times -= 1
                self.hits += 1
                return fault
        return None


class _Cut(Exception):
    """The connection ends here."""


class _Server(ThreadingHTTPServer):
    """Listens for the client; `behind` is the server that answers."""

    daemon_threads = True

    def __init__(self, proxy: Proxy, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy
        self.behind = urlsplit(behind)


class _Handler(BaseHTTPRequestHandler):
    """One connection of the client."""

    protocol_version = "HTTP/1.1"
    server: _Server  # type: ignore[mutable-override] # what listens is what made it

    def answer(self) -> None:
        """One request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.proxy.take(self.command, body)
        try:
            answer = self._through(body) if fault is None else self._failing(fault, body)
            self._say(*answer, cut=fault is not None and fault.kind == "half_body")
        except _Cut:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _failing(self, fault: DavFault, body: bytes) -> tuple[int, dict[str, str], bytes]:
        match fault.kind:
            case "status":
                return fault.status, {}, b""
            case "html":
                return fault.status, {"Content-Type": "text/html"}, PAGE
            case "redirect":
                return 301, {"Location": fault.target}, b""
            case "close_before":
                raise _Cut
            case "close_after":
                self._through(body)
                raise _Cut
            case "half_body":
                return self._through(body)
            case "late_answer":
                answer = self._through(body)
                time.sleep(fault.delay_s)
                return answer
            case "errors_inside":
                status, headers, content = self._through(body)
                return status, headers, content.replace(b"200 OK", b"500 Internal Server Error")

    def _through(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        names = ("Authorization", "Content-Type", "Depth", "If-Match", "If-None-Match")
        headers = {name: value for name in names if (value := self.headers.get(name)) is not None}
        behind = self.server.behind
        server = http.client.HTTPConnection(behind.hostname or "", behind.port, timeout=60)
        with contextlib.closing(server):
            server.request(self.command, self.path, body, headers)
            answer = server.getresponse()
            kept = ("ETag", "Content-Type", "Location", "DAV", "Server", "WWW-Authenticate")
            return answer.status, {each: answer.headers[each] for each in kept if each in answer.headers}, answer.read()

    def _say(self, status: int, headers: dict[str, str], content: bytes, *, cut: bool) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204 or cut:
                self.send_header("Content-Length", str(len(content) or (100 if cut else 0)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            raise _Cut

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


for _method in ("DELETE", "GET", "MKCALENDAR", "OPTIONS", "PROPFIND", "PUT", "REPORT"):
    setattr(_Handler, f"do_{_method}", _Handler.answer)


@contextlib.contextmanager
def proxied(server: str) -> Iterator[Proxy]:
    """A proxy for the server at this URL on a free loopback port, in threads of its own."""
    proxy = Proxy("")
    with _Server(proxy, server) as listening:
        proxy.url = f"http://127.0.0.1:{listening.server_port}/"
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,), name="proxy", daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            listening.shutdown()
            thread.join(10)


@contextlib.contextmanager
def elsewhere() -> Iterator[tuple[str, list[object]]]:
    """Another host by the name of localhost: its URL, and who connected to it."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    end, address = listening.accept()
                    came.append(address)
                    end.close()

        threading.Thread(target=accept, name="elsewhere", daemon=True).start()
        try:
            yield f"http://localhost:{listening.getsockname()[1]}/", came
        finally:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
