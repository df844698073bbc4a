"""The words of the bridge, as values.

Times: `due`, slots and `Rule.until` are **naive datetimes on the wall clock of the pair's owner** (law 10); an all-day
task is due at 00:00 with `all_day` set. Moments that are facts of the world (`completed_at`, `modified_at`) are aware
datetimes in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

Slot: TypeAlias = datetime
"""The original due moment of an occurrence. In the calendar: the RECURRENCE-ID plus the lead of DUE over DTSTART."""


class Side(StrEnum):
    """One of the two places where a task lives."""

    LIONDESK = "liondesk"
    CALENDAR = "calendar"

    @property
    def other(self) -> Side:
        """The side across the bridge."""
        return Side.CALENDAR if self is Side.LIONDESK else Side.LIONDESK


class Shape(StrEnum):
    """How a recurring task is spelled in the calendar, a setting of the pair (decision 0010)."""

    OVERRIDES = "overrides"
    ROLLING = "rolling"
    SEPARATE = "separate"


class Status(StrEnum):
    """A task's status, in LionDesk's words. Deletion is a property of the row, not a status of the task."""

    INCOMPLETE = "incomplete"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Task:
    """What one occurrence says, in LionDesk's terms.

    The fields of `SYNCED` travel both ways; `contact_id` and `reminder_type` only from LionDesk to the calendar.
    A Task read from the calendar has None in the fields that a calendar cannot say; an open one has `completed_at`
    where a COMPLETED stands beside its STATUS.
    """

    summary: str
    due: datetime
    all_day: bool = False
    status: Status = Status.INCOMPLETE
    notes: str = ""
    category_id: str | None = None
    completed_at: datetime | None = None
    contact_id: str | None = None
    reminder_type: str | None = None


SYNCED = ("summary", "notes", "due", "all_day", "status", "category_id")
"""The fields that are compared and merged, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An RFC 5545 recurrence rule, normalised: two rules that say the same are equal.

    `parts` holds every part but COUNT and UNTIL, in canonical order, defaults left out. `until` is inclusive, on the
    owner's wall clock.
    """

    parts: tuple[tuple[str, str], ...]
    count: int | None = None
    until: datetime | None = None

    @property
    def endless(self) -> bool:
        """Whether the rule by itself never stops."""
        return self.count is None and self.until is None


@dataclass(frozen=True, slots=True)
class Row:
    """One task as LionDesk lists it. `raw` is exactly what the API showed; a PATCH sends it back (law 2).

    `event_id` is `scheduled_event_id`, None where the API does not show it. `rule` is None for a single task.
    """

    id: str
    task: Task
    rule: Rule | None = None
    event_id: str | None = None
    deleted: bool = False
    created_at: datetime | None = None
    modified_at: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Override:
    """A RECURRENCE-ID component: one occurrence with values of its own (RFC 5545, 3.8.4.4)."""

    task: Task
    cancelled: bool = False
    this_and_future: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """What the calendar shows of a series: a single task, or a master with its overrides.

    `master.due` is the first slot. `master` is None when only overrides are there: in one resource that is an orphan,
    which is never a deletion; gathered from several, these are stand-alone tasks of a series whose rule no resource
    tells.
    `zone` is the IANA name of the resource's own zone when its rule runs on another clock than the pair's, else None.
    `modified_at` is the newest LAST-MODIFIED. `prodid` tells which app wrote last.
    `pointer` is the slot that X-KDE-LIBKCAL-DTRECURRENCE names as the open one, None without it.
    `misspelt` says that other readers may take it for something else: dates in UTC beside a TZID, a RANGE within a
    TZID, two overrides for one slot.
    `cancelled`: the whole task has STATUS:CANCELLED, and nothing else says so. `undated`: it has no date, and reads as
    if it had one.
    """

    uid: str
    master: Task | None
    rule: Rule | None = None
    exdates: frozenset[Slot] = frozenset()
    rdates: frozenset[Slot] = frozenset()
    overrides: Mapping[Slot, Override] = field(default_factory=lambda: MappingProxyType({}))
    zone: str | None = None
    modified_at: datetime | None = None
    prodid: str = ""
    pointer: Slot | None = None
    misspelt: bool = False
    cancelled: bool = False
    undated: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A stand-alone resource that shows one occurrence of a series (shapes `rolling` and `separate`).

    `series` is what it says by itself; its UID is the resource's.
    """

    slot: Slot
    series: Series
    href: str
    etag: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A foreign item that no reader understands. It is listed for the user, left alone, and stops nothing else."""

    item: str
    why: str


@dataclass(frozen=True, slots=True)
class LinkedRow:
    """A row and the slot of its series it stands for. A single task's slot is its due moment when it was linked."""

    slot: Slot
    row: Row


@dataclass(frozen=True, slots=True)
class Link:
    """Which items belong together, and what each side showed when both last agreed.

    `series` is None while the calendar has nothing, `rows` is empty while LionDesk has nothing. `href` and `etag` are
    the main resource as last seen; `parts` are the stand-alone ones beside it, and `main` is then what the main one
    says by itself, None where there is none: `series` is gathered from all of them. A run that died may have changed
    the roles: the main resource may be the part of slot `heir` by now, or (`rising`) a part the main one. `waits` are
    slots that LionDesk has no row for yet, though the calendar says something of its own there: LionDesk is told once
    the row appears.
    """

    uid: str
    id: int | None = None
    rows: tuple[LinkedRow, ...] = ()
    series: Series | None = None
    href: str | None = None
    etag: str | None = None
    waits: frozenset[Slot] = frozenset()
    parts: tuple[Part, ...] = ()
    main: Series | None = None
    heir: Slot | None = None
    rising: bool = False
