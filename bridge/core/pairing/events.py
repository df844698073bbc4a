"""Events whose rows several resources show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from bridge.core.model import Row
from bridge.core.pairing.values import Pairing


def neighboured(pairings: Sequence[Pairing]) -> tuple[Pairing, ...]:
    """The pairings, those marked that share an event of LionDesk's with another."""
    by_event: dict[object, list[Pairing]] = defaultdict(list)
    for pairing in pairings:
        for event in {_event(each.row) for each in pairing.rows if each.row.rule is not None}:
            by_event[event].append(pairing)
    ends = {id(pairing): pairing.rows[-1].slot for pairing in pairings if pairing.rows}
    followed: set[int] = set()
    following: set[int] = set()
    for pairing, other in (pair for sharing in by_event.values() for pair in permutations(sharing, 2)):
        if ends[id(pairing)] < other.rows[0].slot:
            followed.add(id(pairing))
            following.add(id(other))
    return tuple(
        replace(each, followed=id(each) in followed, following=id(each) in following)
        if id(each) in followed | following
        else each
        for each in pairings
    )


def _event(row: Row) -> object:
    """The event of a row; where LionDesk shows none, what a split leaves alike."""
    return row.event_id or (row.rule.parts if row.rule else None, row.task.contact_id, row.created_at)
