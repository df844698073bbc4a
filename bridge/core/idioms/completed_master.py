"""Idiom 9: STATUS:COMPLETED on a master that keeps its RRULE.

At the last occurrence the series is finished (Tasks.org, Evolution, Apple), until the master is opened again. Earlier
the app meant the current one (Nextcloud, Home Assistant, Errands, Merkuro, Endeavour): never all that are still to come
(calendar-apps.md, 5, 9 and 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.model import Series, Slot, Status
from bridge.core.occurrences import cut_series, linked_by_slot, value_at, with_override
from bridge.core.pairing import Pairing
from bridge.core.recurrence import expand, last_slot


def completed_master(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """The current occurrence is done. Unless it was the last, the master is written back open, with an override."""
    return tuple(_understood(pairing, ends=False) for pairing in pairings)


def ended_master(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """The same where a user wants it to end the series (`on_complete_master`): what follows is deleted, too."""
    return tuple(_understood(pairing, ends=True) for pairing in pairings)


def _understood(pairing: Pairing, *, ends: bool) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if new is None or new.master is None or new.rule is None or not pairing.rows:
        return pairing
    before = None if old is None else old.master
    if old is not None and (before is None or new.master.status is before.status):
        return pairing
    if new.master.status is Status.INCOMPLETE:  # without a base, nobody knows what it was
        return pairing if old is None or old.rule is None else _reopened(pairing, new)
    opened = sorted(slot for slot, row in linked_by_slot(pairing.rows).items() if row.task.status is Status.INCOMPLETE)
    if (last := _finished(pairing, new, opened)) is not None:
        return replace(pairing, meant={**pairing.meant, last: {"status": Status.COMPLETE}})
    reopened = replace(new, master=replace(new.master, status=Status.INCOMPLETE, completed_at=None))
    current = next((slot for slot in opened if slot >= new.master.due), None)
    task = None if current is None else value_at(reopened, current)
    if current is None or task is None:
        return replace(pairing, series=reopened, held=pairing.held or new)
    done = replace(task, status=Status.COMPLETE, completed_at=new.master.completed_at)
    series = with_override(reopened, current, done)
    assert reopened.master is not None
    later = next((slot for slot in expand(new.rule, reopened.master.due) if slot > current), None)
    if ends and later is not None:
        series = cut_series(series, later)
    return replace(pairing, series=series, held=pairing.held or new)


def _finished(pairing: Pairing, new: Series, opened: Sequence[Slot]) -> Slot | None:
    """The last occurrence, where nothing but that one was left to do."""
    assert new.master is not None
    assert new.rule is not None
    last = last_slot(new.rule, new.master.due)
    known = max((each.slot for each in pairing.rows), default=None)
    return last if last is not None and last == known and all(slot == last for slot in opened) else None


def _reopened(pairing: Pairing, new: Series) -> Pairing:
    """A series that was finished goes on: its last occurrence is open again."""
    done = [slot for slot, row in linked_by_slot(pairing.rows).items() if row.task.status is Status.COMPLETE]
    last = max(done, default=None)
    if last is None or last in new.overrides:
        return pairing
    return replace(pairing, meant={**pairing.meant, last: {"status": Status.INCOMPLETE}})
