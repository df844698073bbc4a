"""docs/readings.md has every reading of every open question, and each of them is run somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bridge.sandbox.switches import ABOUT, Switches, readings
from tests.matrix import NUMBERS, TOGETHER, single
from tests.simulation.mending import BESIDE, MENDING

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "readings.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+) \| `(\w+)` \| `(\w+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)


def in_the_matrix() -> set[tuple[str, str]]:
    """Switch and reading, as `make matrix` runs them; what it does not name is the sandbox's own reading."""
    named = [tuple(word.split("=")) for words in (*single(), *NUMBERS, *TOGETHER) for word in words.split(",")]
    default = {(name, str(getattr(Switches(), name))) for name in ABOUT}
    product = {(name, str(word)) for reading in (*MENDING, *BESIDE) for name, word in reading.items()}
    return {(name, word) for name, word in named} | default | product


def test_every_switch_is_on_the_page_in_its_order_under_its_question() -> None:
    said = [(int(number), name) for number, name, *_ in ROWS]
    assert list(dict.fromkeys(said)) == [(question, name) for name, (question, _) in ABOUT.items()]


@pytest.mark.parametrize("name", [name for name in ABOUT if readings(name)])
def test_every_reading_of_a_switch_is_on_the_page_once(name: str) -> None:
    said = [word for _, switch, word, *_ in ROWS if switch == name]
    assert sorted(said) == sorted(readings(name))
    assert said[0] == getattr(Switches(), name)


@pytest.mark.parametrize(("name", "word", "where"), [(name, word, where) for _, name, word, _, where in ROWS])
def test_every_reading_is_run_where_the_page_says(name: str, word: str, where: str) -> None:
    files = re.findall(r"`(test_\w+\.py)`", where)
    assert files or "matrix" in where
    assert [file for file in files if not list(TESTS.rglob(file))] == []
    if "matrix" in where:
        assert (name, word) in in_the_matrix()
