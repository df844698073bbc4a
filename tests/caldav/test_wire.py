"""Requests: how many leave, what is repeated, and where the password goes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bridge.caldav import CalendarSettings, hrefs, open_calendar
from bridge.errors import ConfigurationError, CredentialsError, Unreachable
from tests.caldav.faulty import NAMESPACES, PATH, FaultyDav, Reply, Request, running
from tests.servers import ics

PAGE = "<html><body>Welcome</body></html>"


def settings(url: str, attempts: int = 2, patience: float = 30) -> CalendarSettings:
    return CalendarSettings(url, "alice", "secret", attempts=attempts, patience=patience)


async def nothing() -> dict[str, str]:
    return {}


def asking_for(*schemes: str) -> Callable[[Request], Reply | None]:
    """Answers 401 with these challenges until the first of them is used."""

    def intercept(request: Request) -> Reply | None:
        if request.headers.get("authorization", "").lower().startswith(schemes[0].split()[0].lower()):
            return None
        return Reply(401, {"WWW-Authenticate": ", ".join(schemes)})

    return intercept


async def test_the_first_request_already_logs_in(dav: FaultyDav) -> None:
    dav.intercept = asking_for('Basic realm="x"')
    async with await open_calendar(settings(dav.url)) as calendar:
        assert calendar.requests == len(dav.log) == 1
    expected = "Basic " + base64.b64encode(b"alice:secret").decode()
    assert dav.log[0].headers["authorization"] == expected


async def test_a_server_that_wants_digest_gets_it_and_every_request_is_counted(dav: FaultyDav) -> None:
    dav.intercept = asking_for('Digest realm="x", nonce="abc", qop="auth", algorithm=SHA-256')
    async with await open_calendar(settings(dav.url)) as calendar:
        identity = calendar.identity
        assert calendar.requests == len(dav.log)
    before = len(dav.log)
    async with await open_calendar(settings(dav.url), identity) as calendar:
        await calendar.create("task", ics("task"))
        assert calendar.requests == len(dav.log) - before
        assert not any("Basic" in request.headers.get("authorization", "") for request in dav.log[before:])


async def test_a_refused_password_is_not_tried_again(dav: FaultyDav) -> None:
    dav.intercept = lambda _: Reply(401, {"WWW-Authenticate": 'Basic realm="x"', "Content-Type": "text/html"}, PAGE)
    with pytest.raises(CredentialsError, match="'alice'"):
        await open_calendar(settings(dav.url))
    assert len(dav.log) == 1


async def test_without_a_user_a_401_says_so(dav: FaultyDav) -> None:
    dav.intercept = lambda _: Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
    with pytest.raises(CredentialsError, match="requests without a user"):
        await open_calendar(CalendarSettings(dav.url))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_on_the_same_server_is_followed_with_method_and_body(dav: FaultyDav, status: int) -> None:
    def moved(request: Request) -> Reply | None:
        return Reply(status, {"Location": PATH}) if request.path == "/old/" else None

    dav.intercept = moved
    async with await open_calendar(settings(dav.url.replace(PATH, "/old/"))) as calendar:
        assert calendar.url == dav.url
        assert calendar.requests == len(dav.log) == 2
    assert [request.method for request in dav.log] == ["PROPFIND", "PROPFIND"]
    assert dav.log[0].body == dav.log[1].body != ""


async def test_a_redirect_to_another_server_gets_nothing_and_is_named(dav: FaultyDav) -> None:
    async with running(FaultyDav()) as other:
        dav.intercept = lambda _: Reply(301, {"Location": other.url})
        with pytest.raises(ConfigurationError, match=r"redirects to http://127.0.0.1:\d+/dav/cal/"):
            await open_calendar(settings(dav.url))
        assert other.log == []


async def test_a_server_that_names_a_home_elsewhere_gets_nobody_there(dav: FaultyDav) -> None:
    props = "<C:calendar-home-set><D:href>https://evil.example/home/</D:href></C:calendar-home-set>"
    dav.intercept = lambda _: dav.multistatus([dav.entry("/", props)])
    with pytest.raises(ConfigurationError, match=r"another server, https://evil\.example/home/"):
        await open_calendar(settings(dav.url))


async def test_a_circle_of_redirects_ends(dav: FaultyDav) -> None:
    dav.intercept = lambda _: Reply(302, {"Location": "/round/"})
    with pytest.raises(ConfigurationError, match="in a circle"):
        await open_calendar(settings(dav.url))
    assert len(dav.log) == 5


@pytest.mark.parametrize(
    ("start", "target", "allowed"),
    [
        ("https://a.example/x", "https://a.example/y", True),
        ("https://a.example/x", "https://A.example:443/y", True),
        ("http://a.example/x", "https://a.example/x", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "https://b.example/x", False),
        ("https://a.example/x", "https://a.example.evil.example/x", False),
        ("https://a.example/x", "https://a.example:8443/x", False),
        ("https://a.example/x", "https://a.example@evil.example/x", False),
    ],
)
def test_credentials_stay_with_their_server(start: str, target: str, allowed: bool) -> None:
    assert hrefs.may_follow(start, target) is allowed


def soon(form: str) -> str:
    return "1" if form == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_read_waits_as_it_is_told_and_comes_back(dav: FaultyDav, status: int, form: str) -> None:
    replies = [Reply(status, {"Retry-After": soon(form)})]
    dav.intercept = lambda _: replies.pop() if replies else None
    async with await open_calendar(settings(dav.url)) as calendar:
        assert calendar.requests == len(dav.log) == 2


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_read_that_is_told_to_wait_too_long_ends_at_once(dav: FaultyDav, form: str) -> None:
    later = "7200" if form == "seconds" else format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    dav.intercept = lambda _: Reply(429, {"Retry-After": later})
    with pytest.raises(Unreachable, match="asks to come back in 7"):
        await open_calendar(settings(dav.url, attempts=5))
    assert len(dav.log) == 1


@pytest.mark.parametrize("reply", [Reply(500), Reply(502), Reply(503), Reply(504), Reply(cut="before")])
async def test_a_read_is_repeated_after_a_passing_failure(dav: FaultyDav, reply: Reply) -> None:
    replies = [reply]
    dav.intercept = lambda _: replies.pop() if replies else None
    async with await open_calendar(settings(dav.url)) as calendar:
        assert calendar.requests == len(dav.log) == 2


async def test_a_front_page_does_not_hide_the_calendars_behind_well_known(dav: FaultyDav) -> None:
    def front(request: Request) -> Reply | None:
        if request.path == "/":
            return Reply(200, {"Content-Type": "text/html"}, PAGE)
        if request.path == "/.well-known/caldav":
            return Reply(301, {"Location": PATH})
        return None

    dav.intercept = front
    async with await open_calendar(settings(dav.url.replace(PATH, "/"))) as calendar:
        assert calendar.url == dav.url


async def test_a_server_that_names_no_calendars_is_an_error_that_asks_for_another_address(dav: FaultyDav) -> None:
    with pytest.raises(ConfigurationError, match=r"No calendar was found from http://.*\[pair\.calendar\] url"):
        await open_calendar(settings(dav.url.replace(PATH, "/nothing/")))


@pytest.mark.parametrize("status", [200, 403, 404, 502])
async def test_a_web_page_in_place_of_a_calendar_is_unreachable_in_plain_words(dav: FaultyDav, status: int) -> None:
    dav.intercept = lambda _: Reply(status, {"Content-Type": "text/html"}, PAGE)
    with pytest.raises(Unreachable) as raised:
        await open_calendar(settings(dav.url, attempts=1))
    assert "Welcome" in str(raised.value)
    assert "<html>" not in str(raised.value)


async def test_a_calendar_that_is_read_only_is_an_error_that_names_what_to_change(dav: FaultyDav) -> None:
    dav.privileges = "<D:privilege><D:read/></D:privilege><D:privilege><D:write-properties/></D:privilege>"
    with pytest.raises(ConfigurationError, match=r"read-only for this user.*\[pair\.calendar\]"):
        await open_calendar(settings(dav.url))


async def test_auto_makes_a_calendar_of_events_where_the_server_makes_none_of_tasks(dav: FaultyDav) -> None:
    asked: list[str] = []

    def home(request: Request) -> Reply | None:
        if request.method == "MKCALENDAR":
            asked.append("VTODO" if "VTODO" in request.body else "VEVENT")
            return Reply(403 if asked[-1] == "VTODO" else 201)
        if request.path == "/":
            return dav.multistatus(
                [dav.entry("/", "<C:calendar-home-set><D:href>/home/</D:href></C:calendar-home-set>")]
            )
        if request.path == "/home/":
            return dav.multistatus([dav.entry("/home/", "<D:resourcetype><D:collection/></D:resourcetype>")])
        if request.path.startswith("/home/") and request.method == "PROPFIND":
            kinds = '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
            what = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
            return dav.multistatus([dav.entry(request.path, what + kinds)])
        return None

    dav.intercept = home
    wanted = replace(settings(dav.url.replace(PATH, "/")), component="auto")
    async with await open_calendar(wanted) as calendar:
        assert calendar.component == "event"
    assert asked == ["VTODO", "VEVENT"]


async def test_a_server_that_forbids_new_calendars_is_an_error_that_lists_those_there(dav: FaultyDav) -> None:
    def home(request: Request) -> Reply | None:
        if request.method == "MKCALENDAR":
            return Reply(403, {}, f"<D:error {NAMESPACES}><C:calendar-collection-location-ok/></D:error>")
        if request.path == "/":
            return dav.multistatus(
                [dav.entry("/", "<C:calendar-home-set><D:href>/dav/</D:href></C:calendar-home-set>")]
            )
        if request.path == "/dav/":
            return dav.multistatus([dav.entry("/dav/", "<D:resourcetype><D:collection/></D:resourcetype>")])
        return None

    dav.intercept = home
    with pytest.raises(ConfigurationError, match=r"calendar-collection-location-ok.*those that are there: none"):
        await open_calendar(settings(dav.url.replace(PATH, "/")))


async def test_no_more_connections_than_allowed_are_open_at_once(dav: FaultyDav) -> None:
    for number in range(40):
        dav.put(f"{number}.ics", ics(f"uid-{number}"))
    dav.unread = set(dav.items)
    async with await open_calendar(settings(dav.url)) as calendar:
        seen = await calendar.observe(None, nothing)
        assert len(seen.changed) == 40
    assert dav.most_open <= 4
