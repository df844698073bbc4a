"""A run's turn to write for its pair: taken just before the first write, so that a quiet run costs none."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bridge.sync.pair import Pair
from bridge.telemetry import log
from bridge.turns import Busy, Holder, Overtaken, Turn, Turns
from bridge.wording import moment

LASTS = timedelta(seconds=60)
"""How long a turn is good without being renewed: a machine that fell asleep loses it."""

PATIENCE_S, LOOK_S = 30.0, 0.5
"""How long a run waits for another one's end, and how often it looks."""

_here: set[str] = set()
"""The runs of this process that have a turn: one that is not here any more died without ending it."""


class TurnTaking:
    """One run's view of whose turn it is."""

    def __init__(self, pair: Pair, turns: Turns | None, before: Turn | None) -> None:
        self._pair, self._turns, self._before = pair, turns, before
        self._run = ""
        self._renewing: asyncio.Task[None] | None = None

    async def take(self, run: str) -> None:
        """From now on this run alone may write. Raises Overtaken if another one wrote since this one looked, Busy."""
        if self._turns is None or self._before is None or self._run:
            return
        if not await self._turns.take_turn(self._before, self._mine(run)):
            raise Overtaken
        self._run = run
        _here.add(run)
        self._renewing = asyncio.create_task(self._renew(self._turns))

    async def overtaken(self) -> bool:
        """Whether another run wrote since this one looked, which wrote nothing: it may have seen half of that."""
        if self._turns is None or self._run:
            return False
        return await self._turns.turn() != self._before

    async def end(self) -> None:
        """Another run may write."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        if self._run and self._turns is not None:
            _here.discard(self._run)
            await self._turns.end_turn(self._run)

    async def _renew(self, turns: Turns) -> None:
        while True:
            await asyncio.sleep(LASTS.total_seconds() / 3)
            if not await turns.renew_turn(self._mine(self._run)):
                log(logging.WARNING, "turn lost", pair=self._pair.name, run=self._run)
                return

    def _mine(self, run: str) -> Holder:
        now = self._pair.now()
        return Holder(run, socket.gethostname(), os.getpid(), now, now + LASTS)


@asynccontextmanager
async def taking_turns(pair: Pair) -> AsyncIterator[TurnTaking]:
    """Begins when nobody else is writing for the pair; the turn that the run may take ends with the block.

    Raises Busy where another run does not end in time.
    """
    turn = TurnTaking(pair, pair.turns, await _free(pair, pair.turns) if pair.turns is not None else None)
    try:
        yield turn
    finally:
        await turn.end()


async def _free(pair: Pair, turns: Turns) -> Turn:
    """How it stands once nobody has the turn, or whoever had it died."""
    waited = 0.0
    while _lives((now := await turns.turn()).holder, pair):
        if waited >= PATIENCE_S:
            raise _busy(pair, now.holder)
        await asyncio.sleep(LOOK_S)
        waited += LOOK_S
    return now


def _lives(holder: Holder | None, pair: Pair) -> bool:
    """Whether whoever has the turn may still be writing."""
    if holder is None or pair.now() >= holder.until:
        return False
    if holder.host != socket.gethostname():
        return True
    if holder.pid == os.getpid():
        return holder.run in _here
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is there, and another user's
    return True


def _busy(pair: Pair, holder: Holder | None) -> Busy:
    since = moment(holder.since.astimezone(pair.context.zone).replace(tzinfo=None)) if holder is not None else ""
    where = f"process {holder.pid} on {holder.host}" if holder is not None else "another process"
    return Busy(
        f"Another run of pair {pair.name} has been under way since {since} ({where}), so this one wrote nothing. Run "
        "it again when the other one has ended; the daemon, if that is it, does so by itself."
    )
