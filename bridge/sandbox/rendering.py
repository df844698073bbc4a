"""A row as the API shows it under the switches: ids, booleans, times, rules."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bridge.sandbox import moments
from bridge.sandbox import rule as rules
from bridge.sandbox.records import Category, Contact, Event, TaskRow, User
from bridge.sandbox.switches import Switches

Json = dict[str, object]


def identifier(value: int | None, switches: Switches) -> str | int | None:
    """An id, or an enumeration's number, which the vendor's examples write like one."""
    return value if value is None or switches.ids == "integers" else str(value)


def boolean(value: bool, switches: Switches) -> bool | int | str:  # it renders a boolean
    """A boolean in one of its three forms."""
    match switches.booleans:
        case "json":
            return value
        case "integers":
            return int(value)
        case "strings":
            return str(int(value))


def recurrence_rule(row: TaskRow, event: Event, zone: ZoneInfo, switches: Switches) -> str | None:
    """The rule that a row shows."""
    text = row.values.rule
    if text is None:
        return None
    match switches.rule_form:
        case "sent":
            return text
        case "normalised":
            return rules.written(rules.read(text, zone), zone)
        case "prefix":
            return f"RRULE:{rules.bare(text)}"
        case "dtstart":
            return f"DTSTART:{event.start:%Y%m%dT%H%M%S}\nRRULE:{rules.bare(text)}"


def task(row: TaskRow, event: Event, zone: ZoneInfo, switches: Switches) -> Json:
    """One task as GET, POST, PATCH and DELETE answer it."""
    values = row.values
    shown: Json = {
        "id": identifier(row.id, switches),
        "scheduled_event_id": identifier(row.event_id, switches),
        "crm_user_id": identifier(row.owner_id, switches),
        "contact_id": identifier(values.contact_id, switches),
        "assigned_user_id": identifier(values.assigned_user_id, switches),
        "due_at": moments.due_text(values.due, zone, switches),
        "recurrence_rule": recurrence_rule(row, event, zone, switches),
        "is_all_day": boolean(values.is_all_day, switches),
        "notify_assignee": boolean(values.notify_assignee, switches),
        "reminder_type": identifier(values.reminder_type, switches),
        "category_id": identifier(values.category_id, switches),
        "description": values.description,
        "status": values.status,
        "notes": values.notes or (None if switches.empty_notes == "null" else ""),
        "created_at": moments.stamp_text(moments.stamp(row.created_at, switches)),
        "modified_at": moments.stamp_text(moments.stamp(row.modified_at, switches)),
    }
    if switches.event_id == "hidden":
        del shown["scheduled_event_id"]
    return shown


def user(who: User, moment_offset_hours: float, switches: Switches) -> Json:
    """A user as /me shows it; the offset is that of now."""
    hours = int(moment_offset_hours) if moment_offset_hours == int(moment_offset_hours) else moment_offset_hours
    return {
        "id": identifier(who.id, switches),
        "first_name": who.first_name,
        "last_name": who.last_name,
        "email": who.email,
        "timezone_offset": hours,
        "timezone": who.timezone,
        "created_at": moments.stamp_text(who.created_at),
        "modified_at": moments.stamp_text(who.modified_at),
    }


def contact(person: Contact, switches: Switches) -> Json:
    """A contact of the v2 API."""
    return {
        "id": identifier(person.id, switches),
        "owner_user_id": identifier(person.owner_id, switches),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "mobile_phone": person.mobile_phone,
        "home_phone": person.home_phone,
        "office_phone": person.office_phone,
        "company": person.company,
        "created_at": moments.stamp_text(person.created_at),
        "modified_at": moments.stamp_text(person.modified_at),
    }


def category(kind: Category, switches: Switches) -> Json:
    """A task category."""
    return {"id": identifier(kind.id, switches), "name": kind.name}
