"""What the two sides show of one task, as a person reads it: no series, no slots, only occurrences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bridge.core.model import Row, Status

if TYPE_CHECKING:
    from icalendar import Component

LONGEST = 2000
"""LionDesk's texts end here (the API page, `description` and `notes`)."""

_DONE_MARK = re.compile(r"(?:(?:[✓✔✅☑][\ufe0e\ufe0f]?|\[[xX]\])\s*)+")
_GUARD = "\u200b"
"""Before a text that begins with a mark and is not done."""
_BLOCK = re.compile(r"\S*\s*Contact \(from LionDesk.*?end of contact\s*\S*", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Shown:
    """One occurrence. `due` is naive, on the owner's wall clock; texts are of one line, blanks made even."""

    due: datetime
    summary: str
    done: bool
    all_day: bool
    notes: str
    categories: tuple[str, ...]


def of_row(row: Row, categories: Mapping[str, str]) -> Shown:
    """What LionDesk shows of a row."""
    task = row.task
    name = categories.get(task.category_id or "")
    return Shown(
        task.due,
        _even(task.summary),
        task.status is Status.COMPLETE,
        task.all_day,
        _even(task.notes),
        (name,) if name else (),
    )


def of_resource(ics: str, zone: ZoneInfo, names: frozenset[str], through: datetime, *, lasting: bool) -> list[Shown]:
    """Every occurrence that a calendar object resource shows up to and with `through`, a naive wall-clock moment.

    `names` are LionDesk's categories; other entries of CATEGORIES are the user's. `lasting`: events that do not say
    what their due moment is are due when they end. Raises ValueError for a text that cannot be read.
    """
    with _in_words():
        return _occurrences(ics, zone, names, through, lasting)


@contextmanager
def _in_words() -> Iterator[None]:
    """The libraries raise whatever they stumble upon in a spoiled resource: here it is one thing, with words."""
    try:
        yield
    except Exception as error:
        raise ValueError(" ".join(str(error).split())[:200] or type(error).__name__) from error


def _occurrences(ics: str, zone: ZoneInfo, names: frozenset[str], through: datetime, lasting: bool) -> list[Shown]:
    import icalendar
    import recurring_ical_events

    calendar = icalendar.Calendar.from_ical(ics)
    kind = "VEVENT" if any(True for _ in calendar.walk("VEVENT")) else "VTODO"
    parts = list(calendar.walk(kind))
    if not any("RRULE" in part or "RDATE" in part for part in parts):
        alive = [part for part in parts if str(part.get("STATUS")) != "CANCELLED"]
        return [_of_component(part, zone, names, lasting) for part in alive]
    query = recurring_ical_events.of(calendar, components=[kind], skip_bad_series=False)
    begins = min(_wall(part, name, zone)[0] for part in parts for name in ("DTSTART", "DUE") if name in part)
    # A day more on both ends: the library looks at spans, and an override may stand far from its slot.
    span = (_aware(begins - timedelta(days=1), zone), _aware(through + timedelta(days=2), zone))
    alive = [part for part in query.between(*span) if str(part.get("STATUS")) != "CANCELLED"]
    found = [_of_component(part, zone, names, lasting) for part in alive]
    return [each for each in found if each.due <= through]


def ends(ics: str) -> bool:
    """Whether a resource shows a last occurrence: it has no rule, or one with COUNT or UNTIL. Raises ValueError."""
    import icalendar

    with _in_words():
        calendar = icalendar.Calendar.from_ical(ics)
    rules: list[object] = [part.get("RRULE") for kind in ("VTODO", "VEVENT") for part in calendar.walk(kind)]
    return all(rule is None or (isinstance(rule, dict) and ("COUNT" in rule or "UNTIL" in rule)) for rule in rules)


def _of_component(part: Component, zone: ZoneInfo, names: frozenset[str], lasting: bool) -> Shown:
    event = part.name == "VEVENT"
    # Apps give an event an end of their own: which of the two is the due moment is said beside them.
    said = str(part.get("X-LIONDESK-DUE", "DTEND" if lasting and "DTEND" in part else "DTSTART"))
    due, all_day = _wall(part, said if event else "DUE", zone)
    if event and all_day and said == "DTEND":
        due -= timedelta(days=1)  # the end of an all-day event is the day after it
    summary, done = _even(str(part.get("SUMMARY", ""))), str(part.get("STATUS", "")) == "COMPLETED"
    if event:
        mark = _DONE_MARK.match(summary)
        summary, done = summary[mark.end() if mark else 0 :].removeprefix(_GUARD), mark is not None
    elif "STATUS" not in part:
        done = "COMPLETED" in part or str(part.get("PERCENT-COMPLETE")) == "100"
    notes = _even(_BLOCK.sub(" ", str(part.get("DESCRIPTION", ""))))
    return Shown(due, summary, done, all_day, notes, tuple(sorted(names & _entries(part))))


def _entries(part: Component) -> frozenset[str]:
    given: object = part.get("CATEGORIES")
    lists = given if isinstance(given, list) else [given] if given is not None else []
    return frozenset(str(name) for each in lists for name in getattr(each, "cats", ()))


def _even(text: str) -> str:
    return " ".join(text.split())[: LONGEST - 100]


def _wall(part: Component, name: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """The moment of a property, else of DTSTART, on the owner's wall clock, and whether it is a whole day's."""
    moment = getattr(part.get(name) or part.get("DTSTART") or part.get("DUE"), "dt", datetime.min)
    if isinstance(moment, datetime):
        return (moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment), False
    return (datetime.combine(moment, time.min), True) if isinstance(moment, date) else (datetime.min, False)


def _aware(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=zone)
