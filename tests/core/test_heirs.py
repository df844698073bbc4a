"""Rows that took the place of others under new ids: what was a series stays one, whatever LionDesk did to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.core.model import Link, LinkedRow, Row, Rule, Series, Task
from bridge.core.pairing import Pairing, neighboured
from bridge.core.pairing.heirs import heirs
from bridge.core.recurrence import expand, parse_rule
from bridge.core.recurrence.shifted import on_their_days

ZONE = ZoneInfo("America/Los_Angeles")
WEEKLY = parse_rule("FREQ=WEEKLY;COUNT=6", ZONE)
FORTNIGHTLY = parse_rule("FREQ=WEEKLY;INTERVAL=2;COUNT=3", ZONE)
FIRST = datetime(2026, 3, 2, 9)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def rows(
    first: int,
    *dues: datetime,
    text: str = "A",
    rule: Rule | None = WEEKLY,
    event: str | None = "1",
    contact: str = "",
) -> list[Row]:
    return [Row(str(first + n), Task(text, due, contact_id=contact or None), rule, event) for n, due in enumerate(dues)]


def weeks(start: int, end: int, by: timedelta = timedelta(0)) -> list[datetime]:
    return [FIRST + timedelta(weeks=n) + by for n in range(start, end)]


def link_of(known: Sequence[Row]) -> Link:
    return Link("a", rows=tuple(LinkedRow(slot, row) for slot, row in zip(weeks(0, 6), known, strict=False)))


EDITS: dict[str, tuple[dict[str, object], timedelta]] = {
    "as they were": ({}, timedelta(0)),
    "another text": ({"text": "B"}, timedelta(0)),
    "moved by an hour": ({}, HOUR),
    "moved by a day": ({}, DAY),
    "another rule": ({"rule": FORTNIGHTLY}, timedelta(0)),
}


@pytest.mark.parametrize("event", ["1", "2", None])
@pytest.mark.parametrize("start", [0, 2, 5])
@pytest.mark.parametrize("edit", EDITS)
def test_a_tail_under_new_ids_stands_where_it_stood(edit: str, start: int, event: str | None) -> None:
    """In the same event, in a new one, or where LionDesk shows none; all of the series, a part of it, its last one."""
    known = rows(1, *weeks(0, 6), event=None if event is None else "1")
    link = link_of(known)
    changes, by = EDITS[edit]
    new = rows(11, *weeks(start, 6, by), event=event, **changes)  # type: ignore[arg-type]
    found = heirs(link, link.rows[:start], new)
    assert [each.slot for each in found] == weeks(start, 6)
    assert [each.row for each in found] == new


@pytest.mark.parametrize("event", ["2", None])
def test_a_row_that_left_the_series_before_stays_behind(event: str | None) -> None:
    known = rows(1, *weeks(0, 6), event=None if event is None else "1")
    known[3] = Row("4", Task("B", weeks(3, 4)[0]), None, None if event is None else "9")
    link = link_of(known)
    new = rows(11, *[due + DAY for n, due in enumerate(weeks(0, 6)) if n != 3], event=event)
    found = heirs(link, link.rows[3:4], new)
    assert [each.slot for each in found] == [slot for n, slot in enumerate(weeks(0, 6)) if n != 3]


def test_the_first_row_of_a_tail_that_kept_its_id_tells_what_became_of_the_others() -> None:
    """Moved and renamed; LionDesk shows no events."""
    link = link_of(rows(1, *weeks(0, 6), event=None))
    first = LinkedRow(link.rows[2].slot, rows(3, *weeks(2, 3, DAY), text="B", event=None)[0])
    found = heirs(link, (*link.rows[:2], first), rows(11, *weeks(3, 6, DAY), text="B", event=None))
    assert [each.slot for each in found] == weeks(3, 6)


def test_one_row_deleted_is_not_replaced_by_the_one_that_the_horizon_made() -> None:
    known = rows(1, *weeks(0, 6))
    link = link_of(known)
    for place in (2, 5):
        current = [each for n, each in enumerate(link.rows) if n != place]
        assert heirs(link, current, rows(11, *weeks(6, 7))) == []


def test_a_series_for_another_contact_takes_nobodys_place() -> None:
    link = link_of(rows(1, *weeks(0, 6)))
    assert heirs(link, (), rows(11, *weeks(0, 6), contact="7")) == []


def test_a_new_series_of_which_nothing_is_alike_takes_nobodys_place() -> None:
    link = link_of(rows(1, *weeks(0, 6)))
    new = rows(11, *weeks(3, 6, DAY), text="B", rule=FORTNIGHTLY, event="2")
    assert heirs(link, link.rows[:2], new) == []


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=2"])
@pytest.mark.parametrize("days", [1, 2, 6])
def test_rows_that_were_moved_under_a_rule_that_names_their_old_days_get_one_that_names_the_new(
    rule: str, days: int
) -> None:
    old = parse_rule(rule, ZONE)
    dues = [slot + timedelta(days=days) for slot in expand(old, FIRST, FIRST + timedelta(days=200))]
    assert list(expand(on_their_days(old, dues[0], dues), dues[0], dues[-1])) == dues


def test_a_rule_that_its_rows_keep_to_stays_though_some_were_moved() -> None:
    rule = parse_rule("FREQ=WEEKLY;BYDAY=MO", ZONE)
    dues = [*weeks(0, 5), *weeks(5, 7, DAY)]
    assert on_their_days(rule, FIRST, dues) is rule


def shown(uid: str, known: Sequence[Row]) -> Pairing:
    linked = tuple(LinkedRow(row.task.due, row) for row in known)
    return Pairing(Link(uid), linked, Series(uid, known[0].task, known[0].rule))


@pytest.mark.parametrize(
    ("event", "rule", "contact", "shared"),
    [
        ("1", FORTNIGHTLY, "", True),
        ("2", WEEKLY, "", False),
        (None, WEEKLY, "", True),
        (None, FORTNIGHTLY, "", True),
        (None, WEEKLY, "7", False),
    ],
)
def test_what_may_be_told_to_the_rows_of_another_resource_is_known(
    event: str | None, rule: Rule, contact: str, shared: bool
) -> None:
    """The first was cut after two rows. Without events, a later one for the same contact may be the rest of it."""
    head = shown("a", rows(1, *weeks(0, 2), event=None if event is None else "1"))
    tail = shown("b", rows(11, *weeks(3, 6), event=event, rule=rule, contact=contact))
    marked = {each.link.uid: (each.followed, each.following) for each in neighboured([head, tail])}
    assert marked == {"a": (shared, False), "b": (False, shared)}
