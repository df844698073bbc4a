"""Read config.toml: from its text to settings, and from every mistake in it to a sentence that says where it is.

Tables are read from the inside out, each against its struct, so that an error knows its table.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeVar, get_args, get_origin

from msgspec import Struct, ValidationError, convert
from msgspec.structs import fields

from bridge.config import values
from bridge.config.secret import Secret, read_secret
from bridge.config.settings import (
    LIONDESK_URL,
    NOT_BUILT,
    CalendarSettings,
    FileSettings,
    LimitSettings,
    LionDeskSettings,
    MailSettings,
    NotifySettings,
    OAuthSettings,
    PairSettings,
    WebSettings,
)
from bridge.errors import ConfigurationError, UsageError

S = TypeVar("S", bound=Struct)

_DEFAULT_STATE = "sqlite:///state.db"

_READERS: Mapping[str, Callable[[object], object]] = {
    "account_url": values.url_or_nothing,
    "alarm": values.duration_or_off,
    "assigned_user_id": values.text,
    "calendar": values.text,
    "client_id": values.text,
    "every": values.interval,
    "keep_completed": values.duration_or_off,
    "keep_history": values.duration_or_off,
    "latest": values.interval,
    "listen": values.listen,
    "name": values.pair_name,
    "redirect_uri": values.loopback,
    "sender": values.text,
    "server": values.listen,
    "soonest": values.interval,
    "start": values.lead,
    "time_zone": values.zone,
    "to": values.text,
    "url": values.url,
    "username": values.text,
}
"""How the keys are read that say more than their TOML type. A key's name means the same in every table."""

_SECRETS = ("client_secret", "password", "token", "webhook")

_TOML_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "text in quotes",
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a configuration file says. `state` names an absolute file; `warnings` are sentences for the user."""

    path: Path
    state: str
    web: WebSettings
    notify: NotifySettings
    pairs: tuple[PairSettings, ...]
    warnings: tuple[str, ...]

    def select(self, names: Collection[str]) -> tuple[PairSettings, ...]:
        """The pairs of these names in the order of the file; all of them for no names. Raises UsageError."""
        known = [pair.name for pair in self.pairs]
        for name in names:
            if name not in known:
                raise UsageError(f"There is no pair {name!r} in {self.path}. Its pairs are: {', '.join(known)}.")
        return tuple(pair for pair in self.pairs if not names or pair.name in names)


def load(path: Path) -> Configuration:
    """Read and check the file at `path`. No secret is revealed yet. Raises ConfigurationError."""
    raw = _parse(path)
    settings = _Reader(path).file(raw)
    return Configuration(
        path=path,
        state=settings.state,
        web=settings.web,
        notify=settings.notify,
        pairs=settings.pair,
        warnings=_warnings(path, settings),
    )


def _parse(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(
            f"The configuration {path} cannot be read: {error.strerror}. Nothing was done: correct the name or the "
            "file's permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"The configuration {path} is not in UTF-8. Nothing was done: save it in that encoding."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"The configuration {path} is not valid TOML: {error}. Nothing was done: correct that place."
        ) from error
    except (ValueError, RecursionError) as error:
        # Python's own limits: a number of thousands of digits, brackets without end.
        raise ConfigurationError(
            f"The configuration {path} is not valid TOML that can be read. Nothing was done: correct the file."
        ) from error


class _Reader:
    """Reads the tables of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.absolute().parent

    def file(self, raw: Mapping[str, object]) -> FileSettings:
        where = "the top of the file"
        tables = dict(raw)
        self._refuse_unknown(FileSettings, tables, where)  # first, or [[pairs]] would be "no pair"
        pairs = tables.get("pair")
        if isinstance(pairs, dict):
            raise self._error("`pair` is one table: write [[pair]], with two brackets, for each pair")
        if not isinstance(pairs, list) or not pairs:
            raise self._error("it has no pair of a LionDesk account and a calendar: add a [[pair]]")
        tables["pair"] = [self._pair(pair, number) for number, pair in enumerate(pairs, 1)]
        tables.setdefault("state", _DEFAULT_STATE)
        if "web" in tables:
            tables["web"] = self._table(WebSettings, tables["web"], "[web]")
        if isinstance(notify := tables.get("notify"), dict):
            if "mail" in notify:
                notify = {**notify, "mail": self._table(MailSettings, notify["mail"], "[notify.mail]")}
            tables["notify"] = self._table(NotifySettings, notify, "[notify]")
        settings = self._table(FileSettings, tables, where)
        names = [pair.name for pair in settings.pair]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise self._error(f"two pairs have the name {twice[0]!r}: each needs a name of its own")
        return settings

    def _pair(self, raw: object, number: int) -> object:
        name = raw.get("name") if isinstance(raw, dict) else None
        which = repr(name) if isinstance(name, str) else f"number {number}"
        if not isinstance(raw, dict):
            raise self._error(f"`pair` {which} must be a table: begin it with [[pair]]")
        tables = dict(raw)
        if isinstance(liondesk := tables.get("liondesk"), dict):
            liondesk = dict(liondesk)
            if "account_url" not in liondesk and str(liondesk.get("url", LIONDESK_URL)).rstrip("/") != LIONDESK_URL:
                # A token goes to nobody but those the file names: another server's to that server alone.
                liondesk["account_url"] = ""
            if "oauth" in liondesk:
                place = f"[pair.liondesk] oauth of pair {which}"
                oauth = liondesk["oauth"]
                if isinstance(oauth, dict):
                    oauth = {"tokens": f"login-{name}.json", **oauth}
                liondesk["oauth"] = self._table(OAuthSettings, oauth, place)
            tables["liondesk"] = self._table(LionDeskSettings, liondesk, f"[pair.liondesk] of pair {which}")
        if "calendar" in tables:
            tables["calendar"] = self._table(CalendarSettings, tables["calendar"], f"[pair.calendar] of pair {which}")
        if "limits" in tables:
            tables["limits"] = self._table(LimitSettings, tables["limits"], f"[pair.limits] of pair {which}")
        return self._table(PairSettings, tables, f"[[pair]] {which}")

    def _table(self, kind: type[S], raw: object, where: str) -> S:
        if isinstance(raw, dict):
            self._refuse_unknown(kind, raw, where)
            types = {each.name: each.type for each in fields(kind)}
            raw = {key: self._value(key, types[key], value, where) for key, value in raw.items()}
        try:
            return convert(raw, kind)
        except ValidationError as error:
            raise self._error(f"{where} {_in_plain_words(str(error))}") from None

    def _refuse_unknown(self, kind: type[Struct], raw: Mapping[str, object], where: str) -> None:
        known = [each.name for each in fields(kind)]
        for key in raw:
            if key not in known:
                nearest = get_close_matches(key, known, 1, 0.5)
                hint = f"did you mean `{nearest[0]}`?" if nearest else f"its keys are {', '.join(known)}"
                raise self._error(f"{where} has an unknown key {key!r}: {hint}")

    def _value(self, key: str, kind: object, value: object, where: str) -> object:
        try:
            if get_origin(kind) is Literal:
                _choose(get_args(kind), value)
            for waiting in NOT_BUILT:
                if waiting.means(key, value):
                    raise ValueError(f"is not built yet: only {waiting.works} works in this version")  # noqa: TRY301
            return self._read(key, value)
        except ValueError as error:
            raise self._error(f"`{key}` in {where} {error}") from None

    def _read(self, key: str, value: object) -> object:
        if isinstance(value, Struct):
            return value
        if key in _SECRETS:
            return read_secret(value, self._folder)
        if key == "tokens":
            return values.file(value, self._folder)
        if key == "state":
            return values.state(value, self._folder)
        return _READERS[key](value) if key in _READERS else value

    def _error(self, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"The configuration {self._path} is not right: {what.rstrip('.')}"
            f"{'' if what.endswith('?') else '.'} Nothing was done; correct it and run again."
        )


