"""Histories drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from bridge.core.model import Shape
from tests.simulation.faults import KINDS, Kind
from tests.simulation.people import BY_SHAPE, LIONDESK, Action

Length = Literal["single", "pairs", "long"]


@dataclass(frozen=True, slots=True)
class Setting:
    """How LionDesk reads the open questions, what the server is like, and the pair's policy and shape."""

    switches: Mapping[str, object] = field(default_factory=dict)
    content_tokens: bool = False
    rewrites: bool = False
    policy: str = "newest"
    shape: Shape = Shape.OVERRIDES


@dataclass(frozen=True, slots=True)
class Round:
    """What people do, then the runs that go wrong (call by call), then runs until all is quiet.

    `meanwhile` is what people do at certain calls of the first of these runs.
    """

    actions: tuple[Action, ...]
    faults: tuple[tuple[tuple[int, Kind], ...], ...] = ()
    meanwhile: tuple[tuple[int, Action], ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """Everything that happens."""

    setting: Setting
    rounds: tuple[Round, ...]


_SWITCHES: Mapping[str, tuple[object, ...]] = {
    "ids": ("strings", "integers"),
    "event_id": ("shown", "shown", "hidden"),
    "single_edit_rule": ("kept", "lost"),
    "single_edit_event": ("kept", "new"),
    "tail_ids": ("kept", "following_new", "new"),
    "tail_event": ("kept", "new"),
    "tail_edited_rows": ("overwritten", "kept"),
    "tail_status": ("row", "tail"),
    "deletion": ("listable", "gone"),
    "modified_at": ("milliseconds", "seconds"),
    "writer_clocks": ("same", "differ"),
    "rule_form": ("sent", "normalised", "prefix", "dtstart"),
    "due_at": ("naive", "utc", "offset"),
}

_WEIGHTS = {
    "new": 4, "text": 4, "due": 3, "complete": 4, "notes": 2, "re-open": 2, "delete": 2, "text of tail": 3,
    "due of tail": 2, "exclude": 3, "include": 2, "series text": 3, "this and future": 2, "split": 2,
    "roll": 4,
}  # fmt: skip


def draw(
    seed: int, length: Length, *, faults: bool = False, plain: bool = False, shape: Shape = Shape.OVERRIDES
) -> History:
    """The history of this seed. `plain`: under the default reading of every question."""
    random = Random(f"{seed} {length}")
    switches = {} if plain else {name: random.choice(values) for name, values in _SWITCHES.items()}
    setting = Setting(
        {name: value for name, value in switches.items() if random.random() < 0.5},
        content_tokens=random.random() < 0.5,
        rewrites=random.random() < 0.3,
        policy=random.choice(("newest", "newest", "liondesk", "calendar")),
        shape=shape,
    )
    drawn = _Drawn(random, shape)
    rounds = [Round(tuple(drawn.action(side, "new") for side in drawn.sides(1 + seed % 2)))]
    later = {"single": 4, "pairs": 3, "long": 8}[length]
    rounds.extend(_round(drawn, length, faults=faults) for _ in range(later))
    return History(setting, tuple(rounds))


def _round(drawn: _Drawn, length: Length, *, faults: bool) -> Round:
    random = drawn.random
    if random.random() < 0.1:
        return Round((drawn.action("time", "passes"),))
    count = 1 if length == "single" else 2 if length == "pairs" else random.randint(1, 5)
    actions = tuple(drawn.edit(side) for side in drawn.sides(count))
    if length == "pairs" and random.random() < 0.1:
        actions = drawn.clash()
    if length == "long" and random.random() < 0.3:
        actions = (*actions, Action("sync", 0), *(drawn.edit(side) for side in drawn.sides(2)))
    broken: list[tuple[tuple[int, Kind], ...]] = []
    meanwhile: tuple[tuple[int, Action], ...] = ()
    if faults:
        for _ in range(random.randint(0, 2)):
            at = sorted(random.sample(range(-6, 14), random.randint(1, 2)))
            broken.append(tuple((call, random.choice(KINDS)) for call in at))
        if random.random() < 0.4:
            meanwhile = (drawn.race(),)
    return Round(actions, tuple(broken), meanwhile)


@dataclass
class _Drawn:
    random: Random
    shape: Shape = Shape.OVERRIDES
    n: int = 0

    def sides(self, count: int) -> list[str]:
        return [self.random.choice(("LionDesk:", "calendar:")) for _ in range(count)]

    def edit(self, side: str) -> Action:
        names = list(LIONDESK if side == "LionDesk:" else BY_SHAPE[self.shape])
        (what,) = self.random.choices(names, [_WEIGHTS.get(name, 1) for name in names])
        return self.action(side, what)

    def clash(self) -> tuple[Action, ...]:
        """The same is done to the same occurrence on both sides, one after the other."""
        what = self.random.choice(("text", "notes", "due"))
        first, second = self.random.sample(("LionDesk:", "calendar:"), 2)
        one, other = self.action(first, what), self.action(second, what)
        return one, replace(other, a=one.a, b=one.b)

    def race(self) -> tuple[int, Action]:
        """An edit while a run is on its way; in LionDesk, which has no preconditions, until the rows are read again."""
        side = self.random.choice(("LionDesk:", "calendar:"))
        what = self.random.choice(("text", "notes", "complete"))
        call = self.random.choice((0, 1, 2, 3, 3, 3)) if side == "LionDesk:" else self.random.randrange(8)
        return call, self.action(side, what)

    def action(self, side: str, what: str) -> Action:
        self.n += 1
        a, b, c = (self.random.randrange(420) for _ in range(3))
        return Action(f"{side} {what}", self.n, a, b, c)
