"""A secret and where it is: named in the configuration, read only when it is needed, shown never."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, assert_never

from bridge.config.values import file, text
from bridge.errors import CredentialsError

_COMMAND_PATIENCE_S = 60
"""How long a command may take: a person may have to unlock a store of passwords first."""


@dataclass(frozen=True, slots=True)
class _Text:
    text: str = field(repr=False)

    def __str__(self) -> str:
        return "the configuration file"


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str

    def __str__(self) -> str:
        return f"the environment variable {self.name}"


@dataclass(frozen=True, slots=True)
class _Command:
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"the command `{self.words[0]}`"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path

    def __str__(self) -> str:
        return f"the file {self.path}"


@dataclass(frozen=True, slots=True)
class _Keyring:
    service: str
    user: str

    def __str__(self) -> str:
        return f"the keyring's entry {self.service}/{self.user}"


_WAYS = '{ env = "NAME" }, { command = ["program", "argument"] }, { file = "NAME" }, { keyring = "SERVICE/USER" }'

_Source: TypeAlias = _Text | _Variable | _Command | _File | _Keyring


class Secret:
    """A token or password. `str`, `repr` and format show where it is, never what it is.

    Made by `read_secret`. No dataclass: neither `asdict` nor msgspec may look inside.
    """

    __slots__ = ("_source",)

    def __init__(self, source: _Source) -> None:
        self._source = source

    def __str__(self) -> str:
        return f"<secret from {self._source}>"

    __repr__ = __str__

    @property
    def literal(self) -> bool:
        """Whether the configuration file itself holds the secret."""
        return isinstance(self._source, _Text)

    @property
    def file(self) -> Path | None:
        """The file that holds the secret and nothing else, if that is where it is."""
        return self._source.path if isinstance(self._source, _File) else None

    def reveal(self) -> str:
        """The secret itself, read anew at each call, so that one that was rotated is found. Raises CredentialsError.

        Of what a command or a file says, the first line counts.
        """
        match self._source:
            case _Text(text):
                found = text
            case _Variable(name):
                found = os.environ.get(name, "")
            case _Command(words):
                found = _output(words)
            case _File(path):
                found = _content(path)
            case _Keyring(service, user):
                found = _kept(service, user)
            case _:
                assert_never(self._source)
        first = found.split("\n", 1)[0].strip()
        if not first:
            raise CredentialsError(
                f"A password or token is expected in {self._source}, but there is none. Nothing was done: put it there "
                "and run again."
            )
        return first


def _output(words: tuple[str, ...]) -> str:
    program = words[0]
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, from the user's own file, without a shell
            words, capture_output=True, text=True, errors="replace", timeout=_COMMAND_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise CredentialsError(
            f"The command `{program}`, which the configuration names to get a password or token, gave no answer within "
            f"{_COMMAND_PATIENCE_S} seconds. Nothing was done: run it by hand to see what it waits for."
        ) from None
    except OSError as error:
        raise CredentialsError(
            f"The command `{program}`, which the configuration names to get a password or token, cannot be started: "
            f"{error.strerror}. Nothing was done: correct its name, or install it."
        ) from None
    if done.returncode != 0:
        # What it printed may hold the secret.
        raise CredentialsError(
            f"The command `{program}`, which the configuration names to get a password or token, failed with exit "
            f"code {done.returncode}. Nothing was done: run it by hand to see what it says."
        )
    return done.stdout


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise CredentialsError(
            f"The file {path}, where the configuration says that a password or token is, cannot be read: "
            f"{error.strerror}. Nothing was done: create it (mode 0600) or correct its name."
        ) from None
    except UnicodeDecodeError:
        raise CredentialsError(
            f"The file {path}, where the configuration says that a password or token is, holds no text. Nothing was "
            "done: put the secret on its first line."
        ) from None


def _kept(service: str, user: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise CredentialsError(
            "The configuration names a keyring, and the library that reads it is not installed. Nothing was done: "
            "pip install 'liondesk-bridge[keyring]', or give the secret by env, command or file."
        ) from None
    try:
        found = keyring.get_password(service, user)
    except KeyringError as error:
        raise CredentialsError(
            f"The keyring cannot be read ({type(error).__name__}). Nothing was done: unlock it, or give the secret by "
            "env, command or file."
        ) from None
    if found is None:
        raise CredentialsError(
            f"The keyring has no entry {service}/{user}. Nothing was done: put the secret there with "
            f"`keyring set {service} {user}` and run again."
        )
    return found


def read_secret(value: object, folder: Path) -> Secret:
    """A secret as the configuration gives it: text, or a table with one of env, command, file, keyring.

    A relative file is looked for in `folder`. Raises ValueError, whose text fits after the key's name.
    """
    match value:
        case str() if value:
            return Secret(_Text(value))
        case dict() if len(value) == 1:
            ((kind, where),) = value.items()
        case dict():
            raise ValueError(f"must be one of {_WAYS}")
        case _:
            raise ValueError('must be text, or a table such as { env = "NAME" }')
    match kind, where:
        case "env", str():
            return Secret(_Variable(text(where)))
        case "command", [_, *_]:
            return Secret(_Command(tuple(text(word) for word in where)))
        case "file", str():
            return Secret(_File(file(where, folder)))
        case "keyring", str():
            service, slash, user = text(where).rpartition("/")
            return Secret(_Keyring(service, user) if slash else _Keyring("liondesk-bridge", where))
        case _:
            raise ValueError(f"must be one of {_WAYS}")
