"""What the calendar said of occurrences that LionDesk had no rows for, once it has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType

from bridge.core.model import Link, Slot


def untold(link: Link, rows: Collection[Slot]) -> Link:
    """The link as if what waited for these rows had not been said yet: so the comparison finds it as an edit of today.

    `rows` are the slots that LionDesk has rows for now. An override with RANGE=THISANDFUTURE that waited was meant for
    the first of them from its own slot on.
    """
    series = link.series
    if series is None or not link.waits:
        return link
    last = max(rows, default=None)
    ranged = {slot for slot in link.waits & series.overrides.keys() if series.overrides[slot].this_and_future}
    due = {slot for slot in link.waits if slot in rows} | {slot for slot in ranged if last is not None and slot <= last}
    overrides = {slot: each for slot, each in series.overrides.items() if slot not in due}
    told = replace(series, overrides=MappingProxyType(overrides), exdates=series.exdates - due)
    return replace(link, series=told)
