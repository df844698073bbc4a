"""The stand-alone resources of a series (decision 0010): out of the base, into it, and what is noted between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bridge import vtodo
from bridge.core.model import Part, Row, Series, Slot, Status
from bridge.core.pairing import Pairing
from bridge.core.plan import PutResource, Work
from bridge.core.shapes import gathered
from bridge.ports import Resource, StoredLink, StoredPart
from bridge.sync.pair import Pair
from bridge.sync.receipts import Beside, Receipt

NOTE = "roles"
"""Under which name a link's `pending` says that its resources are about to change their roles."""

SHAPE = "shape"
"""Under which name a pair remembers the shape that its calendar is written in."""


def parts_of(pair: Pair, stored: StoredLink) -> tuple[Part, ...]:
    """The parts as the core knows them; none where the base is not to be compared with."""
    found = []
    for each in stored.parts:
        series = vtodo.read(each.ics, pair.context, each.href) if each.ics is not None else None
        if isinstance(series, Series):
            found.append(Part(each.slot, series, each.href, each.etag))
    return tuple(found)


def texts_of(stored: StoredLink) -> dict[str, str]:
    """The text of each resource that the base holds of a link, by href."""
    own = {stored.href: stored.ics} if stored.href and stored.ics else {}
    return own | {each.href: each.ics for each in stored.parts if each.ics is not None}


def hrefs_of(stored: StoredLink) -> set[str]:
    """Every resource that the base holds of a link."""
    return {*([stored.href] if stored.href is not None else []), *(each.href for each in stored.parts)}


def standing_beside(pairing: Pairing, ics: Mapping[str, str]) -> dict[str, Beside]:
    """A pairing's parts with their texts, by href."""
    return {
        each.href: Beside(
            pairing.link.uid, each.slot, each.series.uid, Resource(each.href, each.etag, ics.get(each.href, ""))
        )
        for each in pairing.parts
    }


def to_store(parts: Iterable[Beside]) -> tuple[StoredPart, ...]:
    """The parts as the base keeps them, in the order of their slots."""
    held = ((each, each.resource) for each in parts)
    kept = [StoredPart(each.slot, each.uid, resource.href, resource.etag, resource.ics) for each, resource in held]
    return tuple(sorted(kept, key=lambda each: (each.slot, each.href)))


def whole(pair: Pair, main: Series | None, parts: Iterable[Beside]) -> Series | None:
    """What the main resource and these parts show together."""
    read = [(each, vtodo.read(each.resource.ics, pair.context, each.resource.href)) for each in parts]
    held = [
        Part(each.slot, series, each.resource.href, each.resource.etag)
        for each, series in sorted(read, key=lambda pair: pair[0].slot)
        if isinstance(series, Series)
    ]
    return gathered(main, held, pair.context.zone)


def copied(pair: Pair, receipt: Receipt, put: PutResource, previous: str | None) -> str | None:
    """What a resource is edited from: its own text, with what only its user knows of an occurrence it takes over."""
    main = receipt.resource.ics if receipt.resource is not None else None
    own = {each.slot: each.resource.ics for each in receipt.parts.values() if each.link == put.link}
    task, uid, now = put.series.master, put.series.uid, pair.now()
    done = task is not None and task.status is Status.COMPLETE
    if put.part is not None and main and (previous is None or (previous == main and _apart(receipt, put.part))):
        return vtodo.detached(main, uid, put.part, pair.context, now, done=done) or previous
    if previous is None and put.part is None and own and task is not None:
        nearest = own.get(task.due) or own[max(own)]
        previous = vtodo.detached(nearest, uid, None, pair.context, now)
    wanted = {slot: text for slot, text in own.items() if slot in put.series.overrides}
    return vtodo.attached(previous, wanted, pair.context) if previous and wanted else previous


def _apart(receipt: Receipt, slot: Slot) -> bool:
    """Whether the main resource has a component of its own for this occurrence."""
    main = receipt.work.pairing.resource
    return main is not None and slot in main.overrides


# -- roles -------------------------------------------------------------------------------------------------------------


def new_roles(work: Work) -> dict[str, object]:
    """What is noted before the main resource becomes a part, or a part the main one; empty where neither happens."""
    pairing = work.pairing
    parts = {each.href for each in pairing.parts}
    puts = [each for each in work.calendar if isinstance(each, PutResource) and each.href is not None]
    for put in puts:
        if put.part is not None and put.href == pairing.href:
            return {NOTE: {"heir": put.part.isoformat()}}
        if put.part is None and put.href in parts:
            return {NOTE: {"rising": True}}
    return {}


def heir_of(stored: StoredLink) -> Slot | None:
    """The slot that the main resource may show alone by now."""
    heir = _note(stored).get("heir")
    return datetime.fromisoformat(str(heir)) if heir is not None else None


def rising(stored: StoredLink) -> bool:
    """Whether a part may be the main resource by now."""
    return bool(_note(stored).get("rising"))


def _note(stored: StoredLink) -> Mapping[str, object]:
    note = (stored.pending or {}).get(NOTE)
    return note if isinstance(note, Mapping) else {}


# -- time --------------------------------------------------------------------------------------------------------------


def leaves_at(row: Row, keep: timedelta | None) -> datetime | None:
    """From when on one completed occurrence may leave the calendar (law 9). Aware UTC."""
    if keep is None or row.task.status is not Status.COMPLETE or row.modified_at is None:
        return None
    return row.modified_at + keep


def retired(pair: Pair, rows: Mapping[Slot, Row]) -> frozenset[Slot]:
    """The slots whose time in the calendar is over."""
    now = pair.now()
    return frozenset(
        slot for slot, row in rows.items() if (over := leaves_at(row, pair.keep_completed)) is not None and over <= now
    )


def next_to_leave(rows: Mapping[Slot, Row], parts: Iterable[Beside], keep: timedelta | None) -> datetime | None:
    """When the first of these parts leaves the calendar."""
    moments = (leaves_at(rows[each.slot], keep) for each in parts if each.slot in rows)
    return min((moment for moment in moments if moment is not None), default=None)
