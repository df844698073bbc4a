"""Both sides beside each other, as a table on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.demo.stage import Shown
from bridge.wording import moment, one_line


def draw(liondesk: Sequence[Shown], calendar: Sequence[Shown], out: TextIO, *, painted: bool) -> None:
    """What each side shows, line by line; a line that only one side has is empty on the other."""
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("due", no_wrap=True)
    table.add_column("LionDesk shows", ratio=1)
    table.add_column("the calendar shows", ratio=1)
    for each in sorted(set(liondesk) | set(calendar)):
        cells = [_cell(each) if each in side else Text() for side in (liondesk, calendar)]
        table.add_row(moment(each[0]), *cells)
    Console(file=out, no_color=not painted, highlight=False).print(table)


def _cell(shown: Shown) -> Text:
    _, summary, done = shown
    return Text(f"{'[x]' if done else '[ ]'} {one_line(summary)}", style="green" if done else "")
