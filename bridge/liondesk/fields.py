"""The fields of a task on the wire: one annotated attribute each, with its wire name and how it is read and written.

Source: the table of Tasks v2.1. Each form that the API may show (ids as text or numbers, three kinds of booleans, three
of `due_at`) is read; a value that is written takes the form in which the same row showed it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from bridge.core.model import Rule, Status
from bridge.core.recurrence import BadRule, format_rule, parse_rule

LONGEST_TEXT = 2000
"""Characters of `description` and of `notes`."""

DELETED = "deleted"
T = TypeVar("T")


class BadField(ValueError):
    """A value that means nothing. `str()` says which and why, for the user."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a value is read or written in: the row as shown (empty for a new task) and the owner's zone.

    `all_day` is what the row will be after a write, None when reading.
    """

    raw: Mapping[str, object]
    zone: ZoneInfo
    all_day: bool | None = None


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """A field's name on the wire, and its two directions. `read` and `write` get the wire name and the context.

    `write` raises TypeError for a value that the field never has: an error of the caller, not of the user.
    """

    wire: str
    read: Callable[[str, Context], T]
    write: Callable[[object, str, Context], object]

    def of(self, context: Context) -> T:
        """What the row says. Raises BadField."""
        return self.read(self.wire, context)


# -- text --------------------------------------------------------------------------------------------------------------


def held(text: str) -> str:
    """The text as LionDesk can hold it: at most 2000 code points, no control characters, no lone surrogates.

    The cut never leaves half of what a reader sees as one character (combining marks, joined emoji, flags).
    """
    plain = "".join(char for char in text if char in "\t\n\r" or unicodedata.category(char) not in ("Cc", "Cs"))
    if len(plain) <= LONGEST_TEXT:
        return plain
    end = LONGEST_TEXT
    while end > 0 and _joined(plain, end):
        end -= 1
    return plain[: end or LONGEST_TEXT]


def _joined(text: str, at: int) -> bool:
    """Whether the code points on both sides of this place make one character together (after UAX 29)."""
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return True
    if before == "\u200d" or after == "\u200d" or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if _flag(before) and _flag(after):
        run = next((length for length in range(at) if not _flag(text[at - 1 - length])), at)
        return run % 2 == 1
    return False


def _flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


_HALF = re.compile(r"[\ud800-\udfff]")


def _read_summary(wire: str, context: Context) -> str:
    value = context.raw.get(wire)
    if value is None:
        raise BadField(f"it has no {wire}")
    if not isinstance(value, str):
        raise BadField(f"its {wire} is no text")
    return _whole(value)


def _read_text(wire: str, context: Context) -> str:
    value = context.raw.get(wire)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadField(f"its {wire} is no text")
    return _whole(value)


def _whole(text: str) -> str:
    """Text without half characters, as a server leaves them that cuts UTF-16: no file and no screen can hold one."""
    return _HALF.sub("\ufffd", text)


def _write_text(value: object, wire: str, _context: Context) -> object:
    if not isinstance(value, str):
        raise TypeError(f"{wire} is text, not {value!r}")
    return held(value)


# -- ids and flags -----------------------------------------------------------------------------------------------------


def _read_id(wire: str, context: Context) -> str | None:
    value = context.raw.get(wire)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadField(f"its {wire} is no id")
    return str(value).strip() or None


def _read_own_id(wire: str, context: Context) -> str:
    found = _read_id(wire, context)
    if found is None:
        raise BadField(f"it has no {wire}")
    return found


def _write_id(value: object, wire: str, context: Context) -> object:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{wire} is an id as text, not {value!r}")
    shown = [context.raw.get(name) for name in (wire, "id", "assigned_user_id", "crm_user_id")]
    first = next((one for one in shown if one not in (None, "")), None)
    return int(value) if isinstance(first, int) and value.isascii() and value.isdecimal() else value


def _read_flag(wire: str, context: Context) -> bool:
    match context.raw.get(wire):
        case bool() | int() as value if value in (0, 1):
            return bool(value)
        case None | "":
            return False
        case str() as word if word.strip().lower() in ("1", "true"):
            return True
        case str() as word if word.strip().lower() in ("0", "false"):
            return False
        case value:
            raise BadField(f"its {wire} is {value!r}, neither yes nor no")


def _write_flag(value: object, wire: str, context: Context) -> object:
    if not isinstance(value, bool):
        raise TypeError(f"{wire} is a boolean, not {value!r}")
    shown = [context.raw.get(name) for name in (wire, "is_all_day", "notify_assignee")]
    match next((one for one in shown if one not in (None, "")), None):
        case bool():
            return value
        case int():
            return int(value)
        case "0" | "1":
            return str(int(value))
        case str():
            return "true" if value else "false"
        case _:
            return value


# -- status ------------------------------------------------------------------------------------------------------------


def _read_status(wire: str, context: Context) -> Status:
    value = context.raw.get(wire)
    word = value.strip().lower() if isinstance(value, str) else value
    if word == DELETED:
        return Status.INCOMPLETE
    if not isinstance(word, str) or word not in (Status.INCOMPLETE, Status.COMPLETE):
        raise BadField(f"its {wire} is {value!r}, not one of complete, incomplete, deleted")
    return Status(word)


def _write_status(value: object, _wire: str, _context: Context) -> object:
    return Status(str(value)).value


# -- times -------------------------------------------------------------------------------------------------------------

_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d:\d\d(?::\d\d)?)(?P<fraction>[.,]\d+)?\s?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?)?"
)


def read_stamp(value: object) -> datetime | None:
    """A moment the server stamped, aware UTC (a naive one is UTC); None where there is none or it means nothing."""
    found = _moment(value)
    if found is None:
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def _moment(value: object) -> datetime | None:
    """ISO 8601 with or without time, fraction and zone; aware only where a zone is given."""
    if not isinstance(value, str) or _MOMENT.fullmatch(value.strip()) is None:
        return None
    try:
        return datetime.fromisoformat(value.strip().upper().replace(",", ".").replace(" ", "T", 1).replace(" ", ""))
    except ValueError:
        return None


def _read_due(wire: str, context: Context) -> datetime:
    """Naive, on the owner's wall clock; midnight for an all-day task. LionDesk knows no fractions of a second."""
    value = context.raw.get(wire)
    if value in (None, ""):
        raise BadField(f"it has no {wire}")
    shown = _moment(value)
    if shown is None:
        raise BadField(f"its {wire} is {value!r}, which is no date")
    wall = _wall(shown, context.zone, wire)
    if _read_flag("is_all_day", context):
        # A date stays that date in every zone: midnight as shown means the day shown, in whatever zone it is shown.
        day = shown if shown.time() == time.min else wall
        return datetime.combine(day.date(), time.min)
    return wall


