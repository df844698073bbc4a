"""What reading and writing need to know about the pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Context:
    """The owner's zone, the account's task categories (id -> name), and how new tasks are written.

    `lead`: how long before DUE a new task's DTSTART stands (not negative). `alarm`: how long before DUE a new open
    task rings, None for silence.
    """

    zone: ZoneInfo
    categories: Mapping[str, str]
    lead: timedelta
    alarm: timedelta | None
    component: Literal["todo"] = "todo"
