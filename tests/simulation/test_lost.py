"""What an account tells by itself: at the first run, a month later, and when the bridge's state is lost (law 11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.simulation.memory_store import Kept
from tests.simulation.mending import BEFORE, BESIDE, LIONDESK, MENDING, RULES, at_first, disagreement

NEAR_THE_HORIZON = "its last one was renamed"
"""Such a row, left alone by its endless series, looks exactly like a series that begins there."""


@pytest.mark.parametrize("change", LIONDESK)
def test_series_that_were_cut_moved_and_edited_before_anybody_looked(change: str) -> None:
    """They are shown as their rows stand, are known again without a state, and nothing is written to LionDesk."""
    for number, before in enumerate(BEFORE):
        if "calendar" in before or before == NEAR_THE_HORIZON:
            continue
        turn = number + 5 * list(LIONDESK).index(change)
        reading = {**MENDING[turn * 11 % len(MENDING)], **BESIDE[turn % len(BESIDE)]}
        stage = at_first(RULES[turn % len(RULES)], before, change, reading)
        if stage is None:
            continue
        told = f"{RULES[turn % len(RULES)]}; {before}; {change}; {reading}"
        assert disagreement(stage) == "", f"at first: {told}"
        stage.tick(timedelta(days=31))
        assert disagreement(stage) == "", f"a month later: {told}"
        resources = len(stage.collected.bodies)
        stage.kept = Kept()
        assert disagreement(stage) == "", f"without a state: {told}"
        assert len(stage.collected.bodies) == resources, f"without a state: {told}"
