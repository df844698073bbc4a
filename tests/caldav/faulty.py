"""A small CalDAV server for what the real ones cannot be made to do. One calendar, in memory, raw asyncio.

Its switches are the columns of the measured table; `intercept` answers in its place for everything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal
from xml.sax.saxutils import escape

PATH = "/dav/cal/"
NAMESPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
WORDS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    207: "Multi-Status",
    404: "Not Found",
    412: "Precondition Failed",
}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Reply:
    """`cut`: close the connection before the answer, in the middle of its body, never answer, or none of these."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | bytes = ""
    cut: Literal["no", "before", "half", "silent"] = "no"


@dataclass
class FaultyDav:
    """`changes` is the history that sync-tokens count; `items` is name -> (ETag, text)."""

    server: str = "strange/1.0"
    put_etag: bool = True
    rewrites: bool = False
    sync: bool = True
    ctag: bool = True
    data_in_sync: bool = True
    garbage_token: Literal["403", "412", "everything", "nothing"] = "403"
    page: int | None = None
    repeats: bool = False
    unread: set[str] = field(default_factory=set)
    """Items that multiget leaves out."""
    components: str = "VTODO"
    privileges: str = "<D:privilege><D:all/></D:privilege>"
    resource_id: str | None = None
    absolute_hrefs: bool = False
    extra_hrefs: tuple[str, ...] = ()
    intercept: Callable[[Request], Reply | None] = lambda _: None
    items: dict[str, tuple[str, str]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    log: list[Request] = field(default_factory=list)
    url: str = ""
    open_now: int = 0
    most_open: int = 0

    # -- as another app ------------------------------------------------------------------------------------------------

    def put(self, name: str, ics: str, etag: str | None = None) -> None:
        self.changes.append(name)
        self.items[name] = (etag or f'"{len(self.changes)}"', ics)

    def remove(self, name: str) -> None:
        self.changes.append(name)
        del self.items[name]

    def sent(self, *methods: str) -> list[Request]:
        """The requests with these methods that came, and did not break off on purpose."""
        return [request for request in self.log if not methods or request.method in methods]

    # -- the server ----------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        found = self.intercept(request)
        if found is not None:
            return found
        name = request.path.removeprefix(PATH)
        match request.method:
            case "GET" if name in self.items:
                etag, ics = self.items[name]
                return Reply(200, {"ETag": etag, "Content-Type": "text/calendar"}, ics)
            case "PUT" if self.stale(request, name):
                return Reply(412)
            case "PUT":
                new = name not in self.items
                self.put(
                    name, request.body.replace("SUMMARY:", "SUMMARY:rewritten ") if self.rewrites else request.body
                )
                return Reply(201 if new else 204, {"ETag": self.items[name][0]} if self.put_etag else {})
            case "DELETE" if name in self.items and self.stale(request, name):
                return Reply(412)
            case "DELETE" if name in self.items:
                self.remove(name)
                return Reply(204)
            case "PROPFIND" if request.path == PATH:
                return self.propfind(request)
            case "REPORT" if "sync-collection" in request.body:
                return self.report_sync(request)
            case "REPORT" if "calendar-multiget" in request.body:
                return self.multiget(request)
        return Reply(404)

    def stale(self, request: Request, name: str) -> bool:
        current = self.items.get(name, ("", ""))[0]
        wanted = request.headers.get("if-match")
        return (wanted is not None and wanted != current) or ("if-none-match" in request.headers and bool(current))

    def propfind(self, request: Request) -> Reply:
        props = (
            f"<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>Faulty</D:displayname>"
            f"<D:current-user-privilege-set>{self.privileges}</D:current-user-privilege-set>"
            "<C:supported-calendar-component-set>"
            f'<C:comp name="{self.components}"/></C:supported-calendar-component-set>'
        )
        if self.sync:
            props += f"<D:sync-token>{self.token()}</D:sync-token>"
        if self.ctag:
            props += f"<CS:getctag>{len(self.changes)}</CS:getctag>"
        if self.resource_id:
            props += f"<D:resource-id><D:href>{self.resource_id}</D:href></D:resource-id>"
        entries = [self.entry(PATH, props)]
        if request.headers.get("depth") == "1":
            entries += [self.item(name) for name in self.items]
            entries += [self.entry(href, '<D:getetag>"x"</D:getetag>') for href in self.extra_hrefs]
        return self.multistatus(entries)

    def report_sync(self, request: Request) -> Reply:
        found = re.search(r"sync-token>([^<]*)<", request.body)
        token = found.group(1) if found else ""
        if not self.sync:
            return Reply(403, {}, f"<D:error {NAMESPACES}><D:supported-report/></D:error>")
        start, end = 0, len(self.changes)
        if token:
            number = token.removeprefix("data:,token-")
            if not number.isdecimal() or int(number) > end:
                match self.garbage_token:
                    case "everything":
                        number = "0"
                    case "nothing":
                        return self.multistatus([], token)
                    case status:
                        body = f"<D:error {NAMESPACES}><D:valid-sync-token/></D:error>"
                        return Reply(int(status), {}, body)
            start = int(number)
        names = self.changes[start:end]
        if self.page is not None and len(names) > self.page:
            end = start + self.page
            names = names[: self.page]
        entries = [
            self.item(name, data=self.data_in_sync and "calendar-data" in request.body)
            if name in self.items
            else f"<D:response><D:href>{PATH}{name}</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>"
            for name in (names if self.repeats else dict.fromkeys(names))
            if token or name in self.items
        ]
        entries += [self.entry(href, '<D:getetag>"x"</D:getetag>') for href in self.extra_hrefs]
        if end < len(self.changes):
            entries.append(
                f"<D:response><D:href>{PATH}</D:href>"
                "<D:status>HTTP/1.1 507 Insufficient Storage</D:status></D:response>"
            )
        return self.multistatus(entries, f"data:,token-{end}")

    def multiget(self, request: Request) -> Reply:
        names = [href.removeprefix(PATH) for href in re.findall(r"href>([^<]*)<", request.body)]
        return self.multistatus(
            [self.item(name, data=True) for name in names if name in self.items and name not in self.unread]
        )

    def token(self) -> str:
        return f"data:,token-{len(self.changes)}"

    def item(self, name: str, *, data: bool = False) -> str:
        etag, ics = self.items[name]
        text = f"<C:calendar-data>{escape(ics)}</C:calendar-data>" if data else ""
        host = self.url.removesuffix(PATH) if self.absolute_hrefs else ""
        return self.entry(f"{host}{PATH}{name}", f"<D:getetag>{escape(etag)}</D:getetag>{text}")

    @staticmethod
    def entry(href: str, props: str) -> str:
        return (
            f"<D:response><D:href>{escape(href)}</D:href><D:propstat><D:prop>{props}</D:prop>"
            "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        )

    @staticmethod
    def multistatus(entries: Iterable[str], token: str | None = None) -> Reply:
        tail = f"<D:sync-token>{token}</D:sync-token>" if token else ""
        body = f"<D:multistatus {NAMESPACES}>{''.join(entries)}{tail}</D:multistatus>"
        return Reply(207, {"Content-Type": 'application/xml; charset="utf-8"'}, body)

    # -- the wire ------------------------------------------------------------------------------------------------------

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self.exchange(reader, writer):
                pass
        self.open_now -= 1
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        request = Request(method, path, headers, body.decode())
        self.log.append(request)
        reply = self.answer(request)
        if reply.cut == "before":
            return False
        if reply.cut == "silent":
            await reader.read()  # until the client gives up
            return False
        content = reply.body.encode() if isinstance(reply.body, str) else reply.body
        lines = [f"HTTP/1.1 {reply.status} {WORDS.get(reply.status, 'Whatever')}", f"Server: {self.server}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        lines += [f"Content-Length: {len(content)}"] if reply.status != 204 else []
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        writer.write(content[: len(content) // 2] if reply.cut == "half" else content)
        await writer.drain()
        return reply.cut == "no"


@contextlib.asynccontextmanager
async def running(dav: FaultyDav) -> AsyncIterator[FaultyDav]:
    """The server on a free loopback port."""
    server = await asyncio.start_server(dav.serve, "127.0.0.1", 0)
    dav.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}"
    try:
        yield dav
    finally:
        server.close()
