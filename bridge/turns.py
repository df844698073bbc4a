"""Whose turn it is to write for a pair: one run at a time, across processes and machines that share a state.

A turn is a lease: it ends with its run, with its process, or when nobody renews it. It is numbered, so that a run knows
whether another one wrote since it looked; the journal takes no intent from a run whose turn is another's by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bridge.errors import BridgeError


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a turn: a run, in a process on a machine. `since` and `until` are aware UTC."""

    run: str
    host: str
    pid: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """How it stands: how often a turn began or ended so far, and who has it now."""

    number: int
    holder: Holder | None


class Busy(BridgeError):
    """Another run of the pair is under way, and did not end while this one waited."""

    retryable = True


class Overtaken(Exception):
    """Another run wrote since this one looked at both sides."""


class Turns(Protocol):
    """The turns of one pair. One transaction per call, durable on return."""

    async def turn(self) -> Turn:
        """How it stands."""
        ...

    async def take_turn(self, before: Turn, mine: Holder) -> bool:
        """Begin one, if nothing changed since `before` was read; whether it did."""
        ...

    async def renew_turn(self, mine: Holder) -> bool:
        """Keep it until `mine.until`; whether it still was this run's."""
        ...

    async def end_turn(self, run: str) -> None:
        """It is nobody's now, if it was this run's."""
        ...
