"""The simulator finds engines that are broken on purpose: `make power` prints the table."""

from __future__ import annotations

import pytest

from tests.simulation.broken import BROKEN
from tests.simulation.power import WITHIN, found

SOON = [
    "type 3 is sent as 1",
    "type 2 is sent as 1",
    "a deletion of one is sent for all that follow",
    "mending is skipped",
    "EXDATE is ignored",
    "this and the following begin too late",
    "rows deleted in LionDesk stay in the calendar",
    "conflicts are told to nobody",
    "a PATCH forgets the contact",
    "resources are written anew",
    "notes written in the calendar are overlooked",
    "LionDesk's moves of a series are overlooked",
]
"""Those that take a few histories; the others take up to as many as `make power` plays."""


@pytest.mark.parametrize("name", SOON)
def test_a_broken_engine_is_found(name: str) -> None:
    engine = next(number for number, each in enumerate(BROKEN) if each.name == name)
    assert found(engine).after is not None, f"{name}: not found within {WITHIN} histories"


def test_the_engines_are_broken_in_many_ways() -> None:
    assert len({each.name for each in BROKEN}) == len(BROKEN) >= 20
