"""Idiom 12, in the night that has no 02:30: an occurrence is named by the moment that a clock shows then, 03:30.

What every UTC form of RECURRENCE-ID and EXDATE reads as (Nextcloud Tasks, todoman, python-caldav; calendar-apps.md,
section 5, 12), while the rule says 02:30: the same moment, by the offset before the gap (RFC 5545, 3.3.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Override, Series, Slot
from bridge.core.pairing import Pairing
from bridge.core.recurrence import slots

LONGEST = timedelta(hours=3)
"""No clock is set forward by more (Antarctica/Casey)."""


def skipped_hour(pairings: tuple[Pairing, ...], zone: ZoneInfo) -> tuple[Pairing, ...]:
    """What is told of the moment after the gap is told of the slot within it."""
    return tuple(_understood(pairing, zone) for pairing in pairings)


def _understood(pairing: Pairing, zone: ZoneInfo) -> Pairing:
    new = pairing.series
    if new is None or new.rule is None or new.master is None or new.master.all_day:
        return pairing
    named = new.overrides.keys() | new.exdates
    within = {slot: earlier for slot in named if (earlier := _within_gap(slot, zone)) is not None}
    if not within:
        return pairing
    grid = slots(replace(new, exdates=frozenset()), zone, max(within))
    meant = {
        slot: earlier
        for slot, earlier in within.items()
        if earlier in grid and slot not in grid and earlier not in named
    }
    return replace(pairing, series=_renamed(new, meant), held=pairing.held or new) if meant else pairing


def _within_gap(slot: Slot, zone: ZoneInfo) -> Slot | None:
    """The time that no clock shows, and that means the same moment; None where there is none."""
    after, before = slot.replace(tzinfo=zone).utcoffset(), (slot - LONGEST).replace(tzinfo=zone).utcoffset()
    if after is None or before is None or after <= before:
        return None
    earlier = slot - (after - before)
    return earlier if earlier.replace(tzinfo=zone).utcoffset() == before else None


def _renamed(series: Series, meant: Mapping[Slot, Slot]) -> Series:
    overrides = {meant.get(slot, slot): _at(each, slot, meant) for slot, each in series.overrides.items()}
    exdates = frozenset(meant.get(slot, slot) for slot in series.exdates)
    return replace(series, overrides=MappingProxyType(overrides), exdates=exdates)


def _at(override: Override, slot: Slot, meant: Mapping[Slot, Slot]) -> Override:
    if slot not in meant or override.task.due != slot:
        return override
    return replace(override, task=replace(override.task, due=meant[slot]))
