"""Everything that a user, a file or a side can get wrong: one paragraph, the exit code, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from radicale import config as radicale_config
from radicale.app import Application

from bridge.sandbox.faults import Fault
from tests.cli.desk import Desk, day
from tests.servers import ics

SOON = f"{day(4):%Y%m%dT%H%M%S}"


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ("usernme =", "username =", ("'usernme'", "did you mean `username`?")),
        ("[pair.calender]", "[pair.calendar]", ("'calender'", "did you mean `calendar`?")),
        ("username = 5", 'username = "alice"', ("`username`", "must be text in quotes")),
        ('time_zone = "America/Los_Angles"\ntoken =', "token =", ("America/Los_Angles", "America/Los_Angeles")),
        ("name = alice", 'name = "alice"', ("not valid TOML",)),
        ('shape = "roling"\nusername =', "username =", ("`shape`", "'rolling'")),
    ],
    ids=["unknown key", "unknown table", "wrong type", "time zone", "no TOML", "unknown value"],
)
def test_a_mistake_in_the_configuration_is_named(desk: Desk, wrong: str, right: str, words: tuple[str, ...]) -> None:
    text = desk.config.read_text()
    assert right in text
    desk.config.write_text(text.replace(right, wrong, 1))
    desk.sync().is_one_paragraph("config.toml", *words, code=3)
    desk.run("export").is_one_paragraph("config.toml", *words, code=3)


def test_a_missing_configuration_names_the_places(desk: Desk) -> None:
    desk.config.unlink()
    desk.sync().is_one_paragraph("config.toml", "LIONDESK_BRIDGE_CONFIG", "liondesk-bridge demo", code=3)
    desk.run("sync", "--config", "nix.toml").is_one_paragraph("nix.toml", code=3)


def test_a_token_that_is_not_where_it_should_be(desk: Desk) -> None:
    desk.config.write_text(
        desk.config.read_text().replace('token = "the-secret-token"', 'token = { env = "LD_TOKEN" }')
    )
    desk.sync().is_one_paragraph("LD_TOKEN", code=3)


def test_a_liondesk_that_nobody_reaches(desk: Desk) -> None:
    desk.configure(desk.pair(liondesk="http://127.0.0.1:1"))
    desk.sync().is_one_paragraph("LionDesk", "cannot be reached", code=5)


def test_a_calendar_server_that_nobody_reaches(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.configure(desk.pair(calendar="http://127.0.0.1:1/"))
    desk.sync().is_one_paragraph("calendar server", "127.0.0.1", code=5)


def test_a_wrong_password(desk: Desk) -> None:
    desk.configure(desk.pair(password="wrong"))
    desk.sync().is_one_paragraph("password", "[pair.calendar]", code=3)


def test_a_token_that_has_expired_keeps_both_sides_as_they_are(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.sync()
    before = {name: desk.app.get(name).text for name in desk.app.names()}
    desk.world.expire_tokens(1)
    desk.sync().is_one_paragraph("LionDesk refuses the token", "expired", code=3)
    assert {name: desk.app.get(name).text for name in desk.app.names()} == before


def test_a_calendar_that_holds_no_tasks(desk: Desk) -> None:
    events = desk.server.new_calendar(components=("VEVENT",))
    desk.configure(desk.pair(calendar=events.url))
    desk.sync().is_one_paragraph("VEVENT", "VTODO", "[pair.calendar]", code=3)


def test_a_calendar_that_is_read_only(desk: Desk, tmp_path: Path) -> None:
    with read_only_calendar(tmp_path) as url:
        desk.configure(desk.pair(calendar=url))
        desk.sync().is_one_paragraph("read-only", code=3)


@contextmanager
def read_only_calendar(folder: Path) -> Iterator[str]:
    """A Radicale that lets everybody read one calendar and nobody write it."""
    root = folder / "collections" / "collection-root" / "alice" / "tasks"
    root.mkdir(parents=True)
    (root / ".Radicale.props").write_text('{"tag": "VCALENDAR", "C:supported-calendar-component-set": "VTODO"}')
    (folder / "rights").write_text("[all]\nuser: .*\ncollection: .*\npermissions: Rr\n")
    settings = radicale_config.load()
    settings.update(
        {
            "auth": {"type": "none"},
            "rights": {"type": "from_file", "file": str(folder / "rights")},
            "storage": {"filesystem_folder": str(folder / "collections")},
        },
        "the test",
        privileged=True,
    )
    server = make_server("127.0.0.1", 0, Application(settings), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alice/tasks/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.mark.parametrize("fault", ["html", "half_body", "status"])
def test_a_liondesk_that_talks_nonsense(desk: Desk, fault: str) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.world.faults.append(Fault(kind=fault, path=".*tasks.*", times=99, status=200 if fault == "html" else 500))  # type: ignore[arg-type]
    desk.sync().is_one_paragraph("LionDesk", code=5)
    desk.world.faults.clear()
    assert desk.sync().code == 0


@pytest.mark.parametrize(
    "lines",
    [
        ("RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"),
        ("RRULE:FREQ=YEARLY;BYMONTH=13",),
    ],
    ids=["two rules", "a thirteenth month"],
)
def test_a_calendar_item_that_nobody_reads_is_listed_and_the_rest_syncs(desk: Desk, lines: tuple[str, ...]) -> None:
    desk.app.put("broken.ics", ics("broken", "Broken", *lines, due=SOON))
    desk.app.put("whole.ics", ics("whole", "Whole", due=SOON))
    ran = desk.sync()
    assert ran.code == 0
    assert ran.err == ""
    assert sum(line.startswith("Created 'Whole'") for line in ran.lines) == 1
    (listed,) = [line for line in ran.lines if line.startswith("Left alone in the calendar: ")]
    assert "broken.ics" in listed
    assert [row.values.description for row in desk.rows()] == ["Whole"]
    assert "Broken" in desk.app.get("broken.ics").text


def test_a_task_without_a_date_is_left_alone_and_listed(desk: Desk) -> None:
    text = "\r\n".join(line for line in ics("nodate", "Some day").split("\r\n") if not line.startswith("D"))
    desk.app.put("nodate.ics", text.replace("UID:", "DTSTAMP:20260101T000000Z\r\nUID:"))
    ran = desk.sync()
    assert ran.code == 0
    assert ran.lines == [
        f"Left alone in the calendar: {_path(desk, 'nodate.ics')}. It has no due date, which LionDesk demands."
    ]


def _path(desk: Desk, name: str) -> str:
    return "/" + desk.app.url.split("/", 3)[3] + name


@pytest.mark.parametrize(
    "absurd",
    [{"rule": "FREQ=SOMETIMES"}, {"rule": "every other Tuesday"}, {"rule": "FREQ=YEARLY;BYMONTH=13"}],
    ids=lambda absurd: str(absurd["rule"]),
)
def test_a_row_that_makes_no_sense_is_listed_and_the_rest_syncs(desk: Desk, absurd: dict[str, object]) -> None:
    desk.post("Whole", day(3))
    row = desk.post("Broken", day(3))
    desk.world.ledger.put(replace(row, values=replace(row.values, **absurd)))  # type: ignore[arg-type]
    ran = desk.sync()
    assert ran.code == 0
    assert sum(line.startswith("Created 'Whole'") for line in ran.lines) == 1
    assert sum(line.startswith("Left alone in LionDesk: ") and "Broken" in line for line in ran.lines) == 1
    assert len(desk.app.names()) == 1


@pytest.mark.parametrize("content", ["no database at all", ""], ids=["damaged", "empty"])
def test_a_state_file_that_is_damaged_is_named_and_left_alone(desk: Desk, content: str) -> None:
    state = desk.folder / "state.db"
    state.write_text(content)
    state.chmod(0o600)
    if content:
        desk.sync().is_one_paragraph("state.db", "move", code=1)
        desk.run("status").is_one_paragraph("state.db", code=1)
        assert state.read_text() == content
    else:
        assert desk.sync().code == 0
