"""The list's operators, one row each; paging; sorting."""

from __future__ import annotations

import pytest

from bridge.sandbox.problems import Refusal

from .conftest import Account

# id: due (Los Angeles), status, reminder, category, modified
_ROWS = [
    ("2026-03-03T09:00:00", "incomplete", 0, None),
    ("2026-03-04T17:30:00", "complete", 1, 1),
    ("2026-03-05T09:00:00", "incomplete", 3, 1),
    ("2026-03-06T00:00:00", "complete", 4, None),
]


@pytest.fixture
def four(account: Account) -> Account:
    for number, (due, status, reminder, category) in enumerate(_ROWS):
        account.world.set_clock(account.world.clock.now().replace(minute=number))
        account.post(due_at=due, status=status, reminder_type=reminder, category_id=category, description=f"T{number}")
    account.delete(4)
    return account


@pytest.mark.parametrize(
    ("pairs", "ids"),
    [
        ([], "1234"),
        ([("status", "complete")], "2"),
        ([("status[$ne]", "deleted")], "123"),
        ([("status[$in]", "complete")], "2"),
        ([("status[$in]", "complete"), ("status[$in]", "deleted")], "24"),
        ([("status[$in][]", "complete"), ("status[$in][]", "deleted")], "24"),
        ([("status[$in][0]", "complete"), ("status[$in][1]", "deleted")], "24"),
        ([("status[$nin]", "complete"), ("status[$nin]", "deleted")], "13"),
        ([("id[$in]", "1"), ("id[$in]", "3")], "13"),
        ([("id", "3")], "3"),
        ([("id[$gt]", "2")], "34"),
        ([("owner_user_id", "1")], "1234"),
        ([("owner_user_id[$in]", "16")], ""),
        ([("crm_user_id[$nin]", "16")], "1234"),
        ([("reminder_type", "3")], "3"),
        ([("reminder_types", "0,4,5,6,7")], "14"),
        ([("category_id", "1")], "23"),
        ([("category_id", "null")], "14"),
        ([("category_id[$ne]", "1")], "14"),
        ([("category_id[$gte]", "0")], "23"),
        ([("description", "T1")], "2"),
        ([("description[$gte]", "T2")], "34"),
        ([("is_all_day", "false"), ("notify_assignee", "0")], "1234"),
        ([("is_all_day", "true")], ""),
        ([("due_at[$lt]", "2026-03-04T17:30:00")], "1"),
        ([("due_at[$lte]", "2026-03-04T17:30:00")], "12"),
        ([("due_at[$gte]", "2026-03-05T01:30:00Z")], "234"),
        ([("due_at[$gt]", "2026-03-05T01:30:00Z")], "34"),
        ([("due_at[$gte]", "2026-03-04T20:30:00-05:00")], "234"),
        ([("due_at", "2026-03-05T17:00:00.000Z")], "3"),
        ([("due_at[$gte]", "2026-03-04"), ("due_at[$lte]", "2026-03-05T23:00:00")], "23"),
        ([("created_at[$gte]", "2026-03-02T16:02:00Z")], "34"),
        ([("created_at[$gt]", "2026-03-02T08:02:00-08:00")], "4"),
        ([("created_at[$lt]", "2026-03-03")], "1234"),
        ([("modified_at[$gte]", "2026-03-02T16:03:00.000Z")], "4"),
        ([("status", "incomplete"), ("due_at[$gt]", "2026-03-04")], "3"),
        ([("recurrence_rule", "null"), ("scheduled_event_id", "2")], "2"),
        ([("$sort[due_at]", "-1")], "4321"),
        ([("$sort[status]", "1"), ("$sort[due_at]", "-1")], "2431"),
        ([("$sort[category_id]", "-1"), ("$sort[id]", "-1")], "3241"),
        ([("$sort[category_id]", "1")], "1423"),
        ([("$limit", "2")], "12"),
        ([("$limit", "2"), ("$skip", "3")], "4"),
        ([("$skip", "9")], ""),
        ([("status[$ne]", "deleted"), ("$limit", "1"), ("$skip", "1"), ("$sort[id]", "-1")], "2"),
    ],
)
def test_a_query_finds_these_rows(four: Account, pairs: list[tuple[str, str]], ids: str) -> None:
    page = four.world.find(1, pairs)
    assert "".join(str(row.id) for row in page.rows) == ids


def test_the_total_counts_what_matches_not_what_is_shown(four: Account) -> None:
    page = four.world.find(1, [("status[$ne]", "deleted"), ("$limit", "2"), ("$skip", "1")])
    assert (page.total, page.limit, page.skip, len(page.rows)) == (3, 2, 1, 2)


def test_ten_rows_are_a_page_unless_another_number_is_asked_for(account: Account) -> None:
    for _ in range(12):
        account.post()
    assert len(account.world.find(1, []).rows) == 10


@pytest.mark.parametrize(
    "pair",
    [
        ("$limit", "-1"),
        ("$limit", "all"),
        ("$skip", "x"),
        ("$sort[due_at]", "up"),
        ("status[$like]", "x"),
        ("due_at[$gt]", "soon"),
        ("reminder_type", "e-mail"),
        ("is_all_day", "maybe"),
    ],
)
def test_a_query_without_sense_is_refused(account: Account, pair: tuple[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        account.world.find(1, [pair])
    assert refused.value.status == 400
