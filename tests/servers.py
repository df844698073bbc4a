"""Real CalDAV servers for tests: each a process of its own on a free loopback port, in a folder of its own.

`calendar_server` gives a test an account on Radicale and one on Xandikos; `AppCalendar` is another app that writes to a
calendar of it with plain HTTP, without any of the bridge's code.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

READY_WITHIN = 60.0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class AppCalendar:
    """One calendar collection, as another app sees it. `url` ends with a slash."""

    url: str
    client: httpx.Client

    def put(self, name: str, ics: str, **headers: str) -> httpx.Response:
        """PUT `name` as it is; header names with _ for -."""
        sent = {"Content-Type": "text/calendar; charset=utf-8"}
        sent.update({key.replace("_", "-"): value for key, value in headers.items()})
        answer = self.client.put(self.url + name, content=ics.encode(), headers=sent)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer

    def get(self, name: str) -> httpx.Response:
        """GET `name`, whatever comes."""
        return self.client.get(self.url + name)

    def delete(self, name: str) -> httpx.Response:
        """DELETE `name`, without any precondition."""
        answer = self.client.delete(self.url + name)
        assert answer.status_code in (200, 204), answer.text
        return answer

    def etag(self, name: str) -> str:
        """The ETag of `name`, as a GET shows it."""
        return self.get(name).headers["ETag"]

    def names(self) -> list[str]:
        """The last path segments of all items, sorted."""
        answer = self.client.request(
            "PROPFIND",
            self.url,
            content=b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>',
            headers={"Depth": "1", "Content-Type": "application/xml"},
        )
        hrefs = [part.split("<")[0] for part in answer.text.split("href>")[1::2]]
        return sorted(name for href in hrefs if (name := href.rpartition("/")[2]))


@dataclass(frozen=True)
class DavServer:
    """A running server and one account on it. `home` is the URL under which calendars are made, with a slash."""

    kind: str
    url: str
    home: str
    username: str | None
    password: str | None
    pid: int
    folder: Path = field(repr=False)
    client: httpx.Client = field(repr=False)
    """A plain HTTP client that is logged in; closed with the server."""

    def new_calendar(self, name: str | None = None, components: tuple[str, ...] = ("VTODO",)) -> AppCalendar:
        """MKCALENDAR under `home`, with `name` as its displayname (else a name never used before)."""
        name = name or f"cal-{next(_numbers)}"
        url = f"{self.home}{quote(name, safe='')}/"
        inner = "".join(f'<C:comp name="{component}"/>' for component in components)
        answer = self.client.request(
            "MKCALENDAR",
            url,
            content=(
                '<?xml version="1.0" encoding="utf-8"?><C:mkcalendar xmlns="DAV:" '
                f'xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop><displayname>{name}</displayname>'
                f"<C:supported-calendar-component-set>{inner}</C:supported-calendar-component-set></prop></set>"
                "</C:mkcalendar>"
            ).encode(),
            headers={"Content-Type": "application/xml; charset=utf-8"},
        )
        assert answer.status_code == 201, answer.text
        return AppCalendar(url, self.client)


def _client(auth: tuple[str, str] | None) -> httpx.Client:
    return httpx.Client(auth=auth, timeout=60, trust_env=False)


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _process(command: list[str], port: int, log: Path) -> Iterator[int]:
    """Start `command`, wait until it listens on `port`, stop it at the end."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("COV_", "PYTEST_"))}
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
        )
        try:
            _wait(process, port, log)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text(errors='replace')}")


@contextlib.contextmanager
def radicale_server(folder: Path) -> Iterator[DavServer]:
    """Radicale with one user, alice/secret. `folder` must exist; everything the server keeps is in it."""
    port = free_port()
    (folder / "users").write_text("alice:secret\n")
    (folder / "config").write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n"
        f"[auth]\ntype = htpasswd\nhtpasswd_filename = {folder / 'users'}\nhtpasswd_encryption = plain\ndelay = 0\n"
        f"[storage]\nfilesystem_folder = {folder / 'collections'}\n"
        "[logging]\nlevel = warning\n"
    )
    command = [sys.executable, "-m", "radicale", "-C", str(folder / "config")]
    url = f"http://127.0.0.1:{port}/"
    with _process(command, port, folder / "log") as pid, _client(("alice", "secret")) as client:
        yield DavServer("radicale", url, f"{url}alice/", "alice", "secret", pid, folder, client)


@contextlib.contextmanager
def xandikos_server(folder: Path) -> Iterator[DavServer]:
    """Xandikos, which asks nobody who they are. `folder` must exist; everything the server keeps is in it."""
    port = free_port()
    command = [sys.executable, "-m", "xandikos", "serve", "-d", str(folder / "data"), "--defaults"]
    command += ["-l", "127.0.0.1", "-p", str(port), "--no-detect-systemd"]
    url = f"http://127.0.0.1:{port}/"
    with _process(command, port, folder / "log") as pid, _client(None) as client:
        yield DavServer("xandikos", url, f"{url}user/calendars/", None, None, pid, folder, client)


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    """One Radicale for the whole test run."""
    with radicale_server(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture(scope="session")
def xandikos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    """One Xandikos for the whole test run."""
    with xandikos_server(tmp_path_factory.mktemp("xandikos")) as server:
        yield server


@pytest.fixture(params=["radicale", "xandikos"])
def calendar_server(request: pytest.FixtureRequest) -> DavServer:
    """An account on each of the real servers; make a calendar of the test's own with `new_calendar`."""
    server: DavServer = request.getfixturevalue(request.param)
    return server


def ics(uid: str, summary: str = "Call Bill Gates", *more: str, due: str = "20260309T090000") -> str:
    """A calendar with one VTODO, with the lines that every server accepts."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//another app//EN",
        "BEGIN:VTODO",
        f"UID:{uid}",
        "DTSTAMP:20260101T000000Z",
        f"DTSTART:{due}",
        f"DUE:{due}",
        f"SUMMARY:{summary}",
        *more,
        "END:VTODO",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines) + "\r\n"
