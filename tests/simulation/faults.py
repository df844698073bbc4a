"""What goes wrong at any call: to a side before or after it takes effect, late, twice; the disk; or the process dies there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bridge.errors import StateError

Kind = Literal["lost before", "lost after", "refused", "dies before", "dies after", "late", "twice"]
KINDS: tuple[Kind, ...] = ("lost before", "lost after", "refused", "dies before", "dies after", "late", "twice")
"""`late`: a write takes effect when nobody waits for its answer any more. `twice`: it is delivered twice, and the second
answer is the one that comes back."""


class Died(BaseException):
    """The process ends here, as by a power cut: nobody may catch it."""


@dataclass(slots=True)
class Faults:
    """`planned` tells which call of a run goes wrong, and how. Dead stays dead until the next run.

    Calls to the sides are counted from 0, writes to the state from -1 downwards. `meanwhile` is what people do right
    before a call. `later` are writes that are still on their way.
    """

    planned: Mapping[int, Kind] = field(default_factory=dict)
    meanwhile: dict[int, Callable[[], None]] = field(default_factory=dict)
    later: list[Callable[[], object]] = field(default_factory=list)
    calls: int = 0
    writes: int = 0
    runs: int = 0
    injected: int = 0
    dead: bool = False

    def start(self, planned: Mapping[int, Kind], meanwhile: Mapping[int, Callable[[], None]]) -> None:
        """A new run, and what goes wrong in it. What was late arrives before it."""
        late, self.later = self.later, []
        for effect in late:
            effect()
        self.planned, self.meanwhile = planned, dict(meanwhile)
        self.calls, self.writes, self.injected, self.dead = 0, 0, 0, False
        self.runs += 1

    def next(self) -> Kind | None:
        """What goes wrong at this call. Raises Died where the process is dead already, or dies before it."""
        if self.dead:
            raise Died
        act = self.meanwhile.pop(self.calls, None)
        if act is not None:
            act()
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
