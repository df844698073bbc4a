"""The pages about the inside say what is there: rooms, tests and idioms."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.apps.fragments import DATA
from tests.pages import CALENDAR_APPS, TRANSLATION, calendar_apps, translation

ROOT = Path(__file__).resolve().parent.parent
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
TABLES = {
    "LionDesk to calendar": "test_liondesk_to_calendar.py",
    "Calendar to LionDesk": "test_calendar_to_liondesk.py",
    "Both sides": "test_both_sides.py",
}


def rooms(package: Path) -> list[str]:
    """The modules and packages that stand directly in a package."""
    files = [path.stem for path in package.glob("*.py") if not path.stem.startswith("__")]
    return sorted(files + [path.parent.name for path in package.glob("*/__init__.py")])


def claims_of(name: str) -> set[str]:
    """The names of the tests in a file of tests/system."""
    tree = ast.parse((ROOT / "tests" / "system" / name).read_text("utf-8"))
    functions = (each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    return {each.name for each in functions if each.name.startswith("test_")}


def named_under(heading: str) -> list[str]:
    """The tests that docs/translation.md names under a heading."""
    text = TRANSLATION.read_text("utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"`(test_\w+)`", text)


@pytest.mark.parametrize("room", rooms(ROOT / "bridge") + rooms(ROOT / "bridge" / "core"))
def test_the_drawing_has_a_line_for_each_room(room: str) -> None:
    assert re.search(rf"^\| `{room}` \| \w", ARCHITECTURE, re.MULTILINE)


def test_the_drawing_names_no_room_that_is_not_there() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", ARCHITECTURE, re.MULTILINE))
    assert named - set(rooms(ROOT / "bridge")) - set(rooms(ROOT / "bridge" / "core")) == set()


def test_the_files_that_the_drawing_points_at_exist() -> None:
    paths = set(re.findall(r"`((?:bridge|tests|docs|core|sync|liondesk|vtodo|cli|config)/[\w/]+\.py)`", ARCHITECTURE))
    assert paths
    assert {path for path in paths if not (ROOT / path).exists() and not (ROOT / "bridge" / path).exists()} == set()


@pytest.mark.parametrize("heading", TABLES)
def test_each_row_of_the_tables_names_tests_that_exist(heading: str) -> None:
    assert set(named_under(heading)) - claims_of(TABLES[heading]) == set()


@pytest.mark.parametrize("heading", ["LionDesk to calendar", "Calendar to LionDesk"])
def test_each_test_of_the_two_tables_stands_beside_its_row(heading: str) -> None:
    assert claims_of(TABLES[heading]) - set(named_under(heading)) == set()


def test_no_row_of_the_tables_goes_without_a_test() -> None:
    text = TRANSLATION.read_text("utf-8").split("\n## Idioms\n", 1)[0]
    rows = [line for line in text.splitlines() if line.startswith("| ") and "held by" not in line]
    assert [row for row in rows if not re.search(r"`test_\w+` ?[,|]", row)] == []


def test_the_idioms_are_those_of_the_core() -> None:
    assert TRANSLATION.read_text("utf-8") == translation(), "make docs brings it up to date"


def test_the_page_of_the_apps_has_its_tables_from_the_code_and_from_what_was_tried() -> None:
    assert CALENDAR_APPS.read_text("utf-8") == calendar_apps(), "make docs brings it up to date"


def test_each_app_that_was_seen_to_write_is_on_the_page_and_no_other() -> None:
    told = re.findall(r"<!-- edits: ([a-z-]+) -->", CALENDAR_APPS.read_text("utf-8"))
    assert sorted(told) == sorted(path.name for path in DATA.iterdir() if path.is_dir())
