"""From any URL a user may have to the calendar, on real servers."""

from __future__ import annotations

import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from bridge.caldav import CalendarSettings, check, open_calendar
from bridge.errors import ConfigurationError, CredentialsError, Unreachable
from tests.servers import DavServer, free_port, ics


def settings(server: DavServer, url: str, calendar: str, **more: object) -> CalendarSettings:
    return CalendarSettings(url, server.username, server.password, calendar, attempts=1, **more)  # type: ignore[arg-type]


def principal(server: DavServer) -> str:
    return server.url + ("alice/" if server.kind == "radicale" else "user/")


@pytest.mark.parametrize("start", ["server", "server without slash", "well-known", "principal", "home", "calendar"])
async def test_every_url_leads_to_the_calendar(calendar_server: DavServer, start: str) -> None:
    app = calendar_server.new_calendar()
    name = urlsplit(app.url).path.rstrip("/").rpartition("/")[2]
    url = {
        "server": calendar_server.url,
        "server without slash": calendar_server.url.rstrip("/"),
        "well-known": f"{calendar_server.url}.well-known/caldav",
        "principal": principal(calendar_server),
        "home": calendar_server.home,
        "calendar": app.url.rstrip("/"),
    }[start]
    async with await open_calendar(settings(calendar_server, url, name)) as calendar:
        assert calendar.url == app.url
        assert calendar.requests <= 4


@pytest.mark.parametrize("name", ["LionDesk-{}", "Lion & <Desk> ü {}", "a/b:c {}", "..{}", "☎{}"])
async def test_a_missing_calendar_is_created_with_its_name_for_tasks(calendar_server: DavServer, name: str) -> None:
    wanted = settings(calendar_server, calendar_server.url, name.format(free_port()))
    looked = await check(wanted)
    assert (looked.exists, looked.problem) == (False, None)
    async with await open_calendar(wanted) as calendar:
        assert (await calendar.observe(None, no_base)).complete
        created = calendar.url
    probe = await check(wanted)
    assert (probe.exists, probe.name, probe.url) == (True, wanted.calendar, created)
    assert (probe.writable, probe.holds_todos, probe.components, probe.cursor) == (True, True, ("VTODO",), "token")
    assert probe.server == calendar_server.kind


async def test_a_missing_calendar_is_created_for_events_where_those_are_wanted(calendar_server: DavServer) -> None:
    wanted = settings(calendar_server, calendar_server.url, f"events {free_port()}", component="event")
    async with await open_calendar(wanted) as calendar:
        assert calendar.component == "event"
    assert (await check(wanted)).components == ("VEVENT",)


async def test_looking_changes_nothing(calendar_server: DavServer) -> None:
    name = f"never {free_port()}"
    assert not (await check(settings(calendar_server, calendar_server.url, name))).exists
    assert not (await check(settings(calendar_server, calendar_server.url, name))).exists


async def test_a_calendar_without_tasks_is_an_error_that_names_what_to_change(calendar_server: DavServer) -> None:
    app = calendar_server.new_calendar(components=("VEVENT",))
    wanted = settings(calendar_server, app.url, "")
    with pytest.raises(ConfigurationError, match=r'holds VEVENT and no VTODO.*component to "event"'):
        await open_calendar(wanted)
    probe = await check(wanted)
    assert probe.problem is not None
    assert not probe.holds_todos


async def test_auto_takes_what_the_calendar_holds(calendar_server: DavServer) -> None:
    app = calendar_server.new_calendar(components=("VEVENT",))
    async with await open_calendar(settings(calendar_server, app.url, "", component="auto")) as calendar:
        assert calendar.component == "event"


async def test_a_wrong_password_is_a_credentials_error_without_the_password(radicale: DavServer) -> None:
    wanted = CalendarSettings(radicale.url, "alice", "wr0ng", attempts=1)
    with pytest.raises(CredentialsError) as raised:
        await open_calendar(wanted)
    assert "alice" in str(raised.value)
    assert "wr0ng" not in str(raised.value) + repr(wanted)


async def test_a_password_that_stops_working_is_a_credentials_error_of_every_verb(radicale: DavServer) -> None:
    app = radicale.new_calendar()
    right = CalendarSettings(app.url, "alice", "secret")
    async with await open_calendar(right) as calendar:
        identity = calendar.identity
    assert "secret" not in identity
    wrong = CalendarSettings(app.url, "alice", "other", attempts=1)
    async with await open_calendar(wrong, identity) as calendar:
        with pytest.raises(CredentialsError):
            await calendar.create("a", ics("a"))
        with pytest.raises(CredentialsError):
            await calendar.observe(None, no_base)
    assert app.names() == []


async def test_nobody_listening_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        await open_calendar(CalendarSettings("http://127.0.0.1:1/", "alice", "secret", attempts=1))


async def test_what_was_remembered_under_other_settings_is_not_used(calendar_server: DavServer) -> None:
    one, two = calendar_server.new_calendar(), calendar_server.new_calendar()
    async with await open_calendar(settings(calendar_server, one.url, "")) as calendar:
        identity = calendar.identity
    async with await open_calendar(settings(calendar_server, one.url, ""), identity) as again:
        assert (again.url, again.requests, again.identity) == (one.url, 0, identity)
    async with await open_calendar(settings(calendar_server, two.url, ""), identity) as other:
        assert (other.url, other.requests) == (two.url, 1)
    async with await open_calendar(settings(calendar_server, one.url, ""), "garbage") as found:
        assert found.url == one.url


async def test_two_calendars_of_one_name_are_an_error_that_lists_them(radicale: DavServer) -> None:
    name = f"twin {free_port()}"
    for path in ("twin-one", "twin-two"):
        app = radicale.new_calendar(f"{path}-{free_port()}")
        body = (
            f'<propertyupdate xmlns="DAV:"><set><prop><displayname>{name}</displayname></prop></set></propertyupdate>'
        )
        assert radicale.client.request("PROPPATCH", app.url, content=body.encode()).status_code == 207
    with pytest.raises(ConfigurationError, match=r"2 calendars named.*twin-one.*twin-two"):
        await open_calendar(settings(radicale, radicale.url, name))


def test_importing_the_room_does_not_import_the_client_library() -> None:
    program = (
        "import sys, bridge.caldav; "
        "print(sorted({'caldav', 'niquests', 'lxml', 'stamina', 'icalendar'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\[\]\s*", done.stdout)


async def no_base() -> dict[str, str]:
    return {}
