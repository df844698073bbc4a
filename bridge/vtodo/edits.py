"""Edits of one component: a property is touched only where what it means differs from what is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from icalendar.parser import Parameters

from bridge.core.model import Slot, Status, Task
from bridge.vtodo import alarms
from bridge.vtodo.contacts import describe, say_contact
from bridge.vtodo.context import Context
from bridge.vtodo.fence import notes_of
from bridge.vtodo.frame import DAY, DUE_AT, Frame, Span, timed_form
from bridge.vtodo.lines import Component, Line
from bridge.vtodo.marks import heading
from bridge.vtodo.reading import COMPLETED_AT, clean_name, is_cancelled
from bridge.vtodo.values import Dated, Form, Stamp, clean, entries, escape, midnight, spell, spelling, stamps, unescape
from bridge.vtodo.zones import Zones

REMINDER = "X-LIONDESK-REMINDER"
WHOLE_DAY = timedelta(hours=23, minutes=59, seconds=59)
_SIGNIFICANT = ("DTSTART", "DUE", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "STATUS", "RECURRENCE-ID")
"""What raises SEQUENCE (RFC 5546, 2.1.4)."""


def say(component: Component, wanted: Task, current: Task, context: Context, now: datetime) -> None:
    """Let the component say `wanted` in text, category and status, where it says `current` now."""
    silent = component.first("SUMMARY") is None and component.first("RECURRENCE-ID") is not None
    if silent and (_texts(wanted) != _texts(current) or _summary(component, wanted) != _summary(component, current)):
        # An override that was silent about these said what its master says: from now on it says all of it itself.
        current = replace(current, summary="", notes="", category_id=None)
        say_summary(component, wanted)
    if _summary(component, wanted) != _summary(component, current):
        say_summary(component, wanted)
    if notes_of(clean(wanted.notes)) != current.notes:
        describe(component, wanted.notes)
    say_contact(component, wanted, context)
    _say_category(component, wanted.category_id, current.category_id, context)
    if wanted.status is not current.status:
        (reinstate if is_cancelled(component) else say_status)(component, wanted, now)
        alarms.follow_status(component, wanted, context)
    if wanted.summary != current.summary:
        alarms.follow_text(component, current.summary, wanted.summary)
    if component.first(REMINDER):
        say_reminder(component, wanted)  # a missing one is no reason to write: this server may drop X- properties


def say_summary(component: Component, wanted: Task) -> None:
    """Write SUMMARY; of an event with the check mark that says done."""
    component.put("SUMMARY", escape(_summary(component, wanted)), after=("UID", "DTSTAMP", "CREATED", "LAST-MODIFIED"))


def _summary(component: Component, task: Task) -> str:
    return heading(task) if component.name == "VEVENT" else clean(task.summary)


def _texts(task: Task) -> tuple[str, str, str | None]:
    return clean(task.summary), clean(task.notes), task.category_id


def say_status(component: Component, wanted: Task, now: datetime) -> None:
    """Complete or open the component, with all that belongs to it."""
    if component.name == "VEVENT":
        say_summary(component, wanted)
        if wanted.status is Status.COMPLETE:
            component.put(COMPLETED_AT, utc(wanted.completed_at or now), Parameters(), after=("SUMMARY", "DESCRIPTION"))
        else:
            component.drop(COMPLETED_AT)
        return
    match wanted.status:
        case Status.COMPLETE:
            component.put("STATUS", "COMPLETED", Parameters())
            component.put("PERCENT-COMPLETE", "100", Parameters())
            component.put("COMPLETED", utc(wanted.completed_at or now), Parameters())
        case Status.INCOMPLETE:
            component.put("STATUS", "NEEDS-ACTION", Parameters())
            component.drop("COMPLETED", "PERCENT-COMPLETE")


def reinstate(component: Component, wanted: Task, now: datetime) -> None:
    """Take STATUS:CANCELLED back."""
    if component.name == "VEVENT":
        component.put("STATUS", "CONFIRMED", Parameters())
    say_status(component, wanted, now)


def say_reminder(component: Component, wanted: Task) -> None:
    """Keep X-LIONDESK-REMINDER up to date; None is silence, "0" is no reminder."""
    match wanted.reminder_type:
        case None:
            pass
        case "0":
            component.drop(REMINDER)
        case kind if (line := component.first(REMINDER)) is None or unescape(line.value) != kind:
            component.put(REMINDER, escape(kind), Parameters())
        case _:
            pass


def rename_categories(component: Component, context: Context) -> None:
    """Let entries that name a category as it was called before say what it is called now."""
    now = {clean_name(name) for name in context.categories.values()}
    new = {clean_name(name): context.categories.get(key) for name, key in context.renamed.items()}
    new = {name: called for name, called in new.items() if name not in now}
    for line in component.lines("CATEGORIES") if new else ():
        parameters, value = line.parts()
        before = entries(value)
        after = [escape(new.get(clean_name(unescape(entry))) or unescape(entry)) for entry in before]
        if [unescape(entry) for entry in after] != [unescape(entry) for entry in before]:
            component.replace(line, component.line("CATEGORIES", parameters, ",".join(after)))


def _say_category(component: Component, wanted: str | None, current: str | None, context: Context) -> None:
    """Exchange the entry that names the category; the user's other entries stay, in their spelling and order."""
    if wanted == current or (wanted is not None and wanted not in context.categories):
        return
    known = {clean_name(name) for name in context.categories.values()}
    name = context.categories[wanted] if wanted is not None else None
    if name is not None and current is not None and clean_name(name) == clean_name(context.categories[current]):
        return
    pending = name
    for line in component.lines("CATEGORIES"):
        parameters, value = line.parts()
        kept: list[str] = []
        for entry in entries(value):
            spelt = clean_name(unescape(entry))
            if spelt not in known:
                kept.append(entry)
            elif pending is not None:
                kept.append(escape(pending))
                pending = None
            elif name is not None and spelt != clean_name(name):
                kept.append(entry)
        if kept != entries(value):
            component.replace(line, component.line("CATEGORIES", parameters, ",".join(kept)) if kept else None)
    if pending is not None:
        component.insert(component.line("CATEGORIES", Parameters(), escape(pending)), after=("SUMMARY", "DESCRIPTION"))


