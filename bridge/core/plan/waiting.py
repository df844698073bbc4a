"""Edits of occurrences beyond LionDesk's horizon: what waits for a row, and what never can be told any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.changes import Delta, Tail
from bridge.core.model import SYNCED, Link, Series, Side, Slot
from bridge.core.occurrences import from_master, present
from bridge.core.pairing import Pairing
from bridge.core.plan.operations import Dropped, Waiting, Why, verb_of
from bridge.core.reconcile import Agreement


def waiting(
    link: Link, delta: Delta, shown: Series, rows: Collection[Slot], zone: ZoneInfo
) -> tuple[tuple[Waiting, ...], tuple[Dropped, ...]]:
    """What of `shown`, the calendar's form from now on, LionDesk cannot be told yet, or never.

    `rows` are the slots that LionDesk has rows for, at the slots of `shown`; `delta` is what the calendar edited.
    """
    moved = delta.tail.moved if delta.tail is not None and delta.tail.restructured else {}
    old = {moved.get(slot, slot) for slot in link.waits}
    new = _new(link, delta, shown)
    last = max(rows, default=None)
    waits: list[Waiting] = []
    dropped: list[Dropped] = []
    summary = shown.master.summary if shown.master is not None else ""
    for slot in sorted((old | new) - set(rows)):
        found = _said(shown, slot, zone)
        if found is not None and (last is None or slot > last):
            waits.append(replace(found, new=slot in new))
        elif found is not None and not found.changes:
            continue  # an occurrence that LionDesk has not is gone there, too
        elif found is not None:
            dropped.append(Dropped(shown.uid, slot, summary, "LionDesk has later tasks of it, and none for this one"))
        elif slot in old:
            dropped.append(Dropped(shown.uid, slot, summary, _why_not(shown, slot, zone)))
    return tuple(waits), tuple(dropped)


def waiting_in(
    agreement: Agreement, shown: Series, split: Sequence[Pairing], zone: ZoneInfo
) -> tuple[tuple[Waiting, ...], tuple[Dropped, ...]]:
    """The same for all resources that one link becomes: a tail takes along what waited in it."""
    link, delta = agreement.pairing.link, agreement.to_liondesk
    moved = delta.tail.moved if delta.tail is not None and delta.tail.restructured else {}
    rows = {moved.get(each.slot, each.slot) for each in agreement.pairing.rows} | delta.adds.keys()
    found = [waiting(_along(link, agreement.to_calendar.tail, bool(split)), delta, shown, rows, zone)]
    for each in split:
        if each.series is not None:
            own = replace(each.link, series=each.series)
            found.append(waiting(own, Delta(), each.series, [row.slot for row in each.rows], zone))
    return tuple(each for waits, _ in found for each in waits), tuple(each for _, gone in found for each in gone)


def _along(link: Link, tail: Tail | None, split: bool) -> Link:
    """What waits where LionDesk edited this and the following: it moves along, or goes to the tail's own resource."""
    if tail is None or not (split or tail.restructured):
        return link
    shift = tail.due - tail.at
    kept = (slot if slot < tail.at else slot + shift for slot in link.waits if slot < tail.at or not split)
    return replace(link, waits=frozenset(kept))


def all_dropped(link: Link, because: str) -> tuple[Dropped, ...]:
    """Everything that waited, once the series is gone."""
    series = link.series
    summary = series.master.summary if series is not None and series.master is not None else ""
    return tuple(Dropped(link.uid, slot, summary, because) for slot in sorted(link.waits))


def _new(link: Link, delta: Delta, shown: Series) -> set[Slot]:
    """The slots of single occurrences that this run found edited; all where the base knows nothing of the series."""
    if link.series is None:
        return {*shown.exdates, *shown.overrides}
    tail = delta.tail
    ranged = {tail.at} if tail is not None and tail.at in shown.overrides else set()
    return {*delta.edits, *delta.drops, *ranged}


def _said(series: Series, slot: Slot, zone: ZoneInfo) -> Waiting | None:
    """What the calendar says of its own about an occurrence of its rule, None where that is nothing."""
    if not _of_rule(series, slot, zone):
        return None
    plain, override = from_master(series, slot), series.overrides.get(slot)
    if slot in series.exdates or (override is not None and override.cancelled):
        return Waiting(series.uid, slot, plain.summary, {}, 1, Why(Side.CALENDAR, "deleted"))
    if override is None:
        return None
    shown = override.task
    changes = {
        name: (getattr(plain, name), getattr(shown, name))
        for name in SYNCED
        if getattr(plain, name) != getattr(shown, name)
    }
    if not changes:
        return None
    update_type = 2 if override.this_and_future else 3 if changes.keys() == {"status"} else 1
    verb = verb_of({name: value for name, (_, value) in changes.items()})
    return Waiting(series.uid, slot, plain.summary, changes, update_type, Why(Side.CALENDAR, verb))


def _of_rule(series: Series, slot: Slot, zone: ZoneInfo) -> bool:
    """Whether the series has this occurrence, were it not for what the calendar says of it."""
    if series.rule is None or series.master is None:
        return False
    bare = replace(series, exdates=frozenset(), overrides=MappingProxyType({}))
    return slot in present(bare, zone, slot)


def _why_not(series: Series, slot: Slot, zone: ZoneInfo) -> str:
    if series.rule is None:
        return "it does not repeat any more"
    if not _of_rule(series, slot, zone):
        return "the series has no such occurrence any more"
    return "it was taken back in the calendar"
