from __future__ import annotations

import json
import subprocess
import sys

import pytest

import bridge
from bridge.cli.program import NAME, program
from tests.cli.desk import Desk, Run, clean_environment, day
from tests.cli.desk import program as start

HEAVY = (
    "sqlalchemy",
    "alembic",
    "httpx",
    "caldav",
    "niquests",
    "icalendar",
    "rich",
    "structlog",
    "stamina",
    "starlette",
)
COMMANDS = (
    "check",
    "conflicts",
    "daemon",
    "demo",
    "export",
    "history",
    "init",
    "login",
    "resolve",
    "sandbox",
    "status",
    "sync",
    "undo",
    "verify",
)
NOT_BUILT = ("worker", "pairs")


def imported_by(*arguments: str) -> set[str]:
    """The top-level modules in the process after the program has ended."""
    script = (
        "import sys, json, bridge.cli.program as p\n"
        "p.run(sys.argv[1:])\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, env=clean_environment(), check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("sync", "--help"), ("--version",), ("synk",)], ids=" ".join)
def test_help_and_wrong_words_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported_by(*arguments) & set(HEAVY) == set()


def test_a_missing_configuration_is_found_out_before_anything_heavy_is_imported() -> None:
    assert imported_by("--config", "/nowhere/config.toml", "sync") & (set(HEAVY) - {"stamina"}) == set()


def test_python_m_bridge_is_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "--version"],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    assert done.stdout == f"{NAME} {bridge.__version__}\n"


def test_the_commands_are_those_that_are_built(run: Run) -> None:
    assert sorted(program.commands) == list(COMMANDS)
    for name in COMMANDS:
        assert f"\n  {name} " in run("--help").out


@pytest.mark.parametrize("name", NOT_BUILT)
def test_a_command_that_is_not_built_yet_is_not_there(run: Run, name: str) -> None:
    run(name).is_one_paragraph("No such command", name, "liondesk-bridge --help", code=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("synk",), ("'synk'", "Did you mean 'sync'?")),
        (("sync", "--dry"), ("'--dry'", "'--dry-run'", "liondesk-bridge sync --help")),
        (("sync", "--allow-mass-changes"), ("'--allow-mass-changes'", "'--allow-mass-change'")),
        (("sandbox", "--port", "many"), ("'--port'", "'many'")),
        (("sandbox", "--port", "70000"), ("'--port'", "70000")),
        (("export", "--as", "events"), ("'--as'", "'events'")),
        (("export", "--expanded"), ("'--expanded'", "'--expand'")),
        (("export", "--from", "soon"), ("'--from'", "'soon' is no day", "2026-03-09")),
        (("export", "--from", "2026-03-10", "--to", "2026-03-09"), ("2026-03-10 is later than --to 2026-03-09",)),
        (("status", "alice"), ("unexpected extra argument",)),
        (("--log-format", "xml", "status"), ("'--log-format'", "'xml'")),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_paragraph_and_exit_code_2(
    run: Run, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    run(*arguments).is_one_paragraph(*words, code=2)


def test_without_a_command_it_shows_its_help_and_calls_that_wrong_usage(run: Run) -> None:
    ran = run()
    assert (ran.code, ran.out) == (2, "")
    assert "Commands:" in ran.err


def test_an_unknown_pair_names_the_nearest(desk: Desk) -> None:
    for command in ("sync", "check", "export"):
        desk.run(command, "alcie").is_one_paragraph("'alcie'", "Did you mean 'alice'?", code=2)
    desk.run("sync", "zzz").is_one_paragraph("Its pairs are: alice", code=2)


def test_common_options_stand_before_the_command_or_after_it(desk: Desk) -> None:
    elsewhere = desk.config.rename(desk.folder / "elsewhere.toml")
    assert desk.run("--config", str(elsewhere), "status").code == 0
    assert desk.run("status", "--config", str(elsewhere)).code == 0
    assert desk.run("status").code == 3


def test_the_environment_names_the_configuration(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = desk.config.rename(desk.folder / "elsewhere.toml")
    monkeypatch.setenv("LIONDESK_BRIDGE_CONFIG", str(elsewhere))
    assert desk.run("status").code == 0


def test_a_configuration_that_others_can_read_is_told_and_used(desk: Desk) -> None:
    desk.config.chmod(0o644)
    ran = desk.run("status")
    assert ran.code == 0
    assert ran.err.startswith("Warning: ")
    assert "chmod 600" in ran.err


def test_a_text_that_the_terminal_cannot_say_is_escaped(desk: Desk) -> None:
    desk.post("Café mit Ärger", day(3))
    out, err = start("sync", cwd=desk.folder, PYTHONIOENCODING="ascii").communicate(timeout=30)
    assert "Caf\\xe9 mit" in out
    assert err == ""
