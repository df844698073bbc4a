"""Claims about the project itself: what it is made of, and what stands in no file of it."""

from __future__ import annotations

import os
import re
import tomllib
from importlib.metadata import entry_points, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import bridge

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
NAME = PROJECT["name"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
FOR_DEVELOPERS = {"test", "bench"}
ROOMS = sorted((ROOT / "bridge").rglob("*.py"))

NOT_OURS = {"__pycache__", "build", "dist", "node_modules"}
# In pieces, so that this file does not hold what it looks for.
REGISTRIES = (("py", "pi.org"), ("python", "hosted.org"), ("registry.npm", "js"), ("deb.debian", ".org"))
MACHINE = (
    ("/ro", "ot/"),
    ("/wo", "rk/main"),
    ("/wo", "rk/shared"),
    ("/fa", "rm/"),
    ("/tm", "p/v0"),
    ("/opt/", "wheels"),
)
OPTIONS = (("--index", "-url"), ("--extra-index", "-url"), ("--find", "-links"), ("--trusted", "-host"))
FORBIDDEN = re.compile("|".join(re.escape("".join(pieces)) for pieces in REGISTRIES + MACHINE + OPTIONS))


def our_files() -> list[Path]:
    """Every file that a checkout holds: no caches, no environment, nothing hidden but .ci and .gitignore."""
    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and (name[0] != "." or name == ".ci")]
        found += [Path(folder, name) for name in files if name[0] != "." or name == ".gitignore"]
    return found


def pins() -> dict[str, str]:
    """What constraints.txt pins: normalised name -> the line's requirement."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and line[0] != "#"]
    return {canonicalize_name(one.name): str(one.specifier) for one in wanted}


def direct_requirements() -> list[Requirement]:
    """The dependencies that pyproject.toml names, in the core and in every extra, without the project itself."""
    lines = [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
    return [one for one in map(Requirement, sorted(set(lines))) if one.name != NAME]


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    said = {}
    for path in our_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if match := FORBIDDEN.search(text):
            said[str(path.relative_to(ROOT))] = match[0]
    assert said == {}


def test_no_lock_file_stands_beside_the_constraints() -> None:
    assert [path.name for path in our_files() if path.name in {"uv.lock", "poetry.lock", "package-lock.json"}] == []


def test_all_brings_every_extra_that_is_for_users() -> None:
    brought = {extra for line in EXTRAS["all"] for extra in Requirement(line).extras}
    assert brought == EXTRAS.keys() - FOR_DEVELOPERS - {"all"}


@pytest.mark.parametrize("requirement", direct_requirements(), ids=str)
def test_constraints_pin_a_version_that_the_requirement_allows(requirement: Requirement) -> None:
    pin = pins()[canonicalize_name(requirement.name)]
    assert pin.startswith("==")
    assert requirement.specifier.contains(pin.removeprefix("=="))


def test_constraints_hold_nothing_but_one_exact_version_a_line() -> None:
    assert [name for name, specifier in pins().items() if not re.fullmatch(r"==[\w.+!]+", specifier)] == []


def test_what_runs_here_is_what_the_constraints_pin() -> None:
    here = {one.name: version(one.name) for one in map(Requirement, PROJECT["dependencies"]) if one.marker is None}
    assert here == {name: pins()[canonicalize_name(name)].removeprefix("==") for name in here}


def test_the_version_stands_in_one_place() -> None:
    assert "version" not in PROJECT
    assert PROJECT["dynamic"] == ["version"]
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "bridge/__init__.py"
    assert version(NAME) == bridge.__version__


def test_the_installed_project_asks_for_what_pyproject_says() -> None:
    """An environment that was made before pyproject.toml changed would test something else."""
    installed = {Requirement(line).name for line in requires(NAME) or []}
    assert installed - {NAME} == {one.name for one in direct_requirements()}


def test_the_program_is_called_liondesk_bridge_and_nothing_else() -> None:
    ours = {one.name: one.value for one in entry_points(group="console_scripts") if one.dist and one.dist.name == NAME}
    assert ours == {"liondesk-bridge": "bridge.cli:main"}


def test_the_changelog_tells_of_this_version() -> None:
    headings = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] in {"Unreleased", bridge.__version__}


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "bridge" / "py.typed").is_file()


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_of_the_bridge_is_longer_than_400_lines(room: Path) -> None:
    assert len(room.read_text("utf-8").splitlines()) <= 400


def test_a_decision_takes_ten_lines_at_most() -> None:
    decisions = (ROOT / "docs" / "decisions").glob("[0-9]*.md")
    assert [one.name for one in decisions if len(one.read_text("utf-8").strip().splitlines()) > 10] == []


@pytest.mark.parametrize("target", ["help", "test", "lint", "types", "layers", "unit", "demo", "bench", "clean"])
def test_the_makefile_explains_its_target(target: str) -> None:
    assert re.search(rf"^{target}:.*## \w", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_ci_runs_the_command_that_the_readme_names() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.search(r"^make test\b", script.read_text("utf-8"), re.MULTILINE)
