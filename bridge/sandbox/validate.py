"""What a request may say: bodies into values, or a refusal that names every field that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar
from zoneinfo import ZoneInfo

from bridge.sandbox import moments
from bridge.sandbox import rule as rules
from bridge.sandbox.problems import Problem, Refusal
from bridge.sandbox.records import REMINDERS, STATUSES, TaskValues

_T = TypeVar("_T")

LONGEST_TEXT = 2000
_YES, _NO = (True, 1, "1", "true"), (False, 0, "0", "false", None, "")


class _Reader:
    """Reads one body field by field and collects what is wrong with it."""

    def __init__(self, body: Mapping[str, object]) -> None:
        self.body = body
        self.errors: dict[str, str] = {}

    def read(self, name: str, read: Callable[[object], _T], fallback: _T, *, required: bool = False) -> _T:
        """One field; `fallback` where it is left out or wrong."""
        value = self.body.get(name)
        if value is None or value == "":
            if required:
                self.errors[name] = f"{name} is required"
            return fallback
        try:
            return read(value)
        except ValueError as error:
            self.errors[name] = f"{name}: {error}"
            return fallback

    def finish(self) -> None:
        """Refuse the request if anything was wrong."""
        if self.errors:
            raise Refusal(Problem.BAD_REQUEST, "; ".join(self.errors.values()), self.errors)


def task_values(
    body: Mapping[str, object],
    zone: ZoneInfo,
    *,
    users: Collection[int],
    contacts: Collection[int],
    categories: Collection[int],
) -> TaskValues:
    """Every writeable value of a task; one that is left out is its default, whatever it was before (an upsert).

    `users`, `contacts` and `categories` are the ids that the sender may name. Refusal (400) lists every wrong field.
    """
    reader = _Reader(body)
    due = reader.read("due_at", lambda value: moments.wall_clock(_text(value), zone), None, required=True)
    values = TaskValues(
        assigned_user_id=reader.read(
            "assigned_user_id", _one_of(users, "it belongs to none of your teams"), 0, required=True
        ),
        due=due or moments.wall_clock("1970-01-01", zone),
        description=reader.read("description", _filled, "", required=True),
        status=reader.read("status", _status, "", required=True),
        contact_id=reader.read("contact_id", _one_of(contacts, "you have no such contact"), None),
        rule=reader.read("recurrence_rule", lambda value: _rule(value, zone), None),
        is_all_day=reader.read("is_all_day", _boolean, fallback=False),
        notify_assignee=reader.read("notify_assignee", _boolean, fallback=False),
        reminder_type=reader.read("reminder_type", _one_of(REMINDERS, "it is 0 to 7"), 0),
        category_id=reader.read("category_id", _one_of(categories, "there is no such category"), None),
        notes=reader.read("notes", _text, ""),
    )
    reader.finish()
    return values


def status(body: Mapping[str, object]) -> str:
    """The status alone: all that update_type 3 reads."""
    reader = _Reader(body)
    value = reader.read("status", _status, "", required=True)
    reader.finish()
    return value


def change_type(name: str, value: object) -> int:
    """update_type or delete_type; 1 where it is left out."""
    if value is None:
        return 1
    if isinstance(value, bool) or str(value) not in ("1", "2", "3"):
        words = f"{name} is 1, 2 or 3"
        raise Refusal(Problem.BAD_REQUEST, words, {name: words})
    return int(str(value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("it is a text")  # noqa: TRY004  # a wrong type is a wrong value to the sender
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"it has {len(value)} characters; {LONGEST_TEXT} is the limit")
    return value


def _filled(value: object) -> str:
    text = _text(value)
    if not text.strip():
        raise ValueError("it is empty")
    return text


def _status(value: object) -> str:
    if value not in STATUSES:
        raise ValueError(f"it is {', '.join(STATUSES)}; not {value!r}")
    return str(value)


def _boolean(value: object) -> bool:
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise ValueError(f"it is true or false; not {value!r}")


def _rule(value: object, zone: ZoneInfo) -> str:
    text = _text(value)
    rules.read(text, zone)
    return text


def _one_of(known: Collection[int], otherwise: str) -> Callable[[object], int]:
    def read(value: object) -> int:
        text = "" if isinstance(value, bool) else str(value)
        if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) in known):
            raise ValueError(f"{otherwise} ({value!r})")
        return int(text)

    return read
