"""Idiom 17, the move: a task that left its list and came back is a new resource under a new UID.

Seen in Apple Reminders, which moves between lists by DELETE and create (calendar-apps.md, 2.9 and section 5, 17).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.model import Link, Series
from bridge.core.pairing import Pairing


def moved_list(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """Gives the rows of a deleted resource to the newcomer that shows the same task."""
    newcomers = {each.href: each for each in pairings if each.newcomer}
    arrived = set(newcomers)
    result: list[Pairing] = []
    for pairing in pairings:
        if pairing.href in arrived and pairing.newcomer:
            continue
        heir = _heir(pairing, newcomers.values())
        if heir is None:
            result.append(pairing)
        else:
            del newcomers[heir.href]
            result += _moved(pairing, heir)
    return (*result, *newcomers.values())


def _heir(pairing: Pairing, newcomers: Iterable[Pairing]) -> Pairing | None:
    old = pairing.link.series
    if pairing.series is not None or old is None or not pairing.rows or pairing.link.parts:
        return None
    return next((each for each in newcomers if each.series is not None and _same(old, each.series)), None)


def _same(old: Series, new: Series) -> bool:
    """The same task at the same moment; it may be done by now."""
    if old.master is None or new.master is None:
        return False
    told = (old.master.summary, old.master.due, old.master.all_day)
    return told == (new.master.summary, new.master.due, new.master.all_day) and old.rule == new.rule


def _moved(pairing: Pairing, heir: Pairing) -> list[Pairing]:
    """The deleted one, which has nothing any more, and the new one, with what was agreed about the old one."""
    assert pairing.link.series is not None
    base = Link(heir.link.uid, rows=pairing.link.rows, series=replace(pairing.link.series, uid=heir.link.uid))
    return [
        replace(pairing, link=replace(pairing.link, rows=()), rows=()),
        replace(heir, link=base, rows=pairing.rows),
    ]
