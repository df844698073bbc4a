from __future__ import annotations

import json
import re
import socket
import stat
import threading
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bridge.sandbox.records import Client
from tests.cli.desk import Desk, Ran, day, program

SECRET = "the-application-secret"


@pytest.fixture
def redirect() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/back"


@pytest.fixture
def oauth(desk: Desk, redirect: str) -> Desk:
    """A user whose pair logs in instead of having a token."""
    desk.world.clients["the-bridge"] = Client("the-bridge", SECRET, "LionDesk bridge")
    table = f"oauth = {{ client_id = 'the-bridge', client_secret = '{SECRET}', redirect_uri = '{redirect}' }}"
    desk.config.write_text(re.sub(r"token = .*", table, desk.pair()))
    return desk


def kept(desk: Desk) -> Path:
    return desk.folder / "login-alice.json"


Browser = Callable[[str], None]


def person(*said: str, first: Callable[[str], None] | None = None) -> Browser:
    """Who looks at LionDesk's page and says `said`, as a browser would carry it back."""

    def look(address: str) -> None:
        with httpx.Client(timeout=10) as browser:
            page = browser.get(address)
            assert page.status_code == 200, page.text
            asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
            if first is not None:
                first(asked["redirect_uri"])
            sent = asked | {"user_id": "1", "answer": said[0]}
            answer = browser.post(address.partition("?")[0], data=sent)
            back = browser.get(answer.headers["location"])
            assert back.status_code == 200, back.text
            assert "close this window" in back.text

    return look


def logged_in(desk: Desk, monkeypatch: pytest.MonkeyPatch, browser: Browser | None = None) -> Ran:
    shown: list[threading.Thread] = []

    def opened(address: str) -> bool:
        shown.append(threading.Thread(target=browser or person("allow"), args=(address,)))
        shown[-1].start()
        return True

    monkeypatch.setattr(webbrowser, "open", opened)
    ran = desk.run("login", "alice")
    for each in shown:
        each.join()
    return ran


def test_a_yes_on_the_page_logs_the_pair_in_and_it_syncs(oauth: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = logged_in(oauth, monkeypatch)
    assert (ran.code, ran.out) == (
        0,
        "Pair alice is logged in to LionDesk as Alice Agent. Next: liondesk-bridge check alice\n",
    )
    assert stat.S_IMODE(kept(oauth).stat().st_mode) == 0o600
    oauth.post("Call Bill Gates", day(3))
    assert oauth.run("check").code == 0
    assert oauth.sync().code == 0
    assert len(oauth.app.names()) == 1


def test_neither_token_nor_secret_is_in_any_output(oauth: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = logged_in(oauth, monkeypatch)
    tokens = json.loads(kept(oauth).read_text())
    synced = oauth.sync("-vv", "--json")
    for text in (ran.out, ran.err, synced.out, synced.err):
        for secret in (SECRET, tokens["access_token"], tokens["refresh_token"]):
            assert secret not in text


@pytest.mark.parametrize("rotation", ["rotated", "kept"])
def test_an_access_token_that_ended_is_renewed_in_the_middle_of_a_run(
    oauth: Desk, monkeypatch: pytest.MonkeyPatch, rotation: str
) -> None:
    oauth.world.set_switches({"refresh_token": rotation})
    logged_in(oauth, monkeypatch)
    before = json.loads(kept(oauth).read_text())
    for _ in range(2):
        oauth.world.tokens.clear()
        assert oauth.sync("--full").code == 0
    after = json.loads(kept(oauth).read_text())
    assert after["access_token"] != before["access_token"]
    assert datetime.fromisoformat(after["expires_at"]) > datetime.now(UTC)


def test_a_log_in_that_liondesk_ended_asks_for_another_one(oauth: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    logged_in(oauth, monkeypatch)
    oauth.world.tokens.clear()
    oauth.world.refreshes.clear()
    ran = oauth.sync()
    ran.is_one_paragraph("alice", "log in again: liondesk-bridge login alice", code=3)


def test_before_the_first_log_in_every_command_says_what_to_do(oauth: Desk) -> None:
    oauth.sync().is_one_paragraph("Nobody has logged in", "liondesk-bridge login alice", code=3)


def test_a_no_on_the_page_is_told_and_nothing_is_kept(oauth: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = logged_in(oauth, monkeypatch, person("deny"))
    assert ran.code == 3
    assert "LionDesk gives no access to pair alice (access_denied)" in ran.err
    assert not kept(oauth).exists()


def test_an_answer_that_belongs_to_another_log_in_is_refused(oauth: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a page elsewhere could log the user in to somebody else's account (RFC 6749, 10.12)."""
    answers = []

    def forge(redirect_uri: str) -> None:
        answers.append(httpx.get(f"{redirect_uri}?code=forged&state=forged").status_code)
        answers.append(httpx.get(redirect_uri + "/elsewhere").status_code)
        answers.append(httpx.post(redirect_uri).status_code)

    ran = logged_in(oauth, monkeypatch, person("allow", first=forge))
    assert (ran.code, answers) == (0, [400, 404, 404])


def test_nobody_at_the_page_ends_the_wait_with_a_word(oauth: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.login.log_in.__defaults__", (0.2,))
    ran = oauth.run("login", "alice", "--no-browser")
    assert ran.code == 3
    assert "/oauth2/authorize?response_type=code" in ran.err
    assert "Nobody said yes" in ran.err


def test_a_port_that_is_taken_is_named(oauth: Desk, redirect: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", urlsplit(redirect).port or 0))
        taken.listen()
        ran = oauth.run("login", "alice", "--no-browser")
    ran.is_one_paragraph(redirect, "redirect_uri", code=3)


def test_a_damaged_log_in_is_named_and_left_alone(oauth: Desk) -> None:
    kept(oauth).write_text("{")
    oauth.sync().is_one_paragraph("login-alice.json is damaged", "liondesk-bridge login alice", code=3)
    assert kept(oauth).read_text() == "{"


def test_a_pair_with_a_token_needs_no_log_in(desk: Desk) -> None:
    desk.run("login", "alice").is_one_paragraph("`token`", "Nothing was done", code=2)


def test_two_processes_that_renew_at_once_use_one_refresh_token_once(
    oauth: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    oauth.world.set_switches({"refresh_token": "rotated"})
    logged_in(oauth, monkeypatch)
    oauth.world.tokens.clear()
    running = [program("verify", cwd=oauth.folder) for _ in range(3)]
    codes = [each.wait(60) for each in running]
    for each in running:
        each.communicate()
    assert codes == [0, 0, 0]
