"""`demo`: the whole thing on this machine, without any account."""

from __future__ import annotations

import click

from bridge.cli.common import command, json_option
from bridge.cli.failure import missing_extra
from bridge.cli.terminal import is_painted


@click.command(short_help="See it all at work on this machine, without an account.")
@click.option("--once", is_flag=True, help="Exit after the tour instead of going on until Ctrl-C.")
@json_option
@command
def demo(*, once: bool, as_json: bool) -> int:
    """A tour: a LionDesk and a calendar server on this machine, an agent's tasks, and edits travelling both ways.

    Afterwards the page is served and both sides stay open to play with, until Ctrl-C. Nothing is installed and nothing
    is left behind.
    """
    try:
        from bridge.demo import run
    except ImportError as error:
        raise missing_extra("demo", error) from None
    return run(once=once, as_json=as_json, painted=is_painted)
