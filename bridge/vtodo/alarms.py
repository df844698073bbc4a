"""Alarms (RFC 5545, 3.6.6): one of ours, and the user's own, which stay as they are.

Ours is marked. An app that drops the mark, or turns its relative trigger into a moment (Apple Reminders), leaves an
alarm that rings when ours would: that one is followed like ours.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from icalendar import vDuration
from icalendar.parser import Parameters

from bridge.core.model import Status, Task
from bridge.vtodo.context import Context
from bridge.vtodo.lines import Component, Nonsense, component
from bridge.vtodo.values import Stamp, clean, escape, spell, stamp, text_of
from bridge.vtodo.zones import Zones

OURS = "X-LIONDESK-ALARM"


def add_alarm(todo: Component, task: Task, context: Context) -> None:
    """Give an open task its DISPLAY alarm, relative to its end, or to the start of an event that has none."""
    if context.alarm is None or task.status is Status.COMPLETE:
        return
    alarm = component("VALARM", todo.eol)
    alarm.put("ACTION", "DISPLAY")
    alarm.put("DESCRIPTION", escape(task.summary) or "Reminder")
    alarm.put("TRIGGER", _trigger(context.alarm), Parameters({"RELATED": "END"} if _at_end(todo) else {}))
    alarm.put(OURS, "TRUE")
    todo.items.append(alarm)


def follow_status(todo: Component, wanted: Task, context: Context) -> None:
    """Apps ring for an event that is done, and know no other: ours goes, and comes again with the task.

    A completed to-do is silent by itself; an occurrence that was done when it was made has no alarm yet.
    """
    if wanted.status is Status.COMPLETE:
        if todo.name == "VEVENT":
            gone = [alarm for alarm in todo.components("VALARM") if _like_ours(alarm, context)]
            todo.items = [item for item in todo.items if item not in gone]
    elif not todo.components("VALARM") and (todo.name == "VEVENT" or todo.first("RECURRENCE-ID") is not None):
        add_alarm(todo, wanted, context)


def follow_text(todo: Component, before: str, after: str) -> None:
    """Let alarms that show the task's old text show the new one; what an app or the user wrote instead stays."""
    for alarm in todo.components("VALARM"):
        if before and clean(before) == _text(alarm) and after:
            alarm.put("DESCRIPTION", escape(after))


def follow_due(todo: Component, before: datetime, after: datetime, context: Context, zones: Zones) -> None:
    """Move alarms that stand as a moment where ours would, or at the due moment itself, along with it.

    Both are naive, on the owner's clock. Relative ones move by themselves; other moments are the user's.
    """
    ours = {before, before - (context.alarm or timedelta(0))}
    for alarm in todo.components("VALARM"):
        found = _moment(alarm, zones)
        if before != after and found is not None and found.wall in ours:
            moved = found.wall + (after - before)
            alarm.put("TRIGGER", spell(moved, found.form, zones.owner))


def renew(todo: Component, task: Task, context: Context) -> None:
    """Let an open task ring as it is configured now, where it rings as it was configured then."""
    if context.was is None or task.status is Status.COMPLETE:
        return
    then, now, at_end = context.was.alarm, context.alarm, _at_end(todo)
    ours = [alarm for alarm in todo.components("VALARM") if alarm.first(OURS) is not None and _before(alarm) == then]
    if then is None and now is not None and not todo.components("VALARM"):
        add_alarm(todo, task, context)
    if now is None:
        todo.items = [item for item in todo.items if item not in ours]
        return
    for alarm in ours:
        related = alarm.lines("TRIGGER")[0].parts()[0].get("RELATED") == "END"
        if then != now or related is not at_end:
            alarm.put("TRIGGER", _trigger(now), Parameters({"RELATED": "END"} if at_end else {}))


def is_relative(alarm: Component) -> bool:
    """Whether an alarm moves with its task by itself."""
    trigger = alarm.first("TRIGGER")
    return trigger is not None and "P" in trigger.value.upper()


def _at_end(todo: Component) -> bool:
    return todo.name == "VTODO" or todo.first("DTEND") is not None


def _like_ours(alarm: Component, context: Context) -> bool:
    if alarm.first(OURS) is not None:
        return True
    action = alarm.first("ACTION")
    shown = action is not None and action.value.upper() == "DISPLAY"
    return shown and context.alarm is not None and _before(alarm) == context.alarm


def _trigger(before: timedelta) -> str:
    duration: bytes = vDuration(-before).to_ical()  # type: ignore[no-untyped-call] # typed in name only
    return duration.decode() if before else "PT0S"


def _before(alarm: Component) -> timedelta | None:
    """How long before its task an alarm rings; None where it is a moment, or nothing that can be read."""
    trigger = alarm.first("TRIGGER")
    if trigger is None or not is_relative(alarm):
        return None
    try:
        duration: timedelta = vDuration.from_ical(trigger.value)  # type: ignore[no-untyped-call] # typed in name only
    except (ValueError, OverflowError, TypeError, Nonsense):
        return None
    return -duration


def _moment(alarm: Component, zones: Zones) -> Stamp | None:
    trigger = alarm.first("TRIGGER")
    if trigger is None or is_relative(alarm):
        return None
    try:
        parameters, value = trigger.parts()
        found = stamp(value, parameters, zones)
    except Nonsense:
        return None
    return None if found.all_day else found


def _text(alarm: Component) -> str | None:
    try:
        return text_of(alarm, "DESCRIPTION")
    except Nonsense:
        return None
