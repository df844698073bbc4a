"""The journal in plain words: runs, their operations, and what happened to one task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from bridge.core.model import Side
from bridge.inbox import TASK, value_of
from bridge.records import Entry, RunRecord
from bridge.report import OperationReport
from bridge.wording import moment

CUT_OFF = "cut off"
"""The outcome of a run that never said how it ended."""
_WORDS = {
    "agreed": "both sides agreed",
    "partial": "some changes were not made",
    "failed": "it failed",
    "halted": "it waited for a person",
    "unreachable": "a side was out of reach",
}


def run_line(run: RunRecord) -> str:
    """A run in a line: when, what came of it, and its name."""
    made = {0: "no change", 1: "1 change"}.get(run.done, f"{run.done} changes")
    rest = f", {run.others} not made" if run.others else ""
    outcome = _WORDS.get(run.outcome or "", "it was cut off")
    return f"{run.run}  {local(run.started_at)}: {made}{rest}; {outcome}."


def local(at: datetime) -> str:
    """A moment on this machine's clock."""
    return moment(at.astimezone().replace(tzinfo=None), beside=datetime.min)


def run_json(run: RunRecord, pair: str) -> dict[str, object]:
    """A run as `history --json` lists it."""
    return {
        "run": run.run,
        "pair": pair,
        "started_at": _utc(run.started_at),
        "ended_at": None if run.ended_at is None else _utc(run.ended_at),
        "outcome": run.outcome or CUT_OFF,
        "done": run.done,
        "not_done": run.others,
    }


def entry_json(entry: Entry) -> dict[str, object]:
    """An operation with what was there before and what was sent."""
    operation, detail = entry.operation, entry.operation.detail
    return {
        "id": operation.id,
        "run": entry.run,
        "at": _utc(entry.at),
        "side": operation.side,
        "action": operation.action,
        "update_type": detail.get("update_type"),
        "delete_type": detail.get("delete_type"),
        "item": detail.get("item") or operation.item,
        "uid": operation.uid,
        "summary": operation.summary,
        "occurrence": detail.get("occurrence"),
        "why": operation.why,
        "fields": detail.get("fields") or {},
        "state": operation.state,
        "message": detail.get("message") or "",
        "before": operation.before,
        "after": operation.after,
        "says": sentence(entry),
    }


def sentence(entry: Entry) -> str:
    """An operation in a sentence, as the run told it."""
    operation, detail = entry.operation, entry.operation.detail
    at, fields = detail.get("occurrence"), detail.get("fields")
    changed: dict[str, tuple[object, object]] = {}
    for wire, (old, new) in fields.items() if isinstance(fields, Mapping) else ():
        name = TASK.get(str(wire), str(wire))
        changed[name] = (value_of(name, old), value_of(name, new))
    message = str(detail.get("message") or "")
    if operation.state == "intent":
        message = "The run was cut off before its answer came."
    return OperationReport(
        Side(operation.side),
        operation.action,
        operation.item,
        operation.summary,
        operation.why,
        update_type=_number(detail.get("update_type")),
        delete_type=_number(detail.get("delete_type")),
        occurrence=datetime.fromisoformat(at) if isinstance(at, str) else None,
        fields=changed,
        state="done" if operation.state == "done" else "failed",
        message=message,
        recurring=bool(detail.get("recurring")),
    ).sentence()


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
