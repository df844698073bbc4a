"""A fresh stage for every test, on each of the real servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.sandbox.serve import serving
from bridge.store import open_state
from tests.servers import DavServer
from tests.system.stage import Stage, new_stage, worlds


def reading() -> dict[str, object]:
    """The switches of the sandbox that this whole run is under, from SANDBOX_SWITCHES.

    Such as `tail_ids=new,ids=integers`. `make matrix` runs the tables under every one.
    """
    given = filter(None, os.environ.get("SANDBOX_SWITCHES", "").split(","))
    pairs = (each.partition("=")[::2] for each in given)
    return {name: int(value) if value.isdigit() else value for name, value in pairs}


@pytest.fixture
def stage(tmp_path: Path, calendar_server: DavServer) -> Iterator[Stage]:
    """Sandbox, server, state and bridge, with nothing in them."""
    for world in worlds():
        world.set_switches(reading())
        with serving(world) as url, open_state(f"sqlite:///{tmp_path / 'state.db'}", now=world.clock.now) as state:
            yield new_stage(tmp_path, world, url, calendar_server, state)
