"""The list's query language: Feathers operators, paging and sorting over the rows that the sender may see. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bridge.sandbox import moments
from bridge.sandbox.problems import Problem, Refusal
from bridge.sandbox.records import TaskRow
from bridge.sandbox.switches import Switches

DEFAULT_LIMIT = 10

Comparable: TypeAlias = str | float | None
Pairs: TypeAlias = Sequence[tuple[str, str]]

_KEY = re.compile(r"(?P<field>\$?[a-z_]+)(\[(?P<operator>\$?[a-z_]+)\])?(\[\d*\])?")
_ORDERED: Mapping[str, Callable[[float | str, float | str], bool]] = {
    "$lt": lambda mine, given: _key(mine) < _key(given),
    "$lte": lambda mine, given: _key(mine) <= _key(given),
    "$gt": lambda mine, given: _key(mine) > _key(given),
    "$gte": lambda mine, given: _key(mine) >= _key(given),
}
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Field:
    """How a field is compared: what a row has there, and what a text in the query means there."""

    of: Callable[[TaskRow, ZoneInfo, Switches], Comparable]
    given: Callable[[str, ZoneInfo], Comparable]


@dataclass(frozen=True, slots=True)
class Condition:
    """One field, one operator, the values it was given."""

    field: Field
    operator: str
    values: tuple[Comparable, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A query, read: what must hold, in which order, and which page. A limit of 0 asks for the total alone."""

    conditions: tuple[Condition, ...]
    sort: tuple[tuple[Field, bool], ...]
    limit: int
    skip: int


@dataclass(frozen=True, slots=True)
class Page:
    """What a list answers."""

    total: int
    limit: int
    skip: int
    rows: tuple[TaskRow, ...]


def _number(text: str, _zone: ZoneInfo) -> Comparable:
    if text in ("null", ""):
        return None
    if not re.fullmatch(r"-?\d{1,18}", text):
        raise ValueError(f"{text!r} is no number")
    return int(text)


def _boolean(text: str, _zone: ZoneInfo) -> Comparable:
    if text not in ("true", "false", "1", "0"):
        raise ValueError(f"{text!r} is neither true nor false")
    return int(text in ("true", "1"))


def _word(text: str, _zone: ZoneInfo) -> Comparable:
    return None if text == "null" else text


def _moment(text: str, zone: ZoneInfo) -> Comparable:
    return moments.moment(text, zone).timestamp()


def _stamp(text: str, _zone: ZoneInfo) -> Comparable:
    return moments.moment(text, _UTC).timestamp()


def _key(value: float | str) -> tuple[int, float, str]:
    """An order over numbers and texts alike."""
    return (1, 0.0, value) if isinstance(value, str) else (0, value, "")


FIELDS: Mapping[str, Field] = {
    "id": Field(lambda row, *_: row.id, _number),
    "scheduled_event_id": Field(lambda row, *_: row.event_id, _number),
    "crm_user_id": Field(lambda row, *_: row.owner_id, _number),
    "owner_user_id": Field(lambda row, *_: row.owner_id, _number),
    "contact_id": Field(lambda row, *_: row.values.contact_id, _number),
    "assigned_user_id": Field(lambda row, *_: row.values.assigned_user_id, _number),
    "due_at": Field(lambda row, zone, _: row.values.due.replace(tzinfo=zone).astimezone(UTC).timestamp(), _moment),
    "recurrence_rule": Field(lambda row, *_: row.values.rule, _word),
    "is_all_day": Field(lambda row, *_: int(row.values.is_all_day), _boolean),
    "notify_assignee": Field(lambda row, *_: int(row.values.notify_assignee), _boolean),
    "reminder_type": Field(lambda row, *_: row.values.reminder_type, _number),
    "category_id": Field(lambda row, *_: row.values.category_id, _number),
    "description": Field(lambda row, *_: row.values.description, _word),
    "status": Field(lambda row, *_: row.values.status, _word),
    "notes": Field(lambda row, *_: row.values.notes, _word),
    "created_at": Field(lambda row, _, switches: moments.stamp(row.created_at, switches).timestamp(), _stamp),
    "modified_at": Field(lambda row, _, switches: moments.stamp(row.modified_at, switches).timestamp(), _stamp),
}
"""Every field that can be filtered and sorted by. `owner_user_id` is the name that the vendor's examples filter by."""


