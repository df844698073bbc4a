"""Two people: one at LionDesk's page, one at a calendar app of the override school. Every edit is drawn by numbers.

An action names its targets by numbers modulo what is there, so that a history still makes sense when some of its actions
are left out. `acts` says in words what was done, None where there was nothing to do it to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.model import Shape
from bridge.sandbox.problems import Refusal
from bridge.sandbox.records import TaskRow
from tests.simulation.calendar_app import EDITS
from tests.simulation.calendar_rolling import ROLLS
from tests.simulation.calendar_series import SERIES
from tests.simulation.stage import Stage

RULES = (
    "FREQ=WEEKLY;COUNT=6",
    "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=7",
    "FREQ=WEEKLY",
    "FREQ=DAILY;COUNT=9",
    "FREQ=DAILY;INTERVAL=9",
    "FREQ=MONTHLY",
    "FREQ=WEEKLY;INTERVAL=2;UNTIL=20260531T160000Z",
    "FREQ=MONTHLY;BYDAY=1MO;COUNT=4",
)
HOURS = (9, 14, 20)


@dataclass(frozen=True, slots=True)
class Action:
    """`n` makes its texts unlike all others; `a`, `b`, `c` choose the task, the occurrence and the value."""

    what: str
    n: int
    a: int = 0
    b: int = 0
    c: int = 0


def acts(stage: Stage, action: Action) -> str | None:
    """Do it; in words."""
    side, _, what = action.what.partition(" ")
    stage.tick(timedelta(seconds=7 + action.n % 3))
    if side == "time":
        return _passes(stage, action)
    if side == "LionDesk:":
        try:
            done = LIONDESK[what](stage, action)
        except Refusal as refusal:
            done = f"tries to {what}, refused: {refusal}"
    else:
        done = CALENDAR[what](stage, action.n, action.a, action.b, action.c)
    return done and f"{side} {done}"


def first_due(number: int) -> datetime:
    """Mondays and other days of the first weeks."""
    return datetime(2026, 3, 2, HOURS[number % 3]) + timedelta(days=number % 11)


def _passes(stage: Stage, action: Action) -> str:
    by = (timedelta(hours=5), timedelta(days=1), timedelta(days=8), timedelta(days=31))[action.c % 4]
    stage.tick(by)
    return f"time: {by} goes by"


# -- at LionDesk -------------------------------------------------------------------------------------------------------

_WRITEABLE = [
    "contact_id",
    "assigned_user_id",
    "due_at",
    "recurrence_rule",
    "is_all_day",
    "notify_assignee",
    "reminder_type",
    "category_id",
    "description",
    "status",
    "notes",
]


def _rows(stage: Stage, action: Action) -> list[TaskRow]:
    """The rows of the task that the action is about, by their moments."""
    stage.world.tick()
    live = [row for row in stage.world.ledger.rows.values() if row.values.status != "deleted"]
    events = sorted({row.event_id for row in live})
    if not events:
        return []
    event = events[action.a % len(events)]
    return sorted((row for row in live if row.event_id == event), key=lambda row: (row.slot, row.id))


def _row(stage: Stage, action: Action) -> TaskRow | None:
    rows = _rows(stage, action)
    return rows[action.b % min(len(rows), 8)] if rows else None


def _patch(stage: Stage, row: TaskRow, update_type: int, **changes: object) -> None:
    shown = stage.world.shown(row)
    body = {name: shown[name] for name in _WRITEABLE if shown.get(name) is not None} | changes
    body = {name: value for name, value in body.items() if value is not None}
    stage.world.update(1, row.id, {**body, "update_type": update_type}, "page")


def _name(row: TaskRow) -> str:
    return f"{row.values.description!r} of {row.values.due:%a %d %b %H:%M}"


def task_name(text: str) -> str:
    """What all texts of one task begin with."""
    return text.split(" ", 1)[0]


def _new(stage: Stage, action: Action) -> str:
    due = first_due(action.b)
    all_day = action.a % 5 == 0
    body: dict[str, object] = {
        "assigned_user_id": "1",
        "due_at": f"{due.replace(hour=0) if all_day else due:%Y-%m-%dT%H:%M:%S}",
        "description": f"L{action.n}",
        "status": "incomplete",
        "is_all_day": all_day,
        "notes": f"n{action.n}" if action.a % 2 else "",
    }
    if action.a % 3 == 0:
        body["contact_id"] = "1"
    rule = RULES[action.c % len(RULES)] if action.c % 10 < len(RULES) else None
    if rule:
        body["recurrence_rule"] = rule
    stage.world.create(1, body, "page")
    return f"makes {body['description']!r} due {due}{' all-day' if all_day else ''}, {rule or 'once'}"


def _text(stage: Stage, action: Action, update_type: int = 1) -> str | None:
    row = _row(stage, action)
    if row is None:
        return None
    text = f"{task_name(row.values.description)} e{action.n}"
    _patch(stage, row, update_type, description=text)
    return f"names {_name(row)} {text!r}{' and all that follow' if update_type == 2 else ''}"


def _notes(stage: Stage, action: Action, update_type: int = 1) -> str | None:
    row = _row(stage, action)
    if row is None:
        return None
    _patch(stage, row, update_type, notes=f"n{action.n}")
    return f"notes n{action.n} at {_name(row)}{' and all that follow' if update_type == 2 else ''}"


def _due(stage: Stage, action: Action, update_type: int = 1) -> str | None:
    row = _row(stage, action)
    if row is None:
        return None
    by = timedelta(days=action.c % 3, hours=0 if row.values.is_all_day else 1 + action.c % 2)
    _patch(stage, row, update_type, due_at=f"{row.values.due + by:%Y-%m-%dT%H:%M:%S}")
    return f"moves {_name(row)} by {by}{' and all that follow' if update_type == 2 else ''}"


def _status(stage: Stage, action: Action, status: str) -> str | None:
    row = _row(stage, action)
    if row is None or row.values.status == status:
        return None
    stage.world.update(1, row.id, {"status": status, "update_type": 3}, "page")
    return f"makes {_name(row)} {status}"


def _rule(stage: Stage, action: Action) -> str | None:
    row = _row(stage, action)
    if row is None:
        return None
    rule = RULES[action.c % len(RULES)]
    _patch(stage, row, 2, recurrence_rule=rule)
    return f"gives {_name(row)} and all that follow the rule {rule}"


def _unrule(stage: Stage, action: Action) -> str | None:
    row = _row(stage, action)
    if row is None or row.values.rule is None or not _known(stage, row):
        return None
    _patch(stage, row, 2, recurrence_rule=None)
    return f"takes the rule away from {_name(row)} on"


def _known(stage: Stage, row: TaskRow) -> bool:
    """Whether the bridge has seen the task whole: of one that was ended before, nothing tells that its rule is over."""
    name = f"SUMMARY:{task_name(row.values.description)}"
    return any(line.split(" ")[0] == name for ics in stage.collected.bodies.values() for line in ics.splitlines())


def _delete(stage: Stage, action: Action, delete_type: int) -> str | None:
    row = _row(stage, action)
    if row is None or (delete_type == 2 and not _known(stage, row)):
        return None
    stage.world.delete(1, row.id, delete_type, "page")
    return f"deletes {_name(row)}{('', ' and all that follow', ' and the whole series')[delete_type - 1]}"


CALENDAR = {**EDITS, **SERIES, **ROLLS}

_OVERRIDING = {"cancel", "exclude", "include", "drop override", "this and future", "split"}
BY_SHAPE = {
    Shape.OVERRIDES: (*EDITS, *SERIES),
    Shape.ROLLING: tuple(what for what in CALENDAR if what not in _OVERRIDING),
    Shape.SEPARATE: tuple(what for what in EDITS if what not in _OVERRIDING),
}
"""What the apps of each shape do."""

LIONDESK: dict[str, Callable[[Stage, Action], str | None]] = {
    "new": _new,
    "text": _text,
    "notes": _notes,
    "due": _due,
    "text of tail": lambda stage, action: _text(stage, action, 2),
    "notes of tail": lambda stage, action: _notes(stage, action, 2),
    "due of tail": lambda stage, action: _due(stage, action, 2),
    "complete": lambda stage, action: _status(stage, action, "complete"),
    "re-open": lambda stage, action: _status(stage, action, "incomplete"),
    "rule": _rule,
    "no rule": _unrule,
    "delete": lambda stage, action: _delete(stage, action, 1),
    "delete tail": lambda stage, action: _delete(stage, action, 2),
    "delete all": lambda stage, action: _delete(stage, action, 3),
}
