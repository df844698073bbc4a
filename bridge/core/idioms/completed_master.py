"""Idiom 9: STATUS:COMPLETED on a master that keeps its RRULE.

At the last occurrence the series is finished (Tasks.org, Evolution, Apple). Earlier the app meant the current one
(Nextcloud, Home Assistant, Errands, Merkuro, Endeavour): never all that are still to come (calendar-apps.md, 5, 9).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.model import Status
from bridge.core.occurrences import linked_by_slot, value_at, with_override
from bridge.core.pairing import Pairing


def completed_master(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """The current occurrence is done; the master is written back open, with an override that says so."""
    return tuple(_understood(pairing) for pairing in pairings)


def _understood(pairing: Pairing) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if old is None or new is None or old.master is None or new.master is None or new.rule is None:
        return pairing
    if new.master.status is not Status.COMPLETE or old.master.status is Status.COMPLETE:
        return pairing
    opened = sorted(slot for slot, row in linked_by_slot(pairing.rows).items() if row.task.status is Status.INCOMPLETE)
    reopened = replace(new, master=replace(new.master, status=Status.INCOMPLETE, completed_at=None))
    current = next((slot for slot in opened if slot >= new.master.due), None)
    task = None if current is None else value_at(reopened, current)
    if current is None or task is None:
        return replace(pairing, series=reopened, held=pairing.held or new)
    done = replace(task, status=Status.COMPLETE, completed_at=new.master.completed_at)
    return replace(pairing, series=with_override(reopened, current, done), held=pairing.held or new)
