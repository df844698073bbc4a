"""Idiom 4, of a whole task: STATUS:CANCELLED, where the pair is set to take it for a deletion (`on_cancel`).

Outlook writes it on a task that is deferred, so that it deletes nothing unless a user wants that; otherwise reading has
made it a completion, or nothing, by now (calendar-apps.md, 2.16 and 5, 4).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.changes import liondesk_delta
from bridge.core.pairing import Pairing


def cancelled(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """A task that was cancelled is as good as deleted, though its resource stays as it is.

    One that LionDesk edited meanwhile stays there: an edit beats a deletion.
    """
    return tuple(_understood(pairing) for pairing in pairings)


def _understood(pairing: Pairing) -> Pairing:
    before, series = pairing.link.series, pairing.series
    if before is None or before.cancelled or series is None or not series.cancelled or not pairing.rows:
        return pairing
    there = liondesk_delta(pairing.link.rows, pairing.rows, before)
    return replace(pairing, series=None) if there.only_less else pairing
