"""The whole stack with a calendar of events, for services that have no VTODO."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Self

import msgspec
import recurring_ical_events

from tests.system.stage import ZONE, Shown, Stage

MARKS = ("\u2713", "\u2714\ufe0f", "\u2714", "\u2705", "\u2611", "[x]")


@dataclass
class EventStage(Stage):
    """A pair whose calendar holds VEVENTs."""

    @classmethod
    def beside(cls, stage: Stage, **calendar: Any) -> Self:
        """The same world with a calendar of events; `calendar` are further settings of it."""
        app = stage.server.new_calendar(components=("VEVENT",))
        values = {each.name: getattr(stage, each.name) for each in fields(stage)}
        wanted = msgspec.structs.replace(stage.settings.calendar, **{"url": app.url, "component": "event", **calendar})
        settings = msgspec.structs.replace(stage.settings, calendar=wanted)
        return cls(**{**values, "app": app, "settings": settings})

    def put(self, name: str, calendar: Any) -> None:
        """An app writes a resource."""
        self.tick()
        now = self.world.clock.now()
        for event in calendar.walk("VEVENT"):
            event.pop("LAST-MODIFIED", None)
            event.add("LAST-MODIFIED", now)
        self.app.put(name, calendar.to_ical().decode())

    def calendar_shows(self, through: datetime | None = None) -> list[Shown]:
        """Every occurrence as recurring-ical-events expands it, done by its mark."""
        if through is None:
            through = max((due for _, due, _ in self.liondesk_shows()), default=datetime(2026, 12, 31))
        lead = self.settings.calendar.start
        shown: list[Shown] = []
        for calendar in self.resources().values():
            query = recurring_ical_events.of(calendar, components=["VEVENT"], skip_bad_series=False)
            found = query.between(datetime(2020, 1, 1, tzinfo=ZONE), (through + timedelta(days=1)).replace(tzinfo=ZONE))
            alive = [event for event in found if str(event.get("STATUS", "")) != "CANCELLED"]
            shown += [each for event in alive if (each := _shown(event, lead))[1] <= through]
        return sorted(shown)


def _shown(event: Any, lead: timedelta) -> Shown:
    due: date = (event["DTEND"] if lead else event["DTSTART"]).dt
    summary = str(event.get("SUMMARY", ""))
    mark = next((mark for mark in MARKS if summary.lower().startswith(mark)), "")
    if isinstance(due, datetime):
        wall = due.astimezone(ZONE).replace(tzinfo=None) if due.tzinfo else due
    else:
        wall = datetime.combine(due - timedelta(days=1 if lead else 0), datetime.min.time())
    return summary[len(mark) :].strip().removeprefix("\u200b"), wall, bool(mark)


def event_of(calendar: Any, slot: datetime | None = None) -> Any:
    """The master, or the override of one slot: a full copy of the master, as apps make it."""
    events = calendar.walk("VEVENT")
    master = next(event for event in events if "RECURRENCE-ID" not in event)
    if slot is None:
        return master
    found = [event for event in events if "RECURRENCE-ID" in event and _wall(event["RECURRENCE-ID"].dt) == slot]
    if found:
        return found[0]
    event = master.copy(recursive=True)
    for name in ("RRULE", "EXDATE", "DTSTART"):
        event.pop(name, None)
    for name in ("RECURRENCE-ID", "DTSTART"):
        event.add(name, slot.replace(tzinfo=ZONE))
    calendar.add_component(event)
    return event


def said(event: Any, **properties: object) -> Any:
    """The event with other values; None takes a property away."""
    for name, value in properties.items():
        key = name.replace("_", "-")
        event.pop(key, None)
        if value is not None:
            event.add(key, value)
    return event


def _wall(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, datetime.min.time())
    return moment.astimezone(ZONE).replace(tzinfo=None) if moment.tzinfo else moment
