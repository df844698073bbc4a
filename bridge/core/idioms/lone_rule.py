"""Idiom 18, of a single task: a rule with one occurrence makes no series of it.

Seen where an app that does not look before it writes (Evolution, Tasks.org) puts back the last occurrence of a series,
with the RRULE that the bridge had taken away (calendar-apps.md, 2.1, section 4 and section 6, 2).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.pairing import Pairing
from bridge.core.recurrence import last_slot


def lone_rule(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """A single task whose rule has no second occurrence is single."""
    return tuple(_understood(pairing) for pairing in pairings)


def _understood(pairing: Pairing) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if old is None or new is None or old.master is None or old.rule is not None:
        return pairing
    if new.master is None or new.rule is None or new.rdates or last_slot(new.rule, new.master.due) != new.master.due:
        return pairing
    alone = replace(new, rule=None, exdates=frozenset())
    return replace(pairing, series=alone, held=pairing.held or new)
