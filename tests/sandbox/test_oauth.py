"""OAuth 2 as the vendor documents it: the code grant, refreshing, the implicit grant, and refusals."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bridge.sandbox.records import Client
from bridge.sandbox.world import World

BACK = "http://127.0.0.1:9/back"
ASK = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": BACK,
    "scope": "write",
    "state": "s1",
}
TRADE = {
    "grant_type": "authorization_code",
    "client_id": "app",
    "client_secret": "secret",
    "redirect_uri": BACK,
}


@pytest.fixture(autouse=True)
def app(world: World) -> None:
    world.clients["app"] = Client("app", "secret", "The app")


def allow(http: httpx.Client, **more: str) -> dict[str, list[str]]:
    answer = http.post("/oauth2/authorize", data=ASK | {"user_id": "1", "answer": "allow"} | more)
    assert answer.status_code == 303
    target = urlsplit(answer.headers["Location"])
    assert target.geturl().startswith(BACK)
    return parse_qs(target.query or target.fragment)


def test_a_user_is_asked_and_the_application_gets_tokens_for_the_code(http: httpx.Client) -> None:
    asked = http.get("/oauth2/authorize", params=ASK)
    assert "Allow The app?" in asked.text
    assert 'value="s1"' in asked.text
    back = allow(http)
    assert back["state"] == ["s1"]
    granted = http.post("/oauth2/token", json=TRADE | {"code": back["code"][0]}).json()
    assert set(granted) == {"access_token", "refresh_token", "expires", "expires_in", "scope", "token_type"}
    assert (granted["expires_in"], granted["scope"], granted["token_type"]) == (776000, "write", "Bearer")
    assert http.get("/me", headers={"Authorization": f"Bearer {granted['access_token']}"}).json()["id"] == "1"


def test_an_access_token_ends_and_the_refresh_token_brings_another(http: httpx.Client) -> None:
    granted = http.post("/oauth2/token", json=TRADE | {"code": allow(http)["code"][0]}).json()
    http.put("/_sandbox/clock", json={"advance_s": 776001})
    assert http.get("/me", headers={"Authorization": f"Bearer {granted['access_token']}"}).status_code == 401
    body = TRADE | {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
    renewed = http.post("/oauth2/token", json=body).json()
    assert http.get("/me", headers={"Authorization": f"Bearer {renewed['access_token']}"}).status_code == 200


def test_the_implicit_grant_gives_no_refresh_token(http: httpx.Client) -> None:
    back = allow(http, response_type="token")
    assert "refresh_token" not in back
    assert http.get("/me", headers={"Authorization": f"Bearer {back['access_token'][0]}"}).status_code == 200


def test_a_user_who_says_no_is_carried_back(http: httpx.Client) -> None:
    assert allow(http, answer="deny") == {"error": ["access_denied"], "state": ["s1"]}


def test_a_code_is_good_once(http: httpx.Client) -> None:
    code = allow(http)["code"][0]
    assert [http.post("/oauth2/token", json=TRADE | {"code": code}).status_code for _ in range(2)] == [200, 400]


def test_a_code_is_good_for_ten_minutes(http: httpx.Client) -> None:
    code = allow(http)["code"][0]
    http.put("/_sandbox/clock", json={"advance_s": 601})
    assert http.post("/oauth2/token", json=TRADE | {"code": code}).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, 400, "invalid_grant"),
        ({"code": "guess"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "guess"}, 400, "invalid_grant"),
    ],
)
def test_a_token_request_that_does_not_fit_is_refused(
    http: httpx.Client, changed: dict[str, Any], status: int, error: str
) -> None:
    answer = http.post("/oauth2/token", json=TRADE | {"code": allow(http)["code"][0]} | changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_request_must_be_json(http: httpx.Client) -> None:
    assert http.post("/oauth2/token", data=TRADE).status_code == 415


@pytest.mark.parametrize(
    "changed",
    [{"client_id": "x"}, {"redirect_uri": "https://elsewhere.example/"}, {"response_type": "x"}, {"redirect_uri": ""}],
)
def test_a_request_that_goes_nowhere_good_is_shown_to_the_user_not_redirected(
    http: httpx.Client, changed: dict[str, str]
) -> None:
    assert http.get("/oauth2/authorize", params=ASK | changed).status_code == 400
    said = http.post("/oauth2/authorize", data=ASK | {"user_id": "1", "answer": "allow"} | changed)
    assert (said.status_code, "Location" in said.headers) == (400, False)


def test_nobody_can_allow_as_a_user_who_does_not_exist(http: httpx.Client) -> None:
    assert http.post("/oauth2/authorize", data=ASK | {"user_id": "9", "answer": "allow"}).status_code == 400
