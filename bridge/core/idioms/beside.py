"""A resource that an app wrote of one occurrence, beside a series whose history stands beside it anyway.

What idioms 6, 13, 16 and 17 write is then no task of its own: it is the part of its slot (calendar-apps.md, 4).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.model import Part, Slot
from bridge.core.pairing import Pairing
from bridge.core.shapes import gathered, part_uid


def with_part(pairing: Pairing, slot: Slot, copy: Pairing, zone: ZoneInfo) -> Pairing:
    """The series with the app's resource as the part of this slot."""
    if copy.series is None or copy.href is None or copy.etag is None:
        return pairing
    main = pairing.resource
    parts = (*pairing.parts, Part(slot, copy.series, copy.href, copy.etag))
    series = None if main is None else gathered(main, parts, zone, pairing.link.series)
    return replace(pairing, series=series, parts=parts, main=main)


def lacks(pairing: Pairing, slot: Slot) -> bool:
    """Whether nothing shows this occurrence by itself, but what the bridge made when the app had rolled on."""
    own = [each for each in pairing.parts if each.slot == slot]
    shown = pairing.series.overrides if pairing.series is not None else {}
    return all(each.series.uid == part_uid(pairing.link.uid, slot) for each in own) if own else slot not in shown
