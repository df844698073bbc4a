"""Failures on demand, over real sockets; the request log; the clock's control path."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from bridge.sandbox.faults import Fault, read
from bridge.sandbox.world import World

from .conftest import TASKS, Account


def queue(http: httpx.Client, **fault: object) -> None:
    assert http.post("/_sandbox/faults", json=fault).status_code == 201


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504])
def test_a_status_is_answered_once_and_the_request_has_no_effect(
    http: httpx.Client, account: Account, status: int
) -> None:
    queue(http, kind="status", status=status)
    answer = http.post(TASKS, json=account.body())
    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert account.live() == []
    assert http.post(TASKS, json=account.body()).status_code == 201


def test_retry_after_comes_in_both_of_its_forms(http: httpx.Client) -> None:
    queue(http, kind="status", status=503, retry_after=7)
    queue(http, kind="status", status=429, retry_after=7, retry_after_date=True)
    assert http.get(TASKS).headers["Retry-After"] == "7"
    assert parsedate_to_datetime(http.get(TASKS).headers["Retry-After"]).tzinfo is not None


@pytest.mark.parametrize(("kind", "rows"), [("close_before", 0), ("close_after", 1)])
def test_a_connection_closes_before_or_after_the_write(
    http: httpx.Client, account: Account, kind: str, rows: int
) -> None:
    queue(http, kind=kind)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post(TASKS, json=account.body())
    assert len(account.live()) == rows
    assert http.get(TASKS).json()["total"] == rows, "the next connection is sound"


def test_half_a_body_arrives_of_a_write_that_took_effect(http: httpx.Client, account: Account) -> None:
    queue(http, kind="half_body")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        http.post(TASKS, json=account.body())
    assert len(account.live()) == 1


def test_a_proxy_answers_with_an_html_page_and_200(http: httpx.Client, account: Account) -> None:
    queue(http, kind="html", status=200)
    answer = http.post(TASKS, json=account.body())
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert account.live() == []


def test_an_answer_comes_late(http: httpx.Client, account: Account) -> None:
    queue(http, kind="delay", delay_s=0.3)
    before = time.monotonic()
    assert http.get(TASKS).status_code == 200
    assert time.monotonic() - before >= 0.3


def test_a_client_that_gives_up_waiting_leaves_the_write_done(http: httpx.Client, account: Account) -> None:
    queue(http, kind="delay", delay_s=0.3)
    with pytest.raises(httpx.ReadTimeout):
        http.post(TASKS, json=account.body(), timeout=0.05)
    for _ in range(100):
        if account.live():
            break
        time.sleep(0.05)
    assert len(account.live()) == 1


def test_a_fault_hits_what_it_matches_as_often_as_it_says(http: httpx.Client, account: Account) -> None:
    account.post()
    queue(http, kind="status", method="PATCH|DELETE", path=r".*/tasks/\d+", times=2)
    assert http.get(TASKS + "/1").status_code == 200
    done = {"status": "complete", "update_type": 3}
    assert [http.patch(TASKS + "/1", json=done).status_code for _ in range(3)] == [503, 503, 200]
    assert http.get("/_sandbox/faults").json() == []


def test_waiting_faults_can_be_seen_and_taken_back(http: httpx.Client) -> None:
    queue(http, kind="close_before", path="/me")
    assert [fault["path"] for fault in http.get("/_sandbox/faults").json()] == ["/me"]
    http.delete("/_sandbox/faults")
    assert http.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"kind": "gremlin"}, "kind is one of"),
        ({"kind": "status", "colour": "red"}, "has no colour"),
        ({"kind": "status", "path": "("}, "no regular expression"),
        ({"kind": "status", "times": 0}, "times is"),
        ({"kind": "status", "status": "503"}, "status is"),
        ({"kind": "delay", "delay_s": "long"}, "delay_s is"),
    ],
)
def test_a_fault_without_sense_is_refused(http: httpx.Client, body: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(body)
    assert http.post("/_sandbox/faults", json=body).status_code == 400


async def test_without_a_server_a_closed_connection_is_an_error_of_the_transport(world: World) -> None:
    from bridge.sandbox.app import create_app

    world.faults.append(Fault(kind="close_before"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(world)), base_url="http://sandbox") as client:
        with pytest.raises(ConnectionResetError):
            await client.get("/me")


# -- the request log and the clock -------------------------------------------------------------------------------------


def test_the_log_shows_what_was_asked_and_never_a_token(http: httpx.Client, account: Account) -> None:
    http.get(TASKS, params={"status": "complete", "$limit": 5})
    http.patch(TASKS + "/7", json={"status": "complete", "update_type": 3})
    queue(http, kind="close_before")
    with pytest.raises(httpx.RemoteProtocolError):
        http.delete(TASKS + "/7?delete_type=2")
    http.post("/oauth2/token", json={"grant_type": "refresh_token", "refresh_token": "very-secret"})
    log = http.get("/_sandbox/requests")
    assert [(entry["method"], entry["status"], entry["user_id"], entry["fault"]) for entry in log.json()] == [
        ("GET", 200, 1, None),
        ("PATCH", 404, 1, None),
        ("DELETE", None, 1, "close_before"),
        ("POST", 401, 1, None),
    ]
    assert log.json()[0]["query"] == "status=complete&%24limit=5"
    assert log.json()[1]["body"] == {"status": "complete", "update_type": 3}
    assert log.json()[3]["body"] is None
    assert "very-secret" not in log.text
    assert "Bearer" not in log.text
    assert http.delete("/_sandbox/requests").json() == []


def test_the_log_keeps_a_body_that_is_no_json(http: httpx.Client) -> None:
    http.post(TASKS, content=b"{half", headers={"Content-Type": "application/json"})
    assert http.get("/_sandbox/requests").json()[0]["body"] == "{half"


def test_the_clock_stands_runs_and_is_set_back(http: httpx.Client) -> None:
    set_to = http.put("/_sandbox/clock", json={"now": "2030-01-01T00:00:00Z"}).json()
    assert set_to == {"now": "2030-01-01T00:00:00.000Z", "frozen": True}
    assert http.put("/_sandbox/clock", json={"advance_s": 1.5}).json()["now"] == "2030-01-01T00:00:01.500Z"
    running = http.put("/_sandbox/clock", json={"now": "2031-01-01T00:00:00Z", "frozen": False}).json()
    assert (running["now"][:4], running["frozen"]) == ("2031", False)
    assert http.put("/_sandbox/clock", json={"real": True}).json()["now"] < "2031"
    for nonsense in ({"now": "noon"}, {}, {"advance_s": 1e300}):
        assert http.put("/_sandbox/clock", json=nonsense).status_code == 400


def test_a_new_user_gets_a_token_that_works(http: httpx.Client) -> None:
    made = http.post("/_sandbox/users", json={"first_name": "Eve", "timezone": "Europe/Berlin"}).json()
    me = http.get("/me", headers={"Authorization": f"Bearer {made['token']}"}).json()
    assert (me["first_name"], me["timezone"], me["timezone_offset"]) == ("Eve", "Europe/Berlin", 1)
    assert http.post("/_sandbox/users", json={"timezone": "Mars/Olympus"}).status_code == 400


def test_raw_tasks_have_one_form_whatever_the_switches_say(http: httpx.Client, account: Account) -> None:
    account.set(ids="integers", due_at="utc")
    account.post()
    raw = http.get("/_sandbox/tasks").json()[0]
    assert (raw["id"], raw["due_at"], raw["slot"], raw["edited"]) == (
        "1",
        "2026-03-09T09:00:00",
        "2026-03-09T09:00:00",
        False,
    )
