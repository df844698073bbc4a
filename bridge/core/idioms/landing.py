"""Where a master landed that an app moved on: a date of its old rule, be it spelt an hour beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.core.model import Series, Slot
from bridge.core.recurrence import expand

HOUR = timedelta(hours=1)


def landed_on(old: Series, due: datetime, zone: ZoneInfo) -> Slot | None:
    """The date of the old rule that is meant by `due`, None where there is none.

    An hour beside a date counts where the clocks of `zone` changed in between: apps that count in UTC (idiom 12).
    """
    assert old.master is not None
    assert old.rule is not None
    endless = replace(old.rule, count=None, until=None)
    if due < old.master.due:
        return due if old.master.due in set(expand(endless, due, old.master.due)) else None
    for slot in expand(endless, old.master.due, due + HOUR):
        shifted = _offset(slot, zone) - _offset(old.master.due, zone)
        if slot == due or (shifted and due == slot + shifted):
            return slot
    return None


def _offset(slot: Slot, zone: ZoneInfo) -> timedelta:
    return slot.replace(tzinfo=zone).utcoffset() or timedelta()
