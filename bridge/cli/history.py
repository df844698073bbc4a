"""`history`: what every run did and why, and what happened to one task."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.common import command, configuration, json_option
from bridge.cli.runs import runs_named
from bridge.cli.terminal import say, say_json, tell
from bridge.errors import UsageError

if TYPE_CHECKING:
    from bridge.config import Configuration
    from bridge.records import Entry, RunRecord
    from bridge.store import State

LIMIT = 20


@click.command(short_help="Every change with its reason, before and after; one run's, or one task's.")
@click.argument("run", required=False)
@click.option("--task", metavar="TEXT|ID", help="What happened to this task: its id, its UID, or a part of its text.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=LIMIT,
    show_default=True,
    help="So many runs, or changes of a task, at most: the newest.",
)
@click.option("--before", metavar="RUN", help="Only runs older than this one: the next page.")
@json_option
@command
def history(run: str | None, *, task: str | None, limit: int, before: str | None, as_json: bool) -> int:
    """List the runs that wrote something, or with RUN (the beginning of its name will do) all that this one did.

    Runs are kept for as long as `keep_history` says. liondesk-bridge undo RUN takes one back.
    """
    found = configuration()
    if run is not None and task is not None:
        raise UsageError("Give a RUN or --task, not both. Nothing was done.")
    from bridge.store import open_state

    if not Path(found.state.removeprefix("sqlite:///")).exists():
        if run is not None:
            raise UsageError(f"There is no run {run}: nothing has run yet. Nothing was done.")
        return _runs([], as_json=as_json, limit=limit)
    with open_state(found.state) as state:
        for warning in state.warnings:
            tell(warning, "warning")
        if task is not None:
            return _story(asyncio.run(_entries_of(found, state, task, limit)), task, as_json=as_json)
        if run is not None:
            pairs = asyncio.run(runs_named(found, state, run))
            return _one(asyncio.run(_with_entries(state, pairs)), as_json=as_json)
        listed = asyncio.run(_listed(found, state, limit, before))
        return _runs(listed, as_json=as_json, limit=limit)


async def _listed(found: Configuration, state: State, limit: int, before: str | None) -> list[tuple[str, RunRecord]]:
    runs = [(pair.name, each) for pair in found.pairs for each in await state.pair(pair.name).runs(limit, before)]
    return sorted(runs, key=lambda found: found[1].started_at, reverse=True)[:limit]


async def _with_entries(
    state: State, pairs: list[tuple[str, RunRecord]]
) -> list[tuple[str, RunRecord, tuple[Entry, ...]]]:
    return [(pair, run, await state.pair(pair).entries(run.run)) for pair, run in pairs]


async def _entries_of(found: Configuration, state: State, task: str, limit: int) -> list[tuple[str, Entry]]:
    return [(pair.name, each) for pair in found.pairs for each in await state.pair(pair.name).story(task, limit)]


def _runs(listed: list[tuple[str, RunRecord]], *, as_json: bool, limit: int) -> int:
    from bridge.history import run_json, run_line

    if as_json:
        say_json({"version": 1, "runs": [run_json(run, pair) for pair, run in listed]})
        return 0
    several = len({pair for pair, _ in listed}) > 1
    for pair, run in listed:
        say(f"{pair}: {run_line(run)}" if several else run_line(run))
    if not listed:
        say("No run has written anything yet.")
    elif len(listed) == limit:
        say(f"These are the newest {limit}: --limit shows more, --before {listed[-1][1].run} older ones.")
    return 0


def _one(runs: list[tuple[str, RunRecord, tuple[Entry, ...]]], *, as_json: bool) -> int:
    from bridge.history import entry_json, run_json, run_line, sentence

    if as_json:
        told = [
            {**run_json(run, pair), "operations": [entry_json(each) for each in entries]} for pair, run, entries in runs
        ]
        say_json({"version": 1, "runs": told})
        return 0
    for pair, run, entries in runs:
        say(f"{pair}: {run_line(run)}")
        for each in entries:
            say(f"  {each.operation.id}. {sentence(each)}", None if each.operation.state == "done" else "yellow")
    return 0


def _story(entries: list[tuple[str, Entry]], task: str, *, as_json: bool) -> int:
    from bridge.history import entry_json, local, sentence

    if as_json:
        told = [{**entry_json(each), "pair": pair} for pair, each in entries]
        say_json({"version": 1, "task": task, "operations": told})
        return 0
    for pair, each in entries:
        say(f"{local(each.at)}, {pair}, run {each.run}:")
        say(f"  {each.operation.id}. {sentence(each)}", None if each.operation.state == "done" else "yellow")
    if not entries:
        say(f"No run in the history wrote a task that {task!r} names.")
    return 0
