"""What came of a link's work, and what an answer means for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from bridge.core.model import LinkedRow, Row, Slot
from bridge.core.pairing import Pairing
from bridge.core.plan import DeleteRow, PatchRow, PutResource, Work
from bridge.ports import Done, Refused, Removed, Resource, Stale, Stored, StoredLink, Unknown
from bridge.report import OperationReport

Answer: TypeAlias = Done | Stored | Removed | Stale | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Beside:
    """A stand-alone resource as it stands: of which link, for which slot."""

    link: str
    slot: Slot
    uid: str
    resource: Resource


@dataclass(slots=True)
class Receipt:
    """What came of one link's work.

    `rows`, `resource` and `parts` (by href) are as the sides showed them last; `retry` says that the base must not move
    because something was not written. `stored` is the link as the base holds it by now, with what was announced.
    `doubtful`: nobody knows whether a task was made.
    """

    work: Work
    rows: dict[Slot, Row]
    resource: Resource | None
    reports: list[OperationReport] = field(default_factory=list)
    retry: bool = False
    refused: bool = False
    doubtful: bool = False
    stored: StoredLink | None = None
    split: list[tuple[Pairing, Resource]] = field(default_factory=list)
    parts: dict[str, Beside] = field(default_factory=dict)

    def text(self, operation: PutResource) -> str | None:
        """What the resource that is written says now, None where it is made."""
        held = self._held(operation)
        return held.ics if held is not None else None

    def _held(self, operation: PutResource) -> Resource | None:
        if operation.href is None:
            return None
        beside = self.parts.get(operation.href)
        return beside.resource if beside is not None else self.resource

    def kept(self, operation: PutResource) -> bool:
        """The calendar says this already; what says it may have another role from now on."""
        held = self._held(operation)
        if held is not None and held.href == operation.href:
            self.took(operation, held)
        return True

    def took(self, operation: PutResource, resource: Resource) -> None:
        """The calendar holds this now."""
        self.lost(resource.href)
        link = operation.link or operation.series.uid
        if operation.part is not None:
            self.parts[resource.href] = Beside(link, operation.part, operation.series.uid, resource)
            return
        tail = next((each for each in self.work.split if each.link.uid == link), None)
        if tail is None:
            self.resource = resource
        else:
            self.split.append((tail, resource))

    def lost(self, href: str) -> None:
        """There is nothing in this place any more, or not what was there."""
        self.parts.pop(href, None)
        if self.resource is not None and self.resource.href == href:
            self.resource = None

    def tail(self, pairing: Pairing) -> Resource | None:
        """The main resource of a tail."""
        return next((held for tail, held in self.split if tail is pairing), None)


def reached(work: Work) -> tuple[LinkedRow, ...]:
    """The rows that requests for this and the following, or for a whole series, reach beside those that they name."""
    found: dict[str, LinkedRow] = {}
    for operation in work.liondesk:
        match operation:
            case PatchRow(update_type=2, slot=first) | DeleteRow(delete_type=2, slot=first):
                found |= {each.row.id: each for each in work.pairing.rows if each.slot >= first}
            case DeleteRow(delete_type=3):
                found |= {each.row.id: each for each in work.pairing.rows}
            case _:
                pass
    return tuple(found.values())


def outcome(answer: Answer) -> tuple[str, str]:
    """An answer as the journal's state and a sentence for the user."""
    match answer:
        case Done() | Stored() | Removed():
            return "done", ""
        case Refused(later=True, message=message):
            return "later", f"It could not be done now ({message}); the next run tries again."
        case Refused(status=status, message=message):
            return "refused", f"It was refused ({status}): {message}"
        case Stale():
            return "stale", "It changed in the calendar meanwhile; the next run merges it."
        case Unknown(why=why):
            return (
                "unknown",
                f"Whether it took effect is not known ({why}); the next run looks before it does anything.",
            )


def stays(slot: Slot, row: Row, operation: DeleteRow) -> bool:
    """Whether a deletion leaves this row."""
    match operation.delete_type:
        case 2:
            return slot < operation.slot
        case 3:
            return False
        case _:
            return row.id != operation.row.id
