"""A person at a calendar app (Thunderbird, jtx Board, KOrganizer; of the rolling school where that is the shape)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from bridge.core.model import Shape
from tests.simulation.foreign import parsed
from tests.simulation.stage import ZONE, Stage
from tests.simulation.views import slots_of, wall

RULES = (
    "FREQ=WEEKLY;COUNT=5",
    "FREQ=WEEKLY",
    "FREQ=DAILY;INTERVAL=4;COUNT=6",
    "FREQ=MONTHLY;COUNT=4",
    "FREQ=DAILY;UNTIL=20260320T235959Z",
)
PRODID = "-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN"
ROLLER = "+//IDN tasks.org//android-130000//EN"
PRODIDS = {Shape.OVERRIDES: PRODID, Shape.ROLLING: ROLLER, Shape.SEPARATE: ROLLER}


@dataclass
class Open:
    """A resource that the app has open."""

    stage: Stage
    href: str
    calendar: Any

    @property
    def todos(self) -> list[Any]:
        """All of its components."""
        return list(self.calendar.walk("VTODO"))

    @property
    def master(self) -> Any | None:
        """The one without RECURRENCE-ID."""
        return next((each for each in self.todos if "RECURRENCE-ID" not in each), None)

    @property
    def recurs(self) -> bool:
        """Whether it has a rule."""
        return self.master is not None and "RRULE" in self.master

    def slots(self) -> list[datetime]:
        """The first slots of the series that the app shows."""
        assert self.master is not None
        cancelled = {at for at, each in self.overrides().items() if str(each.get("STATUS")) == "CANCELLED"}
        through = self.stage.today + timedelta(days=self.stage.world.switches.horizon_days + 40)
        return [slot for slot in slots_of(self.master, ZONE, through) if slot not in cancelled][:40]

    def overrides(self) -> dict[datetime, Any]:
        """By slot."""
        return {wall(each["RECURRENCE-ID"].dt, ZONE): each for each in self.todos if "RECURRENCE-ID" in each}

    def occurrence(self, b: int) -> tuple[Any | None, str]:
        """The component of one occurrence, made where it is missing (a full copy, as Thunderbird makes it); in words."""
        master = self.master
        if master is None:
            return None, ""
        if not self.recurs:
            return master, repr(str(master.get("SUMMARY")))
        if self.stage.shape is not Shape.OVERRIDES:
            return master, f"the series {str(master.get('SUMMARY'))!r}"  # its apps show the one that is next
        slots = self.slots()
        if not slots:
            return None, ""
        # Mostly the first ones; now and then one beyond LionDesk's horizon.
        slot = slots[b % min(len(slots), 6)] if b % 7 else slots[-1]
        words = f"{str(master.get('SUMMARY'))!r} of {slot:%a %d %b %H:%M}"
        return self.overrides().get(slot) or self.copy(slot), words

    def copy(self, slot: datetime) -> Any:
        """A full copy of one occurrence, in the resource."""
        assert self.master is not None
        now = self.stage.calendar_at(self.href, slot)
        todo = self.master.copy(recursive=True)
        for name in ("RRULE", "EXDATE", "RDATE"):
            todo.pop(name, None)
        put_moment(todo, "RECURRENCE-ID", slot, self.master)
        for name in ("DTSTART", "DUE"):
            if name in todo or name == "DUE":
                put_moment(todo, name, now.due if now else slot, self.master)
        if now is not None:
            for name, text in (("SUMMARY", now.summary), ("DESCRIPTION", now.notes)):
                todo.pop(name, None)
                if text:
                    todo.add(name, text)
        self.calendar.add_component(todo)
        return todo

    def save(self, *changed: Any) -> None:
        """Write it back."""
        moment = self.stage.world.clock.now()
        self.calendar["PRODID"] = PRODIDS[self.stage.shape]
        for each in changed or self.todos:
            each.pop("LAST-MODIFIED", None)
            each.add("LAST-MODIFIED", moment)
        self.stage.collected.put(self.href, self.calendar.to_ical().decode())


def put_moment(todo: Any, name: str, moment: datetime, like: Any) -> None:
    """A date in the form of `like`'s own: a day, or in its zone."""
    form = like["DUE"].dt
    value: date = moment
    if not isinstance(form, datetime):
        value = moment.date()
    elif form.tzinfo is not None:
        value = moment.replace(tzinfo=ZONE).astimezone(form.tzinfo)
    todo.pop(name, None)
    todo.add(name, value)


