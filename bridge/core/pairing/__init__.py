"""Which items belong together: rows with the series they are of, series with the resources that show them.

What the base knows by id, href or UID stays together. What is new is recognised by what it shares with what is known,
so that lost state leads to adoption and never to duplicates (law 11).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bridge.core.model import Link
from bridge.core.pairing.adoption import adopt, rows_for
from bridge.core.pairing.events import neighboured
from bridge.core.pairing.grouping import group_pairing, groups_of, uid_of
from bridge.core.pairing.known import found_elsewhere, joining, resource_now, rows_now
from bridge.core.pairing.values import Found, Pairing, Sides

__all__ = ["Found", "Pairing", "Sides", "neighboured", "pair_up", "rows_for", "uid_of"]


def pair_up(links: Sequence[Link], sides: Sides) -> tuple[Pairing, ...]:
    """Every link that either side touched, and everything new, paired."""
    known = {each.row.id for link in links for each in link.rows}
    fresh = [row for row in sides.rows.values() if row.id not in known and not row.deleted]
    placed: list[Pairing] = []
    # Of two links that share an event, the later one goes on: it is the first to take what the horizon brings.
    for link in sorted(links, key=lambda each: max((row.slot for row in each.rows), default=datetime.min), reverse=True):
        current = rows_now(link, sides)
        taken, fresh = joining(link, current, fresh, sides)
        placed.append(resource_now(Pairing(link, tuple(sorted((*current, *taken), key=lambda each: each.slot))), sides))
    seen = {pairing.href for pairing in placed}
    newcomers = [found for found in sides.found.values() if found.href not in seen]
    moved = {found.series.uid: found for found in newcomers}
    placed = [found_elsewhere(pairing, moved) for pairing in placed]
    claimed = {pairing.href for pairing in placed}
    newcomers = [found for found in newcomers if found.href not in claimed]
    uids = {link.uid for link in links}
    groups = [group_pairing(group, sides, uids) for group in groups_of(fresh)]
    return (*placed, *adopt([each for group in groups for each in group], newcomers))
