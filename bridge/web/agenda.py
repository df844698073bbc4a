"""The coming two weeks as both sides last showed them: each occurrence once, with its state on either side.

It is read from the base, so that looking costs neither side a request; what no run has seen yet is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from bridge.core.model import Link, Row, Slot, Status, Task
from bridge.core.occurrences import present, value_at
from bridge.ports import StoredLink
from bridge.sync.observe import as_link
from bridge.sync.pair import Pair
from bridge.web.pages import ground_of, page

AHEAD = timedelta(days=14)
BEFORE = timedelta(days=1)
MOST = 400
"""How many occurrences a page shows; a person with more in two weeks looks at the sides themselves."""

State = Literal["open", "done", "not there"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One occurrence. Moments are naive, on the owner's wall clock.

    `moved_from` is its slot where it stands elsewhere now; `waits` says that an edit of it waits for LionDesk's row.
    """

    due: datetime
    all_day: bool
    summary: str
    liondesk: State
    calendar: State
    moved_from: datetime | None
    waits: bool
    recurring: bool

    @property
    def agreed(self) -> bool:
        """Both sides show the same state."""
        return self.liondesk == self.calendar


@dataclass(frozen=True, slots=True)
class Day:
    """A day with what is due on it."""

    date: date
    entries: tuple[Entry, ...]


async def agenda(request: Request) -> Response:
    """GET /agenda, of the pair that `pair` names, else of the first."""
    ground = ground_of(request)
    names = [pair.name for pair in ground.configuration().pairs]
    name = request.query_params.get("pair", "")
    name = name if name in names else next(iter(names), "")
    if not name:
        return await page(request, "agenda.html", names=names, name="", days=(), zone="", left_out=0, today=None)
    async with ground.opened(name) as pair:
        now = ground.now().astimezone(pair.context.zone).replace(tzinfo=None)
        entries = await entries_of(pair, now - BEFORE, now + AHEAD)
        zone = pair.context.zone.key
    shown = entries[:MOST]
    return await page(
        request,
        "agenda.html",
        names=names,
        name=name,
        days=by_day(shown),
        zone=zone,
        left_out=len(entries) - len(shown),
        today=now.date(),
    )


async def entries_of(pair: Pair, start: datetime, end: datetime) -> list[Entry]:
    """Every occurrence that is due in this span on either side, by its moment."""
    entries: list[Entry] = []
    for stored in await pair.store.all_links():
        if _may_touch(pair, stored, start, end):
            entries += _of_link(pair, as_link(pair, stored), start, end)
    return sorted(entries, key=lambda each: (each.due, each.summary, each.recurring))


def _may_touch(pair: Pair, stored: StoredLink, start: datetime, end: datetime) -> bool:
    """Whether any row is due in the span, or an edit waits there: only then is the calendar's text worth reading."""
    if stored.pending:
        return True
    slack = timedelta(days=7)  # the calendar may show an occurrence elsewhere until the next run
    dues = (pair.liondesk.row(row.raw).task.due for row in stored.rows)
    return any(start - slack <= due <= end + slack for due in dues)


def _of_link(pair: Pair, link: Link, start: datetime, end: datetime) -> Iterable[Entry]:
    rows = {each.slot: each.row for each in link.rows}
    shown: frozenset[Slot] = frozenset()
    if link.series is not None:
        horizon = max([end, *rows])
        shown = present(link.series, pair.context.zone, horizon)
    for slot in sorted(rows.keys() | {slot for slot in shown if slot <= max(rows, default=slot) or slot in link.waits}):
        row = rows.get(slot)
        here = value_at(link.series, slot) if link.series is not None and slot in shown else None
        entry = _entry(slot, row, here, waits=slot in link.waits, recurring=len(rows) > 1)
        if entry is not None and start <= entry.due <= end:
            yield entry


def _entry(slot: Slot, row: Row | None, here: Task | None, *, waits: bool, recurring: bool) -> Entry | None:
    task = row.task if row is not None else here
    if task is None:
        return None
    return Entry(
        due=task.due,
        all_day=task.all_day,
        summary=task.summary,
        liondesk=_state(row.task if row is not None else None),
        calendar=_state(here),
        moved_from=slot if task.due != slot else None,
        waits=waits,
        recurring=recurring,
    )


def _state(task: Task | None) -> State:
    if task is None:
        return "not there"
    return "done" if task.status is Status.COMPLETE else "open"


def by_day(entries: Sequence[Entry]) -> tuple[Day, ...]:
    """The entries under their days."""
    days: dict[date, list[Entry]] = {}
    for each in entries:
        days.setdefault(each.due.date(), []).append(each)
    return tuple(Day(day, tuple(them)) for day, them in days.items())
