"""The README says only what is so: each claim that can be held against the project is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from bridge.cli.program import program
from bridge.config import load
from bridge.config.settings import NOT_BUILT

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PICTURE = (ROOT / "docs" / "sync.svg").read_text("utf-8")


def section(title: str) -> str:
    """The text under a heading."""
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(text: str) -> list[list[str]]:
    """The body of the tables in a text, cell by cell, without backticks."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not set(line) <= set("|- ")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def first_screen() -> str:
    return README.split("\n## ", 1)[0]


def test_the_first_screen_has_the_picture_and_exactly_two_commands() -> None:
    assert "(docs/sync.svg)" in first_screen()
    assert re.findall(r"```sh\n(.*?)```", first_screen(), re.DOTALL) == ["make demo\nmake test\n"]
    assert len(first_screen().splitlines()) < 30


def test_the_picture_shows_edits_travelling_both_ways() -> None:
    ET.fromstring(PICTURE)  # noqa: S314 # our own file
    shown = PICTURE.replace("&#160;", " ").replace("&#x27;", "'")
    assert "Both sides agree" in shown
    for direction in ("in LionDesk, because it was completed in the calendar", "because it was completed in LionDesk"):
        assert direction in shown


def test_the_picture_asks_no_other_server_for_anything() -> None:
    asked = re.findall(r"""(?:src|href|url)\s*[=(:]\s*["']?(https?://[^"')\s]+)""", PICTURE)
    assert asked == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make (\w+)|`make (\w+)`", README, re.MULTILINE))))
def test_each_make_target_exists(target: tuple[str, str]) -> None:
    assert re.search(rf"^{''.join(target)}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_the_commands_are_those_of_the_program() -> None:
    told = {row[0] for row in rows(section("With a real account"))} - {"command"}
    assert told == set(program.commands)


@pytest.mark.parametrize("line", re.findall(r"^liondesk-bridge (\w+[^#\n]*)", README, re.MULTILINE))
def test_each_command_line_has_options_that_exist(line: str) -> None:
    command, *options = line.split()
    text = CliRunner().invoke(program, [command, "--help"]).output
    assert [option for option in options if option not in text] == []


@pytest.mark.parametrize("each", NOT_BUILT, ids=lambda each: each.key)
def test_each_setting_that_is_refused_is_told(each: object) -> None:
    """As the configuration's own table of what is not built has it."""
    text = section("What it does not do yet").lower()
    words = {
        "state": ["postgresql"],
        "conflict": ['conflict = "ask"'],
        "component": ["vevent"],
        "oauth": ["oauth"],
    }
    assert [word for word in words[each.key] if word not in text] == []  # type: ignore[attr-defined] # of NOT_BUILT


def test_the_shortest_configuration_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "config.toml"
    file.write_text(example)
    file.chmod(0o600)
    (pair,) = load(file).pairs
    assert (pair.name, pair.calendar.calendar) == ("alice", "LionDesk")


def test_the_tested_versions_are_those_of_the_constraints() -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE))
    pins = {name.lower(): pin for name, pin in pins.items()}
    told = {
        row[0].lower().removeprefix("python-"): row[1]
        for row in rows(section("Tested with"))
        if row[0][0:1] and re.fullmatch(r"[\d.]+", row[1])
    }
    assert told == {name: pins[name] for name in told}
    assert {"radicale", "xandikos", "caldav"} <= told.keys()


def test_the_python_is_the_oldest_that_pyproject_allows() -> None:
    assert PROJECT["requires-python"] == ">=3.11"
    assert "Python 3.11 or later" in first_screen()


def test_the_extras_are_those_for_users() -> None:
    told = {row[0] for row in rows(section("Tested with"))} & set(EXTRAS)
    assert told == {extra for line in EXTRAS["all"] for extra in Requirement(line).extras} | {"all"}
    assert {extra for extras in re.findall(r"'\.\[([\w,]+)\]'", README) for extra in extras.split(",")} <= set(EXTRAS)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)", README))))
def test_each_link_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()


def test_it_is_the_page_of_the_package() -> None:
    assert PROJECT["readme"] == "README.md"
