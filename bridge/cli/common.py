"""What every command has: --config, -v and --log-format, before the command's name or after it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

import click

from bridge.cli.terminal import log_as, log_format, tell
from bridge.errors import UsageError

if TYPE_CHECKING:
    from bridge.config import Configuration, PairSettings
    from bridge.telemetry import LogFormat

P = ParamSpec("P")

_META = "bridge.cli"


class Interrupted(Exception):
    """Ctrl-C. An exception of its own, since click says something of its own about KeyboardInterrupt."""


@dataclass(frozen=True, slots=True)
class Common:
    """The common options as given, but for --log-format. `verbosity` counts -v."""

    config: Path | None = None
    verbosity: int = 0


def _log_as(context: click.Context, parameter: click.Parameter, value: LogFormat | None) -> None:
    del context, parameter
    if value is not None:
        log_as(value)


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    # `meta` is one for the program and its command: the later place counts.
    if value:
        context.meta[f"{_META}.{parameter.name}"] = value


_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        expose_value=False,
        callback=_keep,
        help="The configuration. Left out: $LIONDESK_BRIDGE_CONFIG, ./config.toml, the user's configuration folder.",
    ),
    click.option(
        "-v", "--verbose", "verbosity", count=True, expose_value=False, callback=_keep, help="Say how it went, too."
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        expose_value=False,
        is_eager=True,  # so that a mistake in the other options is told in this form, too
        callback=_log_as,
        help="How standard error is written (text).",
    ),
)


def common_options(function: Callable[P, object]) -> Callable[P, object]:
    """Add the options."""
    decorated = function
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def command(function: Callable[P, int]) -> Callable[P, object]:
    """Add the options to a command whose answer is its exit code."""

    @wraps(function)
    def running(*args: P.args, **kwargs: P.kwargs) -> int:
        from bridge import telemetry

        telemetry.configure(log_format=log_format(), verbosity=given().verbosity)
        telemetry.log_retries()
        try:
            return function(*args, **kwargs)
        except KeyboardInterrupt:
            raise Interrupted from None

    return common_options(running)


def given() -> Common:
    """The common options of the command that runs."""
    meta = click.get_current_context().meta
    names = [each.name for each in fields(Common)]
    return Common(**{name: meta[f"{_META}.{name}"] for name in names if f"{_META}.{name}" in meta})


def configuration() -> Configuration:
    """The configuration that the options name, its warnings told. Raises ConfigurationError."""
    from bridge.config import find, load

    found = load(find(given().config))
    for warning in found.warnings:
        tell(warning, "warning")
    return found


def chosen(found: Configuration, names: Collection[str]) -> tuple[PairSettings, ...]:
    """The pairs of these names, or all. Raises UsageError that names the nearest."""
    from difflib import get_close_matches

    known = [pair.name for pair in found.pairs]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1, 0.4)
            hint = f"Did you mean {near[0]!r}?" if near else f"Its pairs are: {', '.join(known)}."
            raise UsageError(f"There is no pair {name!r} in {found.path}. {hint} Nothing was done.")
    return found.select(names)


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


pairs_argument = click.argument("pairs", nargs=-1, metavar="[PAIR]...")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
