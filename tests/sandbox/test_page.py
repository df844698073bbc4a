"""The page: what a person can do on LionDesk's side with plain forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest

from bridge.sandbox.serve import serving
from bridge.sandbox.world import World

from .conftest import Account

NEW = {
    "user": "1",
    "description": "Call Bill",
    "day": "2026-03-09",
    "time": "09:00",
    "assigned_user_id": "1",
    "contact_id": "1",
    "category_id": "1",
    "reminder_type": "1",
    "notes": "Ask\r\nagain",
    "status": "incomplete",
    "repeat": "",
    "times": "",
    "rule": "",
}

Submit = Callable[..., httpx.Response]


@pytest.fixture
def submit(http: httpx.Client) -> Submit:
    def post(path: str, **fields: str) -> httpx.Response:
        return http.post(path, data={"user": "1"} | fields, follow_redirects=True)

    return post


def form_of(http: httpx.Client, row_id: int) -> dict[str, str]:
    """The fields of the edit form as a browser would send them back."""
    html = http.get(f"/tasks/{row_id}/edit", params={"user": "1"}).text.partition("<h2>Delete</h2>")[0]
    fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', html))
    for name, inner in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        assert chosen, f"nothing is chosen for {name}"
        fields[name] = chosen[1]
    for tag in re.findall(r"<input[^>]*type=\"(?:checkbox|radio)\"[^>]*>", html):
        name = re.search(r'name="(\w+)"', tag)
        value = re.search(r'value="(\w+)"', tag)
        if name and "checked" in tag:
            fields[name[1]] = value[1] if value else "on"
    notes = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", html, re.DOTALL)
    assert notes
    return {name: unescape(value) for name, value in (fields | {"notes": notes[1]}).items()}


def test_an_empty_book_invites_to_create_the_first_task(http: httpx.Client) -> None:
    page = http.get("/")
    assert "No tasks yet" in page.text
    assert "Create the first task" in page.text
    assert "script" not in page.text


def test_a_sandbox_without_users_says_so() -> None:
    with serving(World()) as url:
        assert "No users yet" in httpx.get(url, trust_env=False).text
        assert "No users yet" in httpx.get(url + "/tasks/new", trust_env=False).text


def test_a_single_task_is_created_with_all_that_was_typed(submit: Submit, account: Account) -> None:
    page = submit("/tasks", **NEW)
    assert "The task was created." in page.text
    assert "Mon 9 Mar, 09:00" in page.text
    row = account.live()[0]
    assert (row["due_at"], row["contact_id"], row["category_id"], row["reminder_type"], row["notes"]) == (
        "2026-03-09T09:00:00",
        "1",
        "1",
        "1",
        "Ask\nagain",
    )


@pytest.mark.parametrize(
    ("repeat", "times", "rule", "stored"),
    [
        ("FREQ=WEEKLY", "", "", "FREQ=WEEKLY"),
        ("FREQ=WEEKLY", "5", "", "FREQ=WEEKLY;COUNT=5"),
        ("own", "", "FREQ=MONTHLY;BYDAY=1TU", "FREQ=MONTHLY;BYDAY=1TU"),
        ("", "5", "FREQ=DAILY", None),
    ],
)
def test_a_recurring_task_is_created(
    submit: Submit, account: Account, repeat: str, times: str, rule: str, stored: str | None
) -> None:
    submit("/tasks", **NEW | {"repeat": repeat, "times": times, "rule": rule})
    assert account.live()[0]["recurrence_rule"] == stored


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;COUNT=5", "FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=1TU;COUNT=3", None])
def test_saving_a_form_as_it_was_shown_changes_nothing(
    http: httpx.Client, submit: Submit, account: Account, rule: str | None
) -> None:
    account.post(
        description='Say "hi" & <wave>', notes="\nTwo\nlines", contact_id=1, category_id=1, reminder_type=3,
        notify_assignee=True, recurrence_rule=rule,
    )  # fmt: skip
    before = account.live()
    submit("/tasks/1", **form_of(http, 1), do="save")
    assert account.live() == before


def test_an_all_day_task_is_due_at_midnight(http: httpx.Client, submit: Submit, account: Account) -> None:
    submit("/tasks", **NEW | {"is_all_day": "on"})
    assert (account.live()[0]["due_at"], account.live()[0]["is_all_day"]) == ("2026-03-09T00:00:00", True)
    assert form_of(http, 1)["is_all_day"] == "on"


def test_a_task_is_completed_and_opened_again(submit: Submit, account: Account) -> None:
    account.post(notes="stays")
    assert "The task is complete." in submit("/tasks/1", do="complete").text
    assert (account.live()[0]["status"], account.live()[0]["notes"]) == ("complete", "stays")
    assert "The task is open again." in submit("/tasks/1", do="incomplete").text
    assert account.live()[0]["status"] == "incomplete"


@pytest.mark.parametrize(("kind", "texts"), [("1", ["Call", "New", "Call"]), ("2", ["Call", "New", "New"])])
def test_one_task_or_it_and_the_following_are_edited(
    http: httpx.Client, submit: Submit, account: Account, kind: str, texts: list[str]
) -> None:
    account.post(recurrence_rule="FREQ=WEEKLY;COUNT=3")
    submit("/tasks/2", **form_of(http, 2) | {"description": "New", "update_type": kind, "do": "save"})
    assert [row["description"] for row in account.live()] == texts


@pytest.mark.parametrize(("kind", "left"), [("1", ["1", "3"]), ("2", ["1"]), ("3", [])])
def test_one_task_the_following_or_all_are_deleted(
    submit: Submit, account: Account, kind: str, left: list[str]
) -> None:
    account.post(recurrence_rule="FREQ=WEEKLY;COUNT=3")
    assert "It was deleted." in submit("/tasks/2", do="delete", delete_type=kind).text
    assert [row["id"] for row in account.live()] == left


def test_a_mistake_is_said_in_words_and_what_was_typed_stays(submit: Submit, account: Account) -> None:
    answer = submit("/tasks", **NEW | {"description": "", "notes": "typed", "repeat": "own", "rule": "FREQ=SOON"})
    assert answer.status_code == 400
    assert "description is required; recurrence_rule: FREQ=SOON is not a part of a recurrence rule" in answer.text
    assert "typed" in answer.text
    assert account.live() == []
    account.post()
    edited = submit("/tasks/1", **NEW | {"day": "", "do": "save"})
    assert (edited.status_code, "due_at is required" in edited.text) == (400, True)
    assert submit("/tasks/1", do="delete", delete_type="7").status_code == 400


def test_another_users_task_is_not_there(submit: Submit, account: Account) -> None:
    account.post()
    account.world.add_user("Leo")
    answer = submit("/tasks/1", user="2", do="complete")
    assert (answer.status_code, "No record found" in answer.text) == (404, True)
    assert submit("/tasks/1/edit").status_code == 405


def test_each_user_has_a_page(http: httpx.Client, account: Account) -> None:
    account.post(description="Of Ann")
    account.world.add_user("Leo", "Marsh")
    assert "Of Ann" in http.get("/", params={"user": "1"}).text
    assert "Of Ann" not in http.get("/", params={"user": "2"}).text
    assert "Tasks of Leo Marsh" in http.get("/", params={"user": "2"}).text


def test_a_series_is_a_card_with_its_rule_in_words(http: httpx.Client, account: Account) -> None:
    account.post(recurrence_rule="FREQ=WEEKLY;BYDAY=MO")
    account.patch(1, status="complete", update_type=3)
    account.send(account.live()[1], description="Moved")
    html = http.get("/").text
    assert "every week on Mon" in html
    assert "1 complete" in html
    assert "changed singly" in html
    assert "7 more up to Mon 25 May" in html


def test_a_text_cannot_become_markup(http: httpx.Client, account: Account) -> None:
    account.post(description="<script>alert(1)</script>")
    assert "<script>" not in http.get("/").text
    assert http.get("/").headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_page_from_elsewhere_cannot_send_a_form(http: httpx.Client, account: Account) -> None:
    account.post()
    foreign = {"Origin": "http://elsewhere.example"}
    assert http.post("/tasks/1", data={"do": "delete"}, headers=foreign).status_code == 403
    assert len(account.live()) == 1
    own = {"Origin": str(http.base_url).rstrip("/")}
    assert http.post("/tasks/1", data={"do": "delete"}, headers=own).status_code == 303


def test_the_page_names_the_readings_that_are_not_the_default(http: httpx.Client, account: Account) -> None:
    account.set(ids="integers")
    assert "ids=integers" in http.get("/").text
