"""`daemon`: every pair on its schedule, and the page, until it is told to stop."""

from __future__ import annotations

import click

from bridge.cli.common import command, configuration
from bridge.cli.terminal import tell


@click.command(short_help="Run every pair on its schedule, and serve the page.")
@command
def daemon() -> int:
    """Run every pair on its schedule and serve the page, until SIGTERM or Ctrl-C.

    SIGHUP reads the configuration again. Stopping takes at most ten seconds; what a run had not done by then, the next
    one does. Under systemd: Type=notify, with WatchdogSec=60 if you like.
    """
    import asyncio

    from bridge.cli.failure import missing_extra
    from bridge.store import open_state

    try:
        from bridge.unattended import attend
    except ImportError as error:
        raise missing_extra("daemon", error) from error

    found = configuration()
    with open_state(found.state) as state:
        for warning in state.warnings:
            tell(warning, "warning")
        pairs = f"{len(found.pairs)} pair{'' if len(found.pairs) == 1 else 's'}"
        asyncio.run(attend(found, state, lambda address: tell(f"Keeping {pairs} the same. Page: {address}")))
    return 0
