"""The calendar side of a pair: `CalDavCalendar`, and how to open one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from types import TracebackType
from typing import Literal, Self, overload

from bridge.caldav import discovery, observe, quirks, write
from bridge.caldav.discovery import Missing
from bridge.caldav.fetch import fetch
from bridge.caldav.place import Place
from bridge.caldav.settings import CalendarSettings, Component, Identity
from bridge.errors import Unreachable
from bridge.ports import Refused, Removed, Resource, ResourcesSeen, Stale, Stored, Unknown


class CalDavCalendar:
    """`bridge.ports.Calendar` on a CalDAV server (RFC 4791). Safe for several asyncio tasks at once.

    Reads raise Unreachable (no answer, or none that makes sense), CredentialsError (the server refuses the password)
    and ConfigurationError (the calendar is not there, or not for this user). Writes raise CredentialsError only; all
    else that can happen to them is a value. Close it after use, or use it in `async with`.
    """

    def __init__(self, place: Place, *, made: bool = False) -> None:
        """`made`: the calendar was missing, and was made by this opening of it."""
        self._place = place
        self.made = made
        self._writing = asyncio.Semaphore(place.quirks.writes_at_once)

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far, discovery, redirects and refused log-ins included."""
        return self._place.wire.requests

    @property
    def identity(self) -> str:
        """What `open_calendar` wants to be given next time, to need no discovery. Holds no secret."""
        return self._place.identity.to_text()

    @property
    def url(self) -> str:
        """The collection's absolute URL."""
        return self._place.url

    @property
    def component(self) -> Component:
        """`todo` or `event`: what the bridge keeps here."""
        return self._place.identity.component

    async def observe(self, cursor: str | None, known: Callable[[], Awaitable[Mapping[str, str]]]) -> ResourcesSeen:
        """What changed since `cursor`: see the port. One request when nothing did.

        `unreadable` names items that are there and cannot be read; they are neither changed, unchanged nor gone.
        """
        return await observe.observe(self._place, cursor, known)

    async def fetch(self, hrefs: Collection[str]) -> Mapping[str, Resource]:
        """These resources as they are now. Left out only where the server says that nothing is there.

        Raises Unreachable where one of them is there and cannot be read.
        """
        found = await fetch(self._place.wire, self._place.url, hrefs, self._place.batch)
        for item in found.unreadable.values():
            raise Unreachable(
                f"The calendar item {item.item} is there, but {item.why}. It was left as it is; the next run tries "
                "again."
            )
        return found.resources

    async def create(self, uid: str, ics: str) -> Stored | Stale | Refused | Unknown:
        """PUT with `If-None-Match: *`, read back. `Stale.current` may lie at another href with the same UID."""
        async with self._writing:
            return await write.create(self._place, uid, ics)

    async def update(self, href: str, etag: str, ics: str) -> Stored | Stale | Refused | Unknown:
        """PUT with `If-Match`, read back: `Stored` holds what is there now, which another writer may have put."""
        async with self._writing:
            return await write.update(self._place, href, etag, ics)

    async def delete(self, href: str, etag: str) -> Removed | Stale | Refused | Unknown:
        """DELETE with `If-Match`; `Removed` also where it was gone before."""
        async with self._writing:
            return await write.delete(self._place, href, etag)

    async def close(self) -> None:
        """Close all connections."""
        await self._place.wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class NotYetMade:
    """A calendar that is not there yet, as a dry run sees it: empty. It is never written to."""

    requests = 0
    identity = ""
    url = ""
    made = False

    def __init__(self, requests: int, component: Component) -> None:
        self.requests, self.component = requests, component

    async def observe(self, cursor: str | None, known: Callable[[], Awaitable[Mapping[str, str]]]) -> ResourcesSeen:
        """Nothing at all."""
        return ResourcesSeen((), (), frozenset(), (), complete=True, cursor=None)

    async def fetch(self, hrefs: Collection[str]) -> Mapping[str, Resource]:
        """Nothing at all."""
        return {}

    async def create(self, uid: str, ics: str) -> Refused:
        """Refused: there is no calendar."""
        return Refused(404, "The calendar is not there.")

    async def update(self, href: str, etag: str, ics: str) -> Refused:
        """Refused: there is no calendar."""
        return Refused(404, "The calendar is not there.")

    async def delete(self, href: str, etag: str) -> Refused:
        """Refused: there is no calendar."""
        return Refused(404, "The calendar is not there.")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


@overload
async def open_calendar(
    settings: CalendarSettings, identity: str | None = None, *, create: Literal[True] = True
) -> CalDavCalendar: ...


@overload
async def open_calendar(
    settings: CalendarSettings, identity: str | None = None, *, create: bool
) -> CalDavCalendar | NotYetMade: ...


async def open_calendar(
    settings: CalendarSettings, identity: str | None = None, *, create: bool = True
) -> CalDavCalendar | NotYetMade:
    """The calendar that the settings name, made where it is missing, if `create` allows.

    `identity` is what an earlier calendar's `identity` said: with it, and the same settings, nothing is sent.
    Raises ConfigurationError, CredentialsError and Unreachable.
    """
    from bridge.caldav.wire import Wire

    remembered = Identity.from_text(identity, settings)
    made = False
    wire = Wire(settings, remembered.auth if remembered else None)
    try:
        if remembered is None:
            found = await discovery.discover(wire, settings)
            if isinstance(found, Missing) and not create:
                await wire.close()
                return NotYetMade(wire.requests, "event" if settings.component == "event" else "todo")
            if isinstance(found, Missing):
                found = await discovery.create(wire, settings, found)
                made = True
            discovery.check_usable(settings, found)
            remembered = found.identity(settings, wire)
    except BaseException:
        await wire.close()
        raise
    place = Place(wire, remembered, quirks.by_name(remembered.server), settings.batch)
    return CalDavCalendar(place, made=made)
