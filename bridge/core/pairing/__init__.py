"""Which items belong together: rows with the series they are of, series with the resources that show them.

What the base knows by id, href or UID stays together. What is new is recognised by what it shares with what is known,
so that lost state leads to adoption and never to duplicates (law 11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.core.model import Link
from bridge.core.pairing.adoption import adopt, rows_for
from bridge.core.pairing.arrived import arrived_rows
from bridge.core.pairing.events import neighboured
from bridge.core.pairing.grouping import event_uid, group_pairing, groups_of, made_through, uid_of
from bridge.core.pairing.known import joining, rows_now
from bridge.core.pairing.standing import by_series, heaped, standing_now
from bridge.core.pairing.values import Found, Pairing, Posted, Sides

__all__ = ["Found", "Pairing", "Posted", "Sides", "made_through", "neighboured", "pair_up", "rows_for", "uid_of"]


def pair_up(links: Sequence[Link], sides: Sides) -> tuple[Pairing, ...]:
    """Every link that either side touched, and everything new, paired."""
    known = {each.row.id for link in links for each in link.rows}
    fresh = [row for row in sides.rows.values() if row.id not in known and not row.deleted]
    placed: list[Pairing] = []
    shells: dict[str, Link] = {}
    # Of two links that share an event, the later one goes on: it is the first to take what the horizon brings.
    for link in sorted(links, key=_last_slot, reverse=True):
        arrived, fresh = arrived_rows(link, fresh, sides)
        if not arrived and not link.rows and link.series is None:
            shells[link.uid] = link
            continue
        current = [*rows_now(link, sides), *arrived]
        taken, fresh, outside = joining(link, current, fresh, sides)
        current = [each for each in current if each.slot not in outside]
        placed.append(Pairing(link, tuple(sorted((*current, *taken), key=lambda each: each.slot))))
    placed, newcomers = _standing(placed, sides)
    uids = {link.uid for link in links} - shells.keys()
    uids |= {event_uid(each.row.event_id) for pairing in placed for each in pairing.rows if each.row.event_id}
    groups = [each for group in groups_of(fresh) for each in group_pairing(group, sides, uids)]
    heaps = heaped(newcomers, by_series(newcomers), (each.link.uid for each in groups), sides)
    new = [replace(each, shape=sides.shape) for each in adopt(groups, heaps, sides.zone)]
    return (*placed, *_in_shells(new, shells))


def _standing(placed: Sequence[Pairing], sides: Sides) -> tuple[list[Pairing], list[Found]]:
    """The known series with what stands for them in the calendar, and the resources that are nobody's yet."""
    hrefs = {pairing.link.href for pairing in placed} | {part.href for each in placed for part in each.link.parts}
    newcomers = [found for found in sides.found.values() if found.href not in hrefs]
    by_uid, strays = {found.series.uid: found for found in newcomers}, by_series(newcomers)
    now = [standing_now(pairing, sides, strays.get(pairing.link.uid, ()), by_uid) for pairing in placed]
    claimed = {pairing.href for pairing in now} | {part.href for pairing in now for part in pairing.parts}
    return now, [found for found in newcomers if found.href not in claimed]


def _last_slot(link: Link) -> datetime:
    return max((row.slot for row in link.rows), default=datetime.min)


def _in_shells(new: Sequence[Pairing], shells: Mapping[str, Link]) -> list[Pairing]:
    """What is new under the names that the base keeps for what a run began and did not end; the other names go."""
    taken = {each.link.uid for each in new}
    named = [
        replace(each, link=replace(each.link, id=shells[each.link.uid].id)) if each.link.uid in shells else each
        for each in new
    ]
    return [*named, *(Pairing(shell) for uid, shell in shells.items() if uid not in taken)]
