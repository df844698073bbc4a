"""Faults at any call of a port: before it takes effect, after it did, refused, or the process dies there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["lost before", "lost after", "refused", "dies before", "dies after"]
KINDS: tuple[Kind, ...] = ("lost before", "lost after", "refused", "dies before", "dies after")


class Died(BaseException):
    """The process ends here, as by a power cut: nobody may catch it."""


@dataclass(slots=True)
class Faults:
    """`planned` tells which call of a run goes wrong, counted from its first, and how. Dead stays dead until the next run."""

    planned: Mapping[int, Kind] = field(default_factory=dict)
    calls: int = 0
    dead: bool = False

    def start(self, planned: Mapping[int, Kind]) -> None:
        """A new run, and what goes wrong in it."""
        self.planned, self.calls, self.dead = planned, 0, False

    def next(self) -> Kind | None:
        """What goes wrong at this call. Raises Died where the process is dead already, or dies before it."""
        if self.dead:
            raise Died
        kind = self.planned.get(self.calls)
        self.calls += 1
        if kind == "dies before":
            self.die()
        return kind

    def die(self) -> None:
        """No call gets through from here on. Raises Died."""
        self.dead = True
        raise Died
