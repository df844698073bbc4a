"""What a measurement needs: a sandbox with tasks, a calendar server with relays before both, a configuration."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.config import CalendarSettings, LionDeskSettings, PairSettings
from bridge.config.secret import read_secret
from bridge.sandbox.serve import serving
from bridge.sandbox.world import World
from tests.filling import fill_liondesk, resources
from tests.relay import Relay, relaying
from tests.servers import AppCalendar, DavServer, radicale_server, xandikos_server

SERVERS = {"radicale": radicale_server, "xandikos": xandikos_server}
TOKEN = "bench-token"  # of a sandbox that lives for one measurement
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Stand:
    """One account and one server. `liondesk` and `dav` count what the bridge asks of them."""

    folder: Path
    server: DavServer
    liondesk: Relay
    dav: Relay

    @property
    def auth(self) -> tuple[str, ...]:
        """Name and password, where the server asks for them."""
        return (self.server.username, self.server.password) if self.server.username and self.server.password else ()

    def reset(self) -> None:
        """Count from nothing."""
        self.liondesk.reset()
        self.dav.reset()

    def texts(self) -> Mapping[str, str]:
        """The resources that the bridge writes for this account."""
        pair = PairSettings(
            name="bench",
            liondesk=LionDeskSettings(
                url=f"{self.liondesk.url}/api/v1", account_url=self.liondesk.url, token=read_secret(TOKEN, Path())
            ),
            calendar=CalendarSettings(url=self.dav.url),
        )
        return asyncio.run(resources(pair, datetime.now(UTC)))

    def configured(self, app: AppCalendar) -> Path:
        """A configuration file for this calendar, with a state of its own that does not exist yet."""
        folder = self.folder / f"bridge-{next(_numbers)}"
        folder.mkdir()
        file = folder / "config.toml"
        login = f'username = "{self.auth[0]}"\npassword = "{self.auth[1]}"\n' if self.auth else ""
        file.write_text(
            f'state = "sqlite:///state.db"\n[[pair]]\nname = "bench"\n'
            f'[pair.liondesk]\nurl = "{self.liondesk.url}/api/v1"\naccount_url = "{self.liondesk.url}"\n'
            f'token = "{TOKEN}"\n[pair.calendar]\nurl = "{self.dav.through(app.url)}"\n{login}'
        )
        file.chmod(0o600)
        return file


@contextmanager
def standing(folder: Path, kind: str, world: World) -> Iterator[Stand]:
    """A stand on a server of its own."""
    folder.mkdir()
    (folder / "server").mkdir()
    with (
        SERVERS[kind](folder / "server") as server,
        serving(world) as url,
        relaying(url) as liondesk,
        relaying(server.url) as dav,
    ):
        yield Stand(folder, server, liondesk, dav)


def single_tasks(count: int) -> World:
    """An account of single tasks."""
    world = _world()
    fill_liondesk(world, count, series_every=None)
    return world


def series(count: int) -> World:
    """An account of weekly series of four occurrences each, one of them edited and one completed."""
    world = _world()
    now = world.clock.now()
    for number in range(count):
        world.clock.set(now - timedelta(minutes=count - number), frozen=True)
        body: dict[str, object] = {
            "assigned_user_id": "1",
            "due_at": f"2026-03-{2 + number % 7:02}T{9 + number % 8:02}:00:00",
            "description": f"Call client {number}",
            "notes": "Ask for the contract.",
            "status": "incomplete",
        }
        first = world.create(1, {**body, "recurrence_rule": "FREQ=WEEKLY;COUNT=4"}, "page")
        rows = world.ledger.live_rows(first.event_id)
        world.update(1, rows[0].id, {"status": "complete", "update_type": 3}, "page")
        shown = world.shown(rows[2])
        kept = {name: shown[name] for name in (*body, "recurrence_rule")}
        world.update(1, rows[2].id, {**kept, "notes": "Bring the keys.", "update_type": 1}, "page")
    world.set_clock(now, frozen=False)
    return world


def mixed(count: int) -> World:
    """An account of tasks of which every tenth is a series."""
    world = _world()
    fill_liondesk(world, count)
    return world


def _world() -> World:
    world = World()
    world.set_clock(datetime.now(UTC), frozen=False)
    world.add_user("Bench", token=TOKEN)
    return world
