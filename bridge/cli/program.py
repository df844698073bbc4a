"""The program: its commands, and what each kind of error means to whoever started it.

Exit codes (interface.md): 0 both sides agree, 1 some operations failed, 2 wrong usage, 3 configuration or credentials,
4 halted, 5 a side is unreachable; 130 interrupted, as shells have it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

import click

import bridge
from bridge.cli.check import check
from bridge.cli.common import Interrupted, common_options
from bridge.cli.conflicts import conflicts
from bridge.cli.daemon import daemon
from bridge.cli.demo import demo
from bridge.cli.export import export
from bridge.cli.history import history
from bridge.cli.init import init
from bridge.cli.login import login
from bridge.cli.resolve import resolve
from bridge.cli.sandbox import sandbox
from bridge.cli.status import status
from bridge.cli.sync import sync
from bridge.cli.terminal import accept_any_text, log_as, tell
from bridge.cli.undo import undo
from bridge.cli.verify import verify
from bridge.errors import BridgeError, fault

NAME = "liondesk-bridge"


@click.group(name=NAME, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(bridge.__version__, prog_name=NAME, message="%(prog)s %(version)s")
@common_options
def program() -> None:
    """Keep LionDesk tasks and a CalDAV calendar the same, both ways.

    See it at work without any account: liondesk-bridge demo.

    Results go to standard output, everything else to standard error. Exit codes: 0 both sides agree; 1 some operations
    failed, run it again; 2 wrong usage; 3 configuration or credentials; 4 halted, a person must look; 5 a side is
    unreachable; 130 interrupted. With several pairs the highest counts.
    """


for command in (
    demo,
    init,
    login,
    check,
    sync,
    export,
    status,
    conflicts,
    resolve,
    history,
    undo,
    verify,
    daemon,
    sandbox,
):
    program.add_command(command)


def main() -> None:
    """The console script."""
    # A quiet run is mostly imports. They leave no garbage, and looking for some every 700 objects costs a tenth of it.
    gc.set_threshold(200_000, 10, 10)
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program with these arguments (the process's own); its exit code. Raises nothing."""
    accept_any_text()
    log_as("text")
    try:
        code = program.main(arguments, prog_name=NAME, standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        tell(error.format_message())
        return 2
    except click.ClickException as error:
        tell(_usage(error), "error")
        return 2
    except BridgeError as error:
        tell(str(error), "error")
        return error.exit_code
    except (KeyboardInterrupt, Interrupted, click.Abort):
        tell("Interrupted. What was written is kept; the next run goes on from there.")
        return 130
    except BrokenPipeError:
        # Whoever read the output has enough. Python must not try to flush the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - nobody above this would say it in words
        tell(fault(error), "error")
        return 1


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context is not None else NAME
    said = error.format_message().strip()
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} Nothing was done; see {path} --help."
