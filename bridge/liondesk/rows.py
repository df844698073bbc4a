"""Rows as LionDesk lists them to `Row`, and edits to the bodies of POST and PATCH. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Row, Rule, Status, Task, Unreadable
from bridge.liondesk.fields import DELETED, EVENT_ID, ID, BadField, Context, Field, Fields, read_stamp, without_start

_WRITEABLE: Mapping[str, Field[object]] = {
    name: field for name, field in vars(Fields).items() if isinstance(field, Field)
}


def row_id(raw: object) -> str | None:
    """The id of an item of a list as text; None where it has none."""
    if not isinstance(raw, dict):
        return None
    try:
        return ID.of(Context(raw, _NO_ZONE))
    except BadField:
        return None


_NO_ZONE = ZoneInfo("UTC")


def key(raw: object) -> str:
    """What makes an item of a list the same one: its id; without one, a digest of all it says."""
    return row_id(raw) or "?" + sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()[:16]


def is_deleted(raw: object) -> bool:
    """Whether an item of a list has the status `deleted`."""
    status = raw.get(Fields.status.wire) if isinstance(raw, dict) else None
    return isinstance(status, str) and status.strip().lower() == DELETED


def read_row(raw: object, zone: ZoneInfo) -> Row | Unreadable:
    """One item of a list as a Row, due on the wall clock of `zone`; Unreadable, by its `key`, where it means nothing.

    `completed_at` of a complete task is its `modified_at`, the nearest that LionDesk tells.
    """
    if not isinstance(raw, dict):
        return Unreadable(key(raw), "it is no object with fields")
    context = Context(raw, zone)
    try:
        return _row(context)
    except BadField as error:
        return _unreadable(raw, str(error))


_YEARS = range(1900, 3000)
"""What a calendar can show: a due moment outside is a mistake of whoever wrote it."""


def _row(context: Context) -> Row:
    raw = context.raw
    due = Fields.due.of(context)
    if due.year not in _YEARS:
        raise BadField(f"it is due in the year {due.year}")
    modified_at = read_stamp(raw.get("modified_at"))
    status = Fields.status.of(context)
    task = Task(
        summary=Fields.summary.of(context),
        due=due,
        all_day=Fields.all_day.of(context),
        status=status,
        notes=Fields.notes.of(context),
        category_id=Fields.category_id.of(context),
        completed_at=modified_at if status is Status.COMPLETE else None,
        contact_id=Fields.contact_id.of(context),
        reminder_type=Fields.reminder_type.of(context),
    )
    return Row(
        id=ID.of(context),
        task=task,
        rule=Fields.rule.of(context),
        event_id=EVENT_ID.of(context),
        deleted=is_deleted(raw),
        created_at=read_stamp(raw.get("created_at")),
        modified_at=modified_at,
        raw=MappingProxyType(dict(raw)),
    )


def _unreadable(raw: Mapping[str, object], why: str) -> Unreadable:
    """With the title in the words: an id alone says little to a person."""
    title = raw.get(Fields.summary.wire)
    return Unreadable(key(raw), f'"{title}": {why}' if isinstance(title, str) and title else why)


def patch_body(raw: Mapping[str, object], changes: Mapping[str, object], zone: ZoneInfo) -> dict[str, object]:
    """The body of a PATCH (law 2): every writeable value exactly as `raw` shows it, but for `changes`.

    `changes` has names of `Task`, and `rule`: text or a `Rule`; None or "" there makes the task a single one, so the
    rule is left out. `due` is naive on the wall clock of `zone`. A changed value takes the form in which the row showed
    the old one. `update_type` is not part of the body: the client adds it.
    """
    unknown = changes.keys() - _WRITEABLE.keys()
    if unknown:
        raise KeyError(f"no writeable fields of a task: {', '.join(sorted(unknown))}")
    body: dict[str, object] = {}
    context = Context(raw, zone, _all_day(raw, changes, zone))
    for name, field in _WRITEABLE.items():
        if name not in changes:
            if field.wire in raw:
                body[field.wire] = raw[field.wire]
        elif not (name == "rule" and changes[name] in (None, "")):
            body[field.wire] = field.write(changes[name], field.wire, context)
    if "due" in changes and "rule" not in changes and Fields.rule.wire in body:
        # A DTSTART line before the rule repeats the old due time; the new one stands in due_at alone.
        body[Fields.rule.wire] = without_start(body[Fields.rule.wire])
    return body


def _all_day(raw: Mapping[str, object], changes: Mapping[str, object], zone: ZoneInfo) -> bool:
    if "all_day" in changes:
        return changes["all_day"] is True
    return Fields.all_day.of(Context(raw, zone))


def create_body(
    task: Task,
    rule: Rule | str | None,
    defaults: Mapping[str, object],
    zone: ZoneInfo,
    like: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The body of a POST. `rule` None or "" makes a single task; `defaults` (wire names) fill what a Task has not.

    `like` is the raw form of any row of the account: times, ids and booleans are written as it shows them. Without it
    they take the form of the documentation's examples, `due_at` naive on the owner's wall clock.
    """
    context = Context(like or {}, zone, task.all_day)
    body = dict(defaults)
    said: dict[str, object] = {
        "contact_id": task.contact_id,
        "due": task.due,
        "rule": rule or None,
        "all_day": task.all_day,
        "reminder_type": task.reminder_type,
        "category_id": task.category_id,
        "summary": task.summary,
        "status": task.status,
        "notes": task.notes,
    }
    for name, value in said.items():
        if value is not None:
            field = _WRITEABLE[name]
            body[field.wire] = field.write(value, field.wire, context)
    return body
