"""Events whose rows several resources show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from bridge.core.model import LinkedRow, Row
from bridge.core.pairing.values import Pairing
from bridge.core.recurrence import expand


def neighboured(pairings: Sequence[Pairing]) -> tuple[Pairing, ...]:
    """The pairings, those marked that share an event of LionDesk's with another.

    Where LionDesk shows no events, it may be so for any two that follow each other for one contact: of the same
    rule, or the first by a rule that LionDesk ended. What is told to each row alone is right in either case.
    """
    by_event: dict[object, list[Pairing]] = defaultdict(list)
    for pairing in pairings:
        for event in {_event(each.row) for each in pairing.rows if each.row.rule is not None}:
            by_event[event].append(pairing)
    followed: set[int] = set()
    following: set[int] = set()
    for event, sharing in by_event.items():
        for pairing, other in permutations(sharing, 2):
            mine, theirs = _rows_in(pairing, event), _rows_in(other, event)
            if mine[-1].slot < theirs[0].slot and _may_share(mine[-1].row, theirs[-1].row):
                followed.add(id(pairing))
                following.add(id(other))
    return tuple(
        replace(each, followed=each.followed or id(each) in followed, following=id(each) in following)
        if id(each) in followed | following
        else each
        for each in pairings
    )


def _rows_in(pairing: Pairing, event: object) -> list[LinkedRow]:
    """The rows of an event; others that the resource shows, such as one that left it, do not count."""
    return [each for each in pairing.rows if each.row.rule is not None and _event(each.row) == event]


def _event(row: Row) -> object:
    return row.event_id or ("contact", row.task.contact_id)


def _may_share(last: Row, later: Row) -> bool:
    """Whether two that look so may be of one event; `later` is due when the rule of `last` would have gone on."""
    if last.event_id is not None or later.event_id is not None:
        return True  # they were brought together by it
    if last.rule is None or later.rule is None or last.rule == later.rule:
        return True
    following = next((slot for slot in expand(last.rule, last.task.due) if slot > last.task.due), None)
    return following is not None and following <= later.task.due
