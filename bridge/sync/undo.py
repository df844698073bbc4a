"""A run taken back: what each task that it wrote was before, as wishes of a run that is itself in the journal.

Of a task that the run created, the copy goes; what a person made stays where they made it, and is its own affair until
somebody edits it (decision 0014). What was edited since is left, and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge import vtodo
from bridge.core.model import SYNCED, Series, Side, Slot
from bridge.core.wishes import Alone, Form, Gone, Want, Wish
from bridge.errors import UsageError
from bridge.inbox import TASK, value_of
from bridge.ports import StoredLink
from bridge.records import Entry, Records
from bridge.sync.pair import Pair, Undo
from bridge.wording import quoted

VERB = "taken back"
UNDOING = "undoing"
"""Under which name a pair remembers the run that is being taken back: should that die, the next run goes on with it."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """The wishes, and a sentence for each task that has to stay as it is."""

    wishes: tuple[Wish, ...] = ()
    left: tuple[str, ...] = ()


async def taken_back(pair: Pair, records: Records, undo: Undo) -> Undoing:
    """What `undo` asks for. Raises UsageError for an operation that is not the run's."""
    entries = await records.entries(undo.run)
    chosen = [each for each in entries if each.operation.id == undo.only]
    if undo.only is not None and not chosen:
        raise UsageError(
            f"Run {undo.run} has no operation {undo.only}: `liondesk-bridge history {undo.run}` lists them with their "
            "numbers. Nothing was done."
        )
    before = await records.agreed_before(undo.run)
    since = await records.written_since(undo.run, undo.by)
    wishes: list[Wish] = []
    left: list[str] = []
    for uid in dict.fromkeys(each.operation.uid for each in chosen or entries if each.operation.uid):
        mine = [each for each in entries if each.operation.uid == uid and each.operation.state == "done"]
        if not mine:
            continue
        title = mine[0].operation.summary
        want = _want(pair, mine, before.get(uid), _slot_alone(chosen), again=uid in since)
        if isinstance(want, str):
            left.append(f"{quoted(title)} was left as it is. {want}")
        else:
            wishes.append(Wish(uid, want, VERB, title))
    return Undoing(tuple(wishes), tuple(left))


def going_on(facts: Mapping[str, object], undo: Undo | None) -> Undo | None:
    """What this run takes back: what it was asked to, else what a dead run began to."""
    begun = facts.get(UNDOING)
    if not isinstance(begun, Mapping):
        return undo
    kept = Undo(str(begun["run"]), begun["only"], tuple(begun["by"]))
    return kept if undo is None or (undo.run, undo.only) == (kept.run, kept.only) else undo


async def begin_undo(pair: Pair, undo: Undo | None, run: str) -> None:
    """Kept before the first write."""
    if undo is not None:
        note = {"run": undo.run, "only": undo.only, "by": [*undo.by, run]}
        await pair.store.set_facts({UNDOING: note})


async def end_undo(pair: Pair, undo: Undo | None, *, again: bool) -> None:
    """Nothing is left to take back, unless something has to be tried `again`."""
    if undo is not None and not again:
        await pair.store.set_facts({UNDOING: None})


def _slot_alone(chosen: Sequence[Entry]) -> Slot | None:
    """The one occurrence that an operation was about, None where it was about the whole task."""
    if not chosen:
        return None
    detail = chosen[0].operation.detail
    single = detail.get("update_type") in (1, 3) or detail.get("delete_type") == 1
    return datetime.fromisoformat(str(detail["occurrence"])) if single and detail.get("occurrence") else None


def _want(
    pair: Pair, entries: Sequence[Entry], before: StoredLink | None, slot: Slot | None, *, again: bool
) -> Want | str:
    """What one task's writes are taken back by; why not, in a sentence."""
    operations = [each.operation for each in entries]
    if again:
        return "A later run wrote it again: take that one back first."
    if any(each.detail.get("verb") == "retired" for each in operations):
        return "It left the calendar because it was complete for longer than keep_completed; LionDesk has it."
    if any(each.detail.get("verb") == "split" for each in operations):
        return "The series was divided into two then, which cannot be put together again: edit it on one side."
    made = {Side(each.side) for each in operations if each.action == "create"}
    if before is None or not before.rows or before.ics is None:
        return _creation(made)
    series = vtodo.read(before.ics, pair.context, before.href or before.uid)
    if not isinstance(series, Series):
        return "What it was before cannot be read any more."
    task = pair.liondesk.row(before.rows[0].raw).task
    slots = frozenset({slot}) if slot is not None and series.rule is not None else None
    return Form(series, slots, _left(entries, slots), task, before.ics)


def _creation(made: set[Side]) -> Want | str:
    match sorted(made):
        case [side]:
            return Alone(side)
        case []:
            return "The bridge saw it for the first time then, so it does not know what it was before."
        case _:
            return Gone()


def _left(entries: Iterable[Entry], slots: frozenset[Slot] | None) -> dict[Slot, Mapping[str, object]]:
    """What the run left behind at single occurrences, by Task field."""
    left: dict[Slot, Mapping[str, object]] = {}
    for entry in entries:
        detail = entry.operation.detail
        fields, at = detail.get("fields"), detail.get("occurrence")
        if not isinstance(fields, Mapping) or not isinstance(at, str):
            continue
        slot = datetime.fromisoformat(at)
        known = {TASK.get(wire, wire): new for wire, (_, new) in fields.items()}
        values = {name: value_of(name, new) for name, new in known.items() if name in SYNCED}
        if values and (slots is None or slot in slots):
            left[slot] = {**left.get(slot, {}), **values}
    return left
