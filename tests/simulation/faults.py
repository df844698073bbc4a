"""Faults at any call of a port: before it takes effect, after it did, refused, or the process dies there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bridge.errors import StateError

Kind = Literal["lost before", "lost after", "refused", "dies before", "dies after"]
KINDS: tuple[Kind, ...] = ("lost before", "lost after", "refused", "dies before", "dies after")


class Died(BaseException):
    """The process ends here, as by a power cut: nobody may catch it."""


@dataclass(slots=True)
class Faults:
    """`planned` tells which call of a run goes wrong, and how. Dead stays dead until the next run.

    Calls to the sides are counted from 0, writes to the state from -1 downwards.
    """

    planned: Mapping[int, Kind] = field(default_factory=dict)
    calls: int = 0
    writes: int = 0
    runs: int = 0
    injected: int = 0
    dead: bool = False

    def start(self, planned: Mapping[int, Kind]) -> None:
        """A new run, and what goes wrong in it."""
        self.planned, self.calls, self.writes, self.injected, self.dead = planned, 0, 0, 0, False
        self.runs += 1

    def next(self) -> Kind | None:
        """What goes wrong at this call. Raises Died where the process is dead already, or dies before it."""
        if self.dead:
            raise Died
        kind = self.planned.get(self.calls)
        self.calls += 1
        self.injected += kind is not None
        if kind == "dies before":
            self.die()
        return kind

    def disk(self) -> None:
        """A transaction of the state, all or nothing: the process dies before it, or the disk refuses it."""
        if self.dead:
            raise Died
        self.writes += 1
        kind = self.planned.get(-self.writes)
        self.injected += kind is not None
        match kind:
            case None:
                return
            case "dies before" | "dies after":
                self.die()
            case _:
                raise StateError("The disk is full.")

    def die(self) -> None:
        """No call gets through from here on. Raises Died."""
        self.dead = True
        raise Died
