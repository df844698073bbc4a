"""Hypothesis strategies of a series that both sides agree on, and of what a person does to it on either side.

An edit names occurrences by their place, counted around, so that it still means something when others are left out.
Edits of the calendar are made to its value, as an app of the override school would; edits at LionDesk to its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bridge.core.model import Link, LinkedRow, Override, Row, Series, Slot, Status, Task
from bridge.core.occurrences import cut_series, from_master, present, value_at, without
from bridge.core.recurrence import parse_rule

ZONE = ZoneInfo("America/Los_Angeles")
HORIZON = datetime(2026, 6, 1)
RULES = (
    "FREQ=WEEKLY;COUNT=5",
    "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=6",
    "FREQ=WEEKLY",
    "FREQ=DAILY;COUNT=4",
    "FREQ=DAILY;INTERVAL=9",
    "FREQ=MONTHLY;BYDAY=1MO,FR",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=4",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=WEEKLY;INTERVAL=2;UNTIL=20260531T160000Z",
)


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done, to which occurrence, and with which value."""

    what: str
    at: int = 0
    by: int = 1


def linked(series: Series, rows: Mapping[Slot, Row] = MappingProxyType({})) -> tuple[LinkedRow, ...]:
    """LionDesk's rows of a series as far as it makes them; those that are known keep their ids."""
    found = []
    for slot in sorted(present(series, ZONE, HORIZON)):
        task = value_at(series, slot)
        assert task is not None
        known = rows.get(slot)
        found.append(LinkedRow(slot, Row(known.id if known else f"{slot:%m%d}", task, series.rule, "1")))
    return tuple(found)


@st.composite
def links(draw: st.DrawFn) -> Link:
    """A series that both sides agree on, some of it completed, renamed, moved or gone."""
    all_day = draw(st.integers(0, 4)) == 0
    begin = datetime(2026, 3, 2, 0 if all_day else 9) + timedelta(days=draw(st.integers(0, 10)))
    rule = parse_rule(draw(st.sampled_from(RULES)), ZONE)
    series = Series("u", Task("Call", begin, all_day), rule)
    for edit in draw(
        st.lists(st.builds(Edit, st.sampled_from(SINGLE), st.integers(0, 5), st.integers(1, 3)), max_size=2)
    ):
        series = CALENDAR[edit.what](series, edit)
    return Link("u", 1, linked(series), series, "/u.ics", "1")


# -- in the calendar ---------------------------------------------------------------------------------------------------


def _slot(series: Series, edit: Edit) -> Slot:
    """An occurrence that is there; the first slot where none is left."""
    assert series.master is not None
    there = sorted(present(series, ZONE, HORIZON))[:6]
    return there[edit.at % len(there)] if there else series.master.due


def _own(change: Callable[[Task, Edit], Task]) -> Callable[[Series, Edit], Series]:
    def apply(series: Series, edit: Edit) -> Series:
        slot = _slot(series, edit)
        task = value_at(series, slot)
        assert task is not None
        own = {**series.overrides, slot: Override(change(task, edit))}
        return replace(series, overrides=MappingProxyType(own))

    return apply


def _done(task: Task, edit: Edit) -> Task:
    return replace(task, status=Status.COMPLETE if task.status is Status.INCOMPLETE else Status.INCOMPLETE)


def _named(task: Task, edit: Edit) -> Task:
    return replace(task, summary=f"{edit.by} own")


def _moved(task: Task, edit: Edit) -> Task:
    return replace(task, due=task.due + _by(task, edit))


def _by(task: Task, edit: Edit) -> timedelta:
    """An hour or two, or a day of an all-day task."""
    return timedelta(days=edit.by) if task.all_day else timedelta(hours=edit.by)


def _excluded(series: Series, edit: Edit) -> Series:
    return without(series, [_slot(series, edit)])


def _taken_back(series: Series, edit: Edit) -> Series:
    gone = sorted(series.exdates)
    return replace(series, exdates=series.exdates - {gone[edit.at % len(gone)]}) if gone else series


def _all_named(series: Series, edit: Edit) -> Series:
    assert series.master is not None
    return replace(series, master=replace(series.master, summary=f"{edit.by} all"))


