"""A resource that an app wrote of one occurrence, beside a series whose history stands beside it anyway.

What idioms 6, 13, 16 and 17 write is then no task of its own: it is the part of its slot (calendar-apps.md, 4).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.idioms.late_until import late_until
from bridge.core.idioms.lone_rule import lone_rule
from bridge.core.idioms.skipped_hour import skipped_hour
from bridge.core.idioms.ticked import ticked
from bridge.core.idioms.utc_times import utc_times
from bridge.core.idioms.whole_days import whole_days
from bridge.core.model import Part, Slot
from bridge.core.pairing import Pairing
from bridge.core.shapes import gathered, part_uid

SPELLINGS = (utc_times, skipped_hour, whole_days, late_until, lone_rule, ticked)
"""What looks at a resource by itself: these idioms come first."""


def with_part(pairing: Pairing, slot: Slot, copy: Pairing, zone: ZoneInfo) -> Pairing:
    """The series with the app's resource as the part of this slot."""
    if copy.series is None or copy.href is None or copy.etag is None:
        return pairing
    parts = (*pairing.parts, Part(slot, copy.series, copy.href, copy.etag))
    return regathered(replace(pairing, parts=parts, main=pairing.resource), zone)


def regathered(pairing: Pairing, zone: ZoneInfo) -> Pairing:
    """The pairing with its series gathered anew from its resources, and their spelling understood again."""
    main = pairing.main
    series = None if main is None else gathered(main, pairing.parts, zone, pairing.link.series)
    pairing = replace(pairing, series=series, held=None)
    for spelling in SPELLINGS:
        (pairing,) = spelling((pairing,), zone)
    return pairing


def lacks(pairing: Pairing, slot: Slot) -> bool:
    """Whether nothing shows this occurrence by itself, but what the bridge made when the app had rolled on."""
    own = [each for each in pairing.parts if each.slot == slot]
    shown = pairing.series.overrides if pairing.series is not None else {}
    return all(each.series.uid == part_uid(pairing.link.uid, slot) for each in own) if own else slot not in shown
