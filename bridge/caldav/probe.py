"""What `liondesk-bridge check` wants to know of the calendar side. Changes nothing on the server."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.caldav import discovery, quirks
from bridge.caldav.discovery import Missing
from bridge.caldav.settings import CalendarSettings, Component, CursorKind


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found. `exists` False: a run would create the calendar; the fields about it are what is expected then.

    `server` is a row of `bridge.caldav.quirks`, "unknown" included. `components` is None where there is no limit.
    `component` is what a run would keep there. `problem` is a paragraph for the user where a run could not work, else
    None.
    """

    server: str
    name: str
    url: str
    exists: bool
    writable: bool
    holds_todos: bool
    component: Component
    components: tuple[str, ...] | None
    cursor: CursorKind | None
    others: tuple[str, ...]
    requests: int
    problem: str | None = None


async def check(settings: CalendarSettings) -> Probe:
    """Look at the calendar side with these settings. Raises what `open_calendar` raises, but for unusable calendars."""
    from bridge.caldav.wire import Wire
    from bridge.errors import ConfigurationError

    wire = Wire(settings)
    try:
        found = await discovery.discover(wire, settings)
        if isinstance(found, Missing):
            return Probe(
                server=quirks.recognise(wire.server_headers, None).name,
                name=settings.calendar,
                url=found.home,
                exists=False,
                writable=True,
                holds_todos=settings.component != "event",
                component="event" if settings.component == "event" else "todo",
                components=None,
                cursor=None,
                others=found.names,
                requests=wire.requests,
            )
        problem = None
        try:
            discovery.check_usable(settings, found)
        except ConfigurationError as error:
            problem = str(error)
        return Probe(
            server=found.identity(settings, wire).server,
            name=found.name,
            url=found.url,
            exists=True,
            writable=found.writable,
            holds_todos=found.holds("todo"),
            component=discovery.chosen_component(settings, found),
            components=found.components,
            cursor=found.cursor,
            others=(),
            requests=wire.requests,
            problem=problem,
        )
    finally:
        await wire.close()
