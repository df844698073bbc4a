"""A series into its resource: what is there is edited in place, what is not is made.

Each component is edited in a fixed order (dates, rule, EXDATE and RDATE, text, status), then compared with what it was:
only a component that changed gets a new LAST-MODIFIED, DTSTAMP and SEQUENCE.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta

from icalendar.parser import Parameters

from bridge.core.model import Override, Rule, Series, Slot, Status, Task
from bridge.vtodo import edits
from bridge.vtodo.alarms import follow_due, is_relative, renew
from bridge.vtodo.context import Context
from bridge.vtodo.frame import Frame, Span, span_of, timed_form, zone_name
from bridge.vtodo.lines import Component
from bridge.vtodo.making import add_zones, first_component, lead_of, new_calendar, new_component
from bridge.vtodo.reading import (
    COMPLETED_AT,
    DATES,
    Master,
    Resource,
    master_of,
    override_end,
    override_of,
    recurrence_stamp,
    understand,
)
from bridge.vtodo.rules import lead_for, rule_from_wire, rule_to_wire
from bridge.vtodo.values import Dated, Stamp, contradicts, is_ranged, spell, spelling, stamps
from bridge.vtodo.zones import Zones

_OPEN = Status.INCOMPLETE
_MASTERS_OWN = ("RRULE", "EXDATE", "RDATE", "EXRULE", "RECURRENCE-ID", "X-KDE-LIBKCAL-DTRECURRENCE", "X-MOZ-GENERATION")
"""What a copy of the master must not carry into an override."""


def write_series(series: Series, context: Context, now: datetime, previous: str | None) -> str:
    """See `bridge.vtodo.write`."""
    if previous is None:
        return _new_resource(series, context, now)
    resource = understand(previous, context)
    if not series.misspelt:
        resource = _spelt_out(resource)
    old = resource.master
    new = old
    if series.master is not None:
        new = _put_back(series, series.master, resource, now) if old is None else _edited(series, resource, old, now)
    _write_overrides(series, replace(resource, master=new, frame=new.frame if new else resource.frame), old, now)
    if resource.root.text() != previous:
        add_zones(resource.calendar, resource.zones)
    return resource.root.text()


def _spelt_out(resource: Resource) -> Resource:
    """The resource with one override a slot, and dates that every reader takes for the same moment (idiom 12)."""
    doubles = [component for same in resource.overrides.values() for component in same[1:]]
    found = [(each, line) for each in resource.components for line in each.lines(*DATES) if contradicts(line)]
    if not doubles and not found:
        return resource
    for component, line in found:
        (_, first), *_ = written = stamps(line, resource.zones)
        text = ",".join(spell(each.wall, first.form, resource.zones.owner) for _, each in written)
        parameters = spelling(first.form, line.parts()[0])
        if line.name == "RECURRENCE-ID" and is_ranged(line):
            parameters["RANGE"] = "THISANDFUTURE"
        component.replace(line, component.line(line.name, parameters, text))
    _remove(resource.calendar, doubles)
    return understand(resource.root.text(), resource.context)


def _new_resource(series: Series, context: Context, now: datetime) -> str:
    calendar = new_calendar()
    root = Component("", "", calendar.eol, [calendar])
    zones = Zones(context.zone, calendar)
    resource = Resource(root, calendar, zones, context, series.uid, None, None, {})
    master = None if series.master is None else _put_back(series, series.master, resource, now)
    frame = master.frame if master else _frame_without_master(series, resource)
    _write_overrides(series, replace(resource, master=master, frame=frame), None, now)
    add_zones(calendar, zones)
    return root.text()


def _frame_without_master(series: Series, resource: Resource) -> Frame:
    """How overrides alone name their slots in a new resource."""
    all_day = all(override.task.all_day for override in series.overrides.values())
    form = Dated() if all_day else timed_form(series.zone, resource.zones.owner)
    lead = lead_for(None, datetime.min, resource.context.lead, resource.zones, all_day=all_day)
    return Frame(Stamp(datetime.min, datetime.min, form), lead, resource.zones.owner)


# -- the master --------------------------------------------------------------------------------------------------------


def _put_back(series: Series, task: Task, resource: Resource, now: datetime) -> Master:
    """Make the master where there is none, before its overrides."""
    component = new_component(series.uid, task, series.rule, series.zone, resource.zones, resource.context, now)
    resource.calendar.items.insert(first_component(resource.calendar), component)
    master = master_of(component, resource.zones, resource.context)
    for name, wanted in (("EXDATE", series.exdates), ("RDATE", series.rdates)):
        edits.say_dates(component, name, wanted, master.frame, resource.zones, anew=False)
    return master


def _edited(series: Series, resource: Resource, old: Master, now: datetime) -> Master:
    """Edit the master in place, and read it again."""
    component, zones, context = old.component, resource.zones, resource.context
    if series.master is None:
        return old
    before, important = component.text(), edits.significant(component)
    edits.rename_categories(component, context)
    form = edits.new_form(series.zone, old.span.anchor, zones)
    rezoned = not series.master.all_day and _other_zone(series, old, zones)
    if rezoned:
        edits.rezone(component, old.span, timed_form(series.zone, zones.owner), zones)
        old = replace(old, span=span_of(component, zones, context.read_lead))
    led = _led(component, old.span, old.task, old.rule, resource)
    if led:
        old = replace(old, span=span_of(component, zones, context.read_lead))
    edits.move(component, old.span, (old.task.due, old.task.all_day), series.master, zones, form)
    moved = master_of(component, zones, context)
    follow_due(component, old.task.due, moved.task.due, context, zones)
    turned = rezoned or led or moved.frame.anchor.all_day != old.frame.anchor.all_day
    _say_rule(series, moved, zones, anew=turned)
    for name, wanted in (("EXDATE", series.exdates), ("RDATE", series.rdates)):
        edits.say_dates(component, name, wanted, moved.frame, zones, anew=turned)
    edits.say(component, series.master, moved.task, context, now)
    renew(component, series.master, context)
    edits.finish(component, before, important, series.master, context, now)
    return master_of(component, zones, context)


def _led(component: Component, span: Span, task: Task, rule: Rule | None, resource: Resource) -> bool:
    """Whether the component starts as long before its due moment as is configured now, where it did not."""
    context, event = resource.context, component.name == "VEVENT"
    if context.was is None:
        return False
    if event:
        edits.mark_due(component, span)
    if task.status is Status.COMPLETE and rule is None:
        return False
    then, now = (lead_of(task, rule, each, resource.zones, event=event) for each in (context.was.lead, context.lead))
    return edits.renew_lead(component, span, (then, now), resource.zones)


def _other_zone(series: Series, old: Master, zones: Zones) -> bool:
    """Whether what an app wrote in UTC (idiom 12), or abroad as a single task, is to run on a clock."""
    other = zone_name(old.frame.anchor.form, zones.owner)
    if old.task.all_day or series.zone is not None or other is None:
        return False
    return other == "UTC" or series.rule is not None


def _say_rule(series: Series, moved: Master, zones: Zones, *, anew: bool) -> None:
    component, anchor, lead = moved.component, moved.frame.anchor, moved.frame.lead
    if series.rule is None:
        if moved.rule is not None:
            component.drop("RRULE")
        return
    text = rule_to_wire(series.rule, anchor, lead, zones)
    if anew or rule_from_wire(text, anchor, lead, zones) != moved.rule:
        component.put("RRULE", text, Parameters(), after=("DTSTART", "DUE"))


# -- overrides ---------------------------------------------------------------------------------------------------------


def _write_overrides(series: Series, resource: Resource, old: Master | None, now: datetime) -> None:
    """Let the resource have these overrides and no others. `resource` has the master as it is now, `old` as it was."""
    zones, frame = resource.zones, resource.frame
    settle: Callable[[Slot], Slot] = (lambda slot: frame.settled(slot, zones)) if frame else (lambda slot: slot)
    wanted = {settle(slot): override for slot, override in sorted(series.overrides.items())}
    left = dict(resource.overrides)
    pairs: list[tuple[Slot, Override, tuple[Component, ...]]] = [
        (slot, override, left.pop(slot, ())) for slot, override in wanted.items()
    ]
    delta = resource.master.task.due - old.task.due if resource.master and old else timedelta(0)
    anew = old is not None and frame is not None and old.frame.anchor.form != frame.anchor.form
    for slot, override, exact in pairs:
        components = exact or left.pop(slot - delta, ())
        if components:
            _edit_override(components, slot, override, resource, now, anew=anew)
        else:
            _add_override(slot, override, series, resource, now)
    for components in left.values():
        _remove(resource.calendar, components)


def _edit_override(
    components: tuple[Component, ...], slot: Slot, override: Override, resource: Resource, now: datetime, *, anew: bool
) -> None:
    component, *doubles = components
    before = component.text()
    _apply(component, slot, override, resource, now, anew=anew)
    if component.text() != before:
        _remove(resource.calendar, doubles)


def _apply(
    component: Component, slot: Slot, override: Override, resource: Resource, now: datetime, *, anew: bool
) -> None:
    """Edit one override in place; `anew`: its RECURRENCE-ID must change its form with the master's dates."""
    zones, frame, line = resource.zones, resource.frame, component.first("RECURRENCE-ID")
    if frame is None or line is None:
        return
    before, important = component.text(), edits.significant(component)
    edits.rename_categories(component, resource.context)
    if anew or frame.slot(recurrence_stamp(component, zones)) != slot or is_ranged(line) != override.this_and_future:
        component.replace(line, edits.recurrence_line(component, slot, frame, ranged=override.this_and_future))
    span = span_of(component, zones, resource.context.read_lead)
    if resource.master is not None and not override.cancelled:
        task = replace(resource.master.task, status=override.task.status)
        if _led(component, span, task, resource.master.rule if override.task.status is _OPEN else None, resource):
            span = span_of(component, zones, resource.context.read_lead)
    form = edits.new_form(None, frame.anchor, zones)
    end = override_end(span, slot, resource.master, frame)
    edits.move(component, span, end, override.task, zones, form)
    current = override_of(component, slot, resource.master, resource)
    follow_due(component, end[0], current.task.due, resource.context, zones)
    edits.say(component, override.task, current.task, resource.context, now)
    if override.cancelled and not current.cancelled:
        component.drop("COMPLETED", "PERCENT-COMPLETE")
        component.put("STATUS", "CANCELLED", Parameters())
    elif current.cancelled and not override.cancelled:
        edits.reinstate(component, override.task, now)
    if not override.cancelled:
        renew(component, override.task, resource.context)
    edits.finish(component, before, important, override.task, resource.context, now)


