"""Who may ask the page for what: over real HTTP, as a browser or an attacker's page would."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bridge.config import load
from bridge.sandbox.serve import serving_app
from bridge.store import open_state
from bridge.web import Ground, create_app
from bridge.web.ground import Shown

PASSWORD = "correct horse"
ALICE = "<b>alice</b>"
NOON = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)

CONFIG = """
[web]
{password}
[[pair]]
name = "<b>alice</b>"
[pair.liondesk]
token = "the-token"
[pair.calendar]
url = "https://dav.example.org/"
"""


class Page:
    def __init__(self, url: str, clock: list[datetime], told: list[str]) -> None:
        self.url, self.clock, self.told = url, clock, told
        self.client = httpx.Client(base_url=url, follow_redirects=False)

    def form(self, path: str) -> dict[str, str]:
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get(path).text)
        assert found
        return {"csrf": found[1]}

    def log_in(self, password: str = PASSWORD) -> httpx.Response:
        return self.client.post("/login", data=self.form("/login") | {"password": password, "next": "/"})


@contextmanager
def served(folder: Path, password: str | None) -> Iterator[Page]:
    path = folder / "config.toml"
    path.write_text(CONFIG.format(password=f'password = "{password}"' if password else ""))
    path.chmod(0o600)
    configuration = load(path)
    clock, told = [NOON], []
    shown = Shown(False, False, NOON, NOON, NOON, 0, None)  # noqa: FBT003

    async def tell(name: str, *_: object) -> None:
        told.append(name)

    with open_state(configuration.state) as state:
        ground = Ground(
            configuration=lambda: configuration,
            state=state,
            pairs=lambda: {"<b>alice</b>": shown},
            sync_now=tell,
            resolve=lambda *_: pytest.fail("nothing is answered here"),
            pause=tell,
            resume=tell,
            reload=lambda: None,
            opened=lambda _: pytest.fail("no page opens a side by itself"),
            metrics=lambda: b"figures 1\n",
            now=lambda: clock[0],
        )
        with serving_app(create_app(ground)) as url:
            page = Page(url, clock, told)
            yield page
            page.client.close()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with served(tmp_path, None) as page:
        yield page


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Page]:
    with served(tmp_path, PASSWORD) as page:
        yield page


def test_what_a_page_shows_is_text_and_never_markup(page: Page) -> None:
    shown = page.client.get("/").text
    assert "&lt;b&gt;alice&lt;/b&gt;" in shown
    assert "<b>alice</b>" not in shown


def test_no_page_holds_a_script_a_style_or_a_handler_of_its_own(page: Page) -> None:
    for path in ("/", "/login", "/nothing"):
        answer = page.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", answer.text)
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8440", 200),
        ("localhost", 200),
        ("[::1]:8440", 200),
        ("192.168.1.7:8440", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_a_name_that_somebody_pointed_here_is_refused(page: Page, host: str, status: int) -> None:
    assert page.client.get("/", headers={"Host": host}).status_code == status


def test_a_write_without_the_sessions_token_does_nothing(page: Page) -> None:
    for data in ({}, {"csrf": "guessed"}):
        answer = page.client.post("/pairs/sync", data=data | {"pair": ALICE})
        assert answer.status_code == 403
    with httpx.Client(base_url=page.url) as stranger:
        answer = stranger.post("/pairs/sync", data=page.form("/") | {"pair": ALICE})
    assert answer.status_code == 403
    assert page.told == []


def test_a_write_from_another_site_does_nothing_even_with_the_token(page: Page) -> None:
    form = page.form("/")
    answer = page.client.post("/reload", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_a_write_from_the_page_itself_is_done_and_leads_back(page: Page) -> None:
    answer = page.client.post("/pairs/pause", data=page.form("/") | {"pair": ALICE})
    assert answer.status_code == 303
    assert page.told == ["<b>alice</b>"]
    assert "is paused" in page.client.get(answer.headers["location"]).text


def test_the_cookie_goes_to_this_site_alone_and_to_no_script(page: Page) -> None:
    (cookie,) = page.client.get("/").headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_without_the_password_nothing_is_shown_and_nothing_done(locked: Page) -> None:
    answer = locked.client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/")
    assert locked.client.post("/reload", data=locked.form("/login")).status_code == 401
    assert locked.client.get("/metrics").status_code == 401
    assert locked.client.get("/healthz").status_code == 200


def test_with_the_password_everything_is(locked: Page) -> None:
    before = locked.client.get("/login").headers.get_list("set-cookie")
    answer = locked.log_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers.get_list("set-cookie") not in (before, [])
    assert locked.client.get("/").status_code == 200
    assert locked.client.post("/logout", data=locked.form("/")).status_code == 303
    assert locked.client.get("/").status_code == 303


def test_a_password_may_be_its_argon2_hash(tmp_path: Path) -> None:
    from argon2 import PasswordHasher

    with served(tmp_path, PasswordHasher().hash(PASSWORD)) as page:
        assert page.log_in("wrong").status_code == 403
        assert page.log_in().status_code == 303


def test_guessing_is_stopped_for_a_while_even_with_the_right_one(locked: Page) -> None:
    for _ in range(5):
        assert locked.log_in("wrong").status_code == 403
    assert locked.log_in().status_code == 429
    locked.clock[0] += timedelta(minutes=6)
    assert locked.log_in().status_code == 303


def test_figures_are_read_with_basic_authentication(locked: Page) -> None:
    assert locked.client.get("/metrics", auth=("prometheus", "wrong")).status_code == 401
    assert locked.client.get("/metrics", auth=("prometheus", PASSWORD)).text == "figures 1\n"


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_the_way_after_the_password_stays_on_this_page(locked: Page, target: str) -> None:
    form = locked.form("/login") | {"password": PASSWORD, "next": target}
    assert locked.client.post("/login", data=form).headers["location"] == "/"


def test_the_password_is_in_no_page_and_not_the_token_either(locked: Page) -> None:
    locked.log_in()
    for path in ("/", "/login", "/metrics"):
        text = locked.client.get(path).text
        assert PASSWORD not in text
        assert "the-token" not in text


def test_half_a_request_and_a_wrong_length_break_nothing(page: Page) -> None:
    place = urlsplit(page.url)
    for raw in (b"GET / HTTP/1.1\r\n", b"POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n"):
        with socket.create_connection((place.hostname or "", place.port or 0)) as peer:
            peer.sendall(raw)
    assert page.client.get("/healthz").status_code == 200
