"""Edits that wait for a row of LionDesk's: what the base notes of them, so that `status` can tell and nothing is lost.

They block nothing: the base holds what both sides show, and the note says of which occurrences LionDesk does not know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.core.model import Row, Slot
from bridge.core.plan import Waiting, Work
from bridge.ports import StoredLink, StoredRow
from bridge.sync.words import waiting

NOTE = "waits"
"""Under which name a link's `pending` has them, by their slots."""

LOOKED_AFTER = ("retry", "cut", "mend", "posted")
"""Notes of `pending` for whose sake both sides are read again, though nobody may have touched them."""


def looked_after(stored: StoredLink) -> bool:
    """Whether a run must look at both sides of this link, even where neither tells of a change."""
    return any(name in (stored.pending or {}) for name in LOOKED_AFTER)


def slots_waiting(stored: StoredLink) -> frozenset[Slot]:
    """The slots that the base notes."""
    return frozenset(datetime.fromisoformat(slot) for slot in _note(stored))


def kept_waiting(stored: StoredLink | None) -> dict[str, object]:
    """The note by itself, for a `pending` that is written anew while the base stays."""
    note = _note(stored) if stored is not None else {}
    return {NOTE: note} if note else {}


def standing(work: Work, rows: Collection[Slot], horizon: datetime | None = None) -> tuple[Waiting, ...]:
    """What waits once LionDesk shows these rows: those beyond the last one.

    `horizon`: how far it will make them, where they are still to be made.
    """
    last = max(rows, default=horizon)
    tails = {each.link.uid for each in work.split}
    return tuple(each for each in work.waiting if last is None or each.slot > last or each.uid in tails)


def noted(waits: Iterable[Waiting], rows: Collection[Slot]) -> Mapping[str, object] | None:
    """What `pending` says of a link that both sides agreed on, None where nothing waits."""
    last = max(rows, default=None)
    left = [each for each in waits if last is None or each.slot > last]
    told = [(each.slot, waiting(each)) for each in left]
    note = {slot.isoformat(): {**report.as_json(), "sentence": report.sentence()} for slot, report in told}
    return {NOTE: note} if note else None


def with_history(stored: StoredLink, rows: Mapping[Slot, Row]) -> StoredLink:
    """The base of what was deleted in the calendar and stays in LionDesk as far as it is complete.

    It still has what the calendar showed: as long as nobody edits it in LionDesk, that is a deletion that has nothing
    left to tell.
    """
    left = tuple(StoredRow(row.id, row.event_id, slot, row.raw) for slot, row in sorted(rows.items()))
    return replace(stored, rows=left, href=None, etag=None, pending=None, retire_at=None, parts=())


def waiting_edits(links: Sequence[StoredLink]) -> tuple[Mapping[str, object], ...]:
    """Every edit that waits, as in `sync --json`, each with its `sentence`, in the order of their days."""
    found = [(slot, each) for link in links for slot, each in _note(link).items() if isinstance(each, dict)]
    return tuple(each for _, each in sorted(found, key=lambda found: found[0]))


def _note(stored: StoredLink) -> Mapping[str, object]:
    note = (stored.pending or {}).get(NOTE)
    return note if isinstance(note, Mapping) else {}
