"""`sync`: one run per pair, told in plain words or as JSON."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import click

from bridge.cli.common import chosen, command, configuration, given, json_option, pairs_argument, utc_now
from bridge.cli.progress import Bar
from bridge.cli.terminal import say, say_json, tell

if TYPE_CHECKING:
    from bridge.config import PairSettings
    from bridge.report import PairReport
    from bridge.store import State
    from bridge.sync import Options

_COLOURS = {"failed": "red", "waiting": "yellow"}


@click.command(short_help="Bring both sides together, once.")
@pairs_argument
@click.option("--dry-run", is_flag=True, help="Show what a run would do; write nothing.")
@click.option(
    "--allow-mass-change", is_flag=True, help="Do what a guard stopped: many tasks deleted or changed at once."
)
@click.option("--full", is_flag=True, help="Read both sides from nothing instead of asking for what changed.")
@json_option
@command
def sync(pairs: tuple[str, ...], *, dry_run: bool, full: bool, allow_mass_change: bool, as_json: bool) -> int:
    """Run each PAIR once (all, where none is named), then exit.

    One sentence for each change, none where both sides agree already.
    """
    found = configuration()
    settings = chosen(found, pairs)
    from bridge.last_run import moment_text
    from bridge.store import open_state
    from bridge.sync import Options

    started = utc_now()
    run = f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    reports: list[PairReport] = []
    with open_state(found.state) as state:
        for warning in state.warnings:
            tell(warning, "warning")
        for each in settings:
            options = Options(dry_run=dry_run, full=full, allow_mass_change=allow_mass_change, run=run)
            report = _run_one(each, state, options)
            reports.append(report)
            prefix = f"{each.name}: " if len(settings) > 1 else ""
            if not as_json:
                _show(report, prefix)
            _tell(report, each.name)
    if as_json:
        told = [report.as_json() for report in reports]
        say_json({"version": 1, "run": run, "started_at": moment_text(started), "pairs": told})
    return max((report.code for report in reports), default=0)


def _run_one(settings: PairSettings, state: State, options: Options) -> PairReport:
    import asyncio
    from dataclasses import replace

    from bridge.app import synced

    with Bar(settings.name) as bar:
        return asyncio.run(synced(settings, state, replace(options, progress=bar.advance)))


def _show(report: PairReport, prefix: str) -> None:
    for operation in report.operations:
        say(prefix + operation.sentence(), _COLOURS.get(operation.state))
    if given().verbosity:
        for waits in report.waiting:
            if waits not in report.operations:
                say(prefix + waits.sentence(), _COLOURS["waiting"])
    for conflict in report.conflicts:
        say(prefix + conflict.sentence(), "yellow")
    for dropped in report.dropped:
        say(prefix + dropped.sentence(), "yellow")
    for skipped in report.skipped:
        say(prefix + skipped.sentence(), "yellow")
    for note in report.notes:
        say(prefix + note, "yellow")


def _tell(report: PairReport, pair: str) -> None:
    """What is wrong, in a paragraph each."""
    paragraphs = [*report.errors, *([report.halt] if report.halt else [])]
    for paragraph in paragraphs:
        tell(f"{pair}: {paragraph}", "error")
    left = sum(each.state in ("failed", "waiting") for each in report.operations)
    if report.code and not paragraphs:
        what = {0: "something was", 1: "1 change was"}.get(left, f"{left} changes were")
        tell(f"{pair}: {what} not done; each side keeps what it has. Run again: liondesk-bridge sync {pair}", "error")
