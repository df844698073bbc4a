"""Where words go: results to standard output, everything else to standard error; colours only where a person looks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import TextIO

import click


def say(text: str, colour: str | None = None) -> None:
    """A line of the result."""
    _write(text, colour, sys.stdout)


def tell(text: str, colour: str | None = None) -> None:
    """A line about the run, which is no result."""
    _write(text, colour, sys.stderr)


def say_json(value: Mapping[str, object]) -> None:
    """The result as one JSON object."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


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
