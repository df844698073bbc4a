"""Idiom 8: the master stays, and a pointer says which occurrence is the open one.

Seen in KCalendarCore, which writes X-KDE-LIBKCAL-DTRECURRENCE at every save: compared with where it stood before, else
with DTSTART, and only the first occurrence that it passed is done (calendar-apps.md, 2.8, 5 and 6, 10).
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Override, Slot, Status
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
        return _done(pairing, passed[0]) if passed else pairing
    if now < was and now in rows and rows[now].task.status is Status.COMPLETE:
        return _opened(pairing, now)
    return pairing


def _opened(pairing: Pairing, slot: Slot) -> Pairing:
    """Said outright: an override that only vanished would keep its completion (law 8)."""
    assert pairing.series is not None
    shown = value_at(pairing.series, slot)
    if shown is None:
        return pairing
    opened = Override(replace(shown, status=Status.INCOMPLETE, completed_at=None))
    series = replace(pairing.series, overrides=MappingProxyType({**pairing.series.overrides, slot: opened}))
    return replace(pairing, series=series, held=pairing.held or pairing.series)


def _done(pairing: Pairing, slot: Slot) -> Pairing:
    assert pairing.series is not None
    shown = value_at(pairing.series, slot)
    if shown is None:
        return pairing
    series = with_override(pairing.series, slot, replace(shown, status=Status.COMPLETE, completed_at=None))
    return replace(pairing, series=series, held=pairing.held or pairing.series)
