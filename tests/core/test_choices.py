"""The settings for edits that can mean two things, as the core decides them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.core.idioms import understood
from bridge.core.model import Link, LinkedRow, Row, Series, Status, Task
from bridge.core.occurrences import present, value_at
from bridge.core.pairing import Pairing
from bridge.core.plan.history import delete_open, history
from bridge.core.policies import Choices
from bridge.core.recurrence import parse_rule

ZONE = ZoneInfo("America/Los_Angeles")
FIRST = datetime(2026, 3, 2, 9)
RULE = parse_rule("FREQ=WEEKLY;COUNT=4", ZONE)
SERIES = Series("a", Task("Call", FIRST), RULE)


def slot(number: int) -> datetime:
    return FIRST + timedelta(days=7 * number)


def rows(states: str, *, ruled: bool = True) -> tuple[LinkedRow, ...]:
    """A row for each letter: `o` is open, `c` complete."""
    status = {"o": Status.INCOMPLETE, "c": Status.COMPLETE}
    return tuple(
        LinkedRow(slot(n), Row(str(n), Task("Call", slot(n), status=status[each]), RULE if ruled else None, "e"))
        for n, each in enumerate(states)
    )


def edited(states: str, series: Series) -> Pairing:
    """A pairing in which the calendar shows `series` now and both agreed on SERIES before."""
    linked = rows(states)
    return Pairing(Link("a", 1, linked, SERIES, "/a", "1"), linked, series, "/a", "2")


def ticked() -> Series:
    return replace(SERIES, master=Task("Call", FIRST, status=Status.COMPLETE))


@pytest.mark.parametrize(
    ("choice", "states", "shown", "done"),
    [
        ("current", "oooo", 4, 0),
        ("current", "cooo", 4, 1),
        ("end", "oooo", 1, 0),
        ("end", "cooo", 2, 1),
        ("end", "ccoo", 3, 2),
    ],
)
def test_a_completed_master_completes_the_first_open_occurrence_and_ends_the_series_if_so_set(
    choice: str, states: str, shown: int, done: int
) -> None:
    choices = Choices(on_complete_master=choice)  # type: ignore[arg-type]
    (pairing,) = understood((edited(states, ticked()),), ZONE, choices)
    assert pairing.series is not None
    assert present(pairing.series, ZONE) == {slot(n) for n in range(shown)}
    task = value_at(pairing.series, slot(done))
    assert task is not None
    assert task.status is Status.COMPLETE
    assert pairing.series.master is not None
    assert pairing.series.master.status is Status.INCOMPLETE


@pytest.mark.parametrize(("choice", "gone"), [("complete", False), ("delete", True), ("ignore", False)])
def test_only_under_delete_a_cancelled_task_counts_as_deleted(choice: str, gone: bool) -> None:
    choices = Choices(on_cancel=choice)  # type: ignore[arg-type]
    (pairing,) = understood((edited("oooo", replace(SERIES, cancelled=True)),), ZONE, choices)
    assert (pairing.series is None) is gone


def test_what_was_cancelled_before_is_no_deletion() -> None:
    """The setting may be another one since."""
    was = replace(SERIES, cancelled=True)
    pairing = edited("oooo", was)
    pairing = replace(pairing, link=replace(pairing.link, series=was))
    assert understood((pairing,), ZONE, Choices(on_cancel="delete")) == (pairing,)


@pytest.mark.parametrize(
    ("states", "requests"),
    [
        ("oooo", [(0, 2)]),
        ("ccoo", [(2, 2)]),
        ("coco", [(1, 1), (3, 2)]),
        ("ococ", [(0, 1), (2, 1)]),
        ("cccc", []),
    ],
)
def test_open_occurrences_are_deleted_with_the_fewest_requests_that_spare_the_completed_ones(
    states: str, requests: list[tuple[int, int]]
) -> None:
    pairing = Pairing(Link("a", 1, rows(states), SERIES), rows(states))
    assert [(each.slot, each.delete_type) for each in delete_open(pairing)] == [(slot(n), t) for n, t in requests]
    assert set(history(pairing)) == {slot(n) for n, each in enumerate(states) if each == "c"}


def test_rows_of_an_event_that_goes_on_elsewhere_are_deleted_one_by_one() -> None:
    pairing = Pairing(Link("a", 1, rows("coo"), SERIES), rows("coo"), followed=True)
    assert [each.delete_type for each in delete_open(pairing)] == [1, 1]