def opened(stage: Stage, a: int) -> Open | None:
    """One of the resources."""
    hrefs = sorted(stage.collected.bodies)
    if not hrefs:
        return None
    href = hrefs[a % len(hrefs)]
    return Open(stage, href, parsed(stage.collected.bodies[href]))


def opened_series(stage: Stage, a: int) -> Open | None:
    """A recurring resource."""
    for shift in range(len(stage.collected.bodies)):
        one = opened(stage, a + shift)
        if one is not None and one.recurs:
            return one
    return None


def _new(stage: Stage, n: int, a: int, b: int, c: int) -> str:
    zone = ZoneInfo("Europe/Berlin") if a % 6 == 5 else ZONE
    due = datetime(2026, 3, 3, (10, 16)[b % 2], tzinfo=zone) + timedelta(days=b % 9)
    todo: Any = icalendar.Todo()
    todo.add("UID", f"app-{n}")
    todo.add("DTSTAMP", stage.world.clock.now())
    todo.add("SUMMARY", f"C{n}")
    moment: date = due.date() if a % 5 == 0 else due
    todo.add("DTSTART", moment)
    todo.add("DUE", moment)
    todo.add("X-FOO", f"keep-{n}")
    todo.add("PRIORITY", 3)
    rule = RULES[c % len(RULES)] if c % 7 < len(RULES) else None
    if rule is not None:
        if a % 5 == 0 and "UNTIL" in rule:
            rule = "FREQ=DAILY;UNTIL=20260320"
        todo.add("RRULE", icalendar.vRecur.from_ical(rule))
    calendar = icalendar.Calendar()
    calendar.add("PRODID", PRODID)
    calendar.add("VERSION", "2.0")
    calendar.add_component(todo)
    Open(stage, f"/cal/new-{n}.ics", calendar).save()
    return f"makes 'C{n}' due {moment} {zone}, {rule or 'once'}"


def _changed(stage: Stage, a: int, b: int, words: str, change: Callable[[Any], bool]) -> str | None:
    one = opened(stage, a)
    if one is None:
        return None
    todo, name = one.occurrence(b)
    if todo is None or not change(todo):
        return None
    one.save(todo)
    return f"{words} {name}"


def _text(stage: Stage, n: int, a: int, b: int, _c: int) -> str | None:
    def change(todo: Any) -> bool:
        todo["SUMMARY"] = f"{str(todo['SUMMARY']).split(' ', 1)[0]} e{n}"
        return True

    return _changed(stage, a, b, f"writes e{n} at", change)


def _notes(stage: Stage, n: int, a: int, b: int, _c: int) -> str | None:
    def change(todo: Any) -> bool:
        todo["DESCRIPTION"] = f"n{n}"
        return True

    return _changed(stage, a, b, f"notes n{n} at", change)


def _due(stage: Stage, _n: int, a: int, b: int, c: int) -> str | None:
    def change(todo: Any) -> bool:
        by = timedelta(days=c % 2 + (not isinstance(todo["DUE"].dt, datetime)), hours=c % 3 + 1)
        for name in ("DTSTART", "DUE"):
            if name in todo:
                moment = todo.pop(name).dt
                todo.add(name, moment + by)
        return True

    return _changed(stage, a, b, f"moves by {c % 2} days and {c % 3 + 1} hours", change)


