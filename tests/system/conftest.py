"""A fresh stage for every test, on each of the real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.sandbox.serve import serving
from bridge.store import open_state
from tests.servers import DavServer
from tests.system.stage import Stage, new_stage, worlds


@pytest.fixture
def stage(tmp_path: Path, calendar_server: DavServer) -> Iterator[Stage]:
    """Sandbox, server, state and bridge, with nothing in them."""
    for world in worlds():
        with serving(world) as url, open_state(f"sqlite:///{tmp_path / 'state.db'}", now=world.clock.now) as state:
            yield new_stage(tmp_path, world, url, calendar_server, state)
