"""A resource as it means: master, overrides, and what each says (calendar-app idioms in brackets).

- Due is DUE, else DTSTART + DURATION, else DTSTART. A slot is RECURRENCE-ID + the master's lead of DUE over DTSTART.
- An override without SUMMARY says only what it holds; all else is the master's. One without DUE, or due before it
  starts (Thunderbird on a DUE-only master), is due a lead after its DTSTART, else at its slot.
- Of two overrides for one RECURRENCE-ID the completed one counts (Evolution, 6.3), else the later one.
- Notes are DESCRIPTION less the block that shows the contact (`bridge.vtodo.fence`).
- Done: STATUS:COMPLETED, or no STATUS and COMPLETED or 100 percent; a VEVENT with a check mark before its text. What
  COMPLETED says beside an open STATUS depends on what was there before: `bridge.core.idioms.ticked` [20].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bridge.core.model import Override, Rule, Series, Slot, Status, Task, Unreadable
from bridge.core.schools import wrote
from bridge.vtodo.context import Context
from bridge.vtodo.fence import notes_of
from bridge.vtodo.frame import Frame, Span, frame_of, span_of, zone_name
from bridge.vtodo.lines import Component, Nonsense, parse
from bridge.vtodo.marks import is_marked, unmarked
from bridge.vtodo.rules import rule_from_wire
from bridge.vtodo.undated import give_day
from bridge.vtodo.values import (
    Stamp,
    contradicts,
    entries,
    is_ranged,
    midnight,
    moment_of,
    stamp_of,
    stamps,
    text_of,
    unescape,
)
from bridge.vtodo.zones import Zones

LONGEST_LEAD = timedelta(days=366 * 50)
DATES = ("DTSTART", "DUE", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE")
COMPLETED_AT = "X-LIONDESK-COMPLETED"
"""When an event was done: COMPLETED is a to-do's alone."""


