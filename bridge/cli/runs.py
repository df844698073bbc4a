"""Runs as a command line names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.errors import UsageError

if TYPE_CHECKING:
    from bridge.config import Configuration
    from bridge.records import RunRecord
    from bridge.store import State


async def runs_named(found: Configuration, state: State, beginning: str) -> list[tuple[str, RunRecord]]:
    """The run of every pair that `beginning` names. Raises UsageError for none, or for different ones."""
    named = [(pair.name, each) for pair in found.pairs for each in await state.pair(pair.name).runs_named(beginning)]
    names = sorted({each.run for _, each in named})
    if not names:
        raise UsageError(
            f"There is no run {beginning} in the history: `liondesk-bridge history` lists those that there are. "
            "Nothing was done."
        )
    if len(names) > 1:
        raise UsageError(f"{beginning} may be {' or '.join(names[:5])}: write more of its name. Nothing was done.")
    return named