def _add_override(slot: Slot, override: Override, series: Series, resource: Resource, now: datetime) -> None:
    """Make an override: the master's copy with its own values, or a task from nothing where there is no master."""
    if resource.frame is None:
        return
    calendar = resource.calendar
    if resource.master is None:
        zone, zones, context = series.zone, resource.zones, resource.context
        component = new_component(series.uid, override.task, None, zone, zones, context, now)
    else:
        component = _copied(resource.master, override.task, now)
    line = edits.recurrence_line(component, slot, resource.frame, ranged=override.this_and_future)
    component.insert(line, after=("UID",))
    last = calendar.components(resource.context.kind)[-1:]
    calendar.items.insert(calendar.items.index(last[0]) + 1 if last else len(calendar.items), component)
    _apply(component, slot, override, resource, now, anew=False)


def _copied(master: Master, task: Task, now: datetime) -> Component:
    """The master without what is its own alone; of its alarms those that move with it, if the occurrence is open."""
    component = deepcopy(master.component)
    component.drop(*_MASTERS_OWN, "COMPLETED", "PERCENT-COMPLETE", COMPLETED_AT)
    if component.name == "VTODO":
        component.put("STATUS", "NEEDS-ACTION", Parameters(), after=("SUMMARY", "DESCRIPTION"))
    for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED"):
        component.put(name, edits.utc(now), Parameters(), after=("UID", "DTSTAMP", "CREATED"))
    for alarm in component.components("VALARM"):
        if task.status is Status.COMPLETE or not is_relative(alarm):
            component.items.remove(alarm)
        alarm.drop("UID", "X-WR-ALARMUID")
    return component


def _remove(calendar: Component, components: Collection[Component]) -> None:
    calendar.items = [item for item in calendar.items if item not in components]
