"""An answer or an undo that dies at any of its writes is carried on: no task twice, none between old and new."""

from __future__ import annotations

import asyncio
import gc
import warnings
from contextlib import suppress

import msgspec
import pytest

from bridge.deciding import resolve
from bridge.store import SqlStore
from bridge.sync import Options
from bridge.sync.pair import Undo
from tests.system.stage import Shown, Stage, master

MONDAY = "2026-03-09T09:00:00"


class Died(BaseException):
    """The process is gone: nothing catches it."""


async def bury() -> None:
    """What the dead process was doing ends with it, and its sockets are closed."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def die_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The process dies at this entry of the journal: before a request is sent, or when its answer came."""
    left = [number]

    def dying(name: str) -> None:
        real = getattr(SqlStore, name)

        async def write(self: SqlStore, *args: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                raise Died
            return await real(self, *args)

        monkeypatch.setattr(SqlStore, name, write)

    dying("intend")
    dying("receipt")


async def deleted_and_edited(stage: Stage) -> list[Shown]:
    """A run that deleted a series, half completed, and carried over two edits; what both sides showed before it."""
    stage.post("Call Bill", MONDAY, "FREQ=WEEKLY;COUNT=3")
    stage.complete(stage.rows()[0])
    stage.post("Buy a sign", "2026-03-10T10:00:00")
    stage.post("Sell a house", "2026-03-11T10:00:00")
    await stage.sync(run="r0")
    before = stage.liondesk_shows()
    for name, calendar in stage.resources().items():
        if "RRULE" in master(calendar):
            stage.app.delete(name)
        elif str(master(calendar)["SUMMARY"]) == "Buy a sign":
            master(calendar)["SUMMARY"] = "Buy two signs"
            stage.put(name, calendar)
    house = next(row for row in stage.rows() if row.values.description == "Sell a house")
    stage.patch(house, description="Sell two houses")
    await stage.sync(run="r1")
    assert len(stage.rows()) == 2
    return before


@pytest.mark.parametrize("number", range(1, 15))
async def test_an_undo_that_dies_is_carried_on_by_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = await deleted_and_edited(stage)
    with monkeypatch.context() as dying:
        die_at(dying, number)
        with suppress(Died):
            await stage.sync(undo=Undo("r1"), run="u1")
    await bury()
    for attempt in range(2):
        await stage.sync()
        await stage.sync(undo=Undo("r1"), run=f"again-{attempt}")
        stage.tick()
    assert stage.liondesk_shows() == before
    await stage.settles()


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize("keep", ["calendar", "both"])
async def test_an_answer_that_dies_is_carried_out_by_the_next_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, number: int, keep: str
) -> None:
    stage.settings = msgspec.structs.replace(stage.settings, conflict="ask")
    row = stage.post("Call Bill", MONDAY)
    await stage.sync()
    name, calendar = stage.only()
    master(calendar)["SUMMARY"] = "From the calendar"
    stage.put(name, calendar)
    stage.patch(row, description="From LionDesk")
    await stage.sync()
    (item,) = await stage.state.pair("alice").open_items()
    with monkeypatch.context() as dying:
        die_at(dying, number)
        with suppress(Died):
            await resolve(stage.settings, stage.state, item, keep, Options(run="x"), now=stage.world.clock.now)
    await bury()
    assert (await stage.sync()).code == 0
    wanted = {"calendar": "From the calendar", "both": "From LionDesk / From the calendar"}[keep]
    assert [text for text, _, _ in stage.liondesk_shows()] == [wanted]
    assert await stage.state.pair("alice").open_items() == ()
    await stage.settles()
