"""LionDesk's tasks as one iCalendar file (RFC 5545): a VTODO for a single one, a master with overrides for a series.

Built by the same rules as the calendar's resources: what an export shows is what a sync would have written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from bridge.core.model import Row, Series
from bridge.core.occurrences import CERTAIN
from bridge.core.pairing import Pairing, Sides, pair_up
from bridge.core.plan import shown_by
from bridge.vtodo import Context, write


@dataclass(frozen=True, slots=True)
class Days:
    """The days, on the owner's wall clock, whose tasks are wanted: both included; None is no limit."""

    first: date | None = None
    last: date | None = None

    def touch(self, pairing: Pairing) -> bool:
        """Whether a task is due in these days, or any occurrence of a series is."""
        return any(self._hold(each.row.task.due.date()) for each in pairing.rows)

    def _hold(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def all_series(rows: Collection[Row], context: Context, now: datetime, days: Days) -> tuple[Series, ...]:
    """The series that these rows of one account are, by their first due moment. `now` is aware."""
    today = now.astimezone(context.zone).replace(tzinfo=None)
    ahead = [row.task.due for row in rows if row.rule is not None and row.rule.endless]
    horizon = max([today + CERTAIN, *ahead])
    sides = Sides({row.id: row for row in rows}, True, {}, frozenset(), horizon, context.zone)  # noqa: FBT003
    shown = [shown_by(pairing, horizon) for pairing in pair_up((), sides) if pairing.rows and days.touch(pairing)]
    return tuple(sorted(shown, key=_order))


def _order(series: Series) -> tuple[datetime, str]:
    return (series.master.due if series.master is not None else datetime.min, series.uid)


def as_todos(books: Iterable[tuple[Collection[Series], Context]], now: datetime) -> str:
    """One VCALENDAR with the tasks of several accounts, each time zone in it once. `now` is aware UTC.

    A UID that two accounts have (two LionDesks may count alike) gets a number in the later one.
    """
    from bridge.vtodo.lines import parse
    from bridge.vtodo.making import add_zones, new_calendar
    from bridge.vtodo.zones import Zones

    merged = new_calendar()
    zones: list[Zones] = []
    taken: set[str] = set()
    for series, context in books:
        for each in series:
            text = write(_renamed(each, taken), context, now)
            for calendar in parse(text).components("VCALENDAR"):
                merged.items += calendar.components("VTODO")
        zones.append(Zones(context.zone, merged))
    for known in zones:
        add_zones(merged, known)
    return merged.text()


def _renamed(series: Series, taken: set[str]) -> Series:
    uid, number = series.uid, 1
    while uid in taken:
        number += 1
        uid = f"{series.uid}-{number}"
    taken.add(uid)
    return replace(series, uid=uid)
