"""Idiom 15, distorted: this and following deleted, but UNTIL leaves the occurrence that was chosen.

Seen in evolution-data-server: the occurrence is named without its zone, so UNTIL is a second before its UTC digits on
the owner's clock (calendar-apps.md, section 6, 8).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from bridge.core.changes import cut_at
from bridge.core.model import Slot
from bridge.core.occurrences import cut_series
from bridge.core.pairing import Pairing
from bridge.core.recurrence import last_slot
from bridge.core.schools import wrote


def late_until(pairings: tuple[Pairing, ...], zone: ZoneInfo) -> tuple[Pairing, ...]:
    """A series that Evolution cut ends before the occurrence that was chosen."""
    return tuple(_understood(pairing, zone) for pairing in pairings)


def _understood(pairing: Pairing, zone: ZoneInfo) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if old is None or new is None or old.rule is None or new.rule is None or new.master is None:
        return pairing
    if not wrote(new.prodid, "evolution") or new.rule.until in (None, old.rule.until) or new.master.all_day:
        return pairing
    chosen = last_slot(new.rule, new.master.due)
    if chosen is None or cut_at(old, new, zone) is None or new.rule.until != _a_second_before_its_digits(chosen, zone):
        return pairing
    return replace(pairing, series=cut_series(new, chosen), held=pairing.held or new)


def _a_second_before_its_digits(slot: Slot, zone: ZoneInfo) -> Slot:
    return slot.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) - timedelta(seconds=1)
