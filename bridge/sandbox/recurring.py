"""Recurring tasks: rows up to a horizon, and what update_type and delete_type do to them under each switch.

`now` is the aware UTC moment a change is stamped with; `horizon` is the last day that has rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.sandbox import rule as rules
from bridge.sandbox.ledger import Ledger
from bridge.sandbox.records import Event, TaskRow, TaskValues
from bridge.sandbox.switches import Switches


@dataclass(frozen=True, slots=True)
class Recurring:
    """The series of one owner: where they are kept, how questions are read, and when it is."""

    ledger: Ledger
    switches: Switches
    zone: ZoneInfo
    now: datetime
    horizon: date

    def create(self, owner_id: int, values: TaskValues) -> TaskRow:
        """A new task: one row, or every row up to the horizon (at least one). The first row."""
        if values.rule is None:
            event = self.ledger.add_event(owner_id, None, values.due, values, values.due.date(), self.now)
            return self.ledger.add_row(event, values.due, values, self.now)
        slots = self._slots(values.rule, values.due)
        through = max(self.horizon, slots[0].date())
        event = self.ledger.add_event(owner_id, values.rule, values.due, values, through, self.now)
        made = [self.ledger.add_row(event, slot, replace(values, due=slot), self.now) for slot in slots]
        return made[0]

    def _slots(self, rule: str, start: datetime) -> list[datetime]:
        """All occurrences up to the horizon, or the first one if it lies beyond."""
        read = rules.read(rule, self.zone)
        slots = list(rules.expand(read, start, self.horizon))
        if slots:
            return slots
        beyond = rules.first(read, start)
        if beyond is None:
            raise ValueError("it names no day at all")
        return [beyond]

    def materialise(self, event: Event) -> None:
        """Give an event the rows that the horizon has come to since."""
        if event.rule is None or event.closed or event.through >= self.horizon:
            return
        read = rules.read(event.rule, self.zone)
        for day in rules.expand(read, event.start, self.horizon):
            if day.date() > event.through:
                slot = _placed(day, event)
                self.ledger.add_row(event, slot, replace(event.template, due=slot), self.now)
        self.ledger.put_event(replace(event, through=self.horizon))

    # -- update ----------------------------------------------------------------------------------------------------

    def update_status(self, row: TaskRow, status: str) -> TaskRow:
        """update_type 3."""
        return self.ledger.put(replace(row, values=replace(row.values, status=status), modified_at=self.now))

    def update(self, row: TaskRow, values: TaskValues, update_type: int) -> TaskRow:
        """update_type 1 or 2 with every value. The row as it is now; under a switch it has a new id."""
        event = self.ledger.events[row.event_id]
        if event.rule is None:
            return self._update_single(row, event, values)
        if update_type == 1:
            return self._update_one(row, event, values)
        if values.rule is None:
            return self._end_here(row, event, values)
        if rules.read(values.rule, self.zone) == rules.read(event.rule, self.zone):
            return self._shift_tail(row, event, values)
        return self._regenerate_tail(row, event, values)

    def _update_single(self, row: TaskRow, event: Event, values: TaskValues) -> TaskRow:
        """A task of its own stays one, unless it is sent a rule that it did not show before."""
        if values.rule is None or self._same_rule(values.rule, row.values.rule):
            self.ledger.put_event(replace(event, start=values.due, template=values, updated_at=self.now))
            return self.ledger.put(replace(row, slot=values.due, values=values, modified_at=self.now))
        slots = self._slots(values.rule, values.due)
        through = max(self.horizon, slots[0].date())
        event = replace(
            event, rule=values.rule, start=values.due, template=values, through=through, updated_at=self.now
        )
        self.ledger.put_event(event)
        for slot in slots[1:]:
            self.ledger.add_row(event, slot, replace(values, due=slot), self.now)
        here = replace(values, due=slots[0])
        return self.ledger.put(replace(row, slot=slots[0], values=here, modified_at=self.now, edited=False))

    def _same_rule(self, sent: str, shown: str | None) -> bool:
        return shown is not None and rules.read(sent, self.zone) == rules.read(shown, self.zone)

    def _update_one(self, row: TaskRow, event: Event, values: TaskValues) -> TaskRow:
        shown = row.values.rule if self.switches.single_edit_rule == "kept" else None
        values = replace(values, rule=shown)
        if self.switches.single_edit_event == "new":
            event = self.ledger.add_event(row.owner_id, None, values.due, values, values.due.date(), self.now)
        return self.ledger.put(replace(row, event_id=event.id, values=values, modified_at=self.now, edited=True))

    def _end_here(self, row: TaskRow, event: Event, values: TaskValues) -> TaskRow:
        """update_type 2 without a rule: the tail becomes this one task, which has an event of its own from now on."""
        tail = self.ledger.live_rows(event.id, row.slot)
        self.ledger.put_event(replace(event, closed=True, updated_at=self.now))
        self._remove_all(other for other in tail if other.id != row.id)
        alone = self.ledger.live_rows(event.id) == [row]
        if alone and self.switches.tail_event == "kept":
            single = self.ledger.put_event(replace(event, rule=None, start=values.due, template=values, closed=False))
        else:
            single = self.ledger.add_event(row.owner_id, None, values.due, values, values.due.date(), self.now)
        if self.switches.tail_ids == "new":
            self._remove_all([row])
            return self.ledger.add_row(single, values.due, values, self.now)
        kept = replace(row, event_id=single.id, slot=values.due, values=values, modified_at=self.now, edited=False)
        return self.ledger.put(kept)

    def _shift_tail(self, row: TaskRow, event: Event, values: TaskValues) -> TaskRow:
        """The same rule: the same occurrences, moved by as many days as this one, at the time of its due_at."""
        days = (values.due.date() - row.values.due.date()).days
        tail = self.ledger.live_rows(event.id, row.slot)
        home = self._tail_event(
            event, replace(event, shift_days=event.shift_days + days, template=self._future(values))
        )
        moved = [
            (other, datetime.combine(other.slot.date() + timedelta(days=days), values.due.time())) for other in tail
        ]
        written = [self._place(home, row, other, slot, values) for other, slot in moved]
        return written[tail.index(row)]

    def _regenerate_tail(self, row: TaskRow, event: Event, values: TaskValues) -> TaskRow:
        """Another rule: the occurrences from due_at on are made anew; COUNT counts from here."""
        assert values.rule is not None  # noqa: S101  # the caller has told the case apart
        slots = self._slots(values.rule, values.due)
        tail = self.ledger.live_rows(event.id, row.slot)
        through = max(self.horizon, slots[0].date())
        template = self._future(values)
        home = self._tail_event(
            event,
            replace(event, rule=values.rule, start=values.due, through=through, template=template, shift_days=0),
        )
        by_day = {other.slot.date(): other for other in reversed(tail) if other.id != row.id}
        taking = [row, *(by_day.pop(slot.date(), None) for slot in slots[1:])]
        self._remove_all(other for other in tail if other not in taking)
        values = replace(values, due=slots[0])
        written = [self._place(home, row, other, slot, values) for other, slot in zip(taking, slots, strict=True)]
        return written[0]

    def _tail_event(self, event: Event, tail: Event) -> Event:
        """Where the tail belongs from now on: its event, which goes on as `tail`, or a new one; the old one ends."""
        tail = replace(tail, closed=False, updated_at=self.now)
        if self.switches.tail_event == "kept":
            return self.ledger.put_event(tail)
        self.ledger.put_event(replace(event, closed=True, updated_at=self.now))
        new = self.ledger.add_event(event.owner_id, tail.rule, tail.start, tail.template, tail.through, self.now)
        return self.ledger.put_event(replace(new, shift_days=tail.shift_days))

    def _future(self, values: TaskValues) -> TaskValues:
        """What rows beyond the horizon will say."""
        return values if self.switches.tail_status == "tail" else replace(values, status="incomplete")

    def _place(self, home: Event, row: TaskRow, other: TaskRow | None, slot: datetime, values: TaskValues) -> TaskRow:
        """Write one occurrence of the tail; `other` is the row it had, `row` the one that the request named."""
        if other is None:
            return self.ledger.add_row(home, slot, replace(self._future(values), due=slot), self.now)
        here = other.id == row.id
        kept = other.edited and not here and self.switches.tail_edited_rows == "kept"
        if kept:
            written = replace(other.values, rule=values.rule if other.values.rule else None)
        else:
            status = values.status if here or self.switches.tail_status == "tail" else other.values.status
            written = replace(values, due=values.due if here else slot, status=status)
        if self.switches.tail_ids == "new" or (self.switches.tail_ids == "following_new" and not here):
            self._remove_all([other])
            new = self.ledger.add_row(home, slot, written, self.now)
            return self.ledger.put(replace(new, edited=kept))
        changed = replace(other, event_id=home.id, slot=slot, values=written, edited=kept, modified_at=self.now)
        return self.ledger.put(changed)

    # -- delete ----------------------------------------------------------------------------------------------------

    def delete(self, row: TaskRow, delete_type: int) -> TaskRow:
        """delete_type 1, 2 or 3. The row as it was last seen."""
        event = self.ledger.events[row.event_id]
        concerned = [row]
        if delete_type != 1 and event.rule is not None:
            self.ledger.put_event(replace(event, closed=True, updated_at=self.now))
            concerned = self.ledger.live_rows(event.id, row.slot if delete_type == 2 else None)
        self._remove_all(other for other in concerned if other.id != row.id)
        return self._remove(row)

    def _remove_all(self, rows: Iterable[TaskRow]) -> None:
        for row in list(rows):
            self._remove(row)

    def _remove(self, row: TaskRow) -> TaskRow:
        return self.ledger.remove(row, self.now, listable=self.switches.deletion == "listable")


def _placed(day: datetime, event: Event) -> datetime:
    """Where an expanded occurrence stands after its series was moved."""
    return datetime.combine(day.date() + timedelta(days=event.shift_days), event.template.due.time())
