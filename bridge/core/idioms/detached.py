"""Idiom 16: one occurrence excluded from its series and continued, unchanged, under a UID of its own.

Seen in jtx Board (calendar-apps.md, 2.4 and section 5, 16).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.idioms.beside import with_part
from bridge.core.model import Link, LinkedRow, Series, Slot
from bridge.core.occurrences import value_at, without
from bridge.core.pairing import Pairing


def detached(pairings: tuple[Pairing, ...], zone: ZoneInfo) -> tuple[Pairing, ...]:
    """Gives the row of an excluded occurrence to the newcomer that shows the same task at the same moment."""
    newcomers = {each.href: each for each in pairings if _single_newcomer(each)}
    result: list[Pairing] = []
    for pairing in pairings:
        if _single_newcomer(pairing):
            continue
        result += [_kept(pairing, newcomers, zone)] if pairing.rolls else _released(pairing, newcomers)
    return (*result, *newcomers.values())


def _single_newcomer(pairing: Pairing) -> bool:
    return pairing.newcomer and pairing.series is not None and pairing.series.rule is None


def _kept(pairing: Pairing, newcomers: dict[str | None, Pairing], zone: ZoneInfo) -> Pairing:
    """The series with the newcomers that show what it excludes now."""
    old, new = pairing.link.series, pairing.series
    if old is None or new is None or new.rule is None:
        return pairing
    for slot in sorted(new.exdates - old.exdates):
        heir = _heir(old, slot, newcomers) if any(each.slot == slot for each in pairing.rows) else None
        if heir is not None:
            del newcomers[heir.href]
            pairing = with_part(pairing, slot, heir, zone)
    return pairing


def _released(pairing: Pairing, newcomers: dict[str | None, Pairing]) -> list[Pairing]:
    old, new = pairing.link.series, pairing.series
    if old is None or new is None or new.rule is None:
        return [pairing]
    freed: list[Pairing] = []
    for slot in sorted(new.exdates - old.exdates):
        row = next((each for each in pairing.rows if each.slot == slot), None)
        heir = None if row is None else _heir(old, slot, newcomers)
        if row is None or heir is None:
            continue
        del newcomers[heir.href]
        base_row = next((each for each in pairing.link.rows if each.slot == slot), row)
        base = Series(heir.link.uid, value_at(old, slot))
        freed.append(replace(heir, link=Link(heir.link.uid, rows=(base_row,), series=base), rows=(row,)))
        pairing = replace(pairing, link=_less(pairing.link, slot), rows=_others(pairing.rows, slot))
        old = pairing.link.series
        assert old is not None
    return [pairing, *freed]


def _heir(old: Series, slot: Slot, newcomers: Mapping[str | None, Pairing]) -> Pairing | None:
    task = value_at(old, slot)
    for each in newcomers.values():
        shown = each.series.master if each.series else None
        if task and shown and (shown.summary, shown.due, shown.all_day) == (task.summary, task.due, task.all_day):
            return each
    return None


def _less(link: Link, slot: Slot) -> Link:
    assert link.series is not None
    return replace(link, rows=_others(link.rows, slot), series=without(link.series, {slot}))


def _others(rows: tuple[LinkedRow, ...], slot: Slot) -> tuple[LinkedRow, ...]:
    return tuple(each for each in rows if each.slot != slot)
