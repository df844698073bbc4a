"""LionDesk's requests for one side's changes: the matching type, the fewest of them (laws 2 to 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bridge.core.changes import CONTENT, Delta, Tail
from bridge.core.model import SYNCED, Rule, Series, Side, Slot, Status, Task
from bridge.core.occurrences import exceptional, from_master, linked_by_slot, value_at
from bridge.core.pairing import Pairing
from bridge.core.plan.mending import mend
from bridge.core.plan.operations import DeleteRow, PatchRow, PostTask, Why, verb_of
from bridge.core.recurrence import with_until

FOR_EVER = timedelta(days=20 * 366)
"""How far an endless rule reaches that must be told to LionDesk with an end."""


class Requests:
    """LionDesk's requests for one delta, collected in the order in which they are sent."""

    def __init__(self, pairing: Pairing, series: Series, delta: Delta, theirs: Delta) -> None:
        """`series` is the calendar's form, `delta` what it asks of LionDesk, `theirs` what LionDesk asks of it."""
        self.followed = pairing.followed or (theirs.tail is not None and not theirs.tail.whole)
        self.series = series
        self.delta = delta
        self.own, self.own_tail, self.kept = theirs.edits, theirs.tail, theirs.adds.keys()
        self.rows = linked_by_slot(pairing.rows)
        self.base = pairing.link.series
        self.recurring = len(self.rows) > 1 or any(row.rule is not None for row in self.rows.values())
        self.operations: list[PatchRow | PostTask | DeleteRow] = []
        self.expected: dict[Slot, Task] = {}
        self.reads_back = False
        self.whole_from: Slot | None = None
        self.overridden: Mapping[Slot, Task] = {}

    def collect(self, fresh: Mapping[Slot, Task], overridden: Mapping[Slot, Task]) -> None:
        """Deletions of a tail, the tail's edit, single occurrences, then what is added.

        `overridden` are the occurrences with values of their own. `fresh` are new ones that no rule makes there: of a
        series that shares its event with a later one, or whose rule runs on another clock.
        """
        delta, self.overridden = self.delta, overridden
        self.expected = {slot: row.task for slot, row in self.rows.items()}
        if delta.drop_from is not None:
            self._drop_from(delta.drop_from)
        if delta.tail is not None:
            self._tail(delta.tail, fresh)
        for slot, fields in sorted(delta.edits.items()):
            self._edit(slot, fields)
        for slot in sorted(delta.drops & self.rows.keys()):
            self.expected.pop(self._moved(slot), None)
            if self._mended(slot):
                continue
            delete_type = 1 if self.recurring else None
            self.operations.append(DeleteRow(self.rows[slot], slot, delete_type, Why(Side.CALENDAR, "deleted")))
        for slot, task in sorted(delta.adds.items()):
            if slot not in self.rows:
                self.operations.append(PostTask(task, slot, None, Why(Side.CALENDAR, "put back")))
                self.expected[slot] = task

    def _mended(self, slot: Slot) -> bool:
        """Whether a row is reached by a request for this and the following, and told the rest when it is read back."""
        return self.whole_from is not None and slot >= self.whole_from

    def _moved(self, slot: Slot) -> Slot:
        tail = self.delta.tail
        return slot if tail is None or (slot < tail.at and not tail.restructured) else tail.moved.get(slot, slot)

    def _drop_from(self, first: Slot) -> None:
        gone = sorted(slot for slot in self.rows if slot >= first)
        if not gone:
            return
        why = Why(Side.CALENDAR, "deleted")
        if self.followed:
            self.operations += [DeleteRow(self.rows[slot], slot, 1, why) for slot in gone]
        else:
            self.operations.append(DeleteRow(self.rows[gone[0]], gone[0], 2, why))
        self.reads_back = True
        for slot in gone:
            del self.expected[slot]

    def _tail(self, tail: Tail, fresh: Mapping[Slot, Task]) -> None:
        """One PATCH for this and the following; afterwards the exceptions must show what they showed before (law 4)."""
        concerned = sorted(slot for slot in self.rows if slot >= tail.at)
        if not concerned:
            return
        at = self._addressed(tail, concerned)
        row = self.rows[at]
        if not self.recurring and not tail.restructured and self._exceptional(at):
            return  # the one row that is left says what it says by itself
        due = tail.moved.get(at, tail.due if tail.restructured else at + (tail.due - tail.at))
        due = tail.due if at == tail.at else due
        wanted = _with(self._series_at(at), tail.fields)
        changes: dict[str, object] = {
            name: getattr(wanted, name) for name in CONTENT if getattr(row.task, name) != getattr(wanted, name)
        }
        shifted = (tail.restructured or tail.due != tail.at) and "due" not in self.delta.edits.get(at, {})
        if due != row.task.due and (shifted or self._exceptional(at)):
            changes["due"] = due
        if tail.restructured and _other_rule(row.rule, tail.rule):
            changes["rule"] = None if tail.rule is None else with_until(tail.rule, _anchor(tail))
        elif tail.restructured and tail.rule is not None and self.base is not None and self.base.rule != tail.rule:
            changes["rule"] = _said_otherwise(with_until(tail.rule, _anchor(tail)), row.rule, tail.due)
        self._expect(tail, concerned[0])
        if tail.restructured:
            self.expected = {**fresh, **self.expected}
        if not changes and all(self.rows[slot].task == self.expected.get(slot) for slot in self.rows):
            return
        self.reads_back = self.recurring or "rule" in changes
        why = Why(Side.CALENDAR, "moved" if "due" in changes else verb_of(changes))
        if not self.followed and (row.rule is not None or not self.recurring or tail.rule is None):
            self.whole_from = at if self.recurring else None
            self.operations.append(PatchRow(row, at, changes, 2 if self.recurring else None, why))
            return
        if "rule" in changes and tail.rule is not None:
            self._anew(tail, at, wanted, why)
            return
        self.expected.update(fresh)
        homes = {self._moved(slot): each for slot, each in self.rows.items() if slot >= at}
        kept = {slot: self.expected[slot] for slot in sorted(self.expected) if slot in homes or slot in fresh}
        gone = [each for slot, each in homes.items() if slot not in kept]
        self.operations += mend(homes, gone, kept, max(kept, default=at), why)

    def _addressed(self, tail: Tail, concerned: Sequence[Slot]) -> Slot:
        """The row that the request names: one that lost its rule when it was changed singly would end the series."""
        if tail.restructured and tail.rule is None:
            return concerned[0]
        return next((slot for slot in concerned if self.rows[slot].rule is not None), concerned[0])

    def _anew(self, tail: Tail, at: Slot, wanted: Task, why: Why) -> None:
        """The head of an event, given another rule: a task of its own, so that the later rows stay as they are."""
        first = replace(wanted, due=tail.due, status=Status.INCOMPLETE, completed_at=None)
        self.operations.append(PostTask(first, tail.due, tail.rule, why))
        gone = sorted(slot for slot in self.rows if slot >= at)
        self.operations += [DeleteRow(self.rows[slot], slot, 1, why) for slot in gone]
        self.whole_from = at

    def _exceptional(self, slot: Slot) -> bool:
        return self.base is not None and exceptional(self.base, slot)

    def _series_at(self, slot: Slot) -> Task:
        """What a PATCH of this and the following must carry: the values of an exception are its own alone."""
        if self.base is None or self.base.master is None or not self._exceptional(slot):
            return self.rows[slot].task
        return from_master(self.base, slot)

    def _expect(self, tail: Tail, at: Slot) -> None:
        shift = tail.due - tail.at
        expected: dict[Slot, Task] = {}
        for slot, task in self.expected.items():
            if slot < at or slot in self.kept:
                expected[self._moved(slot)] = task
            elif tail.restructured and slot > at and self._beside(slot):
                expected[slot] = task
            elif (tail.restructured and tail.rule is None and slot > at) or (
                tail.restructured and tail.moved and slot not in tail.moved
            ):
                continue
            else:
                there = tail.moved.get(slot, slot) if tail.restructured else slot
                if self._exceptional(slot) and not (tail.restructured and tail.rule is None):
                    expected[there] = _with(task, self._newly_own(slot, there)) if there in self.overridden else task
                else:
                    stands = task.due != slot and not (tail.restructured and "due" not in self.own.get(slot, {}))
                    due = task.due if stands else (there if tail.restructured else slot + shift)
                    fields = self._reaching(tail, slot, there)
                    if there in self.overridden:
                        fields |= self._newly_own(slot, there)
                        due = due if self._moved_there(slot) else self.overridden[there].due
                    if self._exceptional(slot):
                        due, fields = there, {**_content(self._series_at(slot)), **fields}
                    expected[there] = _with(replace(task, due=due), fields)
        self.expected = expected
        if tail.restructured:
            own = {slot: task for slot, task in self.overridden.items() if slot >= tail.due}
            self.expected = {**own, **self.expected}

    def _beside(self, slot: Slot) -> bool:
        """Whether an occurrence stands by itself beside a series that is single now."""
        return self.series.rule is None and slot in self.series.overrides

    def _moved_there(self, slot: Slot) -> bool:
        """Whether LionDesk moved an occurrence, by itself or with those that follow."""
        tail = self.own_tail
        return "due" in self.own.get(slot, {}) or (tail is not None and slot in tail.moved)

    def _newly_own(self, slot: Slot, there: Slot) -> dict[str, object]:
        """What an override says that the calendar did not say there before."""
        before, own = value_at(self.base, slot) if self.base is not None else None, self.overridden[there]
        told = self.own.get(slot, {})
        return {
            name: getattr(own, name)
            for name in (*CONTENT, "due")
            if before is not None and name not in told and getattr(own, name) != getattr(before, name)
            if name != "due" or there == slot
        }

    def _reaching(self, tail: Tail, slot: Slot, there: Slot) -> dict[str, object]:
        """The fields of a tail's edit that reach an occurrence: not those edited there, nor those of an override."""
        own, shown = set(self.own.get(slot, {})), value_at(self.series, there)
        if self.own_tail is not None and slot >= self.own_tail.at:
            own |= set(self.own_tail.fields)
        return {
            name: value
            for name, value in tail.fields.items()
            if name not in own and (shown is None or getattr(shown, name, value) == value)
        }

    def _edit(self, slot: Slot, fields: Mapping[str, object]) -> None:
        row = self.rows.get(slot)
        if row is None:
            return
        changes = {name: value for name, value in fields.items() if getattr(row.task, name) != value}
        there = self._moved(slot)
        if there in self.expected:
            self.expected[there] = _with(self.expected[there], changes)
        if not changes or self._mended(slot):
            return
        only_status = changes.keys() == {"status"}
        update_type = 3 if only_status else (1 if self.recurring else None)
        self.operations.append(PatchRow(row, slot, changes, update_type, Why(Side.CALENDAR, verb_of(changes))))


def _content(task: Task) -> dict[str, object]:
    return {name: getattr(task, name) for name in CONTENT}


def _anchor(tail: Tail) -> Slot:
    """Where the changed series begins, so that COUNT can be told as UNTIL."""
    return min(tail.moved.values(), default=tail.due) if tail.moved else tail.due


def _said_otherwise(rule: Rule, shown: Rule | None, first: Slot) -> Rule:
    """A rule that LionDesk's rows show already, though a tail of them was deleted there, in words that are new to it.

    Told the same one again, LionDesk would make none of those rows anew.
    """
    if rule != shown:
        return rule
    until = first + FOR_EVER if rule.until is None else rule.until + timedelta(minutes=1)
    return replace(rule, until=until)


def _other_rule(shown: Rule | None, wanted: Rule | None) -> bool:
    """Whether LionDesk must be told another rule: COUNT is the series' affair, shown as it was while it is the same."""
    return shown != wanted


def _with(task: Task, changes: Mapping[str, object]) -> Task:
    known = {name: value for name, value in changes.items() if name in SYNCED}
    return replace(task, **known)  # type: ignore[arg-type] # names and values are Task's own
