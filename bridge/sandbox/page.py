"""The page at `/`: LionDesk's side for a person. Plain forms, no scripts; every change ends in a redirect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bridge.sandbox import forms, validate, words
from bridge.sandbox.api import world_of
from bridge.sandbox.problems import Refusal
from bridge.sandbox.records import REMINDERS, TaskRow, User
from bridge.sandbox.switches import Switches, as_json
from bridge.sandbox.world import World

_SHOWN_AHEAD = 4
_SAID = {
    "created": "The task was created.",
    "changed": "The change was saved.",
    "complete": "The task is complete.",
    "incomplete": "The task is open again.",
    "deleted": "It was deleted.",
}
REPEATS = {
    "": "does not repeat",
    "FREQ=DAILY": "every day",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": "every weekday",
    "FREQ=WEEKLY": "every week",
    "FREQ=WEEKLY;INTERVAL=2": "every two weeks",
    "FREQ=MONTHLY": "every month",
    "FREQ=YEARLY": "every year",
    "own": "by the rule below",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row as the page shows it."""

    id: int
    text: str
    due: str
    late: bool
    complete: bool
    moved: bool
    details: tuple[str, ...]
    notes: str


@dataclass(frozen=True, slots=True)
class Card:
    """One series, or all single tasks: what was, what comes next, what is further off."""

    title: str
    repeats: str
    done: tuple[Line, ...]
    ahead: tuple[Line, ...]
    later: tuple[Line, ...]


def _line(world: World, row: TaskRow, today: date) -> Line:
    values = row.values
    contact = world.contacts.get(values.contact_id or 0)
    category = world.categories.get(values.category_id or 0)
    other = world.users[values.assigned_user_id] if values.assigned_user_id != row.owner_id else None
    details = (category and category.name, contact and contact.name, other and f"for {other.name}")
    return Line(
        id=row.id,
        text=values.description,
        due=words.of_due(values.due, today, all_day=values.is_all_day),
        late=values.status == "incomplete" and values.due.date() < today,
        complete=values.status == "complete",
        moved=row.edited,
        details=tuple(part for part in details if part),
        notes=values.notes,
    )


def _cards(world: World, user: User, today: date) -> list[Card]:
    """Single tasks first, then a card per series, by what is due next."""
    groups: dict[int, list[TaskRow]] = {}
    live = [row for row in world.ledger.owned_by(user.id) if row.values.status != "deleted"]
    for row in sorted(live, key=lambda row: (row.values.due, row.id)):
        event = world.ledger.events[row.event_id]
        groups.setdefault(0 if event.rule is None else event.id, []).append(row)
    cards = []
    for event_id in sorted(groups, key=lambda key: (key != 0, _next_due(groups[key]))):
        rows = groups[event_id]
        rule = world.ledger.events[event_id].rule if event_id else None
        lines = [_line(world, row, today) for row in rows]
        done = tuple(line for line in lines if line.complete)
        todo = [line for line in lines if not line.complete]
        ahead = len(todo) if rule is None else _SHOWN_AHEAD
        title = "Single tasks" if rule is None else world.ledger.events[event_id].template.description
        repeats = words.of_rule(rule, user.zone) if rule else ""
        cards.append(Card(title, repeats, done, tuple(todo[:ahead]), tuple(todo[ahead:])))
    return cards


def _next_due(rows: list[TaskRow]) -> str:
    return min((row.values.due.isoformat() for row in rows if row.values.status == "incomplete"), default="9999")


async def home(request: Request) -> Response:
    """GET /: the tasks of one user."""
    world = world_of(request)
    world.tick()
    user = _user(world, dict(request.query_params))
    if user is None:
        return forms.page("nobody.html")
    now = world.clock.now().astimezone(user.zone)
    token = next((text for text, known in world.tokens.items() if known.user_id == user.id), "")
    odd = {name: value for name, value in as_json(world.switches).items() if value != as_json(Switches())[name]}
    return forms.page(
        "tasks.html",
        user=user,
        users=list(world.users.values()),
        now=f"{words.of_day(now.date())} {now:%Y, %H:%M}",
        frozen=world.clock.frozen is not None,
        cards=_cards(world, user, now.date()),
        deleted=sum(row.values.status == "deleted" for row in world.ledger.owned_by(user.id)),
        said=_SAID.get(request.query_params.get("said", "")),
        wrong=None,
        token=token,
        odd=odd,
    )


def _user(world: World, fields: Mapping[str, str]) -> User | None:
    """The user whose tasks are shown: the one named, else the first."""
    named = world.users.get(forms.whole(fields, "user") or 0)
    return named or next(iter(world.users.values()), None)


def _form(world: World, user: User, row: TaskRow | None, fields: Mapping[str, str], wrong: str | None) -> Response:
    """The form for a new task or for one that exists, with what was typed and what is wrong with it."""
    event = world.ledger.events[row.event_id] if row else None
    return forms.page(
        "form.html",
        400 if wrong else 200,
        user=user,
        row=row,
        series=event is not None and event.rule is not None,
        fields=fields,
        wrong=wrong,
        categories=list(world.categories.values()),
        contacts=[contact for contact in world.contacts.values() if contact.visible(user.id)],
        team=[other for other in world.users.values() if other.team == user.team],
        reminders=REMINDERS,
        repeats=REPEATS,
    )


