"""What a person answered, as what a run has to do: wishes, and disputes that are decided."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bridge import vtodo
from bridge.core.model import Series, Side, Slot, Status, Task
from bridge.core.wishes import Again, Alone, Form, Gone, Values, Want, Wish
from bridge.errors import UsageError
from bridge.inbox import TASK, value_of
from bridge.records import InboxItem
from bridge.vtodo import Context

VERB = "decided"
BETWEEN = {"notes": "\n---\n", "summary": " / "}
"""What stands between two texts that are both kept."""


@dataclass(frozen=True, slots=True)
class Answers:
    """`wishes` by the item that they carry out; `decided` what a policy must say, by link, occurrence and field.

    `doubts` are the answers on what may have been created already, by link.
    """

    wishes: tuple[tuple[int, Wish], ...] = ()
    decided: Mapping[tuple[str, Slot, str], Side] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)


def answers_of(items: Iterable[InboxItem], context: Context) -> Answers:
    """Everything that was answered and waits for a run."""
    wishes: list[tuple[int, Wish]] = []
    decided: dict[tuple[str, Slot, str], Side] = {}
    doubts: dict[str, str] = {}
    for item in items:
        answer = item.content.get("decision")
        if item.kind == "halt" or not isinstance(answer, str):
            continue
        if item.kind == "doubtful":
            doubts[item.uid] = answer
            continue
        if item.waits and item.content.get("field") == "recurrence_rule":
            slot = datetime.fromisoformat(str(item.content["slot"]))
            decided[item.uid, slot, "recurrence_rule"] = Side(answer)
            continue
        wishes += [(item.id or 0, wish) for wish in wishes_of(item, answer, context)]
    return Answers(tuple(wishes), decided, doubts)


def asks_for_work(item: InboxItem, answer: str) -> bool:
    """Whether a run has to write for this answer; else all stays as it is. Raises UsageError where it means nothing."""
    winner = item.content.get("winner")
    if item.kind == "conflict":
        if answer == "both" and item.content["field"] not in (*BETWEEN, "due", "existence"):
            raise UsageError(
                f"Item {item.id} cannot keep both: a task has one of these. Nothing was changed: answer with --keep "
                "liondesk or --keep calendar."
            )
        return winner is None or (winner != answer and (answer, item.content["field"]) != ("both", "existence"))
    if item.kind == "refused" and answer != "both" and item.content["action"] == "update" and not _restorable(item):
        raise UsageError(
            f"Item {item.id} is about the repetition of a series, which cannot be restored by itself. Nothing was "
            "changed: edit the series on one side, and the next run carries it over; then --keep both closes the item."
        )
    return item.kind == "doubtful" or answer != "both"


def _restorable(item: InboxItem) -> bool:
    fields = item.content["fields"]
    if not isinstance(fields, Mapping) or not fields or item.content.get("slot") is None:
        return False
    return "recurrence_rule" not in fields


def wishes_of(item: InboxItem, answer: str, context: Context) -> tuple[Wish, ...]:
    """What `answer` (liondesk, calendar, both) to an item asks for: one that `asks_for_work` let pass."""
    match item.kind:
        case "refused":
            wants = _of_refused(item, answer)
        case _:
            wants = _of_conflict(item, answer, context)
    summary = str(item.content["summary"])
    return tuple(Wish(item.uid if uid is None else uid, want, VERB, summary) for uid, want in wants)


def _of_conflict(item: InboxItem, answer: str, context: Context) -> list[tuple[str | None, Want]]:
    content = item.content
    winner, name = content["winner"], str(content["field"])
    slot = datetime.fromisoformat(str(content["slot"]))
    if winner == answer:
        return []
    if name == "existence":
        return [] if answer == "both" else [(None, Gone(slot if content.get("occurrence") else None))]
    if answer == "both":
        return _both(item, slot, name)
    if name == "recurrence_rule":
        series = vtodo.read(str(content["form"]), context) if content.get("form") else None
        if winner is None or not isinstance(series, Series):
            return []
        return [(None, Form(series))]
    value = value_of(name, content[answer])
    return [(None, _values(item, slot, name, value))]


def _values(item: InboxItem, slot: Slot, name: str, value: object) -> Values:
    content, winner = item.content, item.content["winner"]
    shown = {
        side: value_of(name, content[side if winner is None else str(winner)]) for side in ("liondesk", "calendar")
    }
    return Values(slot, {name: value}, {name: (shown["liondesk"], shown["calendar"])}, bool(content.get("following")))


def _both(item: InboxItem, slot: Slot, name: str) -> list[tuple[str | None, Want]]:
    """Texts are joined; of two times the one that did not stay becomes a single task of its own."""
    content = item.content
    if name in BETWEEN:
        joined = BETWEEN[name].join(str(content[side]) for side in ("liondesk", "calendar"))
        return [(None, _values(item, slot, name, joined))]
    stays = str(content["winner"] or "liondesk")
    other = "calendar" if stays == "liondesk" else "liondesk"
    due = datetime.fromisoformat(str(content[other]))
    task = Task(str(content["summary"]), due, status=Status.INCOMPLETE)
    # Always the same name for one item: a run that dies is followed by one that finds what it made.
    uid = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{item.uid} {item.id} both"))
    wants: list[tuple[str | None, Want]] = [(uid, Form(Series(uid, task)))]
    if content["winner"] is None:
        wants.append((None, _values(item, slot, name, datetime.fromisoformat(str(content[stays])))))
    return wants


def _of_refused(item: InboxItem, answer: str) -> list[tuple[str | None, Want]]:
    content = item.content
    side, action = Side(str(content["side"])), str(content["action"])
    if answer == "both":
        return []
    again = answer != side.value
    if action == "create":
        return [(None, Again() if again else Alone(side.other))]
    if action == "delete":
        return [(None, Alone(side) if again else Again())]
    fields = content["fields"]
    assert isinstance(fields, Mapping)  # noqa: S101  # written by `asking`
    known = {TASK.get(str(name), str(name)): value for name, value in fields.items()}
    slot = datetime.fromisoformat(str(content["slot"]))
    place = 1 if again else 0
    values = {name: value_of(name, pair[place]) for name, pair in known.items()}
    seen = {name: (value_of(name, old), value_of(name, new)) for name, (old, new) in known.items()}
    if side is Side.CALENDAR:
        seen = {name: (there, here) for name, (here, there) in seen.items()}
    return [(None, Values(slot, values, seen, bool(content.get("following"))))]


def decided(item: InboxItem, answer: str) -> InboxItem:
    """The item with what a person answered, for the next run to carry out."""
    return replace(item, content={**item.content, "decision": answer})
