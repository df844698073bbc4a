"""`conflicts`: the inbox, in plain words."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.common import command, configuration, json_option
from bridge.cli.terminal import say, say_json, tell

if TYPE_CHECKING:
    from bridge.records import InboxItem


@click.command(short_help="What waits for your decision, and what was decided for you.")
@json_option
@command
def conflicts(*, as_json: bool) -> int:
    """What waits for your decision, and what was decided for you and can be changed.

    Edits of both sides that cannot be merged, changes that a side refused, tasks that may have been created already,
    and plans that a guard stopped. Each has a number: liondesk-bridge resolve ID answers it.
    """
    import asyncio

    found = configuration()
    begun = Path(found.state.removeprefix("sqlite:///")).exists()
    items = asyncio.run(_open(found.state, [pair.name for pair in found.pairs])) if begun else []
    if as_json:
        from bridge.inbox import as_json as told

        say_json({"version": 1, "items": [told(item, pair) for pair, item in items]})
    elif not items:
        say("Nothing waits for you, and nothing was decided for you.")
    else:
        for pair, item in items:
            _show(item, f"{pair}: " if len(found.pairs) > 1 else "")
    return 0


async def _open(state: str, pairs: list[str]) -> list[tuple[str, InboxItem]]:
    """Each pair's open items, those that wait first."""
    from bridge.store import open_state

    with open_state(state) as opened:
        for warning in opened.warnings:
            tell(warning, "warning")
        items = [(pair, item) for pair in pairs for item in await opened.pair(pair).open_items()]
    return sorted(items, key=lambda found: (not found[1].waits, found[1].id or 0))


def _show(item: InboxItem, prefix: str) -> None:
    from bridge.inbox import options, sentences
    from bridge.wording import moment

    first, *rest = sentences(item)
    local = item.opened_at.astimezone().replace(tzinfo=None)
    waits = "waits for you" if item.waits else "decided; nothing is left to do unless you want it otherwise"
    say(f"{prefix}{item.id}. {first}", "yellow" if item.waits else None)
    for line in rest:
        say(f"    {line}")
    say(f"    Since {moment(local, beside=datetime.min)}; {waits}.")
    say(f"    liondesk-bridge resolve {item.id} {' | '.join(options(item))}")