def read(pairs: Pairs, zone: ZoneInfo, switches: Switches) -> Query:
    """Read a query string's pairs. Refusal (400) for what makes no sense, and for unknown fields under that reading."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        name, operator = (match["field"], match["operator"] or "") if match else (key, "")
        grouped.setdefault((name, operator), []).append(value)
    conditions: list[Condition] = []
    sort: list[tuple[Field, bool]] = []
    numbers = {"$limit": DEFAULT_LIMIT, "$skip": 0}
    for (name, operator), values in grouped.items():
        if name in numbers:
            numbers[name] = _count(name, values[-1])
        elif name == "$sort":
            sort += [(field, values[-1] == "-1") for field in _known(operator, switches) if _direction(values[-1])]
        elif name == "reminder_types":
            given = [word for value in values for word in value.split(",")]
            conditions += _conditions("reminder_type", "$in", given, zone, switches)
        else:
            conditions += _conditions(name, operator, values, zone, switches)
    limit = numbers["$limit"]
    if limit == 0 and switches.limit_zero == "default":
        limit = DEFAULT_LIMIT
    return Query(tuple(conditions), tuple(sort), min(limit, switches.max_limit), numbers["$skip"])


def _count(name: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,9}", value):
        raise Refusal(Problem.BAD_REQUEST, f"{name} is a whole number, zero or more; not {value!r}")
    return int(value)


def _direction(value: str) -> bool:
    if value not in ("1", "-1"):
        raise Refusal(Problem.BAD_REQUEST, f"$sort takes 1 or -1; not {value!r}")
    return True


def _known(name: str, switches: Switches) -> tuple[Field, ...]:
    """The field of this name; none, or a refusal, where there is none."""
    hidden = (name == "id" and switches.id_query == "unknown") or (
        name == "scheduled_event_id" and switches.event_id == "hidden"
    )
    if name in FIELDS and not hidden:
        return (FIELDS[name],)
    if switches.unknown_field == "refused":
        raise Refusal(Problem.BAD_REQUEST, f"Invalid query parameter {name}", {name: f"{name} cannot be queried"})
    return ()


def _conditions(
    name: str, operator: str, values: Sequence[str], zone: ZoneInfo, switches: Switches
) -> tuple[Condition, ...]:
    fields = _known(name, switches)
    if operator not in ("", "$ne", "$in", "$nin", *_ORDERED):
        raise Refusal(Problem.BAD_REQUEST, f"Invalid query parameter {operator} of {name}", {name: operator})
    try:
        return tuple(
            Condition(field, operator, tuple(field.given(value, zone) for value in values)) for field in fields
        )
    except ValueError as error:
        raise Refusal(Problem.BAD_REQUEST, f"{name}: {error}", {name: str(error)}) from None


def run(query: Query, rows: Sequence[TaskRow], zone: ZoneInfo, switches: Switches) -> Page:
    """The page that a query asks for, of rows that stand in the order of their ids."""
    found = [row for row in rows if all(_holds(row, condition, zone, switches) for condition in query.conditions)]
    for field, descending in reversed(query.sort):
        keyed = [(_sort_key(field.of(row, zone, switches)), row) for row in found]
        found = [row for _, row in sorted(keyed, key=_first, reverse=descending)]
    data = found[query.skip : query.skip + query.limit]
    return Page(len(found), query.limit, query.skip, tuple(data))


def _first(pair: tuple[tuple[int, float, str], TaskRow]) -> tuple[int, float, str]:
    return pair[0]


def _sort_key(value: Comparable) -> tuple[int, float, str]:
    return (-1, 0.0, "") if value is None else _key(value)


def _holds(row: TaskRow, condition: Condition, zone: ZoneInfo, switches: Switches) -> bool:
    mine = condition.field.of(row, zone, switches)
    match condition.operator:
        case "" | "$in":
            return mine in condition.values
        case "$ne" | "$nin":
            return mine not in condition.values
        case operator:
            holds = _ORDERED[operator]
            return mine is not None and all(given is not None and holds(mine, given) for given in condition.values)