def _complete(stage: Stage, _n: int, a: int, b: int, _c: int) -> str | None:
    def change(todo: Any) -> bool:
        if str(todo.get("STATUS")) == "COMPLETED" or "RRULE" in todo:
            return False
        for name in ("STATUS", "COMPLETED", "PERCENT-COMPLETE"):
            todo.pop(name, None)
        todo.add("STATUS", "COMPLETED")
        todo.add("COMPLETED", stage.world.clock.now())
        todo.add("PERCENT-COMPLETE", 100)
        return True

    return _changed(stage, a, b, "completes", change)


def _reopen(stage: Stage, _n: int, a: int, b: int, _c: int) -> str | None:
    def change(todo: Any) -> bool:
        if str(todo.get("STATUS")) != "COMPLETED":
            return False
        for name in ("STATUS", "COMPLETED", "PERCENT-COMPLETE"):
            todo.pop(name, None)
        todo.add("STATUS", "NEEDS-ACTION")
        return True

    return _changed(stage, a, b, "re-opens", change)


def _cancel(stage: Stage, _n: int, a: int, b: int, _c: int) -> str | None:
    def change(todo: Any) -> bool:
        if "RECURRENCE-ID" not in todo:
            return False
        todo.pop("STATUS", None)
        todo.add("STATUS", "CANCELLED")
        return True

    return _changed(stage, a, b, "cancels", change)


def _foreign(stage: Stage, n: int, a: int, _b: int, _c: int) -> str | None:
    one = opened(stage, a)
    if one is None or one.master is None:
        return None
    one.master.add("X-BAR", f"keep-{n}")
    one.save(one.master)
    return f"adds a property of its own to {one.href}"


def _exclude(stage: Stage, _n: int, a: int, b: int, _c: int) -> str | None:
    one = opened_series(stage, a)
    slots = one.slots() if one else []
    if one is None or one.master is None or len(slots) < 2:
        return None
    slot = slots[b % min(6, len(slots))]
    gone = one.overrides().get(slot)
    if gone is not None and "RANGE" in gone["RECURRENCE-ID"].params:
        return None  # it speaks for those that follow, too
    one.calendar.subcomponents = [each for each in one.calendar.subcomponents if each is not gone]
    _exdate(one.master, slot)
    one.save(one.master)
    return f"excludes {slot} of {one.href}"


def _exdate(master: Any, slot: datetime) -> None:
    form = master["DUE"].dt
    if not isinstance(form, datetime):
        master.add("EXDATE", slot.date())
    else:
        master.add("EXDATE", slot.replace(tzinfo=ZONE).astimezone(form.tzinfo) if form.tzinfo else slot)


def _include(stage: Stage, _n: int, a: int, _b: int, _c: int) -> str | None:
    one = opened_series(stage, a)
    if one is None or one.master is None or "EXDATE" not in one.master:
        return None
    del one.master["EXDATE"]
    one.save(one.master)
    return f"takes back every EXDATE of {one.href}"


def _drop_override(stage: Stage, _n: int, a: int, b: int, _c: int) -> str | None:
    one = opened_series(stage, a)
    overrides = one.overrides() if one else {}
    if one is None or not overrides:
        return None
    slot = sorted(overrides)[b % len(overrides)]
    one.calendar.subcomponents = [each for each in one.calendar.subcomponents if each is not overrides[slot]]
    one.save(*([one.master] if one.master else []))
    return f"takes the override of {slot} of {one.href} away"


def _delete(stage: Stage, _n: int, a: int, _b: int, _c: int) -> str | None:
    one = opened(stage, a)
    if one is None:
        return None
    stage.collected.remove(one.href)
    return f"deletes {one.href}"


EDITS: dict[str, Callable[[Stage, int, int, int, int], str | None]] = {
    "new": _new,
    "text": _text,
    "notes": _notes,
    "due": _due,
    "complete": _complete,
    "re-open": _reopen,
    "cancel": _cancel,
    "foreign": _foreign,
    "exclude": _exclude,
    "include": _include,
    "drop override": _drop_override,
    "delete": _delete,
}