@dataclass(frozen=True, slots=True)
class Master:
    """The master component and what it says."""

    component: Component
    span: Span
    frame: Frame
    task: Task
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource understood: the tree that can be edited, and where in it everything stands.

    `overrides` has all components of a slot, the one that counts first. `frame` is a guess where there is no master,
    None where there is no date at all. `undated`: the tree was given the date that the master lacks.
    """

    root: Component
    calendar: Component
    zones: Zones
    context: Context
    uid: str
    master: Master | None
    frame: Frame | None
    overrides: Mapping[Slot, tuple[Component, ...]]
    undated: bool = False

    @property
    def components(self) -> list[Component]:
        """The tasks in it, master and overrides."""
        return self.calendar.components(self.context.kind)


def read_series(ics: str, context: Context, item: str = "") -> Series | Unreadable:
    """What the resource says; Unreadable where it cannot be said. Never raises."""
    try:
        return series_of(understand(ics, context))
    except Nonsense as error:
        return Unreadable(item, str(error))
    except OverflowError:
        return Unreadable(item, "has a date that is out of all bounds")


def understand(ics: str, context: Context) -> Resource:
    """Find master and overrides. Raises Nonsense, and OverflowError for dates at the end of time."""
    root = parse(ics)
    calendar = next(iter(root.components("VCALENDAR")), None)
    if calendar is None:
        raise Nonsense("is no calendar: there is no VCALENDAR in it")
    if _defers(calendar):
        context = replace(context, cancelled_is_done=False)
    todos = [todo for every in root.components("VCALENDAR") for todo in every.components(context.kind)]
    if not todos:
        raise Nonsense(f"is no task: there is no {context.kind} in it")
    todos = [todo for todo in todos if text_of(todo, "UID")]
    uids = {text_of(todo, "UID") or "" for todo in todos}
    if not uids:
        raise Nonsense("has no UID")
    if len(uids) > 1:
        raise Nonsense("shares its resource with another one, of a different UID (RFC 4791, 4.1 forbids that)")
    zones = Zones(context.zone, calendar)
    found = next((todo for todo in todos if todo.first("RECURRENCE-ID") is None), None)
    undated = found is not None and give_day(found, zones, context)
    master = None if found is None else master_of(found, zones, context)
    exceptions = [todo for todo in todos if todo.first("RECURRENCE-ID") is not None]
    frame = master.frame if master else _guessed(exceptions, zones, context)
    overrides = _by_slot(exceptions, frame, zones) if frame else {}
    return Resource(root, calendar, zones, context, uids.pop(), master, frame, overrides, undated)


def master_of(component: Component, zones: Zones, context: Context) -> Master:
    """What the master says. Raises Nonsense."""
    span = span_of(component, zones, context.read_lead)
    frame = frame_of(span, zones.owner)
    if frame is None or span.end is None:
        raise Nonsense("has no due date, which LionDesk demands")
    if abs(frame.lead) > LONGEST_LEAD:
        raise Nonsense("starts and is due more than fifty years apart")
    if component.first("EXRULE") or len(component.lines("RRULE")) > 1:
        raise Nonsense("recurs by several rules at once, which LionDesk cannot hold")
    line = component.first("RRULE")
    text = "" if line is None else line.value
    rule = rule_from_wire(text, frame.anchor, frame.lead, zones) if text else None
    return Master(component, span, frame, task_of(component, zones, context, span.end, None), rule)


def series_of(resource: Resource) -> Series:
    """The series that a resource says. Raises Nonsense."""
    master, frame, zones = resource.master, resource.frame, resource.zones
    overrides = {
        slot: override_of(components[0], slot, master, resource)
        for slot, components in sorted(resource.overrides.items())
    }
    changed = [_modified(todo, zones) for todo in resource.components]
    return Series(
        uid=resource.uid,
        master=master.task if master else None,
        rule=master.rule if master else None,
        exdates=_dates(master, "EXDATE", zones),
        rdates=_dates(master, "RDATE", zones),
        overrides=MappingProxyType(overrides),
        zone=zone_name(frame.anchor.form, zones.owner) if frame else None,
        modified_at=max((moment for moment in changed if moment), default=None),
        prodid=_readable(resource.calendar, "PRODID"),
        pointer=_pointer(master, zones),
        misspelt=any(len(same) > 1 for same in resource.overrides.values())
        or any(contradicts(line) for each in resource.components for line in each.lines(*DATES)),
        cancelled=master is not None
        and is_cancelled(master.component)
        and master.task.status is Status.INCOMPLETE
        and not _defers(resource.calendar),
        undated=resource.undated,
    )


def _pointer(master: Master | None, zones: Zones) -> Slot | None:
    """Where KCalendarCore says that the open occurrence is. It adds a line at each save; the last one counts."""
    lines = master.component.lines("X-KDE-LIBKCAL-DTRECURRENCE") if master is not None else []
    if master is None or not lines:
        return None
    try:
        return next((master.frame.slot(written) for _, written in stamps(lines[-1], zones)), None)
    except Nonsense:
        return None


def _dates(master: Master | None, name: str, zones: Zones) -> frozenset[Slot]:
    if master is None:
        return frozenset()
    found = (written for line in master.component.lines(name) for _, written in stamps(line, zones))
    return frozenset(master.frame.slot(written) for written in found)


def _modified(component: Component, zones: Zones) -> datetime | None:
    return moment_of(component, "LAST-MODIFIED", zones) or moment_of(component, "DTSTAMP", zones)


def _readable(component: Component, name: str) -> str:
    """A text that may be broken without harm."""
    try:
        return (text_of(component, name) or "").strip()
    except Nonsense:
        return ""


# -- overrides ---------------------------------------------------------------------------------------------------------


def recurrence_stamp(component: Component, zones: Zones) -> Stamp:
    """RECURRENCE-ID. Raises Nonsense."""
    found = stamp_of(component, "RECURRENCE-ID", zones)
    if found is None:
        raise Nonsense("has an occurrence that does not say which one it is")
    return found


def _guessed(exceptions: list[Component], zones: Zones, context: Context) -> Frame | None:
    """The frame of a lost master, after the first override that has both DTSTART and DUE."""
    anchors = [recurrence_stamp(component, zones) for component in exceptions]
    spans = [span_of(component, zones, context.read_lead) for component in exceptions]
    if not anchors:
        return None
    anchor = next((anchor for anchor in anchors if not anchor.all_day), anchors[0])
    both = [span for span in spans if span.start and span.due and span.start.all_day == anchor.all_day]
    leads = [span.lead for span in both if span.lead >= timedelta(0)]
    return Frame(anchor, next(iter(leads), timedelta(0)), zones.owner)


def _by_slot(exceptions: list[Component], frame: Frame, zones: Zones) -> Mapping[Slot, tuple[Component, ...]]:
    found: dict[Slot, list[Component]] = {}
    for component in exceptions:
        found.setdefault(frame.slot(recurrence_stamp(component, zones)), []).append(component)
    return {slot: tuple(sorted(same, key=is_done))[::-1] for slot, same in found.items()}


def override_of(component: Component, slot: Slot, master: Master | None, resource: Resource) -> Override:
    """What an override says. Raises Nonsense."""
    zones = resource.zones
    span = span_of(component, zones, resource.context.read_lead)
    end = override_end(span, slot, master, resource.frame)
    inherited = master.task if master and component.first("SUMMARY") is None else None
    line = component.first("RECURRENCE-ID")
    return Override(
        task_of(component, zones, resource.context, end, inherited),
        cancelled=is_cancelled(component),
        this_and_future=line is not None and is_ranged(line),
    )


def override_end(span: Span, slot: Slot, master: Master | None, frame: Frame | None) -> tuple[datetime, bool]:
    """When an override is due, and whether that is a whole day."""
    if span.due is not None and span.end is not None and not _backwards(span.start, span.due):
        return span.end
    if span.start is None:
        return slot, master.task.all_day if master else frame is not None and frame.anchor.all_day
    if span.duration is not None and span.end is not None:
        return span.end
    lead = frame.lead if frame else timedelta(0)
    return (midnight(span.start.wall + lead), True) if span.start.all_day else (span.start.wall + lead, False)


def _backwards(start: Stamp | None, due: Stamp) -> bool:
    """Whether it is due before it starts; a DATE is due through its day."""
    return start is not None and due.wall < (midnight(start.wall) if due.all_day else start.wall)


# -- what one component says -------------------------------------------------------------------------------------------


def task_of(
    component: Component, zones: Zones, context: Context, end: tuple[datetime, bool], inherited: Task | None
) -> Task:
    """The task that a component says; `inherited` speaks where it is silent. Raises Nonsense."""
    due, all_day = end
    done = is_done(component) or (
        context.cancelled_is_done and component.first("RECURRENCE-ID") is None and is_cancelled(component)
    )
    notes = text_of(component, "DESCRIPTION")
    summary = text_of(component, "SUMMARY") or ""
    moment = "COMPLETED" if component.name == "VTODO" else COMPLETED_AT
    task = Task(
        summary=summary if component.name == "VTODO" else unmarked(summary),
        due=midnight(due) if all_day else due,
        all_day=all_day,
        status=Status.COMPLETE if done else Status.INCOMPLETE,
        notes=notes_of(notes or ""),
        category_id=category_of(component, context),
        completed_at=moment_of(component, moment, zones) if done or _undecided(component) else None,
    )
    if inherited is None:
        return task
    return replace(
        task,
        summary=inherited.summary,
        notes=inherited.notes if notes is None else task.notes,
        category_id=task.category_id if component.first("CATEGORIES") else inherited.category_id,
    )


def is_done(component: Component) -> bool:
    """Idiom 20. A leftover COMPLETED beside NEEDS-ACTION says nothing. Of an event the check mark tells."""
    if component.name == "VEVENT":
        return is_marked(_readable(component, "SUMMARY"))
    status = _readable(component, "STATUS").upper()
    if status:
        return status == "COMPLETED"
    return component.first("COMPLETED") is not None or _readable(component, "PERCENT-COMPLETE") == "100"


def _undecided(component: Component) -> bool:
    """Whether a COMPLETED beside an open STATUS may mean something: a percentage says that it does not."""
    return component.first("STATUS") is not None and _readable(component, "PERCENT-COMPLETE") in ("", "100")


def is_cancelled(component: Component) -> bool:
    """STATUS:CANCELLED (of a whole task see `_defers`; calendar-apps.md, 2.16)."""
    return _readable(component, "STATUS").upper() == "CANCELLED"


def _defers(calendar: Component) -> bool:
    """Whether CANCELLED on a whole task says that it waits: Outlook's word for "deferred"."""
    return wrote(_readable(calendar, "PRODID"), "outlook")


def category_of(component: Component, context: Context) -> str | None:
    """The id of the first entry of CATEGORIES that names a LionDesk category, in whatever case."""
    names = {clean_name(name): key for name, key in context.renamed.items()}
    names |= {clean_name(name): key for key, name in reversed(list(context.categories.items()))}
    for line in component.lines("CATEGORIES"):
        for entry in entries(line.parts()[1]):
            if clean_name(unescape(entry)) in names:
                return names[clean_name(unescape(entry))]
    return None


def clean_name(name: str) -> str:
    """A category's name as it is compared."""
    return " ".join(name.split()).casefold()
