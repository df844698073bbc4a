"""One agent's account on a sandbox whose clock stands at Mon 2 March 2026, 08:00 in Los Angeles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bridge.sandbox.app import create_app
from bridge.sandbox.serve import serving_app
from bridge.sandbox.world import World

NOW = datetime(2026, 3, 2, 16, tzinfo=UTC)
TASKS = "/api/v1/scheduled/tasks"

Row = dict[str, Any]


@dataclass
class Account:
    """User 1 in-process: what the API would answer, without a server. Contact 1 and category 1 are there."""

    world: World

    def body(self, **values: object) -> dict[str, object]:
        base = {"assigned_user_id": "1", "due_at": "2026-03-09T09:00:00", "description": "Call", "status": "incomplete"}
        return base | values

    def post(self, **values: object) -> Row:
        return self.world.shown(self.world.create(1, self.body(**values)))

    def patch(self, row_id: object, **values: object) -> Row:
        return self.world.shown(self.world.update(1, int(str(row_id)), values))

    def send(self, row: Row, **values: object) -> Row:
        """PATCH a row as it was shown, with some values changed."""
        return self.patch(row["id"], **row | values)

    def delete(self, row_id: object, delete_type: int = 1) -> Row:
        return self.world.shown(self.world.delete(1, int(str(row_id)), delete_type))

    def find(self, *pairs: tuple[str, str], user_id: int = 1) -> list[Row]:
        page = self.world.find(user_id, [("$limit", "50"), *pairs])
        return [self.world.shown(row) for row in page.rows]

    def live(self) -> list[Row]:
        return self.find(("status[$ne]", "deleted"), ("$sort[due_at]", "1"))

    def dues(self) -> list[str]:
        return [row["due_at"] for row in self.live()]

    def set(self, **switches: object) -> None:
        self.world.set_switches(switches)


@pytest.fixture
def world() -> World:
    world = World()
    world.set_clock(NOW)
    world.add_user("Ann", "Agent", token="ann")
    world.add_contact(1, "Bill", "Gates", mobile_phone="425 555 0100")
    world.add_category("Phone")
    return world


@pytest.fixture
def account(world: World) -> Account:
    return Account(world)


class Stage(Starlette):
    """One server for all tests, each of which puts a world of its own on it: servers of their own take much longer."""

    playing: Starlette | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.playing is not None
        self.playing.state.sever = self.state.sever
        await self.playing(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, httpx.Client]]:
    stage, headers = Stage(), {"Authorization": "Bearer ann"}
    with (
        serving_app(stage) as url,
        httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as client,
    ):
        yield stage, client


@pytest.fixture
def http(world: World, stage: tuple[Stage, httpx.Client]) -> httpx.Client:
    """Ann's client on a real server of this world, over loopback."""
    stage[0].playing = create_app(world)
    return stage[1]
