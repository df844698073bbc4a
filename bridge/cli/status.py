"""`status`: what each pair last did, what is still open, and what to do next."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from bridge.cli.common import command, configuration, json_option, utc_now
from bridge.cli.terminal import say, say_json, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.config import PairSettings
    from bridge.last_run import LastRun

    Told: TypeAlias = Mapping[str, object]
    Known: TypeAlias = tuple[LastRun | None, tuple[str, ...], tuple[Told, ...]]

NOTHING: Known = (None, (), ())

_WORDS = {
    "agreed": "both sides agree",
    "partial": "some changes were not made",
    "failed": "the run failed",
    "halted": "halted: a person must look",
    "unreachable": "a side could not be reached",
}


@click.command(short_help="What each pair last did, and what is still open.")
@json_option
@command
def status(*, as_json: bool) -> int:
    """What each pair last did, and what is still open.

    The exit code is that of the last runs, the highest of all pairs; 0 for a pair that has not run yet.
    """
    import asyncio

    found = configuration()
    pairs = [pair.name for pair in found.pairs]
    begun = Path(found.state.removeprefix("sqlite:///")).exists()
    kept = asyncio.run(_recalled(found.state, found.pairs)) if begun else dict.fromkeys(pairs, NOTHING)
    if as_json:
        say_json({"version": 1, "pairs": [_as_json(pair, *known) for pair, known in kept.items()]})
    else:
        for pair, known in kept.items():
            _show(pair, *known)
    return max((last.exit_code for last, *_ in kept.values() if last is not None), default=0)


async def _recalled(state: str, pairs: Sequence[PairSettings]) -> dict[str, Known]:
    """Each pair's last run, what is to be said of the apps that write into its calendar, and which edits wait."""
    from bridge.core.model import Shape
    from bridge.last_run import recall
    from bridge.store import open_state
    from bridge.sync.standing import waiting_edits
    from bridge.sync.writers import remembered, sentences

    known: dict[str, Known] = {}
    with open_state(state) as opened:
        for warning in opened.warnings:
            tell(warning, "warning")
        for pair in pairs:
            store = opened.pair(pair.name)
            apps = remembered(await store.facts(), utc_now())
            waits = waiting_edits(await store.links(pending=True))
            known[pair.name] = await recall(store), sentences(apps, Shape(pair.calendar.shape)), waits
    return known


def _as_json(pair: str, last: LastRun | None, apps: Sequence[str], waits: Sequence[Told]) -> dict[str, object]:
    run, step = None if last is None else last.as_json(), _next_step(pair, last)
    waiting = [dict(each) for each in waits]
    return {"pair": pair, "last_run": run, "waiting": waiting, "apps": list(apps), "next_step": step}


def _show(pair: str, last: LastRun | None, apps: Sequence[str], waits: Sequence[Told]) -> None:
    if last is None:
        say(f"{pair} has not run yet: run `liondesk-bridge sync {pair}`.")
        return
    changes = {0: "nothing was changed", 1: "1 change was made"}.get(last.done, f"{last.done} changes were made")
    when = _when(last.ended_at, utc_now())
    say(f"{pair}: {_WORDS[last.outcome]}. Last run {when}; {changes}.", "red" if last.exit_code else "green")
    for line in [*last.errors, *([last.halt] if last.halt else [])]:
        say(f"  {line}")
    for sentence in dict.fromkeys(each["sentence"] for each in (*last.open, *waits, *last.conflicts, *last.skipped)):
        say(f"  {sentence}")
    for app in apps:
        say(f"  {app}", "yellow")
    step = _next_step(pair, last)
    if step is not None:
        say(f"  Next: {step}")


def _next_step(pair: str, last: LastRun | None) -> str | None:
    if last is None:
        return f"liondesk-bridge sync {pair}"
    match last.exit_code:
        case 0:
            return None
        case 3:
            return f"mend what is said above, then liondesk-bridge check {pair}"
        case 4:
            return "look at what is said above, then decide"
        case 5:
            return f"nothing, if it comes back by itself; liondesk-bridge check {pair} tells what answers"
        case _:
            return f"liondesk-bridge sync {pair}"


def _when(moment: datetime, now: datetime) -> str:
    """A moment on this machine's clock, and how long ago that is."""
    local = moment.astimezone()
    return f"{local:%a} {local.day} {local:%b} {local:%H:%M} ({_ago(now - moment)})"


def _ago(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    for size, name in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        count = minutes // size
        if count >= 1:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"