def _wall(shown: datetime, zone: ZoneInfo, wire: str) -> datetime:
    try:
        local = shown.astimezone(zone) if shown.tzinfo else shown
    except OverflowError:
        raise BadField(f"its {wire} is beyond every calendar") from None
    return local.replace(tzinfo=None, microsecond=0, fold=0)


def _write_due(value: object, wire: str, context: Context) -> object:
    """The naive wall-clock moment in the form the row shows: naive, UTC or with an offset, with milliseconds or not."""
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise TypeError(f"{wire} is a naive wall-clock time, not {value!r}")
    shown = context.raw.get(wire)
    form = _MOMENT.fullmatch(shown.strip()) if isinstance(shown, str) else None
    if form is None:
        return value.isoformat(timespec="seconds")
    if form["time"] is None:
        return value.date().isoformat() if context.all_day else value.isoformat(timespec="seconds")
    fraction = form["fraction"][0] + "0" * (len(form["fraction"]) - 1) if form["fraction"] else ""
    suffix: str = form["zone"] or ""
    if suffix and not (context.all_day and _midnight_elsewhere(shown, context.zone)):
        # fold=0: in the hour that comes twice the first one, on the night that has none the offset before the gap.
        aware = value.replace(tzinfo=context.zone, fold=0)
        if suffix in "Zz":
            value = aware.astimezone(UTC)
        else:
            offset = aware.isoformat(timespec="seconds")[-6:]
            suffix = offset if ":" in suffix else offset.replace(":", "")
    return f"{value:%Y-%m-%dT%H:%M:%S}{fraction}{suffix}"


def _midnight_elsewhere(shown: object, zone: ZoneInfo) -> bool:
    """Whether a day is shown as midnight of another zone than the owner's (`T00:00:00Z` for a Californian)."""
    moment = _moment(shown)
    return (
        moment is not None
        and moment.time() == time.min
        and moment.tzinfo is not None
        and moment.astimezone(zone).time() != time.min
    )


# -- the rule ----------------------------------------------------------------------------------------------------------


def _read_rule(wire: str, context: Context) -> Rule | None:
    value = context.raw.get(wire)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadField(f"its {wire} is no text")
    if not value.strip():
        return None
    try:
        return parse_rule(value, context.zone)
    except BadRule as error:
        raise BadField(str(error)) from None


def _write_rule(value: object, wire: str, context: Context) -> object:
    """The bare rule, as the documentation sends it, given as text or as a Rule."""
    match value:
        case str():
            return value
        case Rule():
            return format_rule(value, all_day=bool(context.all_day), zone=context.zone)
        case _:
            raise TypeError(f"{wire} is a rule, not {value!r}")


def without_start(text: object) -> object:
    """The rule without the DTSTART line that some answers put before it, for a task whose `due_at` is moved."""
    if not isinstance(text, str):
        return text
    lines = text.splitlines()
    kept = [line for line in lines if not line.strip().upper().startswith("DTSTART")]
    return "\n".join(kept) if len(kept) < len(lines) else text


# -- the table ---------------------------------------------------------------------------------------------------------


class Fields:
    """Every writeable field, by its name in the core (where the core has none, by its name on the wire)."""

    contact_id: Final = Field("contact_id", _read_id, _write_id)
    assigned_user_id: Final = Field("assigned_user_id", _read_id, _write_id)
    due: Final = Field("due_at", _read_due, _write_due)
    rule: Final = Field("recurrence_rule", _read_rule, _write_rule)
    all_day: Final = Field("is_all_day", _read_flag, _write_flag)
    notify_assignee: Final = Field("notify_assignee", _read_flag, _write_flag)
    reminder_type: Final = Field("reminder_type", _read_id, _write_id)
    category_id: Final = Field("category_id", _read_id, _write_id)
    summary: Final = Field("description", _read_summary, _write_text)
    status: Final = Field("status", _read_status, _write_status)
    notes: Final = Field("notes", _read_text, _write_text)


ID: Final = Field("id", _read_own_id, _write_id)
EVENT_ID: Final = Field("scheduled_event_id", _read_id, _write_id)
