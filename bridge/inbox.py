"""The items of the inbox in plain words: what happened to which task, both values, and what can be answered.

`content` of an item, JSON-ready, by kind:

- conflict: `summary`, `slot`, `field` (of Task; `existence`, `recurrence_rule`), both values under `liondesk` and
  `calendar`, when each was edited under `liondesk_at` and `calendar_at`, `winner` (None while a person is asked),
  `because`, `following`, `form` (the loser's series as a resource, where that was disputed).
- refused: `summary`, `slot`, `side`, `action`, `message`, `following`, `fields` (old and new, by LionDesk's names).
- doubtful: `summary`, `slot`, `sent_at`, `found` (what LionDesk has that may be it).
- halt: `reason`, `limit`, `measure`, `digest`, `operations` (a sentence and a digest each).

`decision` is what a person answered, until a run has carried it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from bridge.core.model import Side, Status
from bridge.records import InboxItem
from bridge.report import FIELD_WORDS, NAMES, WIRE
from bridge.wording import moment, one_line, quoted, value_words

KINDS = ("conflict", "refused", "doubtful", "halt")
TASK = {wire: name for name, wire in WIRE.items()}
"""Task's names for those of the JSON."""
KEPT = {"liondesk": "LionDesk's", "calendar": "the calendar's", "both": "both"}


ALWAYS = "always"
"""Under which name a pair remembers for which fields a person chose a side for good."""


def always(facts: Mapping[str, object]) -> dict[str, Side]:
    """The side that a person chose for good, by Task field."""
    kept = facts.get(ALWAYS)
    sides = {side.value: side for side in Side}
    return {str(name): sides[side] for name, side in kept.items() if side in sides} if isinstance(kept, dict) else {}


def value_of(field: str, value: object) -> object:
    """A value of a Task's field as it was before it became JSON."""
    match field, value:
        case "due", str():
            return datetime.fromisoformat(value)
        case "status", str():
            return Status(value)
        case _:
            return value


def sentences(item: InboxItem, zone: tzinfo | None = None) -> tuple[str, ...]:
    """What a person reads: the first says what it is about, further ones both values or the plan.

    `zone` is the one in which it says when something was edited; None is this machine's.
    """
    content = item.content
    match item.kind:
        case "halt":
            return _halt(content)
        case "refused":
            return _refused(content)
        case "doubtful":
            return _doubtful(content)
        case _:
            return _conflict(content, zone)


def options(item: InboxItem) -> tuple[str, ...]:
    """What `resolve` takes for it."""
    if item.kind == "halt":
        return ("--approve", "--reject", *(["--always"] if item.content.get("limit") else []))
    field = item.content.get("field")
    both = item.kind != "conflict" or field in ("summary", "notes", "due", "existence")
    return ("--keep liondesk", "--keep calendar", *(["--keep both"] if both else []))


def as_json(item: InboxItem, pair: str) -> dict[str, object]:
    """An item as `conflicts --json` shows it."""
    content = {name: value for name, value in item.content.items() if name not in ("form", "operations")}
    field = content.get("field")
    if isinstance(field, str):
        content["field"] = WIRE.get(field, field)
    return {
        "id": item.id,
        "pair": pair,
        "kind": item.kind,
        "waits": item.waits,
        "opened_at": _utc(item.opened_at),
        "says": list(sentences(item)),
        "answers": list(options(item)),
        **content,
    }


def _utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _conflict(content: Mapping[str, object], zone: tzinfo | None) -> tuple[str, ...]:
    title = quoted(str(content["summary"]))
    winner = content["winner"]
    if content["field"] == "existence":
        kept = Side(str(winner))
        words = f"edited in {NAMES[kept]} and deleted in {NAMES[kept.other]}"
        return (f"{title} was {words}: it stays, because an edit beats a deletion.",)
    field = str(content["field"])
    what = FIELD_WORDS.get(WIRE.get(field, field), field)
    slot = datetime.fromisoformat(str(content["slot"]))
    at = f" of {moment(slot)}" if field != "due" else ""
    more = " and of those that follow" if content.get("following") else ""
    told = (
        f"each side keeps its own until you say which is right ({content['because']})"
        if winner is None
        else f"{KEPT[str(winner)]} was kept, because {content['because']}"
    )
    return (
        f"Both sides changed the {what} of {title}{at}{more}: {told}.",
        *(
            f"{'LionDesk' if side == 'liondesk' else 'Calendar'}: {_value(field, content[side])}"
            f"{_when(content.get(f'{side}_at'), zone)}"
            for side in ("liondesk", "calendar")
        ),
    )


def _value(field: str, value: object) -> str:
    if isinstance(value, str) and field in ("summary", "notes"):
        return f"'{one_line(value, 300)}'" if value.strip() else "nothing"
    return value_words(value_of(field, value))


def _when(at: object, zone: tzinfo | None) -> str:
    if not isinstance(at, str):
        return ""
    local = datetime.fromisoformat(at).astimezone(zone)
    return f" (edited {moment(local.replace(tzinfo=None), beside=datetime.min)})"


def _refused(content: Mapping[str, object]) -> tuple[str, ...]:
    side = Side(str(content["side"]))
    verb = {"create": "make", "delete": "delete"}.get(str(content["action"]), "change")
    who, task = f"{NAMES[side][:1].upper()}{NAMES[side][1:]}", quoted(str(content["summary"]))
    lines = [f"{who} would not {verb} {task}. {content['message']}"]
    fields = content["fields"]
    for wire, (old, new) in fields.items() if isinstance(fields, Mapping) else ():
        what, name = FIELD_WORDS.get(str(wire), str(wire)), TASK.get(str(wire), str(wire))
        here, there = (old, new) if side is Side.CALENDAR else (new, old)
        lines.append(f"{what}: LionDesk has {_value(name, there)}, the calendar {_value(name, here)}")
    return tuple(lines)


def _doubtful(content: Mapping[str, object]) -> tuple[str, ...]:
    found = content["found"]
    like = "; ".join(str(each) for each in found) if isinstance(found, list) else ""
    what = (
        f"{quoted(str(content['summary']))} was sent to LionDesk, whose answer was lost. LionDesk has a new task that "
        f"may be it, though it says something else: {like}."
    )
    how = (
        "--keep liondesk: that is the task. --keep calendar: it is another one, so the task is sent again. "
        "--keep both: the same."
    )
    return what, how


def _halt(content: Mapping[str, object]) -> tuple[str, ...]:
    operations = content["operations"]
    told = [str(each["sentence"]) for each in operations] if isinstance(operations, list) else []
    return (f"Stopped before the first write: {content['reason']}. The plan:", *told)
