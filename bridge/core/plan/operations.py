"""Write requests and the work they make up, as values. What `--dry-run` shows is what a run executes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from bridge.core.changes import Delta
from bridge.core.model import Row, Rule, Series, Side, Slot, Status, Task
from bridge.core.pairing import Pairing
from bridge.core.policies import Conflict


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of an operation: which side did what. `verb` is a past participle ("moved", "completed", "edited")."""

    side: Side
    verb: str


@dataclass(frozen=True, slots=True)
class PatchRow:
    """PATCH one LionDesk row. `changes` holds new values by Task field, and `rule` (Rule or None) where it changes.

    `update_type` is None for a single task.
    """

    row: Row
    slot: Slot
    changes: Mapping[str, object]
    update_type: int | None
    why: Why


@dataclass(frozen=True, slots=True)
class PostTask:
    """POST a task to LionDesk: a single one, or a series with its rule."""

    task: Task
    slot: Slot
    rule: Rule | None
    why: Why


@dataclass(frozen=True, slots=True)
class DeleteRow:
    """DELETE a LionDesk row. `delete_type` is None for a single task."""

    row: Row
    slot: Slot
    delete_type: int | None
    why: Why


@dataclass(frozen=True, slots=True)
class PutResource:
    """Write a calendar resource: created where `href` is None. `changes` are those that a report shows.

    `link` is the UID of the link that it is of, empty for the series' own; `part` is the slot that it shows by itself.
    """

    series: Series
    href: str | None
    etag: str | None
    why: Why
    summary: str
    slot: Slot | None
    changes: Mapping[str, tuple[object, object]]
    link: str = ""
    part: Slot | None = None


@dataclass(frozen=True, slots=True)
class DeleteResource:
    """DELETE a calendar resource. `link` is the UID of the link that it is of, empty for the series' own."""

    series: Series
    href: str
    etag: str
    why: Why
    link: str = ""


Operation: TypeAlias = PatchRow | PostTask | DeleteRow | PutResource | DeleteResource


@dataclass(frozen=True, slots=True)
class Waiting:
    """An edit of an occurrence that LionDesk has not made a row for yet.

    `changes` holds old and new values by Task field, nothing for an occurrence that is to be deleted. `request` is the
    update_type or delete_type that it will be told with. `new`: it was made in this run.
    """

    uid: str
    slot: Slot
    summary: str
    changes: Mapping[str, tuple[object, object]]
    request: int
    why: Why
    new: bool = True


@dataclass(frozen=True, slots=True)
class Dropped:
    """An edit that waited, or would have to, and never can be told. `because` completes the sentence."""

    uid: str
    slot: Slot
    summary: str
    because: str


@dataclass(frozen=True, slots=True)
class Work:
    """What one link needs. First `liondesk` in this order, then `calendar`.

    `expected` is what LionDesk must show afterwards by slot, where its answer to a request cannot be foreseen
    (`reads_back`): the series is then read again and mended (law 4). `moved` tells where
    a row's slot went by an edit in the calendar, `relinked` by one in LionDesk.
    `withheld`: what one side changed and the other is not told, since the pair goes one way only.
    `keeps_history`: the calendar has it no longer, while completed occurrences stay in LionDesk.
    `series` is what the calendar shows afterwards; `split` are the tails that became resources of their own.
    """

    pairing: Pairing
    series: Series | None
    liondesk: tuple[PatchRow | PostTask | DeleteRow, ...] = ()
    calendar: tuple[PutResource | DeleteResource, ...] = ()
    expected: Mapping[Slot, Task] = field(default_factory=lambda: MappingProxyType({}))
    reads_back: bool = False
    moved: Mapping[Slot, Slot] = field(default_factory=lambda: MappingProxyType({}))
    relinked: Mapping[Slot, Slot] = field(default_factory=lambda: MappingProxyType({}))
    split: tuple[Pairing, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    keeps_history: bool = False
    withheld: Delta | None = None

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Everything to write, in this order."""
        return (*self.liondesk, *self.calendar)

    @property
    def quiet(self) -> bool:
        """Nothing to write."""
        return not self.liondesk and not self.calendar


def verb_of(changes: Mapping[str, object]) -> str:
    """What was done to a task, as a past participle."""
    if "due" in changes or "all_day" in changes:
        return "moved"
    if changes.keys() == {"status"}:
        return "completed" if changes["status"] is Status.COMPLETE else "re-opened"
    return "given another rule" if changes.keys() == {"rule"} else "edited"
