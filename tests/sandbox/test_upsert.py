"""Single tasks: what POST takes, what PATCH erases, who may do what."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bridge.sandbox.problems import Problem, Refusal
from bridge.sandbox.world import World

from .conftest import TASKS, Account


def test_a_post_answers_every_documented_field(account: Account) -> None:
    row = account.post(contact_id="1", category_id="1", reminder_type="1", notes="Ask", notify_assignee=True)
    assert row == {
        "id": "1",
        "scheduled_event_id": "1",
        "crm_user_id": "1",
        "contact_id": "1",
        "assigned_user_id": "1",
        "due_at": "2026-03-09T09:00:00",
        "recurrence_rule": None,
        "is_all_day": False,
        "notify_assignee": True,
        "reminder_type": "1",
        "category_id": "1",
        "description": "Call",
        "status": "incomplete",
        "notes": "Ask",
        "created_at": "2026-03-02T16:00:00.000Z",
        "modified_at": "2026-03-02T16:00:00.000Z",
    }


def test_what_a_patch_leaves_out_falls_back_to_its_default(account: Account) -> None:
    account.post(contact_id=1, category_id=1, reminder_type=3, notes="Ask", is_all_day=True, notify_assignee="1")
    row = account.patch(1, **account.body(description="Write"))
    erased = ("contact_id", "category_id", "reminder_type", "notes", "is_all_day", "notify_assignee")
    assert [row[name] for name in erased] == [None, None, "0", "", False, False]
    assert row["description"] == "Write"


def test_update_type_3_touches_the_status_alone(account: Account) -> None:
    before = account.post(notes="Ask", contact_id=1)
    after = account.patch(1, status="complete", description="ignored", update_type="3")
    assert after == before | {"status": "complete"}


@pytest.mark.parametrize("kind", [None, 1, 2])
def test_half_a_task_is_refused_and_changes_nothing(account: Account, kind: int | None) -> None:
    before = account.post()
    with pytest.raises(Refusal) as refused:
        account.patch(1, description="Only this", update_type=kind)
    assert set(refused.value.errors) == {"assigned_user_id", "due_at", "status"}
    assert account.live() == [before]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"due_at": "tomorrow"}, "due_at: 'tomorrow' is not a date"),
        ({"due_at": "2026-02-30T09:00:00"}, "due_at"),
        ({"due_at": "0001-01-01T09:00:00"}, "out of bounds"),
        ({"due_at": 5}, "due_at: it is a text"),
        ({"description": "  "}, "description: it is empty"),
        ({"description": "x" * 2001}, "description: it has 2001 characters; 2000 is the limit"),
        ({"notes": "x" * 2001}, "notes: it has 2001"),
        ({"status": "done"}, "status: it is incomplete, complete, deleted"),
        ({"status": "deleted"}, "a new task"),
        ({"assigned_user_id": "77"}, "none of your teams"),
        ({"assigned_user_id": True}, "none of your teams"),
        ({"contact_id": "99"}, "no such contact"),
        ({"category_id": "99"}, "no such category"),
        ({"reminder_type": 8}, "0 to 7"),
        ({"is_all_day": "perhaps"}, "true or false"),
        ({"recurrence_rule": "FREQ=SOMETIMES"}, "recurrence_rule: FREQ=SOMETIMES"),
        ({"recurrence_rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "names no day"),
    ],
)
def test_a_wrong_value_is_named_in_a_feathers_error(account: Account, wrong: dict[str, object], words: str) -> None:
    with pytest.raises(Refusal) as refused:
        account.post(**wrong)
    answer = refused.value.as_json()
    assert words in str(answer["message"])
    assert answer["errors"] == {next(iter(wrong)): str(answer["message"])}
    assert (answer["name"], answer["code"], answer["className"]) == ("BadRequest", 400, "bad-request")
    assert account.live() == []


def test_texts_of_2000_characters_are_taken(account: Account) -> None:
    assert len(account.post(description="x" * 2000, notes="y" * 2000)["notes"]) == 2000


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-07-01T09:00:00", "2026-07-01T09:00:00"),
        ("2026-07-01T09:00:00.000", "2026-07-01T09:00:00"),
        ("2026-07-01T16:00:00Z", "2026-07-01T09:00:00"),
        ("2026-07-01T16:00:00.000Z", "2026-07-01T09:00:00"),
        ("2026-07-01T12:00:00-04:00", "2026-07-01T09:00:00"),
        ("2026-07-01", "2026-07-01T00:00:00"),
        ("2026-03-08T02:30:00", "2026-03-08T02:30:00"),  # the night that has no 02:30
    ],
)
def test_due_at_is_taken_in_every_documented_form(account: Account, sent: str, kept: str) -> None:
    assert account.post(due_at=sent)["due_at"] == kept


@pytest.mark.parametrize("kind", ["0", 4, "x", True, 1.5])
def test_an_unknown_update_type_is_refused(account: Account, kind: object) -> None:
    account.post()
    with pytest.raises(Refusal, match="update_type is 1, 2 or 3"):
        account.send(account.live()[0], update_type=kind)


def test_a_single_task_takes_an_update_type_without_meaning(account: Account) -> None:
    row = account.post()
    assert account.send(row, description="Write", update_type=2)["description"] == "Write"


def test_status_deleted_by_patch_deletes_that_row(account: Account) -> None:
    account.set(deletion="gone")
    account.post()
    assert account.patch(1, status="deleted", update_type=3)["status"] == "deleted"
    assert account.find() == []


def test_a_deleted_row_that_is_still_listed_can_be_taken_back(account: Account) -> None:
    account.post()
    account.delete(1)
    assert account.patch(1, status="incomplete", update_type=3)["status"] == "incomplete"


# -- who may do what ---------------------------------------------------------------------------------------------------


@pytest.fixture
def leo(world: World) -> int:
    return world.add_user("Leo", token="leo").id


def test_only_the_owner_sees_a_task_though_another_is_its_assignee(account: Account, leo: int) -> None:
    account.post(assigned_user_id=leo)
    assert account.find(user_id=leo) == []
    with pytest.raises(Refusal) as refused:
        account.world.get(leo, 1)
    assert refused.value.problem is Problem.NOT_FOUND


def test_an_assignee_may_not_delete(account: Account, leo: int) -> None:
    account.post(assigned_user_id=leo)
    with pytest.raises(Refusal) as refused:
        account.world.delete(leo, 1)
    assert refused.value.problem is Problem.FORBIDDEN


def test_a_stranger_finds_nothing_to_delete_or_change(account: Account, leo: int) -> None:
    account.post()
    with pytest.raises(Refusal, match="No record found"):
        account.world.delete(leo, 1)
    with pytest.raises(Refusal, match="No record found"):
        account.world.update(leo, 1, account.body())


def test_a_user_of_another_team_cannot_be_assigned(account: Account) -> None:
    other = account.world.add_user("Eve", team=2).id
    with pytest.raises(Refusal, match="none of your teams"):
        account.post(assigned_user_id=other)


def test_a_contact_of_another_user_must_be_shared_to_be_named(account: Account, leo: int) -> None:
    hidden = account.world.add_contact(leo, "Hidden").id
    shared = account.world.add_contact(leo, "Shared", visible_to=(1,)).id
    with pytest.raises(Refusal, match="no such contact"):
        account.post(contact_id=hidden)
    assert account.post(contact_id=shared)["contact_id"] == str(shared)


# -- over HTTP ---------------------------------------------------------------------------------------------------------


def test_the_endpoints_create_read_change_and_delete(http: httpx.Client, account: Account) -> None:
    created = http.post(TASKS, json=account.body())
    path = f"{TASKS}/{created.json()['id']}"
    assert created.status_code == 201
    assert http.get(path).json() == created.json()
    assert http.patch(path, json={"status": "complete", "update_type": 3}).json()["status"] == "complete"
    assert http.delete(path, params={"delete_type": "1"}).status_code == 200
    assert http.get(TASKS).json() == {"total": 1, "limit": 10, "skip": 0, "data": [http.get(path).json()]}


@pytest.mark.parametrize(
    ("request_as", "status", "name"),
    [
        ({"method": "GET", "url": TASKS + "/999"}, 404, "NotFound"),
        ({"method": "GET", "url": TASKS + "/abc"}, 404, "NotFound"),
        ({"method": "GET", "url": "/api/v1/nothing"}, 404, "NotFound"),
        ({"method": "PUT", "url": TASKS}, 405, "MethodNotAllowed"),
        ({"method": "POST", "url": TASKS, "content": b"{}"}, 415, "UnsupportedMediaType"),
        ({"method": "POST", "url": TASKS, "json": [1]}, 400, "BadRequest"),
        (
            {"method": "POST", "url": TASKS, "content": b"{", "headers": {"Content-Type": "application/json"}},
            400,
            "BadRequest",
        ),
        ({"method": "DELETE", "url": TASKS + "/1?delete_type=9"}, 400, "BadRequest"),
        ({"method": "GET", "url": TASKS, "headers": {"Authorization": ""}}, 401, "NotAuthenticated"),
        ({"method": "GET", "url": TASKS, "headers": {"Authorization": "Bearer nobody"}}, 401, "NotAuthenticated"),
        ({"method": "GET", "url": "/me", "headers": {"Authorization": "Basic ann"}}, 401, "NotAuthenticated"),
    ],
)
def test_every_refusal_has_the_shape_of_a_feathers_service(
    http: httpx.Client, request_as: dict[str, Any], status: int, name: str
) -> None:
    answer = http.request(**request_as)
    assert answer.status_code == status
    assert set(answer.json()) == {"name", "message", "code", "className", "errors"}
    assert (answer.json()["name"], answer.json()["code"]) == (name, status)


def test_an_expired_token_is_not_authenticated(http: httpx.Client) -> None:
    http.post("/_sandbox/users/1/expire")
    answer = http.get("/me")
    assert (answer.status_code, answer.json()["message"]) == (401, "The access token has expired")


def test_the_account_has_an_owner_contacts_and_categories(http: httpx.Client) -> None:
    me = http.get("/me").json()
    assert (me["id"], me["timezone"], me["timezone_offset"]) == ("1", "America/Los_Angeles", -8)
    http.put("/_sandbox/clock", json={"now": "2026-07-01T00:00:00Z"})
    assert http.get("/me").json()["timezone_offset"] == -7
    assert http.get("/contacts/1").json()["mobile_phone"] == "425 555 0100"
    assert http.get("/contacts").json()["total"] == 1
    assert http.get("/contacts/9").status_code == 404
    assert http.get("/task-categories").json()["data"] == [{"id": "1", "name": "Phone"}]
