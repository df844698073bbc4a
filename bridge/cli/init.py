"""`init`: a configuration from a few questions, each answer tried before anything is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.common import command, given
from bridge.cli.terminal import say, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.checks import Finding
    from bridge.config import Answers

_WAYS = "typed here (it is not shown), or env:NAME, file:NAME, keyring:SERVICE/USER, command:PROGRAM ARGUMENTS"

_SCHOOLS = {
    "1": ("Thunderbird, jtx Board, SOGo, eM Client, KOrganizer", "overrides"),
    "2": ("Tasks.org, OpenTasks, Apple Reminders, Nextcloud Tasks, Evolution, Outlook", "rolling"),
    "3": (
        "others that tick a whole series at once (Home Assistant, Errands), or a server without recurring tasks",
        "separate",
    ),
}
"""Which apps a shape is for (docs/translation.md, "Shapes")."""


@click.command(short_help="Write a first configuration from a few questions.")
@click.option(
    "--liondesk-url", metavar="URL", help="Another LionDesk than the vendor's, such as the sandbox's /api/v1."
)
@command
def init(*, liondesk_url: str | None) -> int:
    """Ask what a pair needs, try it against both sides, and write a configuration that only you can read.

    The file is ./config.toml, or what --config names; one that is there already is left as it is. Nothing is written
    before both sides answered.
    """
    from bridge.config import first_file, keep

    named = given().config or os.environ.get("LIONDESK_BRIDGE_CONFIG")
    path = Path(named or "config.toml").absolute()
    if path.exists():
        keep("", path)  # says why not
    answers = _asked(liondesk_url)
    while True:
        findings = _tried(answers, path)
        for each in findings:
            say(f"{each.result.value:<8}{each.setting}: {each.says}")
        wrong = {each.setting.partition(".")[0] for each in findings if each.result.value == "wrong"}
        if not wrong:
            break
        tell("That does not work yet: here are those questions again. Ctrl-C ends without writing anything.", "error")
        answers = _asked_again(answers, wrong)
    keep(first_file(answers), path)
    more = f" --config {path}" if given().config else ""
    say(f"Written: {path}. Next: liondesk-bridge sync --dry-run{more}", "green")
    return 0


def _asked(liondesk_url: str | None) -> Answers:
    from dataclasses import replace

    from bridge.config import Answers

    say("A pair is one LionDesk account and one calendar. Its tasks are kept the same on both sides.")
    name = click.prompt("A name for the pair", default="me")
    answers = Answers(name, "", "")
    if liondesk_url is not None:
        root = liondesk_url.rstrip("/").removesuffix("/api/v1")
        answers = replace(answers, liondesk_url=liondesk_url, account_url=root)
    return _asked_again(answers, {"liondesk", "calendar"})


def _asked_again(answers: Answers, about: set[str]) -> Answers:
    """The answers with those about these sides asked anew."""
    from dataclasses import replace

    if "liondesk" in about:
        say(f"LionDesk's personal access token, from its settings: {_WAYS}.")
        answers = replace(answers, token=click.prompt("Token", hide_input=True))
    if "calendar" in about:
        url = click.prompt("Address of the CalDAV server, or of the calendar", default=answers.calendar_url or None)
        username = click.prompt(
            "User name there (empty: none)", default=answers.username, show_default=bool(answers.username)
        )
        password = ""
        if username:
            say(f"The password: {_WAYS}.")
            password = click.prompt("Password", hide_input=True)
        calendar = click.prompt("The calendar's name; it is made where it is missing", default=answers.calendar)
        answers = replace(
            answers, calendar_url=url, username=username, password=password, calendar=calendar, shape=_shape()
        )
    return answers


def _shape() -> str:
    say("Which apps will show it? They spell recurring tasks in ways that do not mix (docs/translation.md).")
    for number, (apps, _) in _SCHOOLS.items():
        say(f"  {number}  {apps}")
    return _SCHOOLS[click.prompt("Apps", type=click.Choice(list(_SCHOOLS)), default="1")][1]


def _tried(answers: Answers, path: Path) -> Sequence[Finding]:
    """What both sides say to these answers. A file of them stands beside the real one as long as that takes."""
    import asyncio

    from bridge.checks import check_pair, wrong
    from bridge.config import first_file, keep, load
    from bridge.errors import ConfigurationError

    trial = path.with_name(f"{path.name}.{os.getpid()}.trial")
    keep(first_file(answers), trial)
    try:
        (settings,) = load(trial).pairs
        return asyncio.run(check_pair(settings))
    except ConfigurationError as error:
        side = "calendar" if "[pair.calendar]" in str(error) else "liondesk"
        return (wrong(side, error),)
    finally:
        trial.unlink()
