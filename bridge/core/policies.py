"""Who wins when both sides gave one field different values: one function a policy.

The loser's value is kept and shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from bridge.core.model import Side, Slot


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user decides where an edit in the calendar can mean two things (translation.md).

    `on_cancel`: STATUS:CANCELLED on a whole task; an override's always deletes that occurrence. `on_complete_master`:
    STATUS:COMPLETED on a master that goes on. `on_calendar_delete`: a resource deleted, with the completed history that
    LionDesk has of it or without.
    """

    on_cancel: Literal["complete", "delete", "ignore"] = "complete"
    on_complete_master: Literal["current", "end"] = "current"
    on_calendar_delete: Literal["all", "open"] = "all"


DEFAULT_CHOICES = Choices()
"""What holds where nobody has decided."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """One field that both sides changed. `field` is `existence` where one side edited what the other deleted.

    The moments are those of each side's last change, aware UTC, None where the side does not say. `following`: all the
    occurrences from the slot on were edited as one.
    """

    uid: str
    summary: str
    slot: Slot
    field: str
    liondesk: object
    calendar: object
    liondesk_at: datetime | None
    calendar_at: datetime | None
    following: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A field that both sides show differently, and that a person was asked about (`ask`)."""

    slot: Slot
    field: str
    following: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """A dispute, and who won it: None while a person is asked, and each side keeps its own value."""

    dispute: Dispute
    winner: Side | None
    because: str


Policy = Callable[[Dispute], tuple[Side | None, str]]


def newest(dispute: Dispute) -> tuple[Side, str]:
    """The later edit wins, by `modified_at` and LAST-MODIFIED; LionDesk where a moment is missing or they are equal."""
    there, here = dispute.liondesk_at, dispute.calendar_at
    if there is not None and here is not None and here > there:
        return Side.CALENDAR, "the calendar's edit is the newer one"
    return Side.LIONDESK, "LionDesk's edit is the newer one" if here != there else "both edits are equally new"


def liondesk(_: Dispute) -> tuple[Side, str]:
    """LionDesk always wins."""
    return Side.LIONDESK, 'conflict = "liondesk"'


def calendar(_: Dispute) -> tuple[Side, str]:
    """The calendar always wins."""
    return Side.CALENDAR, 'conflict = "calendar"'


def ask(_: Dispute) -> tuple[None, str]:
    """Nobody wins: a person is asked."""
    return None, 'conflict = "ask"'


def edit_beats_delete(_: Dispute, edited: Side) -> tuple[Side, str]:
    """An edit beats a delete under every policy."""
    return edited, "an edit beats a deletion"


def by_field(sides: Mapping[str, Side], otherwise: Policy) -> Policy:
    """For the fields in `sides` that side always wins; the other fields are `otherwise`'s."""

    def decide(dispute: Dispute) -> tuple[Side | None, str]:
        side = sides.get(dispute.field)
        return otherwise(dispute) if side is None else (side, "you chose that side for this field for good")

    return decide


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {"newest": newest, "liondesk": liondesk, "calendar": calendar, "ask": ask}
)
"""The policies by their names in the configuration."""
