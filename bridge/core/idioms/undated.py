"""A task without a date, which LionDesk demands: it has the day that it was given, and the calendar is told so.

Where the calendar is not written (`direction`), it stays without one, and its day is the one that LionDesk got.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.core.model import Series
from bridge.core.pairing import Pairing


def undated(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """The given day becomes the task's own."""
    return tuple(_understood(pairing) for pairing in pairings)


def _understood(pairing: Pairing) -> Pairing:
    link, series = pairing.link, pairing.series
    if link.series is not None and link.series.undated and link.rows:
        due = min(each.slot for each in link.rows)
        link = replace(link, series=_due(link.series, due))
        series = _due(series, due) if series is not None and series.undated else series
    if series is None or not series.undated:
        return replace(pairing, link=link, series=series)
    return replace(pairing, link=link, series=replace(series, undated=False), held=pairing.held or series)


def _due(series: Series, due: datetime) -> Series:
    return series if series.master is None else replace(series, master=replace(series.master, due=due))
