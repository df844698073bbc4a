"""`export`: LionDesk's tasks as one .ics, to standard output or to a file that is replaced whole."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from bridge.cli.common import chosen, command, configuration, pairs_argument, utc_now
from bridge.cli.terminal import tell
from bridge.errors import BridgeError, UsageError

if TYPE_CHECKING:
    from bridge.account import Book
    from bridge.config import PairSettings
    from bridge.export import Wanted


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
@click.option(
    "--as",
    "form",
    type=click.Choice(["todo", "event"]),
    default="todo",
    help="As tasks (VTODO), or for apps without tasks as events (VEVENT): done shows as a check mark.",
)
@click.option("--from", "first", type=_Day(), metavar="DATE", help="Only tasks due on this day or later.")
@click.option("--to", "last", type=_Day(), metavar="DATE", help="Only tasks due on this day or earlier.")
@click.option(
    "--expand",
    is_flag=True,
    help="Each occurrence as a task of its own, for apps without recurrence: those that LionDesk has made so far.",
)
@click.option("--open-only", is_flag=True, help="Leave out what is complete; otherwise all of it is there.")
@command
def export(
    pairs: tuple[str, ...],
    *,
    output: str,
    form: Literal["todo", "event"],
    first: date | None,
    last: date | None,
    expand: bool,
    open_only: bool,
) -> int:
    """Write the LionDesk tasks of each PAIR (all, where none is named) as one .ics file.

    All that LionDesk holds: completed tasks too, each with its notes, contact, category and reminder. A series is there
    as a whole where any occurrence falls within the days asked for. The file appears, or is replaced, when all of it is
    written; only its owner can read it.
    """
    import asyncio

    from bridge.export import Wanted

    if first is not None and last is not None and first > last:
        raise UsageError(f"--from {first} is later than --to {last}, so no day is between them. Nothing was written.")
    found = configuration()
    settings = chosen(found, pairs)
    target = None if output == "-" else _checked(Path(output))
    books, code = asyncio.run(_read(settings))
    if books:
        _deliver(_text(books, form, Wanted(first, last, expand, open_only)), target)
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
        if book.unasked:
            tell(
                f"{each.name}: LionDesk gave no answer about {len(book.unasked)} of its contacts, so tasks have their "
                f"numbers alone: {', '.join(book.unasked)}. Export again for names and phones.",
                "warning",
            )
            code = max(code, 1)
        log(logging.INFO, "read", pair=each.name, rows=len(book.rows), unreadable=len(book.unreadable))
    return list(books.values()), code


def _text(books: list[Book], form: Literal["todo", "event"], wanted: Wanted) -> str:
    from bridge.export import all_told, as_calendar

    now = utc_now()
    contexts = [replace(book.context, component=form) for book in books]
    told = [all_told(book.rows, context, now, wanted) for book, context in zip(books, contexts, strict=True)]
    return as_calendar(zip(told, contexts, strict=True), now)


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
