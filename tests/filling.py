"""Many tasks on both sides, fast: rows straight into the sandbox's world, files straight into the server's folder.

The calendar gets what the bridge itself would have written for these rows, so that a bridge without any state finds two
sides that agree already.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from dulwich.repo import Repo

from bridge import vtodo
from bridge.account import read_book
from bridge.config import PairSettings
from bridge.export import Wanted, all_told
from bridge.sandbox.world import World
from tests.servers import AppCalendar, DavServer

SERIES_EVERY = 10
"""One task in so many is a weekly series of `OCCURRENCES` within LionDesk's horizon; it counts as one task."""

OCCURRENCES = 3


def fill_liondesk(
    world: World, tasks: int, *, apart: timedelta = timedelta(minutes=1), series_every: int | None = SERIES_EVERY
) -> None:
    """An account that grew by one task after another, `apart` from each other on the sandbox's clock.

    Afterwards the clock stands where it did. `series_every` None: single tasks alone.
    """
    now = world.clock.now()
    for number in range(tasks):
        world.clock.set(now - apart * (tasks - number), frozen=True)
        series = series_every is not None and number % series_every == 0
        due = datetime(2026, 3, 2, 9) + timedelta(hours=number % 9, days=number % (60 if series else 700))
        body: dict[str, object] = {
            "assigned_user_id": "1",
            "due_at": due.isoformat(),
            "description": f"Call client {number}",
            "notes": "Ask for the contract.",
            "status": "incomplete",
        }
        if series:
            body["recurrence_rule"] = f"FREQ=WEEKLY;COUNT={OCCURRENCES}"
        world.create(1, body, "page")
    world.set_clock(now, frozen=False)


async def resources(settings: PairSettings, now: datetime) -> Mapping[str, str]:
    """What the bridge would write for LionDesk's rows: texts by the names that it would give."""
    book = await read_book(settings, lambda: now)
    series = [each.series for each in all_told(book.rows, book.context, now, Wanted())]
    return {f"{each.uid}.ics": vtodo.write(each, book.context, now.astimezone(UTC)) for each in series}


def fill_calendar(server: DavServer, app: AppCalendar, texts: Mapping[str, str]) -> None:
    """Put these resources into a calendar that nobody has looked at yet, without asking the server."""
    name = urlsplit(app.url).path.strip("/").rpartition("/")[2]
    match server.kind:
        case "radicale":
            _write(server.folder / "collections" / "collection-root" / "alice" / name, texts)
        case "xandikos":
            folder = server.folder / "data" / "user" / "calendars" / name
            _write(folder, texts)
            with Repo(str(folder)) as repository:
                worktree = repository.get_worktree()
                worktree.stage([name.encode() for name in texts])
                worktree.commit(
                    message=b"Filled", committer=b"A test <test@example.com>", author=b"A test <test@example.com>"
                )
        case kind:
            raise ValueError(f"nobody knows how to fill {kind}")


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
