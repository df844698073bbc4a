"""What a run did, as values: the JSON of `sync --json` (interface.md), and the sentences that a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bridge.core.model import Rule, Side, Status

NAMES = {"liondesk": "LionDesk", "calendar": "the calendar"}
FIELD_WORDS = {
    "description": "text",
    "notes": "notes",
    "due_at": "time",
    "is_all_day": "all-day",
    "status": "status",
    "category_id": "category",
    "recurrence_rule": "repetition",
    "contact_id": "contact",
    "reminder_type": "reminder",
}
WIRE = {"summary": "description", "due": "due_at", "all_day": "is_all_day", "rule": "recurrence_rule"}
"""Task fields whose name in LionDesk, and so in the JSON, is another."""


class Outcome(StrEnum):
    """How a pair's run ended, with its exit code."""

    AGREED = "agreed"
    PARTIAL = "partial"
    FAILED = "failed"
    HALTED = "halted"
    UNREACHABLE = "unreachable"


EXIT_CODES = {Outcome.AGREED: 0, Outcome.PARTIAL: 1, Outcome.FAILED: 1, Outcome.HALTED: 4, Outcome.UNREACHABLE: 5}


@dataclass(frozen=True, slots=True)
class OperationReport:
    """One write request: planned, done, failed, or waiting. `because` completes the sentence "..., because"."""

    side: Side
    action: str
    item: str
    summary: str
    because: str
    update_type: int | None = None
    delete_type: int | None = None
    occurrence: datetime | None = None
    fields: Mapping[str, tuple[object, object]] = field(default_factory=dict)
    state: str = "planned"
    message: str = ""
    recurring: bool = False

    def as_json(self) -> dict[str, object]:
        """The operation as interface.md fixes it."""
        return {
            "side": self.side.value,
            "action": self.action,
            "update_type": self.update_type,
            "delete_type": self.delete_type,
            "item": self.item,
            "summary": self.summary,
            "occurrence": self.occurrence.isoformat() if self.occurrence else None,
            "why": self.because,
            "fields": {WIRE.get(name, name): [plain(old), plain(new)] for name, (old, new) in self.fields.items()},
            "state": self.state,
            **({"message": self.message} if self.message else {}),
        }

    def sentence(self) -> str:
        """The operation in plain words, such as "Moved 'Call Bill' from Mon 9 Mar 09:00 to 10:00 in LionDesk, because ..."."""
        done, would = _verbs(self)
        lead = {"done": done, "planned": f"Would {would}", "failed": f"Could not {would}"}.get(
            self.state, f"Waits to {would}"
        )
        tail = f" {self.message}" if self.message else ""
        return f"{lead} {_object(self)} in {NAMES[self.side]}, because {self.because}.{tail}"