# -- dates -------------------------------------------------------------------------------------------------------------


def move(
    component: Component, span: Span, current: tuple[datetime, bool], wanted: Task, zones: Zones, form: Form
) -> None:
    """Let the component be due when `wanted` is; its DTSTART keeps its distance.

    `form` is how a DATE-TIME is written where there was none.
    """
    due, all_day = current
    target = midnight(wanted.due) if wanted.all_day else wanted.due
    if span.anchor is None:
        if (target, wanted.all_day) != current:
            own: Form = Dated() if wanted.all_day else form
            put_stamp(component, "DTSTART", target, own, zones)
            if component.name == "VTODO":
                put_stamp(component, "DUE", target, own, zones)
    elif all_day != wanted.all_day:
        _turn(component, span, target, zones, Dated() if wanted.all_day else form)
    elif target != due:
        _shift(component, span, target, due, zones)


def mark_due(component: Component, span: Span) -> None:
    """Let an event say which of its dates is its due moment, where that depended on the lead of the pair."""
    if component.first(DUE_AT) is None:
        at_end = span.due is not None or span.duration is not None
        component.put(DUE_AT, "DTEND" if at_end else "DTSTART", Parameters(), after=("DTSTART", "DTEND"))


def renew_lead(component: Component, span: Span, leads: tuple[timedelta, timedelta], zones: Zones) -> bool:
    """Let DTSTART stand the second lead before the due moment where it stands the first one before it now.

    An event with an end of an app's own stays as it is.
    """
    then, now = leads
    if then == now or span.start is None or span.end is None or span.lead != then or span.beyond is not None:
        return False
    if component.name == "VTODO" and span.due is None:
        return False
    due, form = span.end[0], span.start.form
    put_stamp(component, "DTSTART", due - now, form, zones)
    if component.name == "VEVENT" and now:
        put_end(component, due, form, zones)
    elif component.name == "VEVENT":
        component.drop("DTEND", "DURATION")
        component.put(DUE_AT, "DTSTART", Parameters(), after=("DTSTART",))
    return True


def rezone(component: Component, span: Span, form: Form, zones: Zones) -> None:
    """Write the component's dates in another form, on the same wall clock moments."""
    if span.start is not None:
        put_stamp(component, "DTSTART", span.start.wall, form, zones)
    if span.due is not None:
        put_end(component, span.due.wall, form, zones)
    if span.beyond is not None:
        put_stamp(component, "DTEND", span.beyond.wall, form, zones)


def _shift(component: Component, span: Span, target: datetime, due: datetime, zones: Zones) -> None:
    last = span.due or span.start
    if last is None or spell(target, last.form, zones.owner) == spell(due, last.form, zones.owner):
        return  # both are the same moment: one of them stands in the gap
    if span.start is not None:
        start = target if _whole_day(span) else span.start.wall + (target - due)
        put_stamp(component, "DTSTART", start, span.start.form, zones)
    if span.due is not None:
        put_end(component, target, span.due.form, zones)
    if span.beyond is not None:
        put_stamp(component, "DTEND", span.beyond.wall + (target - due), span.beyond.form, zones)


