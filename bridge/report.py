"""What a run did, as values: the JSON of `sync --json` (interface.md), and the sentences that a person reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bridge.core.model import Rule, Side, Status
from bridge.wording import moment, one_line, quoted, rule_text, value_words

__all__ = [
    "NAMES",
    "ConflictReport",
    "Dropped",
    "OperationReport",
    "Outcome",
    "PairReport",
    "Skipped",
    "moment",
    "plain",
]

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
    digest: str = ""

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
        """The operation in plain words: "Moved 'Call Bill' from Mon 9 Mar 09:00 to 10:00 in LionDesk, because ..."."""
        phrase = _phrase(self)
        tail = f" {self.message}" if self.message else ""
        where = f"{phrase.what} in {NAMES[self.side]}"
        match self.state:
            case "done":
                return f"{phrase.done} {where}, because {self.because}.{tail}"
            case "planned":
                return f"Would {phrase.would} {where}, because {self.because}.{tail}"
            case "failed":
                # "because" would tell the reason of the attempt as that of the failure.
                return f"Could not {phrase.would} {where} ({self.because}).{tail}"
            case _:
                return f"Waits to {phrase.would} {where} ({self.because}).{tail}"


@dataclass(frozen=True, slots=True)
class ConflictReport:
    """A field that both sides changed, and which value stayed: None while each keeps its own and a person is asked."""

    item: str
    summary: str
    occurrence: datetime | None
    field: str
    liondesk: object
    calendar: object
    kept: Side | None
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
            "kept": None if self.kept is None else self.kept.value,
            "why": self.because,
        }

    def sentence(self) -> str:
        """The conflict in plain words, with the value that gave way, so that nothing is lost unseen."""
        kept, lost = (self.liondesk, self.calendar) if self.kept is Side.LIONDESK else (self.calendar, self.liondesk)
        if self.kept is None:
            what = FIELD_WORDS.get(WIRE.get(self.field, self.field), self.field)
            return (
                f"Both sides changed the {what} of {quoted(self.summary)}{self._at()}, and you are asked: LionDesk has "
                f"{value_words(self.liondesk)}, the calendar {value_words(self.calendar)}."
            )
        if self.field == "existence":
            return (
                f"{quoted(self.summary)} was edited in {NAMES[self.kept]} and deleted in {NAMES[self.kept.other]}: "
                f"it stays, because {self.because}."
            )
        what = FIELD_WORDS.get(WIRE.get(self.field, self.field), self.field)
        return (
            f"Both sides changed the {what} of {quoted(self.summary)}{self._at()}: kept {value_words(kept)} from "
            f"{NAMES[self.kept]} over {value_words(lost)} from {NAMES[self.kept.other]}, because {self.because}."
        )

    def _at(self) -> str:
        return f" of {moment(self.occurrence)}" if self.occurrence is not None else ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """An edit that waited for a task that LionDesk will never make. `because` completes the sentence."""

    item: str
    summary: str
    occurrence: datetime
    because: str

    def as_json(self) -> dict[str, object]:
        """Which occurrence of what, and why."""
        return {
            "item": self.item,
            "summary": self.summary,
            "occurrence": self.occurrence.isoformat(),
            "why": self.because,
        }

    def sentence(self) -> str:
        """The note in plain words."""
        return (
            f"The edit of {quoted(self.summary)} of {moment(self.occurrence)} does not wait for LionDesk any longer, "
            f"because {self.because}."
        )


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that was left alone, and why."""

    side: Side
    item: str
    why: str
    key: str = ""
    """The row id or href under which the item is seen again."""

    def as_json(self) -> dict[str, object]:
        """Side, item and reason."""
        return {"side": self.side.value, "item": self.item, "why": self.why}

    def sentence(self) -> str:
        """The item in plain words."""
        # A reader's reason completes "The task ...", others are sentences.
        why = one_line(self.why, 400)
        why = f"it {why}" if re.match(r"(is|has|shares|starts|recurs|uses|ends)\b", why) else why
        stop = "" if why.endswith((".", "!", "?")) else "."
        return f"Left alone in {NAMES[self.side]}: {one_line(self.item, 120)}. {why[:1].upper()}{why[1:]}{stop}"


