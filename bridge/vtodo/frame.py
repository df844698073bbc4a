"""How the moments of one component, and of a whole series, hang together: DTSTART, DUE, the lead, RECURRENCE-ID."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bridge.core.model import Slot
from bridge.vtodo.lines import Component
from bridge.vtodo.values import (
    Dated,
    Floating,
    Form,
    Stamp,
    Utc,
    Zoned,
    convert,
    duration_of,
    midnight,
    spell,
    spelling,
    stamp,
    stamp_of,
)
from bridge.vtodo.zones import Zones, is_utc

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The dates of one component as they stand.

    `due` is DUE; of an event with a lead its DTEND, where that is a day the last one (RFC 5545, 3.6.1: DTEND is the day
    after). `beyond` is the DTEND of an event that is due when it starts: it only moves along.
    """

    start: Stamp | None
    due: Stamp | None
    duration: timedelta | None
    beyond: Stamp | None = None

    @property
    def anchor(self) -> Stamp | None:
        """What a rule and RECURRENCE-IDs refer to: DTSTART, else DUE."""
        return self.start or self.due

    @property
    def end(self) -> tuple[datetime, bool] | None:
        """When the task is due, on the owner's clock, and whether that is a whole day. None without any date."""
        if self.due is not None:
            return self.due.wall, self.due.all_day
        if self.start is None:
            return None
        moment = self.start.wall + (self.duration or timedelta(0))
        return (midnight(moment), True) if self.start.all_day else (moment, False)

    @property
    def lead(self) -> timedelta:
        """How long after its DTSTART the task is due; nothing where only one of the two is there."""
        if self.start is None or self.end is None:
            return timedelta(0)
        return self.end[0] - self.start.wall


def span_of(component: Component, zones: Zones, lead: timedelta) -> Span:
    """Read the dates of a component; `lead` is that of the pair. Raises Nonsense."""
    start = stamp_of(component, "DTSTART", zones)
    if component.name == "VEVENT":
        return _event_span(component, start, zones, lead)
    due = stamp_of(component, "DUE", zones)
    return Span(start, due, duration_of(component) if start and not due else None)


def _event_span(component: Component, start: Stamp | None, zones: Zones, lead: timedelta) -> Span:
    """Apps give an event a DTEND of their own, so whether that is the due moment is said beside it, else by `lead`."""
    end = stamp_of(component, "DTEND", zones)
    said = component.first(DUE_AT)
    if start is None or not (lead > timedelta(0) if said is None else said.value.upper() == "DTEND"):
        return Span(start, None, None, end)
    if end is not None:
        last = replace(end, local=end.local - DAY, wall=end.wall - DAY) if end.all_day else end
        return Span(start, last if last.wall >= start.wall else start, None)
    duration = duration_of(component)
    if duration is not None and start.all_day:
        duration = max(duration - DAY, timedelta(0))
    return Span(start, None, duration)


DUE_AT = "X-LIONDESK-DUE"
"""Which property of an event is its due moment, DTSTART or DTEND. `bridge.verify` reads it, too."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What turns a RECURRENCE-ID or EXDATE into a slot and back. `lead` is DUE less DTSTART of the master."""

    anchor: Stamp
    lead: timedelta
    owner: ZoneInfo

    def slot(self, written: Stamp) -> Slot:
        """The slot that is meant. A DATE in a timed series is the occurrence of that date, and the other way round."""
        if self.anchor.all_day:
            return written.day + self.lead
        if written.all_day:
            time = self.anchor.local.time()
            return convert(datetime.combine(written.local.date(), time), self._zone, self.owner) + self.lead
        return written.wall + self.lead

    def spelt(self, slot: Slot) -> str:
        """The slot as RECURRENCE-ID, EXDATE and RDATE write it, in the form of the master's own date.

        In the hour that the owner's clock shows twice, a series on another clock stands at its own time of day.
        """
        wall = slot - self.lead
        usual, later = (spell(wall.replace(fold=fold), self.anchor.form, self.owner) for fold in (0, 1))
        own = f"T{self.anchor.local:%H%M%S}"
        return later if own in later and own not in usual and self._zone is not self.owner else usual

    def settled(self, slot: Slot, zones: Zones) -> Slot:
        """The slot as it reads once it is written: one that its form cannot say becomes the nearest that it can."""
        return self.slot(stamp(self.spelt(slot), spelling(self.anchor.form), zones))

    @property
    def _zone(self) -> tzinfo:
        match self.anchor.form:
            case Utc():
                return UTC
            case Zoned(zone=zone):
                return zone
            case Dated() | Floating():
                return self.owner


def frame_of(span: Span, owner: ZoneInfo) -> Frame | None:
    """The frame that a master's dates make."""
    return None if span.anchor is None else Frame(span.anchor, span.lead, owner)


def timed_form(zone: str | None, owner: ZoneInfo) -> Form:
    """How a new DATE-TIME is written: in the series' own zone, else in the owner's."""
    own = owner if zone is None else ZoneInfo(zone)
    return Utc() if is_utc(own) else Zoned(own.key, own)


def zone_name(form: Form, owner: ZoneInfo) -> str | None:
    """The IANA name of the zone that a form runs in, None where that is the owner's clock or no known zone."""
    match form:
        case Utc():
            return None if is_utc(owner) else "UTC"
        case Zoned(zone=ZoneInfo() as zone) if zone.key != owner.key:
            return zone.key
        case _:
            return None