@dataclass(frozen=True, slots=True)
class ConflictReport:
    """A field that both sides changed, and which value stayed."""

    item: str
    summary: str
    occurrence: datetime | None
    field: str
    liondesk: object
    calendar: object
    kept: Side
    because: str

    def as_json(self) -> dict[str, object]:
        """Both values and the winner."""
        return {
            "item": self.item,
            "summary": self.summary,
            "occurrence": self.occurrence.isoformat() if self.occurrence else None,
            "field": WIRE.get(self.field, self.field),
            "liondesk": plain(self.liondesk),
            "calendar": plain(self.calendar),
            "kept": self.kept.value,
            "why": self.because,
        }

    def sentence(self) -> str:
        """The conflict in plain words, with the value that gave way, so that nothing is lost unseen."""
        kept, lost = (self.liondesk, self.calendar) if self.kept is Side.LIONDESK else (self.calendar, self.liondesk)
        if self.field == "existence":
            return (
                f"'{self.summary}' was edited in {NAMES[self.kept]} and deleted in {NAMES[self.kept.other]}: "
                f"it stays, because {self.because}."
            )
        what = FIELD_WORDS.get(WIRE.get(self.field, self.field), self.field)
        return (
            f"Both sides changed the {what} of '{self.summary}': kept {_shown(kept)} from {NAMES[self.kept]} over "
            f"{_shown(lost)} from {NAMES[self.kept.other]}, because {self.because}."
        )


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that was left alone, and why."""

    side: Side
    item: str
    why: str

    def as_json(self) -> dict[str, object]:
        """Side, item and reason."""
        return {"side": self.side.value, "item": self.item, "why": self.why}

    def sentence(self) -> str:
        """The item in plain words."""
        return f"Left alone in {NAMES[self.side]}: {self.item}. {self.why}"


@dataclass(frozen=True, slots=True)
class PairReport:
    """One pair's run."""

    pair: str
    outcome: Outcome
    dry_run: bool = False
    elapsed_s: float = 0.0
    requests: Mapping[str, int] = field(default_factory=lambda: {"liondesk": 0, "calendar": 0})
    operations: tuple[OperationReport, ...] = ()
    conflicts: tuple[ConflictReport, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    halt: str | None = None
    errors: tuple[str, ...] = ()
    exit_code: int | None = None

    @property
    def code(self) -> int:
        """The exit code of interface.md."""
        return EXIT_CODES[self.outcome] if self.exit_code is None else self.exit_code

    def as_json(self) -> dict[str, object]:
        """The pair's part of `sync --json`."""
        return {
            "pair": self.pair,
            "outcome": self.outcome.value,
            "dry_run": self.dry_run,
            "elapsed_s": round(self.elapsed_s, 3),
            "requests": dict(self.requests),
            "operations": [each.as_json() for each in self.operations],
            "conflicts": [each.as_json() for each in self.conflicts],
            "skipped": [each.as_json() for each in self.skipped],
            "halt": self.halt,
            "errors": list(self.errors),
        }


def plain(value: object) -> object:
    """A value as JSON shows it: moments as ISO 8601, rules as RFC 5545 text with UNTIL on the owner's wall clock."""
    match value:
        case datetime():
            return value.isoformat()
        case Status():
            return value.value
        case Rule():
            return rule_text(value)
        case str() | int() | float() | bool() | None:
            return value
        case _:
            return str(value)


def rule_text(rule: Rule) -> str:
    """A rule for people and JSON."""
    parts = [f"{name}={value}" for name, value in rule.parts]
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    if rule.until is not None:
        parts.append(f"UNTIL={rule.until:%Y%m%dT%H%M%S}")
    return ";".join(parts)


# -- words -------------------------------------------------------------------------------------------------------------


def moment(value: datetime, *, all_day: bool = False, beside: datetime | None = None) -> str:
    """A wall-clock moment for people: "Mon 9 Mar 09:00"; only the time where `beside` is the same day."""
    if beside is not None and beside.date() == value.date():
        return f"{value:%H:%M}"
    day = f"{value:%a} {value.day} {value:%b}"
    return day if all_day or (value.hour, value.minute) == (0, 0) else f"{day} {value:%H:%M}"


def _verbs(operation: OperationReport) -> tuple[str, str]:
    if operation.action == "create":
        return "Created", "create"
    if operation.action == "delete":
        return "Deleted", "delete"
    names = set(operation.fields)
    if names == {"status"}:
        completed = plain(operation.fields["status"][1]) == "complete"
        return ("Completed", "complete") if completed else ("Re-opened", "re-open")
    if "due" in names and names <= {"due", "all_day", "rule"}:
        return "Moved", "move"
    return ("Changed", "change") if names else ("Updated", "update")


def _object(operation: OperationReport) -> str:
    title = f"'{operation.summary}'"
    scope = {2: " (this and the following)", 3: ""}.get(operation.update_type or operation.delete_type or 0, "")
    if operation.delete_type == 3:
        scope = " (the whole series)"
    names = set(operation.fields)
    when = operation.occurrence
    if "due" in names and names <= {"due", "all_day", "rule"}:
        old, new = operation.fields["due"]
        if isinstance(old, datetime) and isinstance(new, datetime):
            return f"{title}{scope} from {moment(old)} to {moment(new, beside=old)}"
    at = f" of {moment(when)}" if when and (operation.recurring or operation.action == "create") else ""
    if operation.action != "update" or names <= {"status"}:
        return f"{title}{at}{scope}"
    changes = ", ".join(_change(name, old, new) for name, (old, new) in operation.fields.items())
    return f"{title}{at}{scope}: {changes}" if changes else f"{title}{at}{scope}"


def _change(name: str, old: object, new: object) -> str:
    return f"{FIELD_WORDS.get(WIRE.get(name, name), name)} from {_shown(old)} to {_shown(new)}"


def _shown(value: object) -> str:
    match value:
        case datetime():
            return moment(value)
        case None | "":
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case _:
            text = str(plain(value))
            return f"'{text if len(text) <= 60 else text[:57] + '...'}'"
