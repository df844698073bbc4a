"""A user's desk: a configuration, an account on the LionDesk sandbox, a calendar server, and the program to start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bridge.sandbox.records import TaskRow
from bridge.sandbox.world import World
from tests.servers import AppCalendar, DavServer

ZONE = ZoneInfo("America/Los_Angeles")
TOKEN = "the-secret-token"
CONFIG = """
[[pair]]
name = "{name}"
[pair.liondesk]
url = "{liondesk}/api/v1"
account_url = "{liondesk}"
token = "{token}"
[pair.calendar]
url = "{calendar}"
username = "{username}"
password = "{password}"
"""


@dataclass(frozen=True)
class Ran:
    """What a run of the program left: its exit code and both outputs."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def is_one_paragraph(self, *words: str, code: int) -> None:
        """It said what is wrong in one paragraph, with these words and no secret, and nothing as a result."""
        assert self.code == code, self
        assert self.out == ""
        assert len(self.err.splitlines()) == 1, self.err
        assert "Traceback" not in self.err
        assert "secret" not in self.err
        assert len(self.err) > 40
        for word in words:
            assert word in self.err, self.err


Run: TypeAlias = Callable[..., Ran]


@dataclass
class Desk:
    """One user. `app` is their calendar as another app has it; `run` starts the program in this process."""

    folder: Path
    world: World
    liondesk: str
    server: DavServer
    app: AppCalendar
    run: Run
    clock: list[datetime] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def configure(self, *pairs: str) -> Path:
        """Write the configuration, of these pairs or of the usual one."""
        self.config.write_text("\n".join(pairs or (self.pair(),)))
        self.config.chmod(0o600)
        return self.config

    def pair(self, name: str = "alice", more: str = "", **changes: str) -> str:
        """A [[pair]] table. `more` is added to [pair.calendar]."""
        values = {
            "liondesk": self.liondesk,
            "token": TOKEN,
            "calendar": self.app.url,
            "username": self.server.username or "",
            "password": self.server.password or "",
        } | changes
        return CONFIG.format(name=name, **values) + more + "\n"

    def sync(self, *arguments: str) -> Ran:
        return self.run("sync", *arguments)

    def post(self, description: str, due: datetime, rule: str | None = None, **more: object) -> TaskRow:
        """A person makes a task in LionDesk."""
        body: dict[str, object] = {"assigned_user_id": "1", "due_at": due.isoformat(), "description": description}
        body |= {"status": "incomplete", "notes": "", **more}
        if rule is not None:
            body["recurrence_rule"] = rule
        return self.world.create(1, body, "page")

    def rows(self) -> list[TaskRow]:
        live = [row for row in self.world.ledger.rows.values() if row.values.status != "deleted"]
        return sorted(live, key=lambda row: (row.values.due, row.id))


def program(*arguments: str, cwd: Path, **environment: str) -> subprocess.Popen[str]:
    """The program as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bridge", *arguments],
        cwd=cwd,
        env=clean_environment() | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def clean_environment() -> dict[str, str]:
    """This process's environment without what would choose a configuration or colours."""
    ours = ("LIONDESK", "XDG_CONFIG", "NO_COLOR", "FORCE_COLOR", "COV_", "PYTEST_")
    root = Path(__file__).parents[2]
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {"PYTHONPATH": str(root)}


def day(days: int, hour: int = 9) -> datetime:
    """A moment so many days from today, on the owner's wall clock."""
    today = datetime.now(ZONE).replace(tzinfo=None, hour=hour, minute=0, second=0, microsecond=0)
    return today + timedelta(days=days)
