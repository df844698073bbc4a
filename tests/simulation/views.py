"""What a person sees on each side: occurrences, by arithmetic that shares nothing with the bridge's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
from dateutil.rrule import rrulestr

from bridge.sandbox.world import World
from tests.simulation.calendar_side import Collected
from tests.simulation.foreign import parsed


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """One occurrence as a person sees it. `due` on the owner's wall clock."""

    due: datetime
    summary: str
    notes: str
    all_day: bool
    done: bool

    def __str__(self) -> str:
        when = f"{self.due:%a %d %b}" if self.all_day else f"{self.due:%a %d %b %H:%M}"
        notes = f" [{self.notes}]" if self.notes else ""
        return f"{when} {self.summary}{notes}{' (done)' if self.done else ''}"


def liondesk_view(world: World) -> dict[int, Seen]:
    """Live rows by id."""
    world.tick()
    return {
        row.id: Seen(
            told(row.values.due, world.users[row.owner_id].zone),
            row.values.description,
            row.values.notes,
            row.values.is_all_day,
            row.values.status == "complete",
        )
        for row in world.ledger.rows.values()
        if row.values.status != "deleted"
    }


@lru_cache(maxsize=100_000)
def told(due: datetime, zone: ZoneInfo) -> datetime:
    """What a clock shows: 02:30 on the night that has none is 03:30 (RFC 5545: the offset before the gap)."""
    return due.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the calendar an occurrence stands. `slot` is None for a single task."""

    href: str
    slot: datetime | None


def calendar_view(collected: Collected, zone: ZoneInfo, through: date) -> dict[Place, Seen]:
    """Every occurrence whose slot lies before the end of the day `through`; of a series at least the first."""
    return {
        Place(href, slot): shown
        for href, ics in collected.bodies.items()
        for slot, shown in resource_view(ics, zone, through)
    }


@lru_cache(maxsize=5000)
def resource_view(ics: str, zone: ZoneInfo, through: date) -> tuple[tuple[datetime | None, Seen], ...]:
    """The occurrences of one resource, by slot."""
    todos = list(parsed(ics).walk("VTODO"))
    gone = {
        _slot(each, zone) for each in todos if str(each.get("STATUS", "")) == "CANCELLED" and "RECURRENCE-ID" in each
    }
    todos = [each for each in todos if str(each.get("STATUS", "")) != "CANCELLED"]
    master = next((each for each in todos if "RECURRENCE-ID" not in each), None)
    if master is None or "RRULE" not in master:
        return tuple((_slot(each, zone) if "RECURRENCE-ID" in each else None, seen(each, zone)) for each in todos)
    overrides = {_slot(each, zone): each for each in todos if "RECURRENCE-ID" in each}
    return tuple(
        (slot, _at(slot, master, overrides, zone)) for slot in slots_of(master, zone, through) if slot not in gone
    )


def _at(slot: datetime, master: Any, overrides: dict[datetime, Any], zone: ZoneInfo) -> Seen:
    if slot in overrides:
        return seen(overrides[slot], zone)
    ranged = [at for at, each in overrides.items() if each["RECURRENCE-ID"].params.get("RANGE") and at < slot]
    shown = seen(overrides[max(ranged)] if ranged else master, zone)
    shift = shown.due - max(ranged) if ranged else timedelta(0)
    return Seen(
        told(slot + shift, zone) if not shown.all_day else slot + shift,
        shown.summary,
        shown.notes,
        shown.all_day,
        done=False,
    )


def slots_of(master: Any, zone: ZoneInfo, through: date) -> Iterator[datetime]:
    """A master's own slots: its first one, and all others through a day, less its EXDATEs."""
    start = master["DUE"].dt
    there: tzinfo = zone
    if isinstance(start, datetime) and start.tzinfo is not None:
        there = start.tzinfo
    anchor = start.replace(tzinfo=None) if isinstance(start, datetime) else datetime.combine(start, datetime.min.time())
    rule = dict(master["RRULE"])
    end = datetime.combine(through, datetime.max.time()) + timedelta(days=1)
    if "UNTIL" in rule:
        until = rule.pop("UNTIL")[0]
        if isinstance(until, datetime):
            until = until.astimezone(there).replace(tzinfo=None) if until.tzinfo else until
        else:
            until = datetime.combine(until, datetime.max.time())
        end = min(end, until)
    count = rule.pop("COUNT", [None])[0]
    recur: Any = icalendar.vRecur(rule)
    text = recur.to_ical().decode()
    excluded = {wall(each.dt, zone) for each in _dates(master, "EXDATE")}
    for number, moment in enumerate([anchor, *_later(text, anchor, end)]):
        if count is not None and number >= count:
            break
        slot = (
            told(moment, zone)
            if there is zone or not isinstance(start, datetime)
            else wall(moment.replace(tzinfo=there), zone)
        )
        if number and slot.date() > through:
            break
        if slot not in excluded:
            yield slot
    yield from (each for each in (wall(date.dt, zone) for date in _dates(master, "RDATE")) if each.date() <= through)


def _later(text: str, anchor: datetime, end: datetime) -> Iterator[datetime]:
    if end <= anchor:
        return iter(())
    return (each for each in rrulestr(f"{text};UNTIL={end:%Y%m%dT%H%M%S}", dtstart=anchor) if each > anchor)


def _dates(component: Any, name: str) -> Iterator[Any]:
    lines = component.get(name, [])
    for line in lines if isinstance(lines, list) else [lines]:
        yield from line.dts


def _slot(component: Any, zone: ZoneInfo) -> datetime:
    return wall(component["RECURRENCE-ID"].dt, zone)


def wall(moment: date, zone: ZoneInfo) -> datetime:
    """On the owner's wall clock."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, datetime.min.time())
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) if moment.tzinfo else moment


def seen(component: Any, zone: ZoneInfo) -> Seen:
    """A component as its app shows it."""
    due = (component.get("DUE") or component["DTSTART"]).dt
    return Seen(
        wall(due, zone),
        str(component.get("SUMMARY", "")),
        str(component.get("DESCRIPTION", "")),
        not isinstance(due, datetime),
        str(component.get("STATUS", "")) == "COMPLETED",
    )