def _whole_day(span: Span) -> bool:
    """Whether it lasts from the first to the last second of a day: Outlook's way to say no time (idiom 19)."""
    return span.start is not None and span.lead == WHOLE_DAY and span.start.wall == midnight(span.start.wall)


def _turn(component: Component, span: Span, target: datetime, zones: Zones, form: Form) -> None:
    """A timed task becomes all-day or the other way round: both dates in one form, as many days apart as before."""
    component.drop("DURATION")
    if component.name == "VEVENT" and span.due is None and span.duration is None:
        component.drop("DTEND")
        put_stamp(component, "DTSTART", target, form, zones)
        return
    days = timedelta(0)
    if span.start is not None and span.end is not None:
        days = max(midnight(span.end[0]) - midnight(span.start.wall), timedelta(0))
        put_stamp(component, "DTSTART", target - days, form, zones)
    put_end(component, target, form, zones)


def put_end(component: Component, due: datetime, form: Form, zones: Zones) -> None:
    """Write when the component is due as its end: DUE, or an event's DTEND, which is the day after a due day."""
    if component.name == "VEVENT":
        put_stamp(component, "DTEND", due + DAY if isinstance(form, Dated) else due, form, zones)
        component.put(DUE_AT, "DTEND", Parameters(), after=("DTSTART", "DTEND"))
    else:
        put_stamp(component, "DUE", due, form, zones)


def put_stamp(component: Component, name: str, wall: datetime, form: Form, zones: Zones) -> None:
    """Write one date in this form, keeping the parameters that say something else."""
    old = component.first(name)
    parameters = spelling(form, old.parts()[0] if old else None)
    component.put(name, spell(wall, form, zones.owner), parameters, after=("SUMMARY", "DESCRIPTION", "DTSTART"))


def say_dates(
    component: Component, name: str, wanted: Iterable[Slot], frame: Frame, zones: Zones, *, anew: bool
) -> None:
    """Let EXDATE or RDATE name these slots: others go, those that stand stay as they are spelt unless `anew`."""
    settled = {frame.settled(slot, zones) for slot in wanted}
    missing = set(settled)
    for line in component.lines(name):
        parameters, _ = line.parts()
        found = stamps(line, zones)
        kept = [entry for entry, written in found if frame.slot(written) in settled and not anew]
        if len(kept) != len(found):
            component.replace(line, component.line(name, parameters, ",".join(kept)) if kept else None)
        if not anew:
            missing -= {frame.slot(written) for _, written in found}
    for slot in sorted(missing):
        line = component.line(name, spelling(frame.anchor.form), frame.spelt(slot))
        component.insert(line, after=("RRULE", "RDATE", "EXDATE") if name == "EXDATE" else ("RRULE", "RDATE"))


def recurrence_line(component: Component, slot: Slot, frame: Frame, *, ranged: bool) -> Line:
    """RECURRENCE-ID for a slot, in the form of the master's date."""
    old = component.first("RECURRENCE-ID")
    parameters = spelling(frame.anchor.form, old.parts()[0] if old else None)
    parameters.pop("RANGE", None)
    if ranged:
        parameters["RANGE"] = "THISANDFUTURE"
    return component.line("RECURRENCE-ID", parameters, frame.spelt(slot))


# -- bookkeeping -------------------------------------------------------------------------------------------------------


def significant(component: Component) -> tuple[str, ...]:
    """The lines whose change raises SEQUENCE."""
    return tuple(line.raw for line in component.lines(*_SIGNIFICANT))


def finish(
    component: Component, before: str, important: tuple[str, ...], wanted: Task, context: Context, now: datetime
) -> None:
    """If the component changed since `before`, say when, and raise its SEQUENCE where it has one or must have one."""
    if component.text() == before:
        return
    say_reminder(component, wanted)
    say_contact(component, wanted, context, anew=True)
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        component.put(name, utc(now), Parameters(), after=("UID", "DTSTAMP"))
    sequence = component.first("SEQUENCE")
    if sequence is not None:
        if sequence.value.isdecimal() and len(sequence.value) < 10:
            component.put("SEQUENCE", str(int(sequence.value) + 1))
    elif significant(component) != important:
        component.put("SEQUENCE", "1", after=("LAST-MODIFIED",))


def utc(moment: datetime) -> str:
    """An aware moment as DATE-TIME in UTC."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}Z"


def new_form(zone: str | None, anchor: Stamp | None, zones: Zones) -> Form:
    """How a DATE-TIME is written in a resource whose dates were days: as the anchor, if that is timed."""
    return timed_form(zone, zones.owner) if anchor is None or anchor.all_day else anchor.form
