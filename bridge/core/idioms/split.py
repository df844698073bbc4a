"""Idiom 15: this and following edited by cutting the series and continuing it under a new UID.

Seen in evolution-data-server and elementary Tasks (calendar-apps.md, 2.7 and section 5, 15).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.changes import cut_at
from bridge.core.model import Link, LinkedRow, Part, Series, Slot
from bridge.core.occurrences import cut_series, tail_of
from bridge.core.pairing import Pairing
from bridge.core.recurrence import same_occurrences
from bridge.core.shapes import gathered


def split(pairings: tuple[Pairing, ...], zone: ZoneInfo) -> tuple[Pairing, ...]:
    """Gives the tail that a series lost to the newcomer that continues it: its rows, and the base to compare with."""
    heirs = _heirs(pairings, zone)
    taken = {heir.href for _, heir in heirs.values()}
    result: list[Pairing] = []
    for pairing in (each for each in pairings if not (each.newcomer and each.href in taken)):
        if pairing.newcomer or pairing.link.uid not in heirs:
            result.append(pairing)
        else:
            at, heir = heirs[pairing.link.uid]
            head, tail = _divided(pairing, at, heir)
            result += [head, _gathered(tail, zone)]
    return tuple(result)


def _heirs(pairings: tuple[Pairing, ...], zone: ZoneInfo) -> dict[str, tuple[Slot, Pairing]]:
    """Where each series was cut, and its tail. Of several that fit, those that look most alike belong together."""
    newcomers = [each for each in pairings if each.newcomer]
    cut = [
        (each, at)
        for each in pairings
        if newcomers and not each.newcomer and (at := _lost_tail(each, zone)) is not None
    ]
    fitting = [
        (_likeness(each, at, heir), each, at, heir)
        for each, at in cut
        for heir in newcomers
        if _continues(each, at, heir)
    ]
    fitting.sort(key=lambda found: found[0], reverse=True)
    heirs: dict[str, tuple[Slot, Pairing]] = {}
    given: set[str | None] = set()
    for alike, pairing, at, heir in fitting:
        if alike and pairing.link.uid not in heirs and heir.href not in given:
            heirs[pairing.link.uid] = at, heir
            given.add(heir.href)
    return heirs


def _likeness(pairing: Pairing, at: Slot, heir: Pairing) -> float:
    """How much alike a series and its tail are: the share of words that both texts have, or that it goes on exactly."""
    old, new = pairing.link.series, heir.series
    assert old is not None
    assert new is not None
    assert old.master is not None
    assert new.master is not None
    words, others = set(old.master.summary.casefold().split()), set(new.master.summary.casefold().split())
    if common := len(words & others):
        return common / min(len(words), len(others))
    return 0.1 if _goes_on(old, at, new) or old.master.notes.strip() == new.master.notes.strip() != "" else 0.0


def _goes_on(old: Series, at: Slot, new: Series) -> bool:
    """Whether a newcomer has just the occurrences that were cut off."""
    assert new.master is not None
    rest = tail_of(old, at, old.uid)
    if new.rule is None or rest.rule is None:
        return False
    return new.master.due == at and same_occurrences(rest.rule, at, new.rule, at)


def _lost_tail(pairing: Pairing, zone: ZoneInfo) -> Slot | None:
    if pairing.link.series is None or pairing.series is None or not pairing.rows:
        return None
    at = cut_at(pairing.link.series, pairing.series, zone)
    if at is None or not any(each.slot >= at for each in pairing.rows):
        return None
    standing = {part.slot for part in pairing.parts}
    lost = min((each.slot for each in pairing.rows if each.slot >= at and each.slot not in standing), default=None)
    return lost if lost is not None and any(at <= slot < lost for slot in standing) else at


def _continues(pairing: Pairing, at: Slot, heir: Pairing) -> bool:
    """Whether a newcomer begins where the series was cut: on the day of a lost occurrence, or before the second one."""
    old, new = pairing.link.series, heir.series
    assert old is not None
    assert new is not None
    assert old.master is not None
    assert new.master is not None
    lost = sorted(each.slot for each in pairing.rows if each.slot >= at)
    begins = new.master.due
    on_a_day = begins.date() in {slot.date() for slot in lost[:1]} or begins == at
    between = len(lost) > 1 and at <= begins < lost[1]
    alike = new.master.summary == old.master.summary or new.master.due == at
    return (on_a_day or (between and alike)) and (new.rule is not None or len(lost) == 1)


def _divided(pairing: Pairing, at: Slot, heir: Pairing) -> list[Pairing]:
    base = pairing.link
    assert base.series is not None
    assert heir.series is not None
    head = replace(base, rows=_before(base.rows, at), series=cut_series(base.series, at))
    tail_base: Series = tail_of(base.series, at, heir.link.uid)
    tail = Link(heir.link.uid, rows=_from(base.rows, at), series=tail_base)
    return [
        replace(pairing, link=head, rows=_before(pairing.rows, at), parts=_parts_before(pairing, at)),
        replace(heir, link=tail, rows=_from(pairing.rows, at), parts=_parts_from(pairing, at)),
    ]


def _gathered(tail: Pairing, zone: ZoneInfo) -> Pairing:
    """The tail with what stands beside it."""
    main = tail.resource
    if not tail.parts or main is None:
        return tail
    return replace(tail, series=gathered(main, tail.parts, zone, tail.link.series), main=main)


def _parts_before(pairing: Pairing, at: Slot) -> tuple[Part, ...]:
    return tuple(each for each in pairing.parts if each.slot < at)


def _parts_from(pairing: Pairing, at: Slot) -> tuple[Part, ...]:
    return tuple(each for each in pairing.parts if each.slot >= at)


def _before(rows: tuple[LinkedRow, ...], at: Slot) -> tuple[LinkedRow, ...]:
    return tuple(each for each in rows if each.slot < at)


def _from(rows: tuple[LinkedRow, ...], at: Slot) -> tuple[LinkedRow, ...]:
    return tuple(each for each in rows if each.slot >= at)
