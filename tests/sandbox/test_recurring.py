"""Series: rows up to a horizon that moves with the clock, and what the types of update and delete mean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from .conftest import TASKS, Account

WEEKLY = "FREQ=WEEKLY"


def days(account: Account) -> list[str]:
    return [due[5:10] for due in account.dues()]


def test_an_endless_rule_has_rows_up_to_the_horizon_and_no_further(account: Account) -> None:
    account.post(recurrence_rule="FREQ=MONTHLY", due_at="2026-03-09T09:00:00")
    assert account.dues() == ["2026-03-09T09:00:00", "2026-04-09T09:00:00", "2026-05-09T09:00:00"]


def test_a_day_that_passes_brings_the_rows_that_the_horizon_came_to(account: Account) -> None:
    account.post(recurrence_rule=WEEKLY)
    before = account.live()
    account.world.advance(timedelta(days=7))
    after = account.live()
    assert [row["id"] for row in after[:-1]] == [row["id"] for row in before]
    assert after[-1]["due_at"] == "2026-06-01T09:00:00"
    assert after[-1]["created_at"] == "2026-03-09T16:00:00.000Z"


def test_the_horizon_moves_with_a_running_clock_over_http(http: httpx.Client, account: Account) -> None:
    account.post(recurrence_rule="FREQ=DAILY")
    total = http.get(TASKS).json()["total"]
    http.put("/_sandbox/clock", json={"advance_s": 3 * 86400})
    assert http.get(TASKS).json()["total"] == total + 3


def test_count_is_never_exceeded_by_the_moving_horizon(account: Account) -> None:
    account.post(recurrence_rule="FREQ=MONTHLY;COUNT=5")
    assert len(account.dues()) == 3
    account.world.advance(timedelta(days=900))
    assert len(account.dues()) == 5


def test_a_series_that_begins_beyond_the_horizon_has_its_first_row(account: Account) -> None:
    account.post(recurrence_rule="FREQ=YEARLY", due_at="2027-01-01T09:00:00")
    assert account.dues() == ["2027-01-01T09:00:00"]
    account.world.advance(timedelta(days=600))
    assert account.dues() == ["2027-01-01T09:00:00", "2028-01-01T09:00:00"]


def test_nine_stays_nine_when_the_clocks_change(account: Account) -> None:
    account.set(due_at="offset")
    account.post(recurrence_rule=WEEKLY + ";COUNT=2", due_at="2026-03-02T09:00:00")
    assert account.dues() == ["2026-03-02T09:00:00-08:00", "2026-03-09T09:00:00-07:00"]


@pytest.fixture
def four(account: Account) -> list[dict[str, Any]]:
    """Rows 1 to 4: Mondays 9, 16, 23 and 30 March at 09:00."""
    account.post(recurrence_rule=WEEKLY + ";COUNT=4")
    return account.live()


def test_this_only_leaves_the_others_alone(account: Account, four: list[dict[str, Any]]) -> None:
    account.send(four[1], description="Moved", due_at="2026-03-17T10:00:00", recurrence_rule="FREQ=DAILY")
    assert account.dues() == [
        "2026-03-09T09:00:00",
        "2026-03-17T10:00:00",
        "2026-03-23T09:00:00",
        "2026-03-30T09:00:00",
    ]
    assert [row["description"] for row in account.live()] == ["Call", "Moved", "Call", "Call"]


def test_this_and_following_take_the_values_and_the_time_of_day(account: Account, four: list[dict[str, Any]]) -> None:
    account.send(four[1], notes="New", due_at="2026-03-16T11:15:00", update_type=2)
    assert [due[8:16] for due in account.dues()] == ["09T09:00", "16T11:15", "23T11:15", "30T11:15"]
    assert [row["notes"] for row in account.live()] == ["", "New", "New", "New"]


def test_this_and_following_move_by_as_many_days(account: Account, four: list[dict[str, Any]]) -> None:
    account.send(four[1], due_at="2026-03-18T09:00:00", update_type=2)
    assert days(account) == ["03-09", "03-18", "03-25", "04-01"]


def test_the_rows_to_come_follow_a_moved_tail(account: Account) -> None:
    account.post(recurrence_rule=WEEKLY)
    account.send(account.live()[1], due_at="2026-03-18T11:00:00", notes="New", update_type=2)
    account.world.advance(timedelta(days=7))
    last = account.live()[-1]
    assert (last["due_at"], last["notes"]) == ("2026-06-03T11:00:00", "New")


def test_an_equal_rule_in_another_spelling_keeps_the_occurrences(account: Account, four: list[dict[str, Any]]) -> None:
    account.delete(3)
    account.send(four[1], recurrence_rule="RRULE:FREQ=WEEKLY;INTERVAL=1;COUNT=4", update_type=2)
    assert days(account) == ["03-09", "03-16", "03-30"]


def test_another_rule_makes_the_tail_anew_and_counts_from_there(account: Account, four: list[dict[str, Any]]) -> None:
    account.send(four[2], recurrence_rule="FREQ=WEEKLY;INTERVAL=2;COUNT=3", update_type=2)
    assert days(account) == ["03-09", "03-16", "03-23", "04-06", "04-20"]
    assert [row["recurrence_rule"] for row in account.live()][2] == "FREQ=WEEKLY;INTERVAL=2;COUNT=3"


def test_rows_keep_their_ids_where_another_rule_names_their_day(account: Account, four: list[dict[str, Any]]) -> None:
    account.send(four[0], recurrence_rule="FREQ=WEEKLY;INTERVAL=2;COUNT=2", update_type=2)
    assert [row["id"] for row in account.live()] == ["1", "3"]


def test_a_longer_count_extends_a_series(account: Account, four: list[dict[str, Any]]) -> None:
    account.send(four[0], recurrence_rule="FREQ=WEEKLY;COUNT=6", update_type=2)
    assert days(account) == ["03-09", "03-16", "03-23", "03-30", "04-06", "04-13"]


def test_without_a_rule_the_tail_becomes_this_one_task(account: Account, four: list[dict[str, Any]]) -> None:
    account.send(four[1], recurrence_rule=None, update_type=2)
    account.world.advance(timedelta(days=60))
    assert days(account) == ["03-09", "03-16"]
    assert account.live()[1]["recurrence_rule"] is None
    account.send(account.live()[1], description="Alone", update_type=2)
    assert [row["description"] for row in account.live()] == ["Call", "Alone"]


def test_without_a_rule_at_the_first_row_the_series_is_a_single_task(
    account: Account, four: list[dict[str, Any]]
) -> None:
    row = account.send(four[0], recurrence_rule=None, update_type=2)
    assert account.live() == [row]
    assert row["scheduled_event_id"] == four[0]["scheduled_event_id"]


def test_a_single_task_becomes_a_series_when_it_is_sent_a_rule(account: Account) -> None:
    row = account.post(description="Once")
    after = account.send(row, recurrence_rule="FREQ=DAILY;COUNT=3")
    assert after["id"] == row["id"]
    assert days(account) == ["03-09", "03-10", "03-11"]


@pytest.mark.parametrize(
    ("delete_type", "left"),
    [(1, ["03-09", "03-23", "03-30"]), (2, ["03-09"]), (3, [])],
)
def test_deleting_takes_this_the_following_or_all(
    account: Account, four: list[dict[str, Any]], delete_type: int, left: list[str]
) -> None:
    assert account.delete(four[1]["id"], delete_type)["id"] == four[1]["id"]
    assert days(account) == left


@pytest.mark.parametrize("delete_type", [2, 3])
def test_a_series_cut_short_gets_no_more_rows(account: Account, delete_type: int) -> None:
    account.post(recurrence_rule=WEEKLY)
    account.delete(3, delete_type)
    left = account.dues()
    account.world.advance(timedelta(days=60))
    assert account.dues() == left


def test_one_deleted_row_does_not_come_back_with_the_horizon(account: Account) -> None:
    account.set(deletion="gone")
    account.post(recurrence_rule=WEEKLY)
    account.delete(2)
    account.world.advance(timedelta(days=30))
    assert "03-16" not in days(account)


def test_following_means_by_where_a_row_belongs_not_where_it_was_moved(
    account: Account, four: list[dict[str, Any]]
) -> None:
    account.send(four[0], due_at="2026-03-26T09:00:00")
    account.send(four[1], notes="Tail", update_type=2)
    assert {row["id"]: row["notes"] for row in account.live()} == {"1": "", "2": "Tail", "3": "Tail", "4": "Tail"}


def test_completed_rows_of_the_tail_stay_complete(account: Account, four: list[dict[str, Any]]) -> None:
    account.patch(3, status="complete", update_type=3)
    account.send(four[0], notes="New", update_type=2)
    assert [row["status"] for row in account.live()] == ["incomplete", "incomplete", "complete", "incomplete"]