def _blank(user: User, day: date) -> dict[str, str]:
    return {
        "description": "",
        "day": day.isoformat(),
        "time": "09:00",
        "assigned_user_id": str(user.id),
        "contact_id": "",
        "category_id": "",
        "reminder_type": "0",
        "notes": "",
        "status": "incomplete",
        "repeat": "",
        "times": "",
        "rule": "",
        "update_type": "1",
    }


def _filled(row: TaskRow) -> dict[str, str]:
    """What the form shows of a row. Without a rule of its own it does not repeat."""
    values = row.values
    repeat, _, times = (values.rule or "").partition(";COUNT=")
    fields = {
        "description": values.description,
        "day": values.due.date().isoformat(),
        "time": f"{values.due:%H:%M}",
        "assigned_user_id": str(values.assigned_user_id),
        "contact_id": str(values.contact_id or ""),
        "category_id": str(values.category_id or ""),
        "reminder_type": str(values.reminder_type),
        "notes": values.notes,
        "status": values.status,
        "repeat": repeat if repeat in REPEATS else "own",
        "times": times if repeat in REPEATS else "",
        "rule": values.rule or "",
        "update_type": "1",
    }
    ticked = {"is_all_day": values.is_all_day, "notify_assignee": values.notify_assignee}
    return fields | {name: "on" for name, on in ticked.items() if on}


def _typed(row: TaskRow, fields: Mapping[str, str]) -> dict[str, str]:
    """What a refused form shows again: all that was typed; the row's own values where only a button was pressed."""
    return dict(fields) if "day" in fields else _filled(row) | {"update_type": fields.get("update_type", "1")}


def _body(fields: Mapping[str, str]) -> dict[str, object]:
    """What a form says, as the API's body: always every writeable value."""
    all_day = "is_all_day" in fields
    time = "00:00" if all_day else fields.get("time") or "00:00"
    repeat, times = fields.get("repeat", ""), fields.get("times", "").strip()
    rule = fields.get("rule", "").strip() if repeat == "own" else f"{repeat};COUNT={times}" if times else repeat
    plain = ("description", "assigned_user_id", "contact_id", "category_id", "reminder_type", "notes", "status")
    return {name: fields.get(name) or None for name in plain} | {
        "due_at": f"{fields.get('day', '')}T{time}:00" if fields.get("day") else None,
        "recurrence_rule": rule if repeat else None,
        "is_all_day": all_day,
        "notify_assignee": "notify_assignee" in fields,
        "update_type": fields.get("update_type") or None,
    }


async def new(request: Request) -> Response:
    """GET /tasks/new: an empty form."""
    world = world_of(request)
    user = _user(world, dict(request.query_params))
    if user is None:
        return forms.page("nobody.html")
    return _form(world, user, None, _blank(user, world.clock.now().astimezone(user.zone).date()), None)


async def edit(request: Request) -> Response:
    """GET /tasks/{id}/edit: the form with a task in it."""
    world = world_of(request)
    user = _user(world, dict(request.query_params))
    try:
        row = world.get(user.id if user else 0, request.path_params["id"])
    except Refusal as refusal:
        return forms.page("refused.html", refusal.status, why=str(refusal))
    return _form(world, world.users[row.owner_id], row, _filled(row), None)


async def create(request: Request) -> Response:
    """POST /tasks."""
    world, fields = world_of(request), await forms.posted(request)
    user = _user(world, fields)
    if user is None:
        return forms.page("nobody.html", 400)
    try:
        world.create(user.id, _body(fields), "page")
    except Refusal as refusal:
        return _form(world, user, None, fields, str(refusal))
    return _back(user, "created")


async def change(request: Request) -> Response:
    """POST /tasks/{id}: save, complete, re-open or delete, by the field `do`."""
    world, fields = world_of(request), await forms.posted(request)
    user, row_id = _user(world, fields), request.path_params["id"]
    try:
        row = world.get(user.id if user else 0, row_id)
    except Refusal as refusal:
        return forms.page("refused.html", refusal.status, why=str(refusal))
    owner = world.users[row.owner_id]
    try:
        said = _do(world, owner, row, fields)
    except Refusal as refusal:
        return _form(world, owner, row, _typed(row, fields), str(refusal))
    return _back(owner, said)


def _do(world: World, owner: User, row: TaskRow, fields: Mapping[str, str]) -> str:
    """Do what a button said; the word for what was done."""
    match fields.get("do"):
        case "complete" | "incomplete" as status:
            world.update(owner.id, row.id, {"status": status, "update_type": 3}, "page")
            return status
        case "delete":
            world.delete(owner.id, row.id, validate.change_type("delete_type", fields.get("delete_type")), "page")
            return "deleted"
        case _:
            world.update(owner.id, row.id, _body(fields), "page")
            return "changed"


def _back(user: User, said: str) -> Response:
    return RedirectResponse("/?" + urlencode({"user": user.id, "said": said}), 303)


ROUTES = [
    Route("/", home, methods=["GET"]),
    Route("/tasks/new", new, methods=["GET"]),
    Route("/tasks", create, methods=["POST"]),
    Route("/tasks/{id:int}/edit", edit, methods=["GET"]),
    Route("/tasks/{id:int}", change, methods=["POST"]),
]
