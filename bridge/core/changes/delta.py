"""One side's changes, in the form that both sides share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bridge.core.model import SYNCED, Rule, Slot, Task

CONTENT = ("summary", "notes", "category_id", "all_day")
"""The fields that a series shares; `due` is shared as a time of day, `status` never is."""

ONE_WAY = ("contact_id", "reminder_type")
"""The fields that only LionDesk can change."""


@dataclass(frozen=True, slots=True)
class Tail:
    """An edit of the occurrence at `at` and all that follow.

    `due` is where the occurrence at `at` stands now; `restructured` says that the slots themselves are others (moved,
    another rule, single now); `rule` is the rule from `at` on, None for a single task, and counts only then.
    `moved` maps old slots to new ones. `whole`: nothing of the series lies before `at` any more.
    """

    at: Slot
    fields: Mapping[str, object]
    due: Slot
    rule: Rule | None
    restructured: bool = False
    whole: bool = False
    moved: Mapping[Slot, Slot] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Delta:
    """One side's changes to one link.

    `edits` holds new values by slot and field; `drops` occurrences that are gone; `adds` occurrences that are new, with
    what they show; `drop_from` the first of a tail that is gone; `gone` says that nothing is left at all.
    """

    edits: Mapping[Slot, Mapping[str, object]] = field(default_factory=lambda: MappingProxyType({}))
    drops: frozenset[Slot] = frozenset()
    adds: Mapping[Slot, Task] = field(default_factory=lambda: MappingProxyType({}))
    tail: Tail | None = None
    drop_from: Slot | None = None
    gone: bool = False

    @property
    def empty(self) -> bool:
        """Nobody edited anything."""
        return self == Delta()

    @property
    def only_less(self) -> bool:
        """Nothing was edited, though some may be gone."""
        return self == Delta(drops=self.drops, drop_from=self.drop_from, gone=self.gone)


def differences(old: Task, new: Task, fields: Sequence[str] = SYNCED) -> dict[str, object]:
    """The new values of the fields in which two tasks differ."""
    return {name: getattr(new, name) for name in fields if getattr(new, name) != getattr(old, name)}
