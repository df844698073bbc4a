"""A first configuration file, from what a user answered: `load` reads it back as it was meant."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from bridge.config.settings import LIONDESK_ACCOUNT_URL, LIONDESK_URL
from bridge.errors import ConfigurationError

_PLACES = ("env", "file", "keyring", "command")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a pair needs. `token` and `password` are the texts themselves, or where they are (`env:NAME`)."""

    pair: str
    token: str = field(repr=False)
    calendar_url: str
    username: str = ""
    password: str = field(default="", repr=False)
    calendar: str = "LionDesk"
    shape: str = "overrides"
    liondesk_url: str = LIONDESK_URL
    account_url: str = LIONDESK_ACCOUNT_URL


def first_file(answers: Answers) -> str:
    """The text of a configuration with this one pair."""
    lines = [
        "# Written by `liondesk-bridge init`. Every setting and what it is for: docs/cli.md and config.example.toml.",
        "[[pair]]",
        f"name = {_quoted(answers.pair)}",
        "",
        "[pair.liondesk]",
    ]
    if answers.liondesk_url.rstrip("/") != LIONDESK_URL:
        lines += [f"url = {_quoted(answers.liondesk_url)}", f"account_url = {_quoted(answers.account_url)}"]
    lines += [f"token = {_secret(answers.token)}", "", "[pair.calendar]", f"url = {_quoted(answers.calendar_url)}"]
    if answers.username:
        lines += [f"username = {_quoted(answers.username)}", f"password = {_secret(answers.password)}"]
    lines.append(f"calendar = {_quoted(answers.calendar)}")
    if answers.shape != "overrides":
        lines.append(f"shape = {_quoted(answers.shape)}")
    return "\n".join(lines) + "\n"


def _secret(said: str) -> str:
    """A secret's text, or where it is: `env:NAME`, `file:NAME`, `keyring:SERVICE/USER`, `command:PROGRAM ARGUMENTS`."""
    kind, colon, rest = said.partition(":")
    if not colon or kind not in _PLACES:
        return _quoted(said)
    value = json.dumps(shlex.split(rest), ensure_ascii=False) if kind == "command" else _quoted(rest.strip())
    return f"{{ {kind} = {value} }}"


def _quoted(text: str) -> str:
    # JSON's strings are TOML's basic strings, DEL apart.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def keep(text: str, path: Path) -> None:
    """Write a file that is not there yet, for its owner's eyes only. Raises ConfigurationError."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise ConfigurationError(
            f"There is a configuration {path} already, and it was left as it is. Nothing was done: edit it, or name "
            "another file with --config."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"The configuration {path} cannot be written: {error.strerror}. Nothing was done: name another place with "
            "--config."
        ) from error
