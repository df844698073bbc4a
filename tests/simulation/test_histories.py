"""A few hundred drawn histories: what `make simulate N=...` plays by the thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.store import open_state
from tests.simulation.drawing import draw
from tests.simulation.playing import play


@pytest.mark.parametrize("first", range(5000, 5120, 40))
def test_single_edits_converge_under_every_reading(first: int) -> None:
    """Both sides agree, nothing is lost, doubled or re-opened, and then all is quiet; `first` is the first seed of 40."""
    for seed in range(first, first + 40):
        played = play(draw(seed, "single"))
        assert played.violations == [], f"seed {seed}\n" + "\n".join(played.trace)


@pytest.mark.parametrize("first", range(5000, 5080, 40))
def test_single_edits_survive_faults_at_any_call(first: int) -> None:
    for seed in range(first, first + 40):
        played = play(draw(seed, "single", faults=True))
        assert played.violations == [], f"seed {seed}\n" + "\n".join(played.trace)


@pytest.mark.parametrize("seed", [11, 12])
def test_the_same_seed_is_the_same_history(seed: int) -> None:
    one, other = (play(draw(seed, "long", faults=True)) for _ in range(2))
    assert one.trace == other.trace


@pytest.mark.parametrize("seed", [21, 22])
def test_a_history_is_the_same_with_the_state_in_memory_and_in_a_file(seed: int, tmp_path: Path) -> None:
    """So what the simulator proves in memory holds for the real store."""
    file = tmp_path / "state.db"
    with open_state(f"sqlite:///{file}") as state:
        state.pair("alice")
    history = draw(seed, "pairs")
    assert play(history, file).trace == play(history).trace
