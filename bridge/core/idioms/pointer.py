"""Idiom 8: the master stays, and a pointer says which occurrence is the open one.

Seen in KCalendarCore, which writes X-KDE-LIBKCAL-DTRECURRENCE at every save: compared with where it stood before, else
with DTSTART, and only the first occurrence that it passed is done (calendar-apps.md, 2.8, 5 and 6, 10).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.model import Slot, Status
from bridge.core.occurrences import linked_by_slot, value_at, with_override
from bridge.core.pairing import Pairing


def pointer(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """A pointer that went on completes the first open occurrence it passed; one that went back opens its own."""
    return tuple(_understood(pairing) for pairing in pairings)


def _understood(pairing: Pairing) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if old is None or new is None or old.master is None or new.master is None or new.pointer is None:
        return pairing
    was, now = old.pointer or old.master.due, new.pointer
    rows = linked_by_slot(pairing.rows)
    if now > was:
        passed = sorted(slot for slot, row in rows.items() if slot < now and row.task.status is Status.INCOMPLETE)
        return _set(pairing, passed[0], Status.COMPLETE) if passed else pairing
    if now < was and now in rows and rows[now].task.status is Status.COMPLETE:
        return _set(pairing, now, Status.INCOMPLETE)
    return pairing


def _set(pairing: Pairing, slot: Slot, status: Status) -> Pairing:
    assert pairing.series is not None
    shown = value_at(pairing.series, slot)
    if shown is None:
        return pairing
    series = with_override(pairing.series, slot, replace(shown, status=status, completed_at=None))
    return replace(pairing, series=series, held=pairing.held or pairing.series)
