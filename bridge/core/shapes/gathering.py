"""What stands in the calendar, as one series: the inverse of every shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Override, Part, Series, Slot, Task
from bridge.core.occurrences import value_at
from bridge.core.shapes.anchoring import grid

SLOT_FORM = "%Y%m%d-%H%M%S"
"""How a part's UID names its slot. A tail's UID (`bridge.core.plan`) has another form: it is a series of its own."""


def part_uid(uid: str, slot: Slot) -> str:
    """The UID of the resource that shows one occurrence of the series `uid` by itself (law 11)."""
    return f"{uid}-{slot.strftime(SLOT_FORM)}"


def slot_of_uid(uid: str) -> tuple[str, Slot] | None:
    """The series and the slot that a part's UID names; None for any other UID."""
    series, first, second = [*uid.rsplit("-", 2), "", ""][:3]
    if not series or len(first) != 8 or len(second) != 6:
        return None
    try:
        return series, datetime.strptime(f"{first}-{second}", SLOT_FORM)
    except ValueError:
        return None


def gathered(main: Series | None, parts: Sequence[Part], zone: ZoneInfo, before: Series | None = None) -> Series | None:
    """The series that a main resource and the stand-alone ones beside it show together.

    A part is its occurrence, whatever the main resource says there: an override at its slot, with an RDATE where no
    rule reaches. Without a main resource, the parts are all there is: overrides of a series without a master. `before`
    is what was shown when both sides agreed last: where an app edited an occurrence in the main resource, and its part
    still says what was there before, the edit counts. None where nothing stands.
    """
    if not parts:
        return main
    tasks = {each.slot: each.series.master for each in parts if each.series.master is not None}
    moments = [each.series.modified_at for each in parts if each.series.modified_at is not None]
    if main is None:
        own = {slot: Override(task) for slot, task in sorted(tasks.items())}
        first = parts[0].series
        latest = max(moments, default=None)
        return Series(first.uid, None, overrides=MappingProxyType(own), modified_at=latest, prodid=first.prodid)
    told = {slot: task for slot, task in tasks.items() if not _edited_in_main(slot, task, main, before)}
    shown = grid(main, zone, max(told, default=None))
    overrides = {**main.overrides, **{slot: Override(task) for slot, task in told.items()}}
    return replace(
        main,
        rdates=main.rdates | (told.keys() - shown),
        exdates=main.exdates - told.keys(),
        overrides=MappingProxyType(overrides),
        modified_at=max([*moments, *([main.modified_at] if main.modified_at else [])], default=None),
    )


def _edited_in_main(slot: Slot, task: Task, main: Series, before: Series | None) -> bool:
    """Whether an override in the main resource says something new, where the part beside it does not."""
    own = main.overrides.get(slot)
    if own is None or before is None or own.cancelled:
        return False
    earlier = value_at(before, slot)
    return earlier is not None and replace(task, completed_at=None) == replace(earlier, completed_at=None) != replace(
        own.task, completed_at=None
    )
