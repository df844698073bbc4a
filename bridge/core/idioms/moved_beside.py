"""Idiom 18, where occurrences stand beside the series: an app moves the master and leaves them, and EXDATE, behind.

Seen in Tasks.org, which changes DUE alone; Thunderbird shifts what is in the master, and knows nothing of what is not
(calendar-apps.md, section 5, 18).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bridge.core.changes import moved_slots
from bridge.core.model import Slot
from bridge.core.pairing import Pairing
from bridge.core.shapes import grid

AROUND = timedelta(days=366)
"""How far beyond its last exception two forms of a series are laid side by side."""


def moved_beside(pairings: tuple[Pairing, ...], zone: ZoneInfo) -> tuple[Pairing, ...]:
    """What stands beside a moved series, at the slots that the series has now."""
    return tuple(_understood(pairing, zone) for pairing in pairings)


def _understood(pairing: Pairing, zone: ZoneInfo) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if not pairing.parts or old is None or new is None or old.rule is None or new.rule is None:
        return pairing
    if old.master is None or new.master is None or old.master.due == new.master.due:
        return pairing
    stands = frozenset(part.slot for part in pairing.parts)
    left = (old.exdates & new.exdates) | stands
    end = max(left) + AROUND
    moved = moved_slots(old, new, sorted(grid(old, zone, end)), sorted(grid(new, zone, end)))
    there = {slot: moved[slot] for slot in left if moved.get(slot, slot) != slot}
    if not there:
        return pairing
    parts = tuple(replace(part, slot=_at(part.slot, there)) for part in pairing.parts)
    series = replace(
        new,
        exdates=frozenset(_at(slot, there) for slot in new.exdates) - {_at(slot, there) for slot in stands},
        rdates=frozenset(slot for slot in new.rdates if slot not in there),
        overrides={_at(slot, there): each for slot, each in new.overrides.items()},
    )
    return replace(pairing, series=series, parts=parts, held=pairing.held or new)


def _at(slot: Slot, there: Mapping[Slot, Slot]) -> Slot:
    return there.get(slot, slot)
