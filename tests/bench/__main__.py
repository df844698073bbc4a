"""`make bench`: first syncs beside bare PUTs, quiet runs beside the least that any program must do.

`--smoke` takes a minute at small sizes and fails only when requests are not as many as they must be.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from bridge.sandbox.world import World
from tests.bench import processes
from tests.bench.figures import FLOOR, FirstSync, Quiet, Report, Spread, page, tables
from tests.bench.puts import put_rate
from tests.bench.stand import SERVERS, Stand, mixed, series, single_tasks, standing
from tests.filling import fill_calendar
from tests.servers import AppCalendar

DOCS = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
SYNC = b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'


@dataclass
class Bench:
    """One benchmark. `wrong` are the request counts that were not as they must be."""

    folder: Path
    rounds: int
    say: Callable[[str], None]
    wrong: list[str] = field(default_factory=list)

    def first_sync(self, kind: str, what: str, world: World) -> FirstSync:
        """The bridge and bare PUTs in turns, each into an empty calendar of the same server."""
        bridge: list[float] = []
        one: list[float] = []
        eight: list[float] = []
        writes = 0
        with standing(self.folder / f"{kind}-{what}", kind, world) as stand:
            texts = stand.texts()
            for turn in range(self.rounds):
                self.say(f"{kind}: first sync of {len(texts):,} {what}, round {turn + 1} of {self.rounds}")
                for rates, connections in ((one, 1), (eight, 8)):
                    rates.append(put_rate(stand.server.new_calendar().url, texts, connections, stand.auth))
                config = stand.configured(stand.server.new_calendar())
                stand.reset()
                bridge.append(len(texts) / processes.timed(processes.bridge(config)).wall)
                writes = stand.dav.requests["PUT"]
                self.must(f"{kind}: PUTs of a first sync", writes, writes == len(texts))
        return FirstSync(kind, what, len(texts), _spread(bridge), _spread(one), _spread(eight), writes)

    def quiet(self, kind: str, tasks: int, *, vdirsyncer: bool) -> list[Quiet]:
        """The bridge, a bare request and vdirsyncer in turns, each over the same calendar that nobody edits."""
        with standing(self.folder / f"{kind}-quiet-{tasks}", kind, mixed(tasks)) as stand:
            self.say(f"{kind}: filling in {tasks:,} tasks")
            app = stand.server.new_calendar()
            texts = stand.texts()
            fill_calendar(stand.server, app, texts)
            config = stand.configured(app)
            processes.timed(processes.bridge(config))
            token = _token(app)
            commands: dict[str, tuple[list[str], Mapping[str, str] | None]] = {
                "liondesk-bridge": (processes.bridge(config), None),
                FLOOR: (processes.bare(stand.dav.through(app.url), token, stand.auth), None),
            }
            if vdirsyncer:
                environment = {"VDIRSYNCER_CONFIG": str(_vdirsyncer(stand, app, texts))}
                for step in ("discover", "sync"):
                    processes.timed(processes.vdirsyncer(step), environment)
                commands["vdirsyncer"] = (processes.vdirsyncer("sync"), environment)
            took: dict[str, list[processes.Took]] = {who: [] for who in commands}
            counts: dict[str, tuple[int, int, int]] = {}
            for turn in range(self.rounds + 1):
                self.say(f"{kind}: quiet with {tasks:,} tasks, round {turn} of {self.rounds}")
                for who, (command, extra) in commands.items():
                    stand.reset()
                    once = processes.timed(command, extra)
                    counts[who] = _passed(stand)
                    if turn:  # the first one warms the caches of all
                        took[who].append(once)
            requests = counts["liondesk-bridge"][0]
            self.must(f"{kind}: requests of a quiet run with {tasks} tasks", requests, requests <= 3)
        return [
            Quiet(
                kind,
                tasks,
                who,
                _spread([1000 * each.wall for each in took[who]]),
                _spread([1000 * each.cpu for each in took[who]]),
                *counts[who],
            )
            for who in commands
        ]

    def must(self, what: str, found: int, right: bool) -> None:
        """Keeps what is not right."""
        if not right:
            self.wrong.append(f"{what}: {found}")


def _spread(values: Sequence[float]) -> Spread:
    return Spread(tuple(values))


def _passed(stand: Stand) -> tuple[int, int, int]:
    relays = (stand.liondesk, stand.dav)
    return sum(each.total for each in relays), sum(each.sent for each in relays), sum(each.received for each in relays)


def _token(app: AppCalendar) -> str:
    """The calendar's current sync-token."""
    answer = app.client.request("REPORT", app.url, content=SYNC, headers={"Content-Type": "application/xml"})
    return ET.fromstring(answer.text).findtext("{DAV:}sync-token") or ""  # noqa: S314 # a server that we started


def _vdirsyncer(stand: Stand, app: AppCalendar, texts: Mapping[str, str]) -> Path:
    """A configuration of vdirsyncer: this calendar and a folder with the same resources."""
    folder = stand.folder / "vdirsyncer"
    (folder / "files").mkdir(parents=True)
    for name, text in texts.items():
        (folder / "files" / name).write_bytes(text.encode())
    login = "".join(f'{name} = "{value}"\n' for name, value in zip(("username", "password"), stand.auth, strict=False))
    file = folder / "config"
    file.write_text(
        f'[general]\nstatus_path = "{folder / "status"}"\n'
        '[pair bench]\na = "files"\nb = "dav"\ncollections = null\n'
        f'[storage files]\ntype = "filesystem"\npath = "{folder / "files"}"\nfileext = ".ics"\n'
        f'[storage dav]\ntype = "caldav"\nurl = "{stand.dav.through(app.url)}"\n{login}'
    )
    return file


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole benchmark; 1 when requests are not as many as they must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small sizes, one round; fails on request counts alone")
    parser.add_argument("--tasks", type=int, default=1_000, help="how many tasks the first sync writes (1,000)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000], help="tasks of the quiet runs (100 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="of the first sync; quiet runs take three times as many")
    parser.add_argument("--servers", nargs="+", default=list(SERVERS), choices=list(SERVERS))
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the tables")
    parser.add_argument("--write-docs", action="store_true", help="write docs/performance.md")
    given = parser.parse_args(arguments)
    if given.smoke:
        given.tasks, given.sizes, given.rounds = 8, [10], 1
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        bench = Bench(Path(name), given.rounds, lambda text: print(text, file=sys.stderr))
        first = []
        for kind in given.servers:
            first.append(bench.first_sync(kind, "single tasks", single_tasks(given.tasks)))
            first.append(bench.first_sync(kind, "series", series(max(1, given.tasks // 4))))
        bench.rounds *= 1 if given.smoke else 3
        beside = importlib.util.find_spec("vdirsyncer") is not None
        quiet = [
            row for kind in given.servers for size in given.sizes for row in bench.quiet(kind, size, vdirsyncer=beside)
        ]
    report = Report(f"{datetime.now(UTC):%Y-%m-%d}", given.rounds, first, quiet)
    print(json.dumps(report.as_json(), indent=2) if given.json else tables(report))
    if given.write_docs:
        DOCS.write_text(page(report), encoding="utf-8")
    for each in bench.wrong:
        print(f"Not as it must be: {each}", file=sys.stderr)
    return 1 if bench.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
