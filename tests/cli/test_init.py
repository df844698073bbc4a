from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bridge.cli.program import program
from bridge.config import load
from bridge.config.writing import Answers, first_file
from tests.cli.desk import TOKEN, Desk, day


@pytest.fixture
def new(desk: Desk) -> Desk:
    """A user who has both accounts and no configuration."""
    desk.config.unlink()
    return desk


def told(desk: Desk, *answers: str) -> Result:
    """What the program says to somebody who gives these answers."""
    arguments = ["init", "--liondesk-url", f"{desk.liondesk}/api/v1"]
    return CliRunner().invoke(program, arguments, input="\n".join(answers) + "\n", catch_exceptions=False)


def right(desk: Desk) -> list[str]:
    account = [desk.server.username or ""] + ([desk.server.password or ""] if desk.server.username else [])
    return [desk.app.url, *account, "LionDesk", "1"]


def test_right_answers_make_a_file_that_only_its_owner_reads_and_that_syncs(new: Desk) -> None:
    ran = told(new, "alice", TOKEN, *right(new))
    assert ran.exit_code == 0, ran.output
    assert "The account of Alice Agent" in ran.output
    assert "Next: liondesk-bridge sync --dry-run" in ran.output
    assert stat.S_IMODE(new.config.stat().st_mode) == 0o600
    new.post("Call Bill Gates", day(3))
    assert new.sync().code == 0
    assert len(new.app.names()) == 1
    assert [path.name for path in new.folder.iterdir() if "trial" in path.name] == []


def test_what_is_typed_as_a_secret_is_not_shown(new: Desk) -> None:
    ran = told(new, "alice", TOKEN, *right(new))
    assert TOKEN not in ran.output
    assert f"Password: {new.server.password}" not in ran.output


def test_a_wrong_token_is_asked_for_again_and_the_rest_is_not(new: Desk) -> None:
    ran = told(new, "alice", "wrong", *right(new), TOKEN)
    assert ran.exit_code == 0, ran.output
    assert "LionDesk refuses the token" in ran.output
    assert ran.output.count("Address of the CalDAV server") == 1
    assert load(new.config).pairs[0].name == "alice"


def test_whoever_stops_in_the_middle_leaves_nothing(new: Desk) -> None:
    ran = CliRunner().invoke(program, ["init"], input="alice\n")
    assert ran.exit_code != 0
    assert list(new.folder.glob("config*")) == []


def test_a_configuration_that_is_there_is_left_as_it_is(desk: Desk) -> None:
    before = desk.config.read_text()
    desk.run("init").is_one_paragraph("There is a configuration", "left as it is", code=3)
    assert desk.config.read_text() == before


@pytest.mark.parametrize(
    "said",
    ["plain", 'with "quotes" and \\', "env:LIONDESK_TOKEN", "file:token.txt", "keyring:liondesk/alice", "é\x7f"],
)
def test_what_was_answered_is_what_is_read(tmp_path: Path, said: str) -> None:
    answers = Answers("alice", said, "https://dav.example.org/", "alice", "command:pass show 'my dav'", "Tasks & more")
    path = tmp_path / "config.toml"
    path.write_text(first_file(answers))
    path.chmod(0o600)
    (pair,) = load(path).pairs
    assert (pair.name, pair.calendar.calendar, pair.calendar.username) == ("alice", "Tasks & more", "alice")
    assert str(pair.calendar.password) == "<secret from the command `pass`>"
    assert pair.liondesk.token is not None
    places = {"env": "the environment variable", "file": "the file", "keyring": "the keyring's entry"}
    assert places.get(said.partition(":")[0], "the configuration file") in str(pair.liondesk.token)
    if pair.liondesk.token.literal:
        assert pair.liondesk.token.reveal() == said
