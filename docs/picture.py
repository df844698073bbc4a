"""Draws docs/sync.svg from a real run of `liondesk-bridge demo --once` (`make picture`).

The run happens on a terminal of the picture's width, so colours and line ends are what a person sees. Long lists are
shortened where the picture shows `CUT`; nothing else is changed.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.terminal_theme import TerminalTheme
from rich.text import Text

WIDTH = 114
CUT = "⋮"
FIRST_SYNC_LINES = 1
TABLE_LINES = 13
TARGET = Path(__file__).with_name("sync.svg")

THEME = TerminalTheme(
    (13, 17, 23),
    (214, 221, 229),
    [
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (214, 221, 229),
    ],
)

# rich's own form asks a content network for its font: a page that shows a file of the repository must ask nobody.
FORM = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{unique_id}-title">
  <title id="{unique_id}-title">A terminal: make demo. An agent's tasks arrive in the calendar, edits made on both \
sides travel to the other one, and a last run finds nothing to do.</title>
  <style>
    .{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, \
monospace; font-variant-east-asian: full-width; }}
    .{unique_id}-title {{ font: 18px system-ui, sans-serif; }}
    {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>\
</clipPath>
    {lines}
  </defs>
  {chrome}
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">{matrix}</g>
  </g>
</svg>
"""


def shown() -> str:
    """What the demo writes to a terminal of `WIDTH` columns. Raises CalledProcessError when it does not exit with 0."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "bridge", "demo", "--once"]
    with subprocess.Popen(command, stdin=writer, stdout=writer, stderr=writer, env=environment) as process:  # noqa: S603 # our own program
        os.close(writer)
        written = b"".join(_pieces(reader))
    os.close(reader)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, written)
    return written.decode().replace("\r\n", "\n")


def _pieces(reader: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(reader, 65536)
        except OSError:  # Linux says so when the other end is closed
            return
        if not piece:
            return
        yield piece


def shortened(output: str) -> list[str]:
    """The lines of the picture."""
    kept: list[str] = []
    for part in output.strip("\n").split("\n\n"):
        lines = part.split("\n")
        if any(line.lstrip().startswith("... and ") for line in lines):
            lines = [*lines[: 1 + FIRST_SYNC_LINES], f"  {CUT}", lines[-1]]
        if any("┃" in line for line in lines):
            lines = [*lines[: 1 + TABLE_LINES], f"  {CUT}"]
        kept += [*lines, ""]
    return kept


def drawn(lines: list[str]) -> str:
    """The picture."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(Text.assemble(("$ ", "bold green"), ("make demo", "bold")), end="\n\n")
        for line in lines:
            text = Text.from_ansi(line)
            indent = len(text.plain) - len(text.plain.lstrip())
            console.print(Padding(text[indent:], (0, 0, 0, indent)) if indent and "│" not in line else text)
        return console.export_svg(title="liondesk-bridge", theme=THEME, code_format=FORM, unique_id="sync")


if __name__ == "__main__":
    TARGET.write_text(drawn(shortened(shown())), encoding="utf-8")
