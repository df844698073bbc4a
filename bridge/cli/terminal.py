"""Where words go: results to standard output, everything else to standard error; colours only where a person looks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TextIO, TypeAlias

import click

if TYPE_CHECKING:
    from bridge.telemetry import LogFormat

Level: TypeAlias = Literal["info", "warning", "error"]

_LEVEL_COLOURS: Mapping[Level, str | None] = {"info": None, "warning": "yellow", "error": "red"}


@dataclass(slots=True)
class _StandardError:
    """How it is written in this process."""

    format: LogFormat = "text"


_standard_error = _StandardError()


def log_as(wanted: LogFormat) -> None:
    """From now on standard error is text for people, or one JSON object a line."""
    _standard_error.format = wanted


def log_format() -> LogFormat:
    """How it is written now."""
    return _standard_error.format


def say(text: str, colour: str | None = None) -> None:
    """A line of the result."""
    _write(text, colour, sys.stdout)


def say_json(value: Mapping[str, object]) -> None:
    """The result as one JSON object."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def tell(text: str, level: Level = "info") -> None:
    """Something about the run, which is no result."""
    if _standard_error.format == "json":
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = json.dumps({"timestamp": now, "level": level, "event": text}, ensure_ascii=False)
        _write(line, None, sys.stderr)
    else:
        _write(f"Warning: {text}" if level == "warning" else text, _LEVEL_COLOURS[level], sys.stderr)


def is_painted(stream: TextIO) -> bool:
    """Whether colours belong there: a terminal that can show them, and nobody said NO_COLOR (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def accept_any_text() -> None:
    """A task's text may hold what the terminal's encoding cannot say: that is escaped, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _write(text: str, colour: str | None, stream: TextIO) -> None:
    painted = colour is not None and is_painted(stream)
    click.echo(click.style(text, fg=colour) if painted else text, file=stream, color=painted)