def _choose(choices: tuple[object, ...], value: object) -> None:
    if value not in choices:
        known = [str(choice) for choice in choices]
        nearest = get_close_matches(value, known, 1, 0.5) if isinstance(value, str) else []
        hint = f"did you mean {nearest[0]!r}?" if nearest else f"it is one of {', '.join(known)}"
        raise ValueError(f"is {value!r}, which it cannot be: {hint}")


def _in_plain_words(message: str) -> str:
    """What msgspec says, or what a struct itself says, as it fits after the table's name."""
    what, _, place = message.partition(" - at `$")
    key = place.strip("`.")
    if wrong := re.fullmatch(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`", what):
        expected, got = (_TOML_WORDS.get(word, f"a {word}") for word in wrong.groups())
        return f"{f'has a `{key}` that ' if key else ''}must be {expected}, not {got}"
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", what):
        return f"needs `{missing[1]}`"
    return what


def _warnings(path: Path, settings: FileSettings) -> tuple[str, ...]:
    if os.name == "nt":
        return ()
    found = []
    secrets = [*_shared_secrets(settings), *(secret for pair in settings.pair for secret in _secrets(pair))]
    if any(secret.literal for secret in secrets) and path.stat().st_mode & 0o077:
        found.append(
            f"The configuration {path} holds a password or token and can be read by other users of this machine. "
            f'Close it to them with: chmod 600 "{path}"'
        )
    found += [
        f"The file {file} holds a password or token and can be read by every user of this machine. "
        f'Close it to them with: chmod 600 "{file}"'
        for file in sorted({secret.file for secret in secrets if secret.file is not None})
        if file.exists() and file.stat().st_mode & 0o007
    ]
    return tuple(found)


def _secrets(pair: PairSettings) -> tuple[Secret, ...]:
    oauth = pair.liondesk.oauth
    own = (pair.liondesk.token, oauth.client_secret if oauth else None, pair.calendar.password)
    return tuple(secret for secret in own if secret is not None)


def _shared_secrets(settings: FileSettings) -> tuple[Secret, ...]:
    mail = settings.notify.mail
    shared = (settings.web.password, settings.notify.webhook, mail.password if mail else None)
    return tuple(secret for secret in shared if secret is not None)
