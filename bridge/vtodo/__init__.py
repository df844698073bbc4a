"""A calendar object resource (RFC 5545) <-> `Series`: read as it means, edited in place.

`read` and `write` are pure. The rooms behind them load icalendar, which is slow to import, so they are loaded by the
first call: a quiet run never needs them.
"""

from __future__ import annotations

import re
from datetime import datetime

from bridge.core.model import Series, Unreadable
from bridge.vtodo.context import ContactCard, Context, Form

__all__ = ["ContactCard", "Context", "Form", "concerns", "read", "write"]

_KINDS = re.compile(r"^BEGIN:(VTODO|VEVENT|VJOURNAL|VFREEBUSY)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


def concerns(ics: str, context: Context) -> bool:
    """Whether a resource is the pair's affair: not one of another kind alone, such as an appointment among tasks."""
    kinds = {kind.upper() for kind in _KINDS.findall(ics)}
    return not kinds or context.kind in kinds


def read(ics: str, context: Context, item: str = "") -> Series | Unreadable:
    """What the resource says, on the wall clock of `context.zone`; never raises, whatever the text.

    `item` names the resource in an Unreadable (its href), whose `why` completes the sentence "The task ...". The rules
    of reading stand in `bridge.vtodo.reading`.
    """
    from bridge.vtodo.reading import read_series

    return read_series(ics, context, item)


def write(series: Series, context: Context, now: datetime, previous: str | None = None) -> str:
    """The text of a resource that says `series`; `now` is aware, in UTC.

    With `previous`, only what differs in meaning is edited, and `previous` itself comes back where nothing does; a task
    that was done before keeps the moment it was done. With `context.was` what open tasks have of the settings of then
    (the lead, the alarm) is that of now; what a person chose instead stays. A series without a master edits overrides
    alone. Raises ValueError if `previous` is not readable (such an item is the user's, and nobody writes over it), and
    for dates outside the years 1900 to 2999.
    """
    from bridge.vtodo.writing import write_series

    return write_series(series, context, now, previous)
