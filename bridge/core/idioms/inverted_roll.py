"""Idiom 7: the old UID becomes the completed occurrence, and the series goes on under a new UID.

Seen in todoman, which does not lower COUNT (calendar-apps.md, 2.12 and section 5, 7).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.idioms.beside import regathered
from bridge.core.idioms.landing import landed_on
from bridge.core.model import Link, LinkedRow, Part, Series, Slot, Status
from bridge.core.occurrences import tail_of, value_at
from bridge.core.pairing import Pairing
from bridge.core.recurrence import same_occurrences


def inverted_roll(pairings: tuple[Pairing, ...], zone: ZoneInfo) -> tuple[Pairing, ...]:
    """Gives the series' rows to the UID that continues it, and the done occurrence to the old one."""
    heirs = {each.href: each for each in pairings if each.newcomer and each.series and each.series.rule is not None}
    newcomers = set(heirs)
    result: list[Pairing] = []
    for pairing in pairings:
        if pairing.href in newcomers:
            continue
        heir = next((each for each in heirs.values() if _continues(pairing, each, zone)), None)
        if heir is None:
            result.append(pairing)
        else:
            del heirs[heir.href]
            result += [_continued(pairing, heir, zone)] if pairing.rolls else _exchanged(pairing, heir, zone)
    return (*result, *heirs.values())


def _continues(pairing: Pairing, heir: Pairing, zone: ZoneInfo) -> bool:
    old, new, on = pairing.link.series, pairing.series, heir.series
    if old is None or new is None or on is None or old.rule is None or old.master is None or on.rule is None:
        return False
    if new.rule is not None or new.master is None or new.master.status is not Status.COMPLETE or on.master is None:
        return False
    if on.master.summary != old.master.summary or on.rule.parts != old.rule.parts:
        return False
    return on.master.due > old.master.due and landed_on(old, on.master.due, zone) is not None


def _continued(pairing: Pairing, heir: Pairing, zone: ZoneInfo) -> Pairing:
    """The same series with the new resource as its main one, and the old one as the part that is done."""
    old, new, main = pairing.link.series, pairing.resource, heir.resource
    assert old is not None
    assert old.master is not None
    assert new is not None
    if pairing.href is None or pairing.etag is None:
        return pairing
    parts = (*pairing.parts, Part(old.master.due, new, pairing.href, pairing.etag))
    return regathered(replace(pairing, href=heir.href, etag=heir.etag, main=main, parts=parts), zone)


def _exchanged(pairing: Pairing, heir: Pairing, zone: ZoneInfo) -> list[Pairing]:
    old, new, on = pairing.link.series, pairing.series, heir.series
    assert old is not None
    assert old.master is not None
    assert new is not None
    assert new.master is not None
    assert on is not None
    assert on.master is not None
    assert on.rule is not None
    begins, was = landed_on(old, on.master.due, zone) or on.master.due, old.master.due
    base = tail_of(old, begins, heir.link.uid)
    assert base.rule is not None
    rule = on.rule if same_occurrences(base.rule, begins, on.rule, begins) else base.rule
    series = replace(on, rule=rule, master=replace(on.master, due=begins))
    before = value_at(old, was)
    alone = Series(pairing.link.uid, replace(before, due=new.master.due) if before else new.master)
    return [
        replace(
            pairing,
            link=replace(pairing.link, rows=_at(pairing.link.rows, was), series=alone),
            rows=_at(pairing.rows, was),
        ),
        replace(
            heir,
            link=Link(heir.link.uid, rows=_others(pairing.link.rows, was), series=base),
            rows=_others(pairing.rows, was),
            series=series,
            held=heir.held or on if series != on else heir.held,
        ),
    ]


def _at(rows: tuple[LinkedRow, ...], slot: Slot) -> tuple[LinkedRow, ...]:
    return tuple(each for each in rows if each.slot == slot)


def _others(rows: tuple[LinkedRow, ...], slot: Slot) -> tuple[LinkedRow, ...]:
    return tuple(each for each in rows if each.slot != slot)
