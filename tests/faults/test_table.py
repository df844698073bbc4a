"""The fault table, line by line, on real sockets; a spread of it unless FAULTS=all (make faults)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from bridge.core.model import Side
from tests.faults.stand import LATE, Stand, stand_on
from tests.faults.table import Row, rows
from tests.servers import DavServer

TABLE = tuple(rows())
APART = 1 if os.environ.get("FAULTS") == "all" else 9


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # connections that were cut off
@pytest.mark.parametrize("row", TABLE[::APART], ids=[each.name for each in TABLE[::APART]])
async def test_what_is_true_after_a_fault(row: Row, radicale: DavServer, tmp_path: Path) -> None:
    """Each task is its old or its new self, no other host was asked, and the next runs end in agreement."""
    with stand_on(radicale, tmp_path) as stand:
        await stand.begin()
        before = stand.shown()
        row.request.edit(stand.stage)
        edited = stand.shown()
        stand.fail(row)
        code, said = await stand.run(impatient=row.kind == "late")
        assert code == row.code, said
        stand.mend()
        if row.kind == "late":
            await asyncio.sleep(LATE)
        for now, *then in zip(stand.shown(), before, edited, strict=True):
            assert set(now) <= set(before[0]) | set(before[1]) | set(edited[0]) | set(edited[1]), then
        await afterwards(stand, row)
        assert stand.strangers == []


async def afterwards(stand: Stand, row: Row) -> None:
    """The next runs, a person's answer where one is asked for, and then agreement and quiet."""
    if row.after != "at once":
        await stand.run()
        stand.later()
        await stand.run()
    for item in await stand.items() if row.after == "listed" else ():
        await stand.answer(item, "calendar" if row.request.side is Side.LIONDESK else "liondesk")
    liondesk, calendar = stand.shown()
    assert liondesk == calendar
    assert (await stand.verified()).differences == ()
    stand.stage.writes()
    assert await stand.run() == (0, [])
    assert stand.stage.writes() == []
