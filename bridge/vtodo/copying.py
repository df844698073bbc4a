"""One occurrence out of a series' resource into one of its own, and back, with all that only its user knows of it.

Priority, attachments, X- properties, other categories: LionDesk cannot hold them (law 7), so they travel in the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime

from icalendar.parser import Parameters

from bridge.core.model import Slot
from bridge.vtodo import edits
from bridge.vtodo.alarms import is_relative
from bridge.vtodo.context import Context
from bridge.vtodo.lines import Component, Nonsense
from bridge.vtodo.making import new_calendar
from bridge.vtodo.reading import COMPLETED_AT, Resource, understand
from bridge.vtodo.values import escape

_SERIES_OWN = ("RRULE", "EXDATE", "RDATE", "EXRULE", "RECURRENCE-ID", "X-KDE-LIBKCAL-DTRECURRENCE", "X-MOZ-GENERATION")
_OF_ITS_MOMENT = ("SEQUENCE", "COMPLETED", "PERCENT-COMPLETE", COMPLETED_AT)


def detached(ics: str, uid: str, slot: Slot | None, context: Context, now: datetime, *, done: bool) -> str | None:
    """A resource `uid` with a copy of one occurrence: of its override where it has one, else of the master, made open.

    `now` is aware; what is `done` rings no more. None where the text is not readable or holds nothing to copy.
    """
    try:
        resource = understand(ics, context)
    except (Nonsense, OverflowError):
        return None
    own = resource.overrides.get(slot, ()) if slot is not None else ()
    source = own[0] if own else resource.master.component if resource.master is not None else None
    if source is None or source.first("SUMMARY") is None:
        return None
    component = deepcopy(source)
    component.drop(*_SERIES_OWN)
    component.put("UID", escape(uid), Parameters())
    if not own:
        _opened(component, now)
    if done:
        component.items = [each for each in component.items if each not in component.components("VALARM")]
    calendar = new_calendar()
    calendar.items += [*resource.calendar.components("VTIMEZONE"), component]
    return Component("", "", calendar.eol, [calendar]).text()


def _opened(component: Component, now: datetime) -> None:
    """What a master says of its own moment is not its occurrence's; an alarm for one moment is not either."""
    component.drop(*_OF_ITS_MOMENT)
    if component.name == "VTODO":
        component.put("STATUS", "NEEDS-ACTION", Parameters())
    for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED"):
        component.put(name, edits.utc(now), Parameters(), after=("UID", "DTSTAMP", "CREATED"))
    for alarm in component.components("VALARM"):
        if not is_relative(alarm):
            component.items.remove(alarm)
        alarm.drop("UID", "X-WR-ALARMUID")


def attached(ics: str, parts: Mapping[Slot, str], context: Context) -> str:
    """The text with an override for each of these slots, copied from a resource of its own; `ics` where that fails."""
    try:
        resource = understand(ics, context)
    except (Nonsense, OverflowError):
        return ics
    if resource.master is None or resource.frame is None:
        return ics
    for slot, text in sorted(parts.items()):
        if slot not in resource.overrides:
            _attach(resource, slot, text, context)
    return resource.root.text()


def _attach(resource: Resource, slot: Slot, text: str, context: Context) -> None:
    assert resource.frame is not None  # noqa: S101  # asked by the caller
    assert resource.master is not None  # noqa: S101
    try:
        part = understand(text, context).master
    except (Nonsense, OverflowError):
        return
    uid = resource.master.component.first("UID")
    if part is None or uid is None:
        return
    component = deepcopy(part.component)
    component.drop(*_SERIES_OWN)
    component.put("UID", uid.value, Parameters())
    component.insert(edits.recurrence_line(component, slot, resource.frame, ranged=False), after=("UID",))
    resource.calendar.items.append(component)
