"""docs/cli.md, from what click knows of the commands: `python -m tests.cli.reference > docs/cli.md`, or `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from bridge.cli.program import NAME, program

HEAD = f"""\
# The command line

`{NAME}` and `python -m bridge` are the same. This page is made from the program itself (`make docs`).

```
{{top}}
```
"""

WIDTH = 100


def reference() -> str:
    """The page."""
    top = click.Context(program, info_name=NAME, terminal_width=WIDTH, help_option_names=["-h", "--help"])
    return HEAD.format(top=program.get_help(top).rstrip()) + "".join(_commands(top))


def _commands(top: click.Context) -> Iterator[str]:
    for name in program.list_commands(top):
        command = program.get_command(top, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=top, terminal_width=WIDTH)
        yield f"\n## {name}\n\n```\n{command.get_help(context).rstrip()}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
