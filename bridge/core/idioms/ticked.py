"""Idiom 20: COMPLETED says done where it is new, though STATUS says NEEDS-ACTION.

Tasks.org reads it so. A COMPLETED that was there before, or beside PERCENT-COMPLETE:0, or of a task that was done, is
left over from a re-opening: Home Assistant leaves it, Endeavour writes it anew (calendar-apps.md, 5, 20 and 6, 9).
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Status, Task
from bridge.core.occurrences import value_at
from bridge.core.pairing import Pairing


def ticked(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """A known task, master or override whose COMPLETED is new is done."""
    return tuple(_understood(pairing) for pairing in pairings)


def _understood(pairing: Pairing) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if old is None or new is None or old.master is None or new.master is None:
        return pairing
    overrides = {
        slot: replace(each, task=_done(each.task)) if _newly(value_at(old, slot), each.task) else each
        for slot, each in new.overrides.items()
    }
    master = _done(new.master) if _newly(old.master, new.master) else new.master
    if master == new.master and overrides == new.overrides:
        return pairing
    series = replace(new, master=master, overrides=MappingProxyType(overrides))
    return replace(pairing, series=series, held=pairing.held or new)


def _newly(old: Task | None, new: Task) -> bool:
    """Whether `new` is open by its STATUS alone."""
    if old is None or old.status is Status.COMPLETE or new.status is Status.COMPLETE:
        return False
    return new.completed_at not in (None, old.completed_at)


def _done(task: Task) -> Task:
    return replace(task, status=Status.COMPLETE)
