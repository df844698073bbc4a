"""A few hundred drawn histories, the same in every run: what `make simulate N=...` plays by the thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.core.model import Shape
from bridge.store import open_state
from tests.simulation.drawing import Length, draw
from tests.simulation.playing import play

AT_ONCE = 25
"""So many histories are one test, so that as many processes as there are share them."""


def holds(
    first: int, length: Length, *, faults: bool = False, plain: bool = False, shape: Shape = Shape.OVERRIDES
) -> None:
    for seed in range(first, first + AT_ONCE):
        played = play(draw(seed, length, faults=faults, plain=plain, shape=shape))
        assert played.violations == [], f"seed {seed}\n" + "\n".join(played.trace)


@pytest.mark.parametrize("first", range(600_000, 600_100, AT_ONCE))
def test_single_edits_converge(first: int) -> None:
    """Both sides agree, nothing is lost, doubled or re-opened, one request says it, and then all is quiet."""
    holds(first, "single", plain=True)


@pytest.mark.parametrize("first", range(600_000, 600_050, AT_ONCE))
@pytest.mark.parametrize("shape", [Shape.ROLLING, Shape.SEPARATE])
def test_single_edits_converge_in_every_shape(shape: Shape, first: int) -> None:
    """The apps of that shape roll a series on, and edit what stands beside it."""
    holds(first, "single", plain=True, shape=shape)


@pytest.mark.parametrize("first", range(600_100, 600_200, AT_ONCE))
def test_single_edits_converge_under_every_reading(first: int) -> None:
    holds(first, "single")


@pytest.mark.parametrize("first", range(600_100, 600_200, AT_ONCE))
def test_edits_of_both_people_at_once_converge(first: int) -> None:
    holds(first, "pairs", plain=True)


@pytest.mark.parametrize("first", range(600_000, 600_100, AT_ONCE))
def test_single_edits_survive_faults_at_any_call(first: int) -> None:
    """Calls that are lost, refused, late or doubled, a disk that fails, a process that dies, people who edit meanwhile."""
    holds(first, "single", faults=True)


@pytest.mark.parametrize(("seed", "length"), [(11, "long"), (12, "pairs"), (13, "single")])
def test_the_same_seed_is_the_same_history(seed: int, length: Length) -> None:
    one, other = (play(draw(seed, length, faults=True)) for _ in range(2))
    assert one.trace == other.trace


@pytest.mark.parametrize("seed", [21, 22])
def test_a_history_is_the_same_with_the_state_in_memory_and_in_a_file(seed: int, tmp_path: Path) -> None:
    """So what the simulator proves in memory holds for the real store."""
    file = tmp_path / "state.db"
    with open_state(f"sqlite:///{file}") as state:
        state.pair("alice")
    history = draw(seed, "pairs")
    assert play(history, file).trace == play(history).trace
