"""LionDesk's tasks as one iCalendar file (RFC 5545): VTODOs or VEVENTs, series whole or each row by itself.

Built by the same rules as the calendar's resources: what an export shows is what a sync would have written. With it
goes what LionDesk alone knows of a row: when it was made and last edited, its number, and whose it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from bridge.core.model import Row, Series, Slot, Status
from bridge.core.occurrences import CERTAIN, linked_by_slot, without
from bridge.core.pairing import Pairing, Sides, pair_up, uid_of
from bridge.core.plan import shown_by
from bridge.sync.contacts import contacted
from bridge.vtodo import Context, write

if TYPE_CHECKING:
    from bridge.vtodo.lines import Component


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks, and in which form.

    `first` and `last` are days on the owner's wall clock, both included; None is no limit. `expand`: each occurrence
    that LionDesk has a row for as a task of its own. `open_only`: what is complete stays out.
    """

    first: date | None = None
    last: date | None = None
    expand: bool = False
    open_only: bool = False

    def takes(self, row: Row) -> bool:
        """Whether a row is due in these days, in the state that is asked for."""
        day = row.task.due.date()
        in_time = (self.first is None or self.first <= day) and (self.last is None or day <= self.last)
        return in_time and not (self.open_only and row.task.status is Status.COMPLETE)


@dataclass(frozen=True, slots=True)
class Told:
    """A series, and LionDesk's rows at the slots that they stand for."""

    series: Series
    rows: Mapping[Slot, Row]


def all_told(rows: Collection[Row], context: Context, now: datetime, wanted: Wanted) -> tuple[Told, ...]:
    """What these rows of one account are, by their first due moment. `now` is aware.

    A series is there as a whole if any occurrence is wanted.
    """
    if wanted.expand:
        found = [Told(Series(uid_of([row]), row.task), {row.task.due: row}) for row in rows if wanted.takes(row)]
        return tuple(sorted(found, key=_order))
    today = now.astimezone(context.zone).replace(tzinfo=None)
    ahead = [row.task.due for row in rows if row.rule is not None and row.rule.endless]
    horizon = max([today + CERTAIN, *ahead])
    sides = Sides({row.id: row for row in rows}, True, {}, frozenset(), horizon, context.zone)  # noqa: FBT003
    pairings = [each for each in pair_up((), sides) if any(wanted.takes(linked.row) for linked in each.rows)]
    return tuple(sorted((_whole(each, horizon, context, wanted) for each in pairings), key=_order))


def _whole(pairing: Pairing, horizon: datetime, context: Context, wanted: Wanted) -> Told:
    rows = linked_by_slot(pairing.rows)
    series = contacted(shown_by(pairing, horizon), rows, context.zone)
    if wanted.open_only and series.rule is not None:
        series = without(series, {slot for slot, row in rows.items() if row.task.status is Status.COMPLETE})
    return Told(series, rows)


def _order(told: Told) -> tuple[datetime, str]:
    master = told.series.master
    return (master.due if master is not None else datetime.min, told.series.uid)


def as_calendar(books: Iterable[tuple[Collection[Told], Context]], now: datetime) -> str:
    """One VCALENDAR with the tasks of several accounts, each time zone in it once. `now` is aware UTC.

    A UID that two accounts have (two LionDesks may count alike) gets a number in the later one.
    """
    from bridge.vtodo.making import add_zones, new_calendar
    from bridge.vtodo.reading import understand
    from bridge.vtodo.zones import Zones

    merged = new_calendar()
    zones: list[Zones] = []
    taken: set[str] = set()
    for all_of_one, context in books:
        for told in all_of_one:
            resource = understand(write(_renamed(told.series, taken), context, now), context)
            master = resource.master.component if resource.master is not None else None
            if master is not None and told.rows:
                _say_origin(master, told.rows[min(told.rows)], single=told.series.rule is None)
            for slot, components in resource.overrides.items():
                if slot in told.rows:
                    _say_origin(components[0], told.rows[slot], single=True)
            merged.items += resource.calendar.components(context.kind)
        zones.append(Zones(context.zone, merged))
    for known in zones:
        add_zones(merged, known)
    return merged.text()


def _say_origin(component: Component, row: Row, *, single: bool) -> None:
    """What LionDesk knows of a row and a calendar has no property of its own for; `single`: of this row alone."""
    from bridge.vtodo.edits import utc
    from bridge.vtodo.values import escape

    assigned = row.raw.get("assigned_user_id")
    facts = {
        "CREATED": utc(row.created_at) if row.created_at is not None else None,
        "LAST-MODIFIED": utc(row.modified_at) if row.modified_at is not None and single else None,
        "X-LIONDESK-TASK": escape(row.id) if single else None,
        "X-LIONDESK-EVENT": escape(row.event_id) if row.event_id is not None else None,
        "X-LIONDESK-ASSIGNED-TO": escape(str(assigned)) if assigned not in (None, "") else None,
    }
    for name, value in facts.items():
        if value is not None:
            component.put(name, value)


def _renamed(series: Series, taken: set[str]) -> Series:
    uid, number = series.uid, 1
    while uid in taken:
        number += 1
        uid = f"{series.uid}-{number}"
    taken.add(uid)
    return replace(series, uid=uid)
