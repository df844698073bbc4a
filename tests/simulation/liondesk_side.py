"""LionDesk without a socket: the bridge's own client on a sandbox world in memory."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bridge.errors import Unreachable
from bridge.liondesk.answers import Payload
from bridge.liondesk.client import LionDeskApi
from bridge.liondesk.http import Given
from bridge.liondesk.listing import Listing
from bridge.liondesk.observe import Observer
from bridge.ports import Refused, Unknown
from bridge.sandbox.problems import Refusal
from bridge.sandbox.world import World
from tests.simulation.faults import Faults

URL = "http://sandbox/api/v1"
OWNER = 1
Query = tuple[tuple[str, str], ...]


class WorldHttp:
    """Stands where `bridge.liondesk.http.Http` stands. `writes` are the requests that reached LionDesk, in order."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world, self.faults = world, faults
        self.requests = 0
        self.writes: list[tuple[str, str, Mapping[str, object]]] = []

    async def read(self, url: str, query: Query = ()) -> Payload | Refused:
        """GET."""
        self.requests += 1
        kind = self.faults.next()
        if kind in ("lost before", "lost after", "refused"):
            raise Unreachable("LionDesk does not answer.")
        if kind == "late":
            self.world.advance(timedelta(seconds=50))
        item = url.removeprefix(f"{URL}/scheduled/tasks").strip("/")
        try:
            if item:
                value: object = self.world.shown(self.world.get(OWNER, int(item)))
            else:
                page = self.world.find(OWNER, list(query))
                shown = [self.world.shown(row) for row in page.rows]
                value = {"total": page.total, "limit": page.limit, "skip": page.skip, "data": shown}
        except Refusal as refusal:
            return Refused(refusal.status, str(refusal))
        finally:
            if kind == "dies after":
                self.faults.die()
        return Payload(value)

    async def write(
        self, method: str, url: str, query: Query, body: Mapping[str, object] | None
    ) -> Payload | Refused | Unknown:
        """POST, PATCH, DELETE."""
        self.requests += 1
        kind = self.faults.next()
        if kind == "lost before":
            return Unknown("the connection was closed")
        if kind == "refused":
            return Refused(503, "come back later")
        item = url.removeprefix(f"{URL}/scheduled/tasks").strip("/")
        given = dict(body or {})
        if kind == "late":
            self.faults.later.append(partial(self._arrives, method, item, query, given))
            return Unknown("no answer within a minute")
        update_type = given.get("update_type") or dict(query).get("delete_type") or "plain"
        try:
            answer = self._take_effect(method, item, query, given)
            if kind == "twice" and method != "POST":  # which nobody sends again by himself
                answer = self._take_effect(method, item, query, given)
        except Refusal as refusal:
            self.writes.append((method, f"{update_type} refused: {refusal}", given))
            return Refused(refusal.status, str(refusal))
        self.writes.append((method, str(update_type), given))
        if kind == "lost after":
            return Unknown("the connection was closed")
        if kind == "dies after":
            self.faults.die()
        return Payload(answer)

    def _arrives(self, method: str, item: str, query: Query, body: Mapping[str, object]) -> None:
        with suppress(Refusal):
            self._take_effect(method, item, query, body)

    def _take_effect(self, method: str, item: str, query: Query, body: Mapping[str, object]) -> object:
        world = self.world
        match method:
            case "POST":
                return world.shown(world.create(OWNER, body))
            case "PATCH":
                return world.shown(world.update(OWNER, int(item), body))
            case _:
                return world.shown(world.delete(OWNER, int(item), int(dict(query).get("delete_type", 1))))

    async def close(self) -> None:
        """Nothing is open."""


def liondesk_on(http: WorldHttp, zone: ZoneInfo) -> LionDeskApi:
    """The client of the bridge, speaking to this world, as a process has it that just began."""
    api = LionDeskApi(URL, "", Given(lambda: ""), zone, assigned_user_id=str(OWNER), now=http.world.clock.now)
    api._http = http  # type: ignore[assignment] # it has the methods that are called
    api._listing = Listing(http, URL)  # type: ignore[arg-type] # the same
    api._observer = Observer(api._listing, zone, http.world.clock.now)
    return api