@dataclass(frozen=True, slots=True)
class PairReport:
    """One pair's run. `notes` are sentences on what was asked of it and could not be done.

    `questions` are how many items of the inbox wait for an answer, where nothing but that halted the run.
    """

    pair: str
    outcome: Outcome
    dry_run: bool = False
    elapsed_s: float = 0.0
    requests: Mapping[str, int] = field(default_factory=lambda: {"liondesk": 0, "calendar": 0})
    operations: tuple[OperationReport, ...] = ()
    conflicts: tuple[ConflictReport, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    waiting: tuple[OperationReport, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    halt: str | None = None
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    exit_code: int | None = None
    questions: int = 0

    @property
    def code(self) -> int:
        """The exit code of interface.md."""
        return EXIT_CODES[self.outcome] if self.exit_code is None else self.exit_code

    def sentences(self) -> tuple[str, ...]:
        """Operations, conflicts and what was left alone, in plain words; empty where both sides agreed already."""
        return (
            *(each.sentence() for each in self.operations),
            *(each.sentence() for each in self.conflicts),
            *(each.sentence() for each in self.dropped),
            *(each.sentence() for each in self.skipped),
            *self.notes,
        )

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
            "waiting": [each.as_json() for each in self.waiting],
            "dropped": [each.as_json() for each in self.dropped],
            "halt": self.halt,
            "errors": list(self.errors),
            "notes": list(self.notes),
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


# -- words -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What was done to which task: `done` and `would` begin the sentence, `what` follows."""

    done: str
    would: str
    what: str


def _phrase(operation: OperationReport) -> _Phrase:
    title = quoted(operation.summary)
    match operation.action:
        case "create":
            return _Phrase("Created", "create", title + _beginning(operation))
        case "delete":
            return _Phrase("Deleted", "delete", title + _extent(operation))
        case _:
            return _update(operation, title)


def _update(operation: OperationReport, title: str) -> _Phrase:
    fields = dict(operation.fields)
    if fields.keys() == {"status"}:
        completed = plain(fields["status"][1]) == Status.COMPLETE.value
        done, would = ("Completed", "complete") if completed else ("Re-opened", "re-open")
        return _Phrase(done, would, title + _of(operation))
    if fields.keys() == {"summary"}:
        old, new = fields["summary"]
        return _Phrase("Renamed", "rename", f"{quoted(str(old or ''))}{_of(operation)} to {quoted(str(new or ''))}")
    if operation.side is Side.CALENDAR and (until := _ended(*fields.get("rule", (None, None)))) is not None:
        # A series that LionDesk split: its tail was created as a series of its own.
        return _Phrase("Ended", "end", f"{title} after {moment(until)}")
    old_due, new_due = fields.pop("due", (None, None))
    if isinstance(old_due, datetime) and isinstance(new_due, datetime) and old_due != new_due:
        all_day = fields.get("all_day", (False, False))
        fields.pop("all_day", None)
        start = moment(old_due, all_day=bool(all_day[0]), beside=_year_of(new_due, old_due))
        end = moment(new_due, all_day=bool(all_day[1]), beside=old_due)
        changes = f", {_changes(fields)}" if fields else ""
        return _Phrase("Moved", "move", f"{title}{_following(operation)} from {start} to {end}{changes}")
    if not fields and operation.because.startswith("it was deleted"):
        # An exception date of the series: an update to the calendar, the end of an occurrence to a person.
        return _Phrase("Deleted", "delete", title + _of(operation))
    if not fields:
        return _Phrase("Updated", "update", title + _of(operation))
    return _Phrase("Changed", "change", f"{title}{_of(operation)}: {_changes(fields)},")


def _ended(old: object, new: object) -> datetime | None:
    """Until when a series goes on, where it went on for longer before and is otherwise the same."""
    if not isinstance(old, Rule) or not isinstance(new, Rule) or old.parts != new.parts or new.until is None:
        return None
    return new.until if old.until is None or new.until < old.until else None


def _year_of(value: datetime, shown: datetime) -> datetime | None:
    """The other end of a move that ends in another year: both then show theirs."""
    return value if value.year != shown.year else None


def _beginning(operation: OperationReport) -> str:
    if operation.occurrence is None:
        return ""
    return f"{', repeating from' if operation.recurring else ', due'} {moment(operation.occurrence)},"


def _extent(operation: OperationReport) -> str:
    """How much a deletion takes."""
    if operation.delete_type == 3 or (operation.recurring and operation.delete_type is None):
        return " with all that it repeats"
    return _of(operation)


def _of(operation: OperationReport) -> str:
    """Which occurrence, and whether all that follow are meant, too."""
    at = f" of {moment(operation.occurrence)}" if operation.occurrence is not None and operation.recurring else ""
    return at + _following(operation)


def _following(operation: OperationReport) -> str:
    return " and all that follow" if 2 in (operation.update_type, operation.delete_type) else ""


def _changes(fields: Mapping[str, tuple[object, object]]) -> str:
    return ", ".join(_change(name, old, new) for name, (old, new) in fields.items())


def _change(name: str, old: object, new: object) -> str:
    word = FIELD_WORDS.get(WIRE.get(name, name), name)
    if name in ("category_id", "contact_id", "reminder_type"):
        # LionDesk's numbers mean nothing to a person.
        return f"no {word} any more" if new is None else f"another {word}"
    return f"{word} from {value_words(old)} to {value_words(new)}"
