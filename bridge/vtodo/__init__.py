"""A calendar object resource (RFC 5545) <-> `Series`: read as it means, edited in place.

`read` and `write` are pure. The rooms behind them load icalendar, which is slow to import, so they are loaded by the
first call: a quiet run never needs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from bridge.core.model import Series, Slot, Unreadable
from bridge.vtodo.context import ContactCard, Context, Form

__all__ = ["ContactCard", "Context", "Form", "attached", "concerns", "detached", "read", "write"]

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


def detached(
    ics: str, uid: str, slot: Slot | None, context: Context, now: datetime, *, done: bool = False
) -> str | None:
    """The text of a resource `uid` that is a copy of one occurrence of a series, with all its foreign properties.

    What it shall say is for `write` to edit; where it is `done`, it rings no more. `slot` None copies the master. None
    comes back where nothing can be copied.
    """
    from bridge.vtodo.copying import detached as copy

    return copy(ics, uid, slot, context, now, done=done)


def attached(ics: str, parts: Mapping[Slot, str], context: Context) -> str:
    """The text of a series' resource with an override for each of these slots, copied from a resource of its own."""
    from bridge.vtodo.copying import attached as copy

    return copy(ics, parts, context)
