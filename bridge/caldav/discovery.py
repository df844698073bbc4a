"""From whatever URL the user has to the calendar: server, principal, calendar home or calendar.

At most: PROPFIND of the URL, of .well-known/caldav (RFC 6764), of the principal, of the home (RFC 4791, 6.2);
MKCALENDAR where the calendar is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from bridge.caldav import hrefs, multistatus, quirks, requests
from bridge.caldav.answer import Answer, Lost
from bridge.caldav.fetch import strange
from bridge.caldav.multistatus import CALDAV, CTAG, DAV, Entry, Garbled
from bridge.caldav.settings import CalendarSettings, Component, CursorKind, Identity
from bridge.errors import ConfigurationError, Unreachable

if TYPE_CHECKING:
    from bridge.caldav.wire import Wire

_WRITE = frozenset({f"{DAV}all", f"{DAV}write", f"{DAV}write-content"})
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Found:
    """One calendar as it shows itself. `components`: None where the server doesn't limit them (RFC 4791, 5.2.3)."""

    url: str
    name: str
    components: tuple[str, ...] | None
    writable: bool
    token: str | None
    ctag: str | None
    resource_id: str | None

    @property
    def cursor(self) -> CursorKind:
        """The best way to find changes that this calendar offers."""
        return "token" if self.token else "ctag" if self.ctag else "etags"

    def holds(self, component: str) -> bool:
        """Whether it takes VTODO ("todo") or VEVENT ("event")."""
        return self.components is None or _ical(component) in self.components

    def identity(self, settings: CalendarSettings, wire: Wire) -> Identity:
        """What to remember, so that this needs no finding next time."""
        row = quirks.recognise(wire.server_headers, self.token)
        return Identity(
            settings=settings.fingerprint,
            url=self.url,
            name=self.name,
            server=row.name,
            auth=wire.auth,
            cursor=self.cursor if row.ctag_trusted or self.token else "etags",
            component=chosen_component(settings, self),
            resource_id=self.resource_id,
        )


@dataclass(frozen=True, slots=True)
class Missing:
    """No calendar of that name is there; `home` is where it could be made, `names` are those that are there."""

    home: str
    names: tuple[str, ...]


def chosen_component(settings: CalendarSettings, calendar: Found) -> Component:
    """`todo` or `event`; `auto` decides by what the calendar takes, and prefers tasks."""
    if settings.component != "auto":
        return settings.component
    return "todo" if calendar.holds("todo") else "event"


async def discover(wire: Wire, settings: CalendarSettings) -> Found | Missing:
    """The calendar that the settings name. Changes nothing. Raises all three of this package's errors."""
    found = await _from(wire, settings, settings.url)
    if not isinstance(found, Answer):
        return found
    # Nothing there speaks CalDAV: a server's front page, say.
    behind = await _from(wire, settings, urljoin(settings.url, "/.well-known/caldav"))
    if isinstance(behind, Answer):
        raise _nowhere(settings, found)
    return behind


async def _from(wire: Wire, settings: CalendarSettings, url: str) -> Found | Missing | Answer:
    """Follow what the server names, from one URL; its answer where that names nothing."""
    seen = await _look(wire, url)
    for _ in range(_DEEPEST):
        if isinstance(seen, Answer):
            return seen
        if seen.is_calendar:
            return _found(seen.answer.url, seen.entry)
        base = seen.answer.url
        home = seen.entry.href_in(f"{CALDAV}calendar-home-set")
        if home is not None:
            return await _in_home(wire, settings, _own(base, home))
        principal = seen.entry.href_in(f"{DAV}current-user-principal")
        if principal is None or hrefs.same(_own(base, principal)) == hrefs.same(base):
            return seen.answer
        seen = await _look(wire, _own(base, principal))
    return seen if isinstance(seen, Answer) else seen.answer


def _nowhere(settings: CalendarSettings, answer: Answer) -> ConfigurationError | Unreachable:
    if answer.is_page:
        return strange(answer, "its calendars")
    return ConfigurationError(
        f"No calendar was found from {_shown(settings.url)}: the server names neither a principal nor a calendar home "
        f"there ({answer.status}). Nothing was changed. Put the address of the server's CalDAV service, or of the "
        "calendar itself, into [pair.calendar] url."
    )


async def create(wire: Wire, settings: CalendarSettings, missing: Missing) -> Found:
    """MKCALENDAR with the wanted name and component. Raises ConfigurationError where the server won't.

    `auto` is for tasks, and where the server will not have those, for events.
    """
    url = f"{missing.home}{hrefs.segment_for(settings.calendar.strip())}/"
    answer = await _made(wire, settings, url, "VEVENT" if settings.component == "event" else "VTODO")
    if settings.component == "auto" and isinstance(answer, Answer) and answer.status in (400, 403, 409, 415, 422):
        answer = await _made(wire, settings, url, "VEVENT")
    if isinstance(answer, Answer) and not answer.ok:
        there = ", ".join(repr(name) for name in missing.names) or "none"
        kept = "events" if settings.component == "event" else "tasks"
        raise ConfigurationError(
            f"There is no calendar {settings.calendar!r}, and the server does not let the bridge create it "
            f"({multistatus.explain(answer)}). Nothing was changed. Create a calendar for {kept} by hand and put its "
            f"name into [pair.calendar] calendar; those that are there: {there}."
        )
    seen = await _look(wire, url)
    if isinstance(seen, _Seen) and seen.is_calendar:
        return _found(seen.answer.url, seen.entry)
    why = f" ({answer.why})" if isinstance(answer, Lost) else ""
    raise Unreachable(
        f"The calendar {settings.calendar!r} was to be created, but is not there{why}. No task was touched; the next "
        "run tries again."
    )


