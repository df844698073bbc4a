"""One run at a time for a pair: another machine's turn is waited for, and nobody writes out of turn."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest

from bridge.errors import StateError
from bridge.ports import OperationRecord
from bridge.store import SqlStore
from bridge.sync import turn as turns
from bridge.turns import Busy, Holder
from tests.servers import ics
from tests.system.stage import Stage, parsed

NOON = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


def holder(run: str = "other", pid: int | None = None, host: str = "", minutes: int = 1) -> Holder:
    now = datetime.now(UTC)
    return Holder(run, host or os.uname().nodename, pid or os.getpid(), now, now + timedelta(minutes=minutes))


@pytest.fixture
def store(stage: Stage) -> SqlStore:
    return stage.state.pair("alice")


async def test_a_turn_of_another_machine_is_waited_for_and_then_told(
    stage: Stage, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.2)
    monkeypatch.setattr(turns, "LOOK_S", 0.05)
    stage.post("Call Bill Gates", "2026-03-09T09:00:00")
    now = stage.world.clock.now()
    other = Holder("other", "another-machine", 1, now, now + timedelta(minutes=1))
    assert await store.take_turn(await store.turn(), other)
    with pytest.raises(Busy, match="process 1 on another-machine"):
        await stage.sync()
    assert stage.app.names() == []
    stage.world.advance(timedelta(minutes=2))
    await stage.sync()
    assert len(stage.app.names()) == 1


async def test_a_run_that_was_overtaken_looks_again_and_doubles_nothing(
    stage: Stage, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one ends while this one waits for its turn: what this one saw is old by then."""
    monkeypatch.setattr(turns, "LOOK_S", 0.05)
    stage.put("new.ics", parsed(ics("new", "Order signs")))
    now = stage.world.clock.now()
    other = Holder("other", "another-machine", 1, now, now + timedelta(minutes=5))
    assert await store.take_turn(await store.turn(), other)
    running = asyncio.create_task(stage.sync())
    await asyncio.sleep(0.3)
    await store.end_turn("other")
    await running
    assert [row.values.description for row in stage.rows()] == ["Order signs"]
    await stage.settles()


async def test_a_run_whose_turn_went_to_another_writes_no_more(store: SqlStore) -> None:
    """A laptop slept in the middle of a run; meanwhile another machine went on."""
    await store.begin_run("mine", NOON, dry_run=False)
    mine, other = holder("mine"), holder("other")
    assert await store.take_turn(await store.turn(), mine)
    assert await store.take_turn(await store.turn(), other)
    assert not await store.renew_turn(mine)
    with pytest.raises(StateError, match="this one wrote no more"):
        await store.intend("mine", [OperationRecord(None, "calendar", "update", "x", "x", "x", None, None, {})])


async def test_of_two_that_begin_at_once_one_does(store: SqlStore) -> None:
    before = await store.turn()
    began = [await store.take_turn(before, holder(name)) for name in ("one", "two")]
    assert began == [True, False]
