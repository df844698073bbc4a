"""Reading resources: calendar-multiget in batches (RFC 4791, 7.9), and single GETs where a batch cannot be had."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bridge.caldav import hrefs, multistatus, requests
from bridge.caldav.answer import Answer, as_ics, illegal_character
from bridge.caldav.multistatus import CALDAV, DAV, Entry, Garbled
from bridge.core.model import Unreadable
from bridge.errors import ConfigurationError, Unreachable
from bridge.ports import Resource

if TYPE_CHECKING:
    from bridge.caldav.wire import Wire


@dataclass(slots=True)
class Fetched:
    """What was found under the paths asked for. Each path is in exactly one of the three."""

    resources: dict[str, Resource] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    unreadable: dict[str, Unreadable] = field(default_factory=dict)

    def add(self, path: str, found: Resource | Unreadable | None) -> None:
        """Note what one path holds; None: the server says that nothing is there."""
        match found:
            case Resource():
                self.resources[path] = found
            case Unreadable():
                self.unreadable[path] = found
            case None:
                self.missing.add(path)


def strange(answer: Answer, what: str) -> Unreachable | ConfigurationError:
    """What to raise for an answer that is none: a web page, a refusal, something else than CalDAV."""
    host = urlsplit(answer.url).netloc.rpartition("@")[2]
    if answer.is_page:
        return Unreachable(
            f"The calendar server at {host} answered with a web page ({answer.words(60)!r}) when asked for {what}: a "
            "log-in form or a proxy stands in the way, or the address is not that of a CalDAV server. Nothing was "
            "changed. Check [pair.calendar] url; if it is right, the next run tries again."
        )
    if answer.status in (403, 404, 405, 410):
        return ConfigurationError(
            f"The calendar server at {host} refuses {what} ({multistatus.explain(answer)}). Nothing was changed, and "
            "no task counts as deleted. Check in [pair.calendar] that url and calendar name a calendar that still "
            "exists and that this user may read. If it was deleted, a run with --full makes it anew from LionDesk."
        )
    return Unreachable(
        f"The calendar server at {host} answered {what} with {multistatus.explain(answer)!r}, which is not an answer "
        "to that. Nothing was changed; the next run tries again."
    )


async def get(wire: Wire, collection: str, path: str) -> Resource | Unreadable | None:
    """GET one resource; None where the server says that there is nothing (404, 410). Raises Unreachable."""
    answer = await wire.read("GET", hrefs.join(collection, path), headers={"Accept": "text/calendar"})
    if answer.status in (404, 410):
        return None
    if not answer.ok:
        return Unreadable(path, f"the server answers {multistatus.explain(answer)}")
    if not answer.whole:
        return Unreadable(path, "it is larger than the bridge is willing to read")
    if answer.is_page:
        raise strange(answer, f"the item {path}")
    try:
        text = answer.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Unreadable(path, f"it is not UTF-8 text (byte {error.start})")
    return Resource(path, answer.etag or await _etag(wire, collection, path), as_ics(text))


async def _etag(wire: Wire, collection: str, path: str) -> str:
    """The ETag by PROPFIND, for servers whose GET shows none."""
    answer = await wire.read(
        "PROPFIND", hrefs.join(collection, path), requests.propfind("<D:getetag/>"), requests.DEPTH_0
    )
    parsed = multistatus.parse(answer)
    if isinstance(parsed, Garbled) or not parsed.entries:
        return ""
    return parsed.entries[0].text(f"{DAV}getetag") or ""


async def fetch(wire: Wire, collection: str, paths: Collection[str], batch: int) -> Fetched:
    """All these resources, a few batches at a time. Raises Unreachable and ConfigurationError."""
    wanted = list(dict.fromkeys(paths))
    fetched = Fetched()
    await _together(
        _batch(wire, collection, wanted[start : start + batch], fetched) for start in range(0, len(wanted), batch)
    )
    return fetched


async def _together(work: Iterable[Coroutine[None, None, None]]) -> None:
    """All of it at once; the first error ends the rest and is raised as it is, not in a group."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _batch(wire: Wire, collection: str, paths: Sequence[str], fetched: Fetched) -> None:
    if len(paths) == 1:
        await _singly(wire, collection, paths, fetched)
        return
    answer = await wire.read("REPORT", collection, requests.multiget(paths), requests.DEPTH_1)
    parsed = multistatus.parse(answer) if answer.status == 207 else Garbled(multistatus.explain(answer))
    if isinstance(parsed, Garbled):
        # One bad item spoils the whole document, and one missing item the whole report on sabre 1.8.
        await _singly(wire, collection, paths, fetched)
        return
    asked = {hrefs.same(path): path for path in paths}
    for entry in parsed.entries:
        path = asked.get(hrefs.same(hrefs.path_of(collection, entry.href) or ""))
        found = resource(entry, path) if path is not None else None
        if path is not None and found is not None:
            fetched.resources[path] = found
        elif path is not None and entry.missing:
            fetched.missing.add(path)
    fetched.missing -= fetched.resources.keys()
    # Left out is not the same as gone: ask for each before saying so.
    rest = [path for path in paths if path not in fetched.resources and path not in fetched.missing]
    await _singly(wire, collection, rest, fetched)


async def _singly(wire: Wire, collection: str, paths: Sequence[str], fetched: Fetched) -> None:
    async def one(path: str) -> None:
        fetched.add(path, await get(wire, collection, path))

    await _together(one(path) for path in paths)


def resource(entry: Entry, path: str) -> Resource | None:
    """The resource that a multistatus entry carries whole, or None."""
    etag, data = entry.text(f"{DAV}getetag"), entry.text(f"{CALDAV}calendar-data")
    if etag is None or data is None or entry.missing:
        return None
    return Resource(path, etag.strip(), as_ics(data))


def flawed(found: Resource) -> Unreadable | None:
    """Why this text is no item that could be synced, or None."""
    character = illegal_character(found.ics)
    if character is None:
        return None
    return Unreadable(found.href, f"it holds a control character ({character}) that calendars cannot carry")
