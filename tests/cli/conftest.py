from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.cli.program import run as run_program
from bridge.sandbox.serve import serving
from bridge.sandbox.world import World
from tests.cli.desk import TOKEN, Desk, Ran, Run
from tests.servers import DavServer


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Starts the program in this process, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LIONDESK_BRIDGE_CONFIG", raising=False)

    def run(*arguments: str) -> Ran:
        capfdbinary.readouterr()
        code = run_program(arguments)
        sys.stderr.flush()
        out, err = capfdbinary.readouterr()
        return Ran(code, out.decode(), err.decode())

    return run


@pytest.fixture
def world() -> World:
    """A LionDesk account whose owner lives in Los Angeles, by the real clock."""
    world = World()
    world.add_user("Alice", "Agent", token=TOKEN)
    world.add_category("Call")
    return world


@pytest.fixture
def desk(tmp_path: Path, world: World, radicale: DavServer, run: Run) -> Iterator[Desk]:
    """A user with the usual configuration and nothing synced yet."""
    with serving(world) as url:
        desk = Desk(tmp_path, world, url, radicale, radicale.new_calendar(), run)
        desk.configure()
        yield desk
