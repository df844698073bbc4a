"""Idiom 19, the times that Outlook knows: 00:00:00 to 23:59:59 of a day that stayed the same.

Seen in Outlook CalDAV Synchronizer, whose tasks have days alone: the time of day that the task had is put back
(calendar-apps.md, 2.16 and section 5, 19).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Series, Slot
from bridge.core.pairing import Pairing
from bridge.core.schools import wrote

LAST_SECOND = time(23, 59, 59)


def whole_days(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """A task that Outlook wrote is due on its day, at the time that it had before."""
    return tuple(_understood(pairing) for pairing in pairings)


def _understood(pairing: Pairing) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if old is None or new is None or old.master is None or new.master is None:
        return pairing
    if not wrote(new.prodid, "outlook"):
        return pairing
    lost = new.master.due.time() == LAST_SECOND != old.master.due.time() and not new.master.all_day
    if not lost or old.master.all_day:
        return pairing
    return replace(pairing, series=_at(new, old.master.due.time()), held=pairing.held or new)


def _at(series: Series, moment: time) -> Series:
    """The series with its slots at this time of their days."""

    def put(slot: Slot) -> Slot:
        return datetime.combine(slot.date(), moment)

    assert series.master is not None
    overrides = {put(slot): each for slot, each in series.overrides.items()}
    return replace(
        series,
        master=replace(series.master, due=put(series.master.due)),
        exdates=frozenset(put(slot) for slot in series.exdates),
        rdates=frozenset(put(slot) for slot in series.rdates),
        overrides=MappingProxyType(overrides),
    )
