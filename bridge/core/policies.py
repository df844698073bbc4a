"""Who wins when both sides gave one field different values: one function a policy.

The loser's value is kept and shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bridge.core.model import Side, Slot


@dataclass(frozen=True, slots=True)
class Dispute:
    """One field that both sides changed. `field` is `existence` where one side edited what the other deleted.

    The moments are those of each side's last change, aware UTC, None where the side does not say.
    """

    uid: str
    summary: str
    slot: Slot
    field: str
    liondesk: object
    calendar: object
    liondesk_at: datetime | None
    calendar_at: datetime | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A dispute that was decided."""

    dispute: Dispute
    winner: Side
    because: str

    @property
    def lost(self) -> object:
        """The value that gave way."""
        return self.dispute.calendar if self.winner is Side.LIONDESK else self.dispute.liondesk


Policy = Callable[[Dispute], tuple[Side, str]]


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


def edit_beats_delete(_: Dispute, edited: Side) -> tuple[Side, str]:
    """An edit beats a delete under every policy."""
    return edited, "an edit beats a deletion"


POLICIES: Mapping[str, Policy] = MappingProxyType({"newest": newest, "liondesk": liondesk, "calendar": calendar})
"""The policies by their names in the configuration."""
