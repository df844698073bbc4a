"""The daemon as a process of its own, between the sandbox and a real calendar server, driven as an init system does."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bridge.sandbox.serve import serving
from bridge.sandbox.world import World
from tests.cli.desk import TOKEN, Desk, Ran, program
from tests.servers import DavServer


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def nobody(*_: str) -> Ran:
    raise AssertionError("the daemon is a process of its own")


class Daemon:
    """One running daemon and its user's desk."""

    def __init__(self, desk: Desk, page: str) -> None:
        self.desk, self.page = desk, page
        self.process: subprocess.Popen[str] | None = None

    def start(self, **environment: str) -> None:
        """Starts it, on another port where somebody took the one that was free a moment ago."""
        for _ in range(5):
            self.process = program("daemon", "-v", "--log-format", "json", cwd=self.desk.folder, **environment)
            while self.process.poll() is None:
                if self.answers("/healthz"):
                    return
                time.sleep(0.05)
            _, err = self.process.communicate()
            assert "cannot be served" in err, err
            before, port = self.page.rpartition(":")[2], free_port()
            self.page = f"http://127.0.0.1:{port}"
            text = self.desk.config.read_text()
            self.desk.config.write_text(text.replace(f"127.0.0.1:{before}", f"127.0.0.1:{port}", 1))
        raise AssertionError("no port is free")

    def answers(self, path: str) -> bool:
        try:
            return httpx.get(self.page + path).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, list[dict[str, object]]]:
        """Ends it; its exit code and its log."""
        assert self.process is not None
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=12)
        return self.process.returncode, [json.loads(line) for line in err.splitlines()]

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline
            assert self.process is not None
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.05)


@contextmanager
def daemon_between(folder: Path, server: DavServer) -> Iterator[Daemon]:
    """A daemon that is configured and not started yet; it runs its pair every second."""
    world = World()
    world.add_user("Alice", "Agent", token=TOKEN)
    port = free_port()
    with serving(world) as url:
        desk = Desk(folder, world, url, server, server.new_calendar(), nobody)
        web = f'[web]\nlisten = "127.0.0.1:{port}"\n'
        pace = 'name = "alice"\nevery = "1s"\nsoonest = "1s"\nlatest = "1s"'
        desk.configure(web + desk.pair().replace('name = "alice"', pace, 1))
        running = Daemon(desk, f"http://127.0.0.1:{port}")
        yield running
        if running.process is not None and running.process.poll() is None:
            running.process.kill()
            running.process.communicate()


@pytest.fixture
def daemon(tmp_path: Path, radicale: DavServer) -> Iterator[Daemon]:
    """A daemon of a pair between the sandbox and Radicale, not started yet."""
    with daemon_between(tmp_path, radicale) as daemon:
        yield daemon
