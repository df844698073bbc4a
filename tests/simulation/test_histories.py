"""A few hundred drawn histories: what `make simulate N=...` plays by the thousand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.simulation.drawing import draw
from tests.simulation.playing import play

MEMORY = Path("/dev/shm")  # noqa: S108  # every run opens the state anew: that is fast in memory


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.mark.parametrize("first", range(5000, 5120, 40))
def test_single_edits_converge_under_every_reading(first: int, folder: Path) -> None:
    """Both sides agree, nothing is lost, doubled or re-opened, and then all is quiet; `first` is the first seed of 40."""
    for seed in range(first, first + 40):
        played = play(draw(seed, "single"), folder)
        assert played.violations == [], f"seed {seed}\n" + "\n".join(played.trace)


@pytest.mark.parametrize("first", range(5000, 5080, 40))
def test_single_edits_survive_faults_at_any_call(first: int, folder: Path) -> None:
    for seed in range(first, first + 40):
        played = play(draw(seed, "single", faults=True), folder)
        assert played.violations == [], f"seed {seed}\n" + "\n".join(played.trace)


@pytest.mark.parametrize("seed", [11, 12])
def test_the_same_seed_is_the_same_history(seed: int, folder: Path) -> None:
    one, other = (play(draw(seed, "long", faults=True), folder) for _ in range(2))
    assert one.trace == other.trace