async def _made(wire: Wire, settings: CalendarSettings, url: str, component: str) -> Answer | Lost:
    return await wire.write("MKCALENDAR", url, requests.mkcalendar(settings.calendar, component), requests.XML)


def check_usable(settings: CalendarSettings, calendar: Found) -> None:
    """Raise ConfigurationError where the calendar is read-only or takes no such component."""
    component = chosen_component(settings, calendar)
    if not calendar.holds(component):
        held = ", ".join(calendar.components or ())
        raise ConfigurationError(
            f"The calendar {calendar.name!r} holds {held or 'nothing that the bridge knows'} and no "
            f"{_ical(component)}, so {'tasks' if component == 'todo' else 'events'} cannot be kept there. Nothing was "
            "changed. Name another calendar in [pair.calendar] calendar (one that is missing is created), or set "
            f'[pair.calendar] component to "{"event" if component == "todo" else "todo"}".'
        )
    if not calendar.writable:
        raise ConfigurationError(
            f"The calendar {calendar.name!r} is read-only for this user. Nothing was changed. Give the user of "
            "[pair.calendar] the right to write, or name another calendar in [pair.calendar] calendar."
        )


async def _in_home(wire: Wire, settings: CalendarSettings, home: str) -> Found | Missing:
    home = home if home.endswith("/") else home + "/"
    answer = await wire.read("PROPFIND", home, requests.propfind(requests.COLLECTION), requests.DEPTH_1)
    calendars = [
        _found(_own(answer.url, entry.href), entry)
        for entry in _entries(answer, "the list of calendars")
        if f"{CALDAV}calendar" in (entry.names_in(f"{DAV}resourcetype") or ())
    ]
    named = _named(calendars, settings.calendar)
    fitting = [calendar for calendar in named if calendar.holds(chosen_component(settings, calendar))]
    match fitting or named:
        case []:
            return Missing(answer.url, tuple(sorted(calendar.name for calendar in calendars)))
        case [calendar]:
            return calendar
        case several:
            raise ConfigurationError(
                f"There are {len(several)} calendars named {settings.calendar!r}: "
                + ", ".join(sorted(calendar.url for calendar in several))
                + ". Nothing was changed. Put the address of the right one into [pair.calendar] url."
            )


def _named(calendars: Sequence[Found], name: str) -> list[Found]:
    """By displayname, else by the same in another case, else by the last part of the URL."""
    wanted = name.strip()
    by_name = [calendar for calendar in calendars if calendar.name == wanted]
    by_fold = [calendar for calendar in calendars if calendar.name.casefold() == wanted.casefold()]
    by_path = [calendar for calendar in calendars if _last(calendar.url) in (wanted, hrefs.segment_for(wanted))]
    return by_name or by_fold or by_path


@dataclass(frozen=True, slots=True)
class _Seen:
    """One URL that speaks WebDAV: its own entry, and the answer that brought it (its URL: redirects followed)."""

    entry: Entry
    answer: Answer

    @property
    def is_calendar(self) -> bool:
        return f"{CALDAV}calendar" in (self.entry.names_in(f"{DAV}resourcetype") or ())


async def _look(wire: Wire, url: str) -> _Seen | Answer:
    """PROPFIND one URL; the bare answer where there is nothing that speaks WebDAV."""
    answer = await wire.read("PROPFIND", url, requests.propfind(requests.COLLECTION), requests.DEPTH_0)
    if answer.status != 207 and (answer.is_page or answer.status in (403, 404, 405, 501)):
        return answer
    entry = next((entry for entry in _entries(answer, "its calendars") if not entry.missing), None)
    return answer if entry is None else _Seen(entry, answer)


def _entries(answer: Answer, what: str) -> tuple[Entry, ...]:
    parsed = multistatus.parse(answer) if answer.status == 207 else None
    if parsed is None:
        raise strange(answer, what)
    if isinstance(parsed, Garbled):
        raise Unreachable(
            f"The calendar server's answer to {what} cannot be read ({parsed.why}). Nothing was changed; the next run "
            "tries again."
        )
    return parsed.entries


def _found(url: str, entry: Entry) -> Found:
    supported = entry.props.get(f"{CALDAV}supported-calendar-component-set")
    components = None
    if supported is not None:
        components = tuple((comp.get("name") or "").upper() for comp in supported.iterfind(f"{CALDAV}comp"))
    privileges = entry.names_in(f"{DAV}current-user-privilege-set")
    url = url if url.endswith("/") else url + "/"
    return Found(
        url=url,
        name=(entry.text(f"{DAV}displayname") or _last(url)).strip(),
        components=components or None,
        writable=privileges is None or not privileges or bool(_WRITE & set(privileges)),
        token=(entry.text(f"{DAV}sync-token") or "").strip() or None,
        ctag=(entry.text(CTAG) or "").strip() or None,
        resource_id=entry.href_in(f"{DAV}resource-id"),
    )


def _own(base: str, href: str) -> str:
    """An absolute URL for an href of the server itself; credentials follow it nowhere else."""
    target = urljoin(base, href)
    if hrefs.may_follow(base, target):
        return target
    if hrefs.origin(base)[1] == hrefs.origin(target)[1]:
        # A server behind a proxy that ends TLS tells its own scheme and port: the path is what counts.
        return hrefs.join(base, urlsplit(target).path)
    raise ConfigurationError(
        f"The calendar server at {_shown(base)} says that the calendars are on another server, {_shown(target)}; the "
        "password was not sent there and nothing was changed. If that is right, put this address into [pair.calendar] "
        "url."
    )


def _last(url: str) -> str:
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _ical(component: str) -> str:
    return "VEVENT" if component == "event" else "VTODO"
