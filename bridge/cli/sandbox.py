"""`sandbox`: the LionDesk sandbox alone."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.common import command
from bridge.cli.failure import missing_extra
from bridge.cli.terminal import tell
from bridge.errors import ConfigurationError, UsageError


@click.command(short_help="Serve a LionDesk to play with.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8445, show_default=True, help="On 127.0.0.1; 0 takes a free one."
)
@click.option(
    "--seed",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A JSON file to begin with.",
)
@click.option(
    "--data", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where to keep it between starts."
)
@command
def sandbox(*, port: int, seed: Path | None, data: Path | None) -> int:
    """Serve the LionDesk sandbox until Ctrl-C: the documented API, and a page to play the agent on.

    Without --seed it begins with an agent's book of tasks. What --data holds goes before the seed.
    """
    try:
        from bridge.sandbox.seed import UnusableSeed
        from bridge.sandbox.serve import run
        from bridge.sandbox.statefile import UnusableData
    except ImportError as error:
        raise missing_extra("sandbox", error) from None
    if data is not None and not data.absolute().parent.is_dir():
        raise UsageError(f"The folder {data.absolute().parent} does not exist. Nothing was started: create it first.")
    if seed is not None and data is not None and data.exists():
        tell(f"Goes on with what {data} holds; {seed} was not read.")
    try:
        run(port, seed, data)
    except (UnusableSeed, UnusableData) as error:
        raise ConfigurationError(str(error)) from None
    except OSError as error:
        raise _unusable(port, data, error) from None
    except KeyboardInterrupt:
        tell("The sandbox has ended.")
    return 0


def _unusable(port: int, data: Path | None, error: OSError) -> UsageError:
    if error.filename is not None:
        return UsageError(f"The file {data} cannot be written: {error.strerror}. Nothing was started: name another.")
    return UsageError(
        f"The sandbox cannot listen on 127.0.0.1:{port}: {error.strerror}. Nothing was started: choose another --port, "
        "or 0 for a free one."
    )
