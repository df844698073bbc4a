"""After the tour: the daemon with its page on the same stage, and a question that waits for the visitor there."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bridge.config import Configuration, load
from bridge.demo.stage import Stage
from bridge.report import PairReport
from bridge.unattended import Unattended

EVERY = "3s"
"""How often the bridge looks while the visitor plays."""

PAGE = "127.0.0.1:8440"
"""Where the page is; another port where somebody has that one already."""


def prepare_question(stage: Stage) -> str | None:
    """Both people give one task another text before the next run, so that somebody must decide. Which task that is."""
    open_rows = [row for row in stage.rows() if row.values.rule is None and row.values.status == "incomplete"]
    if not open_rows:
        return None
    row = open_rows[-1]
    text = row.values.description
    stage.app.rename(text, f"{text} (bring the keys)")
    stage.edit(row, 1, description=f"{text}, with the photographer")
    return text


async def open_house(
    stage: Stage, folder: Path, ready: Callable[[str], None], tell: Callable[[PairReport], None]
) -> None:
    """Serve, and sync every few seconds, until SIGINT or SIGTERM. `ready` is told the page's address."""

    async def heard(_pair: str, report: PairReport, _ended: datetime) -> None:
        if report.operations or report.errors:
            tell(report)

    daemon = Unattended(_configuration(stage, folder), stage.state, now=stage.world.clock.now, listeners=[heard])
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has Ctrl-C alone
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, daemon.stop)
    await daemon.serve(ready)


def _configuration(stage: Stage, folder: Path) -> Configuration:
    """A real file, so that the page shows what a user's page would, and can read it again."""
    there, dav = stage.settings.liondesk, stage.settings.calendar
    path = folder / "config.toml"
    path.write_text(
        f"""[web]
listen = "{_free(PAGE)}"

[[pair]]
name = "{stage.settings.name}"
every = "{EVERY}"
soonest = "{EVERY}"
latest = "{EVERY}"
conflict = "ask"

[pair.liondesk]
url = "{there.url}"
account_url = "{there.account_url}"
token = "sandbox-ann"

[pair.calendar]
url = "{dav.url}"
username = "{dav.username}"
password = "demo"
calendar = "{dav.calendar}"
""",
        encoding="utf-8",
    )
    path.chmod(0o600)
    return load(path)


def _free(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    with socket.socket() as wanted:
        wanted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            wanted.bind((host, int(port)))
        except OSError:
            with socket.socket() as other:
                other.bind((host, 0))
                return f"{host}:{other.getsockname()[1]}"
    return listen
