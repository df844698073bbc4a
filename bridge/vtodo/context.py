"""What reading and writing need to know about the pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class ContactCard:
    """What a task shows of its contact. Texts are of one line; what LionDesk does not have is empty."""

    name: str
    phones: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How tasks are written: `lead` and `alarm` as in a Context, and whether they show contacts."""

    lead: timedelta
    alarm: timedelta | None
    contacts: bool = True


@dataclass(frozen=True, slots=True)
class Context:
    """The owner's zone, the account's task categories (id -> name), and how new tasks are written.

    `component`: whether tasks are VTODOs or VEVENTs. `lead`: how long before DUE a new task's DTSTART stands (not
    negative); an event with a lead is due at its DTEND. `alarm`: how long before DUE a new open task rings, None for
    silence. `was`: the settings by which existing tasks were written, where they are to be written by these now.
    `renamed`: names that categories had until now (name -> id). `contacts` (id -> card) are those that can be shown;
    reading does not need them. `cancelled_is_done`: a whole task with STATUS:CANCELLED reads as done. `today`: the day
    that a task without a date is read as due on, None where such a task is not read.
    """

    zone: ZoneInfo
    categories: Mapping[str, str]
    lead: timedelta
    alarm: timedelta | None
    component: Literal["todo", "event"] = "todo"
    contacts: Mapping[str, ContactCard] = field(default_factory=lambda: MappingProxyType({}))
    was: Form | None = None
    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    cancelled_is_done: bool = False
    today: date | None = None

    @property
    def kind(self) -> str:
        """The name of the components that are read and written; others are none of the bridge's affair."""
        return "VEVENT" if self.component == "event" else "VTODO"

    @property
    def read_lead(self) -> timedelta:
        """The lead by which existing events were written: it tells which of their dates is the due moment."""
        return self.lead if self.was is None else self.was.lead
