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
from bridge.core.pairing.grouping import event_uid, group_pairing, groups_of, uid_of
from bridge.core.pairing.known import found_elsewhere, joining, resource_now, rows_now
from bridge.core.pairing.values import Found, Pairing, Posted, Sides

__all__ = ["Found", "Pairing", "Posted", "Sides", "neighboured", "pair_up", "rows_for", "uid_of"]


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
        placed.append(resource_now(Pairing(link, tuple(sorted((*current, *taken), key=lambda each: each.slot))), sides))
    seen = {pairing.href for pairing in placed}
    newcomers = [found for found in sides.found.values() if found.href not in seen]
    moved = {found.series.uid: found for found in newcomers}
    placed = [found_elsewhere(pairing, moved) for pairing in placed]
    claimed = {pairing.href for pairing in placed}
    newcomers = [found for found in newcomers if found.href not in claimed]
    uids = {link.uid for link in links} - shells.keys()
    uids |= {event_uid(each.row.event_id) for pairing in placed for each in pairing.rows if each.row.event_id}
    groups = [group_pairing(group, sides, uids) for group in groups_of(fresh)]
    new = adopt([each for group in groups for each in group], newcomers)
    return (*placed, *_in_shells(new, shells))


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
