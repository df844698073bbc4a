"""A quiet run makes at most three requests in all, whatever the number of tasks.

Counted three times: by the bridge, in the sandbox's log, and by a relay before the calendar server. The calendar is
filled behind the server's back; 5,000 tasks are on Xandikos and 1,000 on Radicale, which parses each file when it first
looks and would need most of a minute for 5,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from bridge.report import Outcome, PairReport
from bridge.sandbox.serve import serving
from bridge.store import open_state
from tests.filling import fill_calendar, fill_liondesk, resources
from tests.relay import Relay, relaying
from tests.servers import radicale_server, xandikos_server
from tests.system.conftest import reading
from tests.system.stage import Stage, new_stage, worlds

SERVERS = {"radicale": radicale_server, "xandikos": xandikos_server}


@contextmanager
def staged(folder: Path, kind: str) -> Iterator[tuple[Stage, Relay]]:
    """A stage on a server of its own, which the bridge reaches by way of the relay."""
    (folder / "server").mkdir()
    for world in worlds():
        world.set_switches(reading())
        with (
            SERVERS[kind](folder / "server") as server,
            serving(world) as url,
            relaying(server.url) as relay,
            open_state(f"sqlite:///{folder / 'state.db'}", now=world.clock.now) as state,
        ):
            stage = new_stage(folder, world, url, server, state)
            dav = msgspec.structs.replace(stage.settings.calendar, url=relay.through(stage.app.url))
            stage.settings = msgspec.structs.replace(stage.settings, calendar=dav)
            yield stage, relay


async def filled(stage: Stage, tasks: int, apart: timedelta) -> None:
    """Both sides hold these tasks and agree; the bridge knows nothing of it."""
    fill_liondesk(stage.world, tasks, apart=apart)
    texts = await resources(stage.settings, stage.world.clock.now())
    assert len(texts) == tasks
    fill_calendar(stage.server, stage.app, texts)


async def counted(stage: Stage, relay: Relay) -> tuple[PairReport, int]:
    """One run, and how many requests arrived at both servers: as many as the bridge says, and none of them a write."""
    stage.world.clear_log()
    relay.reset()
    report = await stage.sync()
    assert report.requests == {"liondesk": len(stage.world.log), "calendar": relay.total}
    assert {each.method for each in stage.world.log} == {"GET"}
    assert relay.requests.keys() <= {"PROPFIND", "REPORT", "GET"}
    assert (report.outcome, report.operations) == (Outcome.AGREED, ())
    return report, len(stage.world.log) + relay.total


@pytest.mark.parametrize(
    ("kind", "tasks"), [("radicale", 100), ("radicale", 1_000), ("xandikos", 100), ("xandikos", 5_000)]
)
async def test_lost_state_is_adopted_without_a_write_and_then_a_quiet_run_makes_three_requests(
    tmp_path: Path, kind: str, tasks: int
) -> None:
    with staged(tmp_path, kind) as (stage, relay):
        await filled(stage, tasks, timedelta(minutes=1))
        await counted(stage, relay)
        for _ in range(2):
            _, requests = await counted(stage, relay)
            assert requests <= 3
            stage.world.advance(timedelta(minutes=10))


async def test_tasks_that_were_made_all_at_once_are_read_once_more_and_otherwise_three_requests_do(
    tmp_path: Path,
) -> None:
    """LionDesk's clocks may differ by minutes: what hides among 200 fresh stamps shows in one more look, once."""
    with staged(tmp_path, "xandikos") as (stage, relay):
        await filled(stage, 200, timedelta(seconds=1))
        await counted(stage, relay)
        requests = []
        for _ in range(4):
            requests.append((await counted(stage, relay))[1])
            stage.world.advance(timedelta(minutes=4))
        assert sum(each > 3 for each in requests) == 1, requests
