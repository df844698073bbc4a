"""What a run is given: one pair, wired, and the options of this run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.core.model import Shape
from bridge.core.plan import Limits
from bridge.core.policies import DEFAULT_CHOICES, Choices, Policy
from bridge.ports import Calendar, LionDesk, Store
from bridge.records import Records
from bridge.turns import Turns
from bridge.vtodo import ContactCard, Context

Progress = Callable[[int, int], None]
"""Told how many of how many writes are done."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair, wired. `now` answers aware UTC. `sides` are those that may be written to (`direction`).

    `contact` reads one contact, None where LionDesk has none to show; None itself where tasks are to show none.
    `records` are the inbox and the journal, None where nobody is there to be asked; `turns` is None where nobody else
    runs. `limits`: see `bridge.core.plan`.
    `safe_wait`: how long after a lost answer a task may still appear, so that it is not sent again sooner.
    """

    name: str
    liondesk: LionDesk
    calendar: Calendar
    store: Store
    context: Context
    policy: Policy
    now: Callable[[], datetime]
    keep_completed: timedelta | None = timedelta(days=30)
    writes_liondesk: bool = True
    writes_calendar: bool = True
    contact: Callable[[str], Awaitable[ContactCard | None]] | None = None
    records: Records | None = None
    turns: Turns | None = None
    limits: Limits = field(default_factory=Limits)
    safe_wait: timedelta = timedelta()
    shape: Shape = Shape.OVERRIDES
    choices: Choices = DEFAULT_CHOICES


@dataclass(frozen=True, slots=True)
class Undo:
    """A run to be taken back; of it `only` what was done to the task of this operation.

    `by`: runs that began to take it back, and died.
    """

    run: str
    only: int | None = None
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """How this run differs from a plain one. `full` reads both sides from nothing; `run` is its name in the journal.

    `stopping` is asked before each task's writes: once it says yes, the rest is left to the next run.
    `allow_mass_change`: a person has seen what the guards stopped, and wants it. `undo`: a run to be taken back;
    `texts` are resources by UID that come back as they were. `chosen` are the digests of the operations that a person
    saw and wants: a task that would be written otherwise is left to the next run. None: whatever there is to do.
    """

    dry_run: bool = False
    full: bool = False
    allow_mass_change: bool = False
    run: str | None = None
    undo: Undo | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    chosen: frozenset[str] | None = None
    progress: Progress = field(default=lambda _done, _total: None)
    stopping: Callable[[], bool] = field(default=lambda: False)
