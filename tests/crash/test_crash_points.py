"""A spread of the crash points of every scenario; `make crash` has each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.enumeration import enumerate_points
from tests.crash.scenarios import SCENARIOS
from tests.servers import DavServer

APART = 23
CASES = [pytest.param(number, id=each.name) for number, each in enumerate(SCENARIOS)]


@pytest.mark.parametrize("number", CASES)
async def test_killed_anywhere_the_next_runs_end_where_the_run_would_have_ended(
    number: int, radicale: DavServer, tmp_path: Path
) -> None:
    first = 3 + 5 * number % APART
    found = await enumerate_points(SCENARIOS[number], radicale, tmp_path, APART, first)
    assert found.killed > 0
    assert found.wrong == []
