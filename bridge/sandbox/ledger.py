"""The rows and events of all users, and the few ways in which they may change. No rules of the API live here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bridge.sandbox.records import Event, TaskRow, TaskValues


@dataclass(slots=True)
class Ledger:
    """Tasks by id, events by id, and the next numbers of each."""

    rows: dict[int, TaskRow] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    next_row: int = 1
    next_event: int = 1

    def add_event(  # an event is this many facts
        self, owner_id: int, rule: str | None, start: datetime, template: TaskValues, through: date, now: datetime
    ) -> Event:
        """A new event with a number of its own."""
        event = Event(self.next_event, owner_id, rule, start, template, through, now, now)
        self.next_event += 1
        self.events[event.id] = event
        return event

    def add_row(self, event: Event, slot: datetime, values: TaskValues, now: datetime) -> TaskRow:
        """A new row of an event."""
        row = TaskRow(self.next_row, event.owner_id, event.id, slot, values, now, now)
        self.next_row += 1
        self.rows[row.id] = row
        return row

    def put(self, row: TaskRow) -> TaskRow:
        """A row as it is now."""
        self.rows[row.id] = row
        return row

    def put_event(self, event: Event) -> Event:
        """An event as it is now."""
        self.events[event.id] = event
        return event

    def live_rows(self, event_id: int, since: datetime | None = None) -> list[TaskRow]:
        """The rows of an event that are not deleted, from the slot `since` on, in order of their slots."""
        return sorted(
            (
                row
                for row in self.rows.values()
                if row.event_id == event_id and row.values.status != "deleted" and (since is None or row.slot >= since)
            ),
            key=lambda row: (row.slot, row.id),
        )

    def owned_by(self, user_id: int) -> Iterator[TaskRow]:
        """Every row of an owner, deleted ones too, by id."""
        return (row for _, row in sorted(self.rows.items()) if row.owner_id == user_id)

    def remove(self, row: TaskRow, now: datetime, *, listable: bool) -> TaskRow:
        """Delete a row: it keeps its place with status `deleted`, or it is gone. The row as it was last seen."""
        gone = replace(row, values=replace(row.values, status="deleted"), modified_at=now)
        if listable:
            return self.put(gone)
        del self.rows[row.id]
        return gone
