"""Each open question of the API is a switch, and each of its readings is seen here."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.sandbox import switches as switchboard
from bridge.sandbox.problems import Refusal
from bridge.sandbox.switches import ABOUT, Switches

from .conftest import TASKS, Account


def test_every_switch_is_explained_and_every_question_has_one() -> None:
    assert [field.name for field in fields(Switches)] == list(ABOUT)
    assert {question for question, _ in ABOUT.values()} == set(range(1, 14))


@pytest.mark.parametrize("name", list(ABOUT))
def test_every_reading_has_its_place_in_these_tests(name: str) -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    words = switchboard.readings(name)
    assert name in text.partition("# -- the readings")[2]
    assert all(f'"{word}"' in text.partition("# -- the readings")[2] for word in words)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ({"idz": "strings"}, "Did you mean 'ids'"),
        ({"nonsense": 1}, "There is no switch"),
        ({"ids": "floats"}, "reads strings, integers"),
        ({"max_limit": "many"}, "whole number"),
        ({"horizon_days": -1}, "whole number"),
        ({"rate_limit": True}, "whole number"),
    ],
)
def test_a_switch_that_does_not_exist_is_refused_with_the_nearest(to: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        switchboard.changed(Switches(), to)


def test_switches_are_turned_while_it_runs(http: httpx.Client) -> None:
    assert http.patch("/_sandbox/switches", json={"ids": "integers"}).json()["ids"] == "integers"
    assert http.get("/me").json()["id"] == 1
    assert http.get("/_sandbox/switches").json()["ids"] == "integers"
    assert http.patch("/_sandbox/switches", json={"ids": "roman"}).status_code == 400
    assert http.get("/_sandbox/readings").json()["ids"]["readings"] == ["strings", "integers"]


# -- the readings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "reading", "field", "shown"),
    [
        ("ids", "strings", "id", "1"),
        ("ids", "strings", "reminder_type", "1"),
        ("ids", "integers", "id", 1),
        ("ids", "integers", "scheduled_event_id", 1),
        ("ids", "integers", "contact_id", 1),
        ("ids", "integers", "reminder_type", 1),
        ("ids", "integers", "category_id", None),
        ("event_id", "shown", "scheduled_event_id", "1"),
        ("due_at", "naive", "due_at", "2026-03-09T09:00:00"),
        ("due_at", "utc", "due_at", "2026-03-09T16:00:00Z"),
        ("due_at", "offset", "due_at", "2026-03-09T09:00:00-07:00"),
        ("due_at_milliseconds", "no", "due_at", "2026-03-09T09:00:00"),
        ("due_at_milliseconds", "yes", "due_at", "2026-03-09T09:00:00.000"),
        ("modified_at", "milliseconds", "modified_at", "2026-03-02T16:00:00.250Z"),
        ("modified_at", "seconds", "modified_at", "2026-03-02T16:00:00.000Z"),
        ("rule_form", "sent", "recurrence_rule", "FREQ=DAILY;COUNT=2;INTERVAL=1"),
        ("rule_form", "normalised", "recurrence_rule", "FREQ=DAILY;COUNT=2"),
        ("rule_form", "prefix", "recurrence_rule", "RRULE:FREQ=DAILY;COUNT=2;INTERVAL=1"),
        (
            "rule_form",
            "dtstart",
            "recurrence_rule",
            "DTSTART:20260309T090000\nRRULE:FREQ=DAILY;COUNT=2;INTERVAL=1",
        ),
        ("booleans", "json", "notify_assignee", True),
        ("booleans", "json", "is_all_day", False),
        ("booleans", "integers", "notify_assignee", 1),
        ("booleans", "integers", "is_all_day", 0),
        ("booleans", "strings", "notify_assignee", "1"),
        ("booleans", "strings", "is_all_day", "0"),
        ("empty_notes", "empty", "notes", ""),
        ("empty_notes", "null", "notes", None),
    ],
)
def test_a_row_is_shown_so(account: Account, switch: str, reading: str, field: str, shown: object) -> None:
    account.world.advance(timedelta(milliseconds=250))
    account.set(**{switch: reading})
    row = account.post(
        recurrence_rule="FREQ=DAILY;COUNT=2;INTERVAL=1", contact_id=1, reminder_type=1, notify_assignee=True
    )
    assert row[field] == shown
    assert type(row[field]) is type(shown)
    assert account.send(row) == row, "every form that is shown is taken back"


def test_utc_and_milliseconds_go_together(account: Account) -> None:
    account.set(due_at="utc", due_at_milliseconds="yes")
    assert account.post()["due_at"] == "2026-03-09T16:00:00.000Z"


def test_event_id_hidden_can_not_be_asked_for_either(account: Account) -> None:
    account.set(event_id="hidden", unknown_field="refused")
    assert "scheduled_event_id" not in account.post()
    with pytest.raises(Refusal, match="scheduled_event_id"):
        account.find(("scheduled_event_id", "1"))


@pytest.mark.parametrize(("horizon_days", "rows"), [(14, 2), (90, 12), (180, 25)])
def test_horizon_days_say_how_far_rows_reach(account: Account, horizon_days: int, rows: int) -> None:
    account.post(recurrence_rule="FREQ=WEEKLY")
    account.set(horizon_days=horizon_days)
    assert len(account.live()) == max(rows, 12), "a nearer horizon takes nothing away"
    account.delete(1, 3)
    account.post(recurrence_rule="FREQ=WEEKLY")
    assert len(account.live()) == rows


@pytest.fixture
def four(account: Account) -> list[dict[str, Any]]:
    """Rows 1 to 4: Mondays 9, 16, 23 and 30 March at 09:00."""
    account.post(recurrence_rule="FREQ=WEEKLY;COUNT=4")
    return account.live()


@pytest.mark.parametrize("event", ["kept", "new"])
@pytest.mark.parametrize("rule", ["kept", "lost"])
def test_single_edit_rule_and_single_edit_event(
    account: Account, four: list[dict[str, Any]], rule: str, event: str
) -> None:
    account.set(single_edit_rule=rule, single_edit_event=event)
    row = account.send(four[1], description="Other")
    assert row["recurrence_rule"] == (four[1]["recurrence_rule"] if rule == "kept" else None)
    assert (row["scheduled_event_id"] == four[1]["scheduled_event_id"]) == (event == "kept")
    again = account.send(row, notes="Twice")
    assert len(account.live()) == 4, "what it showed, sent back, makes no second series"
    account.send(account.live()[0], notes="All", update_type=2)
    kept_its_own = account.live()[1]["notes"] == "Twice"
    assert again["id"] == "2"
    assert kept_its_own == (event == "new"), "a row with an event of its own is out of the series' reach"


@pytest.mark.parametrize(
    ("tail_ids", "ids"),
    [("kept", ["1", "2", "3", "4"]), ("following_new", ["1", "2", "5", "6"]), ("new", ["1", "5", "6", "7"])],
)
@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;COUNT=3"])
def test_tail_ids(account: Account, four: list[dict[str, Any]], tail_ids: str, ids: list[str], rule: str) -> None:
    account.set(tail_ids=tail_ids)
    answered = account.send(four[1], notes="New", recurrence_rule=rule, update_type=2)
    assert [row["id"] for row in account.live()] == ids
    assert answered["id"] == ids[1]
    gone = {"1", "2", "3", "4"} - set(ids)
    assert {row["id"] for row in account.find(("status", "deleted"))} == gone


@pytest.mark.parametrize("tail_ids", ["kept", "new"])
@pytest.mark.parametrize(("tail_event", "events"), [("kept", ["1", "1", "1", "1"]), ("new", ["1", "2", "2", "2"])])
def test_tail_event(
    account: Account, four: list[dict[str, Any]], tail_event: str, events: list[str], tail_ids: str
) -> None:
    account.set(tail_event=tail_event, tail_ids=tail_ids, horizon_days=30)
    account.send(four[1], notes="New", update_type=2)
    assert [row["scheduled_event_id"] for row in account.live()] == events
    account.world.advance(timedelta(days=400))
    assert len(account.live()) == 4, "a counted series does not grow, wherever its tail is"


def test_tail_event_new_lets_the_tail_alone_grow_with_the_horizon(account: Account) -> None:
    account.set(tail_event="new")
    account.post(recurrence_rule="FREQ=WEEKLY")
    account.send(account.live()[2], notes="New", due_at="2026-03-24T10:00:00", update_type=2)
    account.world.advance(timedelta(days=14))
    due = [row["due_at"] for row in account.live()]
    assert due == sorted(set(due))
    assert due[-1] == "2026-06-09T10:00:00"


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;COUNT=9"])
@pytest.mark.parametrize(("tail_edited_rows", "text"), [("overwritten", "All"), ("kept", "Own")])
def test_tail_edited_rows(
    account: Account, four: list[dict[str, Any]], tail_edited_rows: str, text: str, rule: str
) -> None:
    account.set(tail_edited_rows=tail_edited_rows)
    account.send(four[2], description="Own", due_at="2026-03-24T15:00:00")
    account.send(four[1], description="All", recurrence_rule=rule, update_type=2)
    row = next(row for row in account.live() if row["id"] == "3")
    assert row["description"] == text
    assert row["due_at"] == ("2026-03-24T15:00:00" if text == "Own" else "2026-03-23T09:00:00")


@pytest.mark.parametrize(
    ("tail_status", "statuses"),
    [
        ("row", ["incomplete", "complete", "incomplete", "incomplete"]),
        ("tail", ["incomplete", "complete", "complete", "complete"]),
    ],
)
def test_tail_status(account: Account, four: list[dict[str, Any]], tail_status: str, statuses: list[str]) -> None:
    account.set(tail_status=tail_status)
    account.send(four[1], status="complete", update_type=2)
    assert [row["status"] for row in account.live()] == statuses


@pytest.mark.parametrize(("tail_status", "left"), [("row", 3), ("tail", 1)])
def test_tail_status_deleted_deletes_as_far_as_it_reaches(
    account: Account, four: list[dict[str, Any]], tail_status: str, left: int
) -> None:
    account.set(tail_status=tail_status)
    account.send(four[1], status="deleted", update_type=2)
    assert len(account.live()) == left


def test_deletion_listable_keeps_the_row_with_a_new_modified_at(account: Account) -> None:
    account.set(deletion="listable")
    account.post()
    account.world.advance(timedelta(minutes=1))
    account.delete(1)
    assert [(row["status"], row["modified_at"]) for row in account.find()] == [("deleted", "2026-03-02T16:01:00.000Z")]
    with pytest.raises(Refusal):
        account.delete(1)


def test_deletion_gone_leaves_no_trace(account: Account) -> None:
    account.set(deletion="gone")
    account.post()
    account.delete(1)
    assert account.find() == []
    with pytest.raises(Refusal):
        account.patch(1, status="incomplete", update_type=3)


def test_modified_at_in_seconds_makes_ties_that_a_filter_sees(account: Account) -> None:
    account.set(modified_at="seconds")
    for _ in range(3):
        account.post()
        account.world.advance(timedelta(milliseconds=300))
    assert {row["modified_at"] for row in account.live()} == {"2026-03-02T16:00:00.000Z"}
    assert len(account.find(("modified_at[$gte]", "2026-03-02T16:00:00.000Z"))) == 3
    assert account.find(("modified_at[$gt]", "2026-03-02T16:00:00.000Z")) == []


@pytest.mark.parametrize(
    ("writer_clocks", "stamp"), [("same", "2026-03-02T16:00:00.000Z"), ("differ", "2026-03-02T15:58:30.000Z")]
)
def test_writer_clocks(account: Account, writer_clocks: str, stamp: str) -> None:
    account.set(writer_clocks=writer_clocks)
    row = account.world.shown(account.world.create(1, account.body(), "page"))
    assert row["modified_at"] == stamp
    assert account.post()["modified_at"] == "2026-03-02T16:00:00.000Z"


def test_max_limit_cuts_a_page_without_saying_so(account: Account) -> None:
    account.set(max_limit=3)
    for _ in range(5):
        account.post()
    page = account.world.find(1, [("$limit", "5000")])
    assert (page.total, page.limit, len(page.rows)) == (5, 3, 3)


@pytest.mark.parametrize("pair", [("colour", "red"), ("$sort[colour]", "1"), ("colour[$in]", "red")])
@pytest.mark.parametrize("unknown_field", ["ignored", "refused"])
def test_unknown_field(account: Account, unknown_field: str, pair: tuple[str, str]) -> None:
    account.set(unknown_field=unknown_field)
    account.post()
    if unknown_field == "ignored":
        assert len(account.find(pair)) == 1
    else:
        with pytest.raises(Refusal, match="colour"):
            account.find(pair)


@pytest.mark.parametrize(("id_query", "found"), [("known", ["2"]), ("unknown", ["1", "2"])])
def test_id_query(account: Account, id_query: str, found: list[str]) -> None:
    account.set(id_query=id_query)
    account.post()
    account.post()
    assert [row["id"] for row in account.find(("id", "2"))] == found
    account.set(unknown_field="refused")
    if id_query == "unknown":
        with pytest.raises(Refusal):
            account.find(("$sort[id]", "1"))


@pytest.mark.parametrize(("limit_zero", "limit", "rows"), [("honoured", 0, 0), ("default", 10, 10)])
def test_limit_zero(account: Account, limit_zero: str, limit: int, rows: int) -> None:
    account.set(limit_zero=limit_zero)
    for _ in range(11):
        account.post()
    page = account.world.find(1, [("$limit", "0")])
    assert (page.total, page.limit, len(page.rows)) == (11, limit, rows)


def test_rule_form_normalised_puts_until_in_utc(account: Account) -> None:
    account.set(rule_form="normalised")
    assert account.post(recurrence_rule="FREQ=DAILY;UNTIL=20260312T090000")["recurrence_rule"] == (
        "FREQ=DAILY;UNTIL=20260312T160000Z"
    )


@pytest.mark.parametrize("retry_after", ["seconds", "date", "none"])
def test_rate_limit_and_retry_after(http: httpx.Client, account: Account, retry_after: str) -> None:
    account.set(rate_limit=2, rate_window_s=60, retry_after=retry_after)
    answers = [http.get(TASKS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["name"] == "TooManyRequests"
    given = answers[2].headers.get("Retry-After")
    match retry_after:
        case "seconds":
            assert 1 <= int(given) <= 61
        case "date":
            assert parsedate_to_datetime(given).tzinfo is not None
        case _:
            assert given is None


def test_rate_window_s_lets_a_user_on_when_it_has_passed(http: httpx.Client, account: Account) -> None:
    account.set(rate_limit=1, rate_window_s=0)
    assert [http.get(TASKS).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(("refresh_token", "second_use"), [("kept", 200), ("rotated", 400)])
def test_refresh_token(http: httpx.Client, account: Account, refresh_token: str, second_use: int) -> None:
    from bridge.sandbox.records import Client, Refresh

    account.set(refresh_token=refresh_token)
    account.world.clients["app"] = Client("app", "secret", "App")
    account.world.refreshes["r1"] = Refresh("app", 1, "write")
    body = {"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "app", "client_secret": "secret"}
    first = http.post("/oauth2/token", json=body).json()
    assert (first["refresh_token"] == "r1") == (refresh_token == "kept")
    assert http.post("/oauth2/token", json=body).status_code == second_use
    assert http.post("/oauth2/token", json=body | {"refresh_token": first["refresh_token"]}).status_code == 200
    assert http.get("/me", headers={"Authorization": f"Bearer {first['access_token']}"}).status_code == 200


@pytest.mark.parametrize("post_answer", ["given", "lost"])
def test_post_answer(http: httpx.Client, account: Account, post_answer: str) -> None:
    account.set(post_answer=post_answer)
    if post_answer == "given":
        assert http.post(TASKS, json=account.body()).status_code == 201
    else:
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(TASKS, json=account.body())
        assert http.post(TASKS, json={}).status_code == 400, "a refusal is answered"
    assert len(account.live()) == 1
