"""`export`: LionDesk's tasks as one .ics, to standard output or to a file that is replaced whole."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.common import chosen, command, configuration, pairs_argument, utc_now
from bridge.cli.terminal import tell
from bridge.errors import BridgeError, UsageError

if TYPE_CHECKING:
    from bridge.account import Book
    from bridge.config import PairSettings


class _Day(click.ParamType[date]):
    """A day such as 2026-03-09."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day: write such as 2026-03-09", param, ctx)


@click.command(short_help="Write LionDesk's tasks as one .ics file.")
@pairs_argument
@click.option(
    "-o", "--output", default="-", metavar="FILE", help="Where to; - or nothing: standard output.", show_default=False
)
@click.option("--as", "form", type=click.Choice(["todo"]), default="todo", help="As VTODO, the one form so far.")
@click.option("--from", "first", type=_Day(), metavar="DATE", help="Only tasks due on this day or later.")
@click.option("--to", "last", type=_Day(), metavar="DATE", help="Only tasks due on this day or earlier.")
@command
def export(pairs: tuple[str, ...], *, output: str, form: str, first: date | None, last: date | None) -> int:
    """Write the LionDesk tasks of each PAIR (all, where none is named) as one .ics file.

    Completed ones too. A series is there as a whole where any occurrence falls within the days asked for. The file
    appears, or is replaced, when all of it is written; only its owner can read it.
    """
    import asyncio

    del form  # the one there is
    if first is not None and last is not None and first > last:
        raise UsageError(f"--from {first} is later than --to {last}, so no day is between them. Nothing was written.")
    found = configuration()
    settings = chosen(found, pairs)
    target = None if output == "-" else _checked(Path(output))
    books, code = asyncio.run(_read(settings))
    if books:
        _deliver(_text(books, first, last), target)
    elif target is not None:
        tell(f"Nothing was written; {target} is as it was.")
    return code


async def _read(settings: tuple[PairSettings, ...]) -> tuple[list[Book], int]:
    """Every account, each once, and the exit code: one bad pair never stops another."""
    import logging

    from bridge.account import read_book
    from bridge.telemetry import log

    books: dict[str, Book] = {}
    code = 0
    for each in settings:
        try:
            book = await read_book(each)
        except BridgeError as error:
            tell(f"{each.name} is not in this export. {error}", "error")
            code = max(code, error.exit_code)
            continue
        books.setdefault(book.owner, book)
        for item in book.unreadable:
            tell(f"{each.name}: left out {item.item}, which cannot be read: {item.why}", "warning")
            code = max(code, 1)
        log(logging.INFO, "read", pair=each.name, rows=len(book.rows), unreadable=len(book.unreadable))
    return list(books.values()), code


def _text(books: list[Book], first: date | None, last: date | None) -> str:
    from bridge.export import Days, all_series, as_todos

    now, days = utc_now(), Days(first, last)
    return as_todos([(all_series(book.rows, book.context, now, days), book.context) for book in books], now)


def _checked(target: Path) -> Path:
    """Said before anything is read, not after."""
    if target.is_dir():
        raise UsageError(f"{target} is a folder. Nothing was written: name a file.")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"The folder {target.absolute().parent} does not exist. Nothing was written: create it first.")
    return target


def _deliver(text: str, target: Path | None) -> None:
    if target is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    try:
        _replace(target, text.encode())
    except OSError as error:
        raise UsageError(
            f"{target} cannot be written: {error.strerror}. What was there before is kept. Name another file, or make "
            "room or give permission, and run again."
        ) from None


def _replace(target: Path, content: bytes) -> None:
    """All of it or nothing, through a crash or a power cut; a link stays a link to the file that is replaced."""
    target = target.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if os.name != "nt":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
