"""One line of the fault table played: the stage with faults on both ways, and impatient clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import stamina

from bridge.app import opened
from bridge.core.model import Side
from bridge.deciding import resolve
from bridge.errors import BridgeError
from bridge.records import InboxItem
from bridge.sandbox.faults import Fault
from bridge.sandbox.serve import serving
from bridge.store import open_state
from bridge.sync import Options, run
from bridge.verify import Verdict, verify
from tests.faults.proxy import DavFault, Proxy, elsewhere, proxied
from tests.faults.table import WEEKLY, Row
from tests.servers import DavServer
from tests.system.stage import Shown, Stage, new_stage, worlds

TIMEOUT = 1.0
LATE = 2.5
PERSISTENT = 99


@dataclass
class Stand:
    """A pair whose both sides can be made to fail. `strangers`: who came to the host that a redirect names."""

    stage: Stage
    proxy: Proxy
    other: str
    strangers: list[object]

    async def begin(self) -> None:
        """A series, one of it completed, and a single task on both sides."""
        self.stage.post("Call client", "2026-03-02T09:00:00", WEEKLY)
        self.stage.complete(self.stage.rows()[0])
        self.stage.post("Buy flowers", "2026-03-05T09:00:00")
        await self.stage.sync()
        await self.stage.sync()

    def fail(self, row: Row) -> None:
        """The next request of this kind meets the fault; a read meets it however often it is tried."""
        request, times = row.request, 1 if row.request.writes else PERSISTENT
        if request.side is Side.LIONDESK:
            kind: Any = "delay" if row.kind == "late" else row.kind
            late = LATE if row.kind == "late" else 0.0
            fault = Fault(kind=kind, method=request.method, path=request.path, times=times, delay_s=late)
            fault.status = row.status or 503
            self.stage.world.faults.append(fault)
            return
        kind = "late_answer" if row.kind == "late" else row.kind
        self.proxy.faults.append(
            DavFault(kind, request.method, request.inside, times, row.status, LATE, target=self.other)
        )

    def mend(self) -> None:
        """The network is well again."""
        self.stage.world.faults.clear()
        self.proxy.faults.clear()

    async def run(self, *, impatient: bool = False) -> tuple[int, list[str]]:
        """One run: its exit code, and what it says."""
        stage = self.stage
        try:
            async with opened(stage.settings, stage.state, now=stage.world.clock.now) as pair:
                if impatient:
                    hurry(pair)
                report = await run(pair, Options())
        except BridgeError as error:
            return error.exit_code, [str(error)]
        return report.code, [*report.sentences(), *report.errors]

    async def items(self) -> list[InboxItem]:
        """What waits for a person."""
        return list(await self.stage.state.pair("alice").open_items())

    async def answer(self, item: InboxItem, keep: str) -> None:
        """A person decides."""
        stage = self.stage
        await resolve(stage.settings, stage.state, item, keep, Options(run=f"a{item.id}"), now=stage.world.clock.now)

    async def verified(self) -> Verdict:
        """Both sides read by the reader that shares no code with what writes."""
        stage = self.stage
        now = stage.world.clock.now
        async with opened(stage.settings, stage.state, dry_run=True, now=now) as pair:
            context = pair.context
            return await verify(pair.liondesk, pair.calendar, pair.store, context.zone, context.categories, now())

    def shown(self) -> tuple[list[Shown], list[Shown]]:
        """What a person sees in LionDesk, and in the calendar."""
        return self.stage.liondesk_shows(), self.stage.calendar_shows()

    def later(self) -> None:
        """What was lost on the way cannot come any more."""
        self.stage.world.advance(timedelta(minutes=3))


def hurry(pair: Any) -> None:
    """Time-outs of a second in place of half a minute, for both sides."""
    http = pair.liondesk._http
    http._waits = replace(http._waits, read=TIMEOUT, whole=TIMEOUT)
    wire = pair.calendar._place.wire
    wire._client.timeout = TIMEOUT


@contextmanager
def stand_on(server: DavServer, folder: Path) -> Iterator[Stand]:
    """Sandbox, proxy, calendar, state and bridge, with nothing in them."""
    stamina.set_testing(True, attempts=2)
    try:
        for world in worlds():
            with (
                serving(world) as url,
                proxied(server.url) as proxy,
                elsewhere() as (other, strangers),
                open_state(f"sqlite:///{folder / 'state.db'}", now=world.clock.now) as state,
            ):
                stage = new_stage(folder, world, url, server, state)
                through = stage.app.url.replace(server.url, proxy.url)
                calendar = msgspec.structs.replace(stage.settings.calendar, url=through)
                stage.settings = msgspec.structs.replace(stage.settings, calendar=calendar)
                yield Stand(stage, proxy, other, strangers)
    finally:
        stamina.set_testing(False)
