"""`undo`: a run taken back."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import click

from bridge.cli.common import command, configuration, json_option, utc_now
from bridge.cli.runs import runs_named
from bridge.cli.terminal import say, say_json, tell

if TYPE_CHECKING:
    from bridge.report import PairReport


@click.command(short_help="Take a run back, or one change of it.")
@click.argument("run")
@click.option("--dry-run", is_flag=True, help="Show what would be done; write nothing.")
@click.option(
    "--only", metavar="OPERATION", type=int, help="Only what was done to the task of this operation, by its number."
)
@click.option("--allow-mass-change", is_flag=True, help="Even if it deletes or changes many tasks at once.")
@json_option
@command
def undo(run: str, *, dry_run: bool, only: int | None, allow_mass_change: bool, as_json: bool) -> int:
    """Bring every task that RUN wrote back to what both sides had before it; the beginning of its name will do.

    A task that was edited since stays as it is, and is named. Of a task that the run created, the copy goes, and the
    one that a person made stays alone until somebody edits it. Deleted tasks and series come back with what was
    completed. This is a run like any other: edits made since are synced by it, it can be undone, and should it be cut
    off, the next run goes on with it.
    """
    found = configuration()
    from bridge.app import synced
    from bridge.last_run import moment_text
    from bridge.store import open_state
    from bridge.sync import Options
    from bridge.sync.pair import Undo

    started = utc_now()
    name = f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    reports: list[PairReport] = []
    with open_state(found.state) as state:
        for warning in state.warnings:
            tell(warning, "warning")
        named = dict(asyncio.run(runs_named(found, state, run)))
        for pair in (each for each in found.pairs if each.name in named):
            options = Options(
                dry_run=dry_run,
                allow_mass_change=allow_mass_change,
                run=name,
                undo=Undo(named[pair.name].run, only),
            )
            report = asyncio.run(synced(pair, state, options))
            reports.append(report)
            if not as_json:
                _show(report)
    if as_json:
        told = [report.as_json() for report in reports]
        say_json({"version": 1, "run": name, "started_at": moment_text(started), "pairs": told})
    return max((report.code for report in reports), default=0)


def _show(report: PairReport) -> None:
    for sentence in report.sentences():
        say(sentence)
    if not report.sentences() and not report.code:
        say("There was nothing to take back: both sides are as they were before.")
    for paragraph in (*report.errors, *([report.halt] if report.halt else [])):
        tell(f"{report.pair}: {paragraph}", "error")
