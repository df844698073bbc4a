"""Law 4: a third of its table, each cell under another reading; `make matrix` plays all of it under all of them."""

from __future__ import annotations

import pytest

from tests.simulation.mending import BEFORE, BESIDE, MENDING, cells, play


@pytest.mark.parametrize("before", BEFORE)
def test_after_a_change_of_this_and_the_following_everything_is_as_its_author_meant(before: str) -> None:
    """Both sides agree, exceptions have their own values again, nothing is doubled, and then all is quiet."""
    numbered = [(number, cell) for number, cell in enumerate(cells()) if cell.before == before]
    for number, cell in numbered[::3]:
        reading = {**MENDING[number * 11 % len(MENDING)], **BESIDE[number * 3 % len(BESIDE)]}
        claims, broken = play(cell, reading)
        assert not broken, f"{cell}\n{reading}\n" + "\n".join(broken)
        assert claims > 1


def test_the_table_is_played_under_every_reading() -> None:
    """The product of what is open about update_type 2, and of what is open about rows changed singly."""
    assert len(MENDING) == 48
    assert len(BESIDE) == 8
    turns = {(number * 11 % len(MENDING), number * 3 % len(BESIDE)) for number in range(len(list(cells())))}
    assert {tail for tail, _ in turns} == set(range(48))
    assert {one for _, one in turns} == set(range(8))
