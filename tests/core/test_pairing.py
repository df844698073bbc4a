"""Which rows are one series, where nothing but the rows tells."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.core.model import Row, Task
from bridge.core.pairing.grouping import groups_of
from bridge.core.recurrence import parse_rule

RULE = parse_rule("FREQ=WEEKLY;COUNT=3", ZoneInfo("America/Los_Angeles"))


def row(row_id: str, text: str, month: int, day: int, event: str | None) -> Row:
    return Row(row_id, Task(text, datetime(2026, month, day, 9)), RULE, event)


def names(rows: list[Row]) -> list[list[str]]:
    return sorted(sorted(each.id for each in group) for group in groups_of(rows))


def test_a_series_that_begins_near_the_horizon_is_no_exception_of_another() -> None:
    """Same rule, another event and text; its later rows are not made yet."""
    rows = [row("1", "A", 5, 21, "1"), row("2", "A", 5, 28, "1"), row("3", "B", 6, 10, "2")]
    assert names(rows) == [["1", "2"], ["3"]]


def test_a_series_that_begins_within_the_horizon_without_a_second_row_is_no_exception_either() -> None:
    """The second one lies beyond, and so does the first gap of the other series."""
    rows = [row("1", "A", 5, 21, "1"), row("2", "A", 5, 28, "1"), row("3", "B", 5, 29, "2"), row("4", "C", 5, 30, "3")]
    assert ["1", "2"] in names(rows)


def test_a_row_that_left_its_event_comes_home_to_the_gap_that_it_left() -> None:
    """Open question 5: after update_type 1 the row may be in an event of its own."""
    rows = [row("1", "A", 3, 2, "1"), row("2", "moved", 3, 10, "2"), row("3", "A", 3, 16, "1")]
    assert names(rows) == [["1", "2", "3"]]


def test_two_series_that_look_alike_and_lack_nothing_stay_two() -> None:
    """Without events: the same rule and time of day, other texts."""
    first = [row(str(n), "A", 3, 2 + 7 * n, None) for n in range(3)]
    second = [row(str(n + 3), "B", 3, 2 + 7 * n, None) for n in range(3)]
    assert names([*first, *second]) == [["0", "1", "2"], ["3", "4", "5"]]
