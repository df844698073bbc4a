"""New parts of a resource: the calendar, a task, its alarm, its time zones."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.core.model import Rule, Status, Task
from bridge.vtodo import edits
from bridge.vtodo.alarms import add_alarm
from bridge.vtodo.contacts import say_contact
from bridge.vtodo.context import Context
from bridge.vtodo.frame import DUE_AT, timed_form
from bridge.vtodo.lines import Component, Line, Nonsense, component
from bridge.vtodo.rules import lead_for, rule_to_wire
from bridge.vtodo.values import Dated, Form, Stamp, Zoned, escape, midnight, spell, spelling, stamp, stamp_of
from bridge.vtodo.zones import Zones, vtimezone

PRODID = "-//liondesk-bridge//EN"
_EOL = "\r\n"


def new_calendar() -> Component:
    """An empty VCALENDAR that says who made it."""
    calendar = component("VCALENDAR", _EOL)
    calendar.put("VERSION", "2.0")
    calendar.put("PRODID", PRODID)
    return calendar


def new_component(
    uid: str, task: Task, rule: Rule | None, zone: str | None, zones: Zones, context: Context, now: datetime
) -> Component:
    """A component that says `task` and recurs by `rule`, on the clock of the IANA zone `zone` or else of the owner.

    An event without a lead has no DTEND: it is a moment, or a day (RFC 5545, 3.6.1). It makes nobody busy.
    """
    todo = component(context.kind, zones.calendar.eol)
    event = context.component == "event"
    moment = edits.utc(now)
    for name, value in (("UID", escape(uid)), ("DTSTAMP", moment), ("CREATED", moment), ("LAST-MODIFIED", moment)):
        todo.put(name, value)
    edits.say_summary(todo, task)
    if task.notes:
        todo.put("DESCRIPTION", escape(task.notes))
    due = midnight(task.due) if task.all_day else task.due
    form: Form = Dated() if task.all_day else timed_form(zone, zones.owner)
    lead = lead_of(task, rule, context.lead, zones, event=event)
    edits.put_stamp(todo, "DTSTART", due - lead, form, zones)
    if not event or context.lead:
        edits.put_end(todo, due, form, zones)
    else:
        todo.put(DUE_AT, "DTSTART")
    if rule is not None:
        anchor = stamp(spell(due - lead, form, zones.owner), spelling(form), zones)
        todo.put("RRULE", rule_to_wire(rule, anchor, lead, zones))
    todo.put(*(("TRANSP", "TRANSPARENT") if event else ("STATUS", "NEEDS-ACTION")))
    if task.status is Status.COMPLETE:
        edits.say_status(todo, task, now)
    if task.category_id is not None and task.category_id in context.categories:
        todo.put("CATEGORIES", escape(context.categories[task.category_id]))
    edits.say_reminder(todo, task)
    say_contact(todo, task, context)
    add_alarm(todo, task, context)
    return todo


def lead_of(task: Task, rule: Rule | None, lead: timedelta, zones: Zones, *, event: bool) -> timedelta:
    """How long before its due moment a task starts, by the pair's lead. An all-day event can be its day alone."""
    wanted = timedelta(days=lead.days) if event and task.all_day else lead
    return lead_for(rule, task.due, wanted, zones, all_day=task.all_day)


def add_zones(calendar: Component, zones: Zones) -> None:
    """Give each IANA zone that a task's dates name its VTIMEZONE, where that is missing."""
    defined = {line.value for zone in calendar.components("VTIMEZONE") if (line := zone.first("TZID"))}
    years: dict[str, int] = {}
    for todo in (*calendar.components("VTODO"), *calendar.components("VEVENT")):
        for name in ("DTSTART", "DUE", "DTEND"):
            match _readable(todo, name, zones):
                case Stamp(form=Zoned(tzid=tzid, zone=ZoneInfo(key=key)), local=local) if tzid == key not in defined:
                    years[key] = min(local.year, years.get(key, local.year))
                case _:
                    pass
    for key, year in sorted(years.items()):
        zone = component("VTIMEZONE", calendar.eol)
        zone.begin = zone.end = ""
        zone.items = [Line(line + calendar.eol, "") for line in vtimezone(key, year)]
        calendar.items.insert(first_component(calendar), zone)


def _readable(todo: Component, name: str, zones: Zones) -> Stamp | None:
    """A date that may be broken without harm: that of a component that says nothing."""
    try:
        return stamp_of(todo, name, zones)
    except Nonsense:
        return None


def first_component(calendar: Component) -> int:
    """Where the first VTODO or VEVENT stands, or would."""
    kinds = ("VTODO", "VEVENT")
    found = (at for at, item in enumerate(calendar.items) if isinstance(item, Component) and item.name in kinds)
    return next(found, len(calendar.items))
