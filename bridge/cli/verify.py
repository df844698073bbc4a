"""`verify`: both sides read again from nothing, and compared by a reader that shares no code with `sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.common import chosen, command, configuration, json_option, pairs_argument, utc_now
from bridge.cli.terminal import say, say_json, tell

if TYPE_CHECKING:
    from bridge.config import PairSettings
    from bridge.errors import BridgeError
    from bridge.store import State
    from bridge.verify import Verdict


@click.command(short_help="Prove that both sides agree, or list where they don't; change nothing.")
@pairs_argument
@json_option
@command
def verify(pairs: tuple[str, ...], *, as_json: bool) -> int:
    """Read both sides of each PAIR (all, where none is named) from nothing and compare every task; change nothing.

    The reader shares no code with `sync`. Exit code 0: both sides agree, with each other and with the last run. 1: they
    differ in what is listed; an edit that no run has seen yet counts, too.
    """
    import asyncio

    from bridge.errors import BridgeError
    from bridge.store import open_state

    found = configuration()
    told: list[dict[str, object]] = []
    codes = [0]
    with open_state(found.state) as state:
        for warning in state.warnings:
            tell(warning, "warning")
        for each in chosen(found, pairs):
            try:
                verdict = asyncio.run(_verified(each, state))
            except BridgeError as error:
                tell(f"{each.name}: {error}", "error")
                told.append(_failed(each.name, error))
                codes.append(error.exit_code)
                continue
            told.append(_as_json(each.name, verdict))
            codes.append(0 if verdict.agreed else 1)
            if not as_json:
                _show(each.name, verdict)
    if as_json:
        say_json({"version": 1, "pairs": told})
    return max(codes)


async def _verified(settings: PairSettings, state: State) -> Verdict:
    from bridge.app import opened
    from bridge.verify import verify as verified

    async with opened(settings, state, dry_run=True) as pair:
        context = pair.context
        return await verified(pair.liondesk, pair.calendar, pair.store, context.zone, context.categories, utc_now())


def _show(pair: str, verdict: Verdict) -> None:
    for each in verdict.differences:
        say(f"{pair}: {each.sentence}", "red")
    tasks = f"{verdict.rows} task{'' if verdict.rows == 1 else 's'}"
    asides = []
    if verdict.left_out:
        asides.append(f"{verdict.left_out} completed, which the calendar shows no more")
    if verdict.skipped:
        asides.append(f"{verdict.skipped} left alone, which `liondesk-bridge status` lists")
    aside = f" ({'; '.join(asides)})" if asides else ""
    if verdict.agreed:
        say(
            f"{pair}: both sides agree. {tasks} in LionDesk, {verdict.resources} in the calendar compared{aside}.",
            "green",
        )
    else:
        count = len(verdict.differences)
        noun = "difference" if count == 1 else "differences"
        say(f"{pair}: {count} {noun} among {tasks}{aside}. Next: liondesk-bridge sync {pair}", "red")


def _as_json(pair: str, verdict: Verdict) -> dict[str, object]:
    return {
        "pair": pair,
        "outcome": "agreed" if verdict.agreed else "differs",
        "tasks": verdict.rows,
        "resources": verdict.resources,
        "left_out": verdict.left_out,
        "skipped": verdict.skipped,
        "differences": [each.as_json() for each in verdict.differences],
        "errors": [],
    }


def _failed(pair: str, error: BridgeError) -> dict[str, object]:
    outcome = "unreachable" if error.exit_code == 5 else "failed"
    return {"pair": pair, "outcome": outcome, "differences": [], "errors": [str(error)]}
