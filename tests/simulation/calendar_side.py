"""A CalDAV collection in memory, and the bridge's port on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from bridge.errors import Unreachable
from bridge.ports import Refused, Removed, Resource, ResourcesSeen, Stale, Stored, Unknown
from tests.simulation.faults import Faults, Kind

Tokens = Literal["counter", "content"]


@dataclass
class Collected:
    """The collection itself, as a server keeps it and apps write it.

    `tokens`: cursors count changes (Radicale), or name a state of the content (Xandikos, a git tree), so that they come
    back with it. `rewrites`: the server stores bodies with their properties in another order (Radicale).
    """

    tokens: Tokens = "counter"
    rewrites: bool = False
    bodies: dict[str, str] = field(default_factory=dict)
    changed_at: dict[str, int] = field(default_factory=dict)
    version: int = 0
    states: dict[str, dict[str, str]] = field(default_factory=dict)

    def put(self, href: str, ics: str) -> None:
        """An app or the bridge writes a resource."""
        self.bodies[href] = _reordered(ics) if self.rewrites else ics
        self._changed(href)

    def remove(self, href: str) -> None:
        """An app or the bridge deletes a resource."""
        del self.bodies[href]
        self._changed(href)

    def _changed(self, href: str) -> None:
        self.version += 1
        self.changed_at[href] = self.version

    def etag(self, href: str) -> str:
        """By content, as most servers have it."""
        return '"' + sha256(self.bodies[href].encode()).hexdigest()[:16] + '"'

    def resource(self, href: str) -> Resource:
        """A resource as it is served."""
        return Resource(href, self.etag(href), self.bodies[href])

    def token(self) -> str:
        """The cursor of now."""
        if self.tokens == "counter":
            return str(self.version)
        state = {href: self.etag(href) for href in sorted(self.bodies)}
        name = sha256(repr(state).encode()).hexdigest()[:12]
        self.states[name] = state
        return name

    def since(self, token: str) -> tuple[set[str], set[str]] | None:
        """What changed and what went away since a cursor; None for an unknown one."""
        if self.tokens == "counter":
            touched = {href for href, at in self.changed_at.items() if at > int(token)}
        elif token in self.states:
            before = self.states[token]
            here = {href: self.etag(href) for href in self.bodies}
            touched = {href for href in before.keys() | here.keys() if before.get(href) != here.get(href)}
        else:
            return None
        return touched & self.bodies.keys(), touched - self.bodies.keys()


def _reordered(ics: str) -> str:
    """The same content with the properties of every component sorted (components nested in it stay below)."""
    out: list[str] = []
    block: list[str] = []
    for line in _unfolded(ics):
        if line.startswith(("BEGIN:", "END:")):
            out += sorted(block)
            block = []
            out.append(line)
        else:
            block.append(line)
    return "\r\n".join(out) + "\r\n"


def _unfolded(ics: str) -> list[str]:
    return [line for line in ics.replace("\r\n ", "").replace("\r\n\t", "").split("\r\n") if line]


class MemoryCalendar:
    """`bridge.ports.Calendar` on such a collection. `writes` are those that took effect."""

    def __init__(self, collected: Collected, faults: Faults) -> None:
        self.collected, self.faults = collected, faults
        self.requests = 0
        self.writes: list[tuple[str, str]] = []

    async def observe(self, cursor: str | None, known: Callable[[], Awaitable[Mapping[str, str]]]) -> ResourcesSeen:
        """By cursor, else everything."""
        self._read()
        here = self.collected
        since = None if cursor is None else here.since(cursor)
        if since is None:
            etags = await known()
            unchanged = frozenset(href for href in here.bodies if etags.get(href) == here.etag(href))
            changed = tuple(here.resource(href) for href in sorted(here.bodies.keys() - unchanged))
            gone = tuple(sorted(etags.keys() - here.bodies.keys()))
            return ResourcesSeen(changed, gone, unchanged, (), complete=True, cursor=here.token())
        touched, gone_now = since
        changed = tuple(here.resource(href) for href in sorted(touched))
        return ResourcesSeen(changed, tuple(sorted(gone_now)), frozenset(), (), complete=False, cursor=here.token())

    async def fetch(self, hrefs: Collection[str]) -> Mapping[str, Resource]:
        """As they are now."""
        self._read()
        return {href: self.collected.resource(href) for href in sorted(hrefs) if href in self.collected.bodies}

    def _read(self) -> None:
        self.requests += 1
        kind = self.faults.next()
        if kind in ("lost before", "lost after", "refused"):
            raise Unreachable("The calendar does not answer.")
        if kind == "dies after":
            self.faults.die()

    async def create(self, uid: str, ics: str) -> Stored | Stale | Refused | Unknown:
        """PUT with If-None-Match: *."""
        href = f"/cal/{uid}.ics"
        return self._put("create", href, ics, lambda: href not in self.collected.bodies)

    async def update(self, href: str, etag: str, ics: str) -> Stored | Stale | Refused | Unknown:
        """PUT with If-Match."""
        return self._put("update", href, ics, lambda: self._matches(href, etag))

    def _matches(self, href: str, etag: str) -> bool:
        return href in self.collected.bodies and self.collected.etag(href) == etag

    def _put(self, action: str, href: str, ics: str, wanted: Callable[[], bool]) -> Stored | Stale | Refused | Unknown:
        def take_effect() -> bool:
            if not wanted():
                return False
            self.collected.put(href, ics)
            self.writes.append((action, href))
            return True

        kind, answer = self._failed(take_effect)
        if answer is not None:
            return answer
        done = take_effect()
        if kind == "twice":
            done = take_effect()
        here = self.collected
        if not done:
            return Stale(here.resource(href) if href in here.bodies else None)
        return self._answered(kind) or Stored(here.resource(href))

    async def delete(self, href: str, etag: str) -> Removed | Stale | Refused | Unknown:
        """DELETE with If-Match."""
        here = self.collected

        def take_effect() -> bool:
            if not self._matches(href, etag):
                return False
            here.remove(href)
            self.writes.append(("delete", href))
            return True

        kind, answer = self._failed(take_effect)
        if answer is not None:
            return answer
        if not take_effect():
            return Removed() if href not in here.bodies else Stale(here.resource(href))
        return self._answered(kind) or Removed()

    def _failed(self, effect: Callable[[], object]) -> tuple[Kind | None, Refused | Unknown | None]:
        self.requests += 1
        kind = self.faults.next()
        if kind == "late":
            self.faults.later.append(effect)
        if kind in ("lost before", "late"):
            return kind, Unknown("the connection was closed")
        return kind, Refused(507, "no room now") if kind == "refused" else None

    def _answered(self, kind: Kind | None) -> Unknown | None:
        if kind == "dies after":
            self.faults.die()
        return Unknown("the connection was closed") if kind == "lost after" else None