def _all_moved(series: Series, edit: Edit) -> Series:
    """As Thunderbird does: EXDATEs, RECURRENCE-IDs and UNTIL move along."""
    assert series.master is not None
    assert series.rule is not None
    by = timedelta(hours=edit.by)
    if series.master.all_day:
        return series
    overrides = {
        slot + by: replace(each, task=replace(each.task, due=each.task.due + by))
        for slot, each in series.overrides.items()
    }
    until = None if series.rule.until is None else series.rule.until + by
    return replace(
        series,
        master=replace(series.master, due=series.master.due + by),
        rule=replace(series.rule, until=until),
        exdates=frozenset(slot + by for slot in series.exdates),
        overrides=MappingProxyType(overrides),
    )


def _ruled(series: Series, edit: Edit) -> Series:
    return replace(series, rule=parse_rule(RULES[(edit.at * 3 + edit.by) % len(RULES)], ZONE))


def _longer(series: Series, edit: Edit) -> Series:
    """The COUNT raised, or the end taken away."""
    assert series.rule is not None
    count = None if series.rule.count is None else series.rule.count + edit.by
    return replace(series, rule=replace(series.rule, count=count, until=None))


def _following(series: Series, edit: Edit) -> Series:
    slot = _slot(series, edit)
    assert series.master is not None
    task = replace(from_master(series, slot), summary=f"{edit.by} following")
    overrides = {**series.overrides, slot: Override(task, this_and_future=True)}
    return replace(series, overrides=MappingProxyType(overrides))


def _cut(series: Series, edit: Edit) -> Series:
    return cut_series(series, _slot(series, edit))


def _single(series: Series, edit: Edit) -> Series:
    return replace(series, rule=None, exdates=frozenset(), rdates=frozenset(), overrides=MappingProxyType({}))


CALENDAR: Mapping[str, Callable[[Series, Edit], Series]] = {
    "done": _own(_done),
    "named": _own(_named),
    "moved": _own(_moved),
    "excluded": _excluded,
    "taken back": _taken_back,
    "all named": _all_named,
    "all moved": _all_moved,
    "longer": _longer,
    "following": _following,
    "cut": _cut,
    "ruled": _ruled,
    "single": _single,
}
SINGLE = ("done", "named", "moved", "excluded")
"""Edits of one occurrence in the calendar."""

RESHAPED = (*SINGLE, "taken back", "all named", "all moved", "longer", "following", "cut", "ruled")
"""Edits of the calendar that leave a series one."""

PLAIN = (*SINGLE, "taken back", "all named", "following", "cut")
"""Edits of the calendar that leave every slot where it was."""


# -- at LionDesk -------------------------------------------------------------------------------------------------------

Rows = tuple[LinkedRow, ...]


def _row(change: Callable[[Task, Edit], Task], *, following: bool = False) -> Callable[[Rows, Edit], Rows]:
    def apply(rows: Rows, edit: Edit) -> Rows:
        at = edit.at % min(len(rows), 6)
        return tuple(
            replace(each, row=replace(each.row, task=change(each.row.task, edit)))
            if place == at or (following and place > at)
            else each
            for place, each in enumerate(rows)
        )

    return apply


def _renamed(task: Task, edit: Edit) -> Task:
    return replace(task, summary=f"{edit.by} there")


def _gone(rows: Rows, edit: Edit) -> Rows:
    at = edit.at % min(len(rows), 6)
    return (*rows[:at], *rows[at + 1 :])


def _ended(rows: Rows, edit: Edit) -> Rows:
    return rows[: edit.at % min(len(rows), 6)]


LIONDESK: Mapping[str, Callable[[Rows, Edit], Rows]] = {
    "done": _row(_done),
    "named": _row(_renamed),
    "moved": _row(_moved),
    "gone": _gone,
    "following named": _row(_renamed, following=True),
    "following moved": _row(_moved, following=True),
    "ended": _ended,
}


ROWS = ("done", "named", "moved", "gone")
"""Edits of one row at LionDesk."""


def edits(whats: Sequence[str] | Mapping[str, object], most: int) -> st.SearchStrategy[list[Edit]]:
    """A list of edits of one side."""
    return st.lists(st.builds(Edit, st.sampled_from(list(whats)), st.integers(0, 5), st.integers(1, 3)), max_size=most)


def in_calendar(series: Series, done: Sequence[Edit]) -> Series:
    """The series after these edits; one that became single, or of which nothing is left, stays as it is."""
    for edit in done:
        if series.rule is not None and present(series, ZONE, HORIZON):
            series = CALENDAR[edit.what](series, edit)
    return series


def at_liondesk(rows: Rows, done: Sequence[Edit]) -> Rows:
    """The rows after these edits."""
    for edit in done:
        if rows:
            rows = LIONDESK[edit.what](rows, edit)
    return rows
