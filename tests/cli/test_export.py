from __future__ import annotations

import os
from datetime import date, datetime, timedelta

import icalendar
import pytest
import recurring_ical_events

from bridge.sandbox.book import believable_book
from bridge.sandbox.seed import plant
from bridge.sandbox.serve import serving
from tests.cli.desk import ZONE, Desk, day
from tests.servers import DavServer, free_port

Shown = tuple[str, datetime, bool]


def todos(text: str) -> list[icalendar.Component]:
    return icalendar.Calendar.from_ical(text).walk("VTODO")


def summaries(text: str) -> list[str]:
    return sorted({str(todo["SUMMARY"]) for todo in todos(text)})


def occurrences(calendar: icalendar.Component, through: datetime) -> list[Shown]:
    """What another library shows of a calendar through that wall-clock moment."""
    shown = []
    query = recurring_ical_events.of(calendar, components=["VTODO"], skip_bad_series=False)
    for todo in query.between(datetime(2020, 1, 1, tzinfo=ZONE), (through + timedelta(days=1)).replace(tzinfo=ZONE)):
        due = todo.get("DUE").dt
        wall = (
            due.astimezone(ZONE).replace(tzinfo=None)
            if isinstance(due, datetime)
            else datetime.combine(due, datetime.min.time())
        )
        if wall <= through:
            shown.append((str(todo["SUMMARY"]), wall, str(todo.get("STATUS")) == "COMPLETED"))
    return sorted(shown)


def rows(desk: Desk) -> list[Shown]:
    return sorted((row.values.description, row.values.due, row.values.status == "complete") for row in desk.rows())


@pytest.fixture
def book(desk: Desk) -> Desk:
    """The agent's whole book in LionDesk, some of it edited singly."""
    world = plant(believable_book(day(0).replace(tzinfo=ZONE)))
    (token,) = [token for token, known in world.tokens.items() if known.user_id == 1]
    for name in ("ledger", "users", "contacts", "categories", "tokens"):
        setattr(desk.world, name, getattr(world, name))
    desk.configure(desk.pair(token=token))
    meeting = [row for row in desk.rows() if row.values.description == "Office meeting"]
    desk.world.delete(1, meeting[4].id, 1, "page")
    shown = desk.world.shown(meeting[5])
    later = meeting[5].values.due + timedelta(hours=2)
    desk.world.update(1, meeting[5].id, {**shown, "due_at": later.isoformat(), "update_type": 1}, "page")
    return desk


def test_every_row_is_in_the_file_as_another_library_reads_it(book: Desk) -> None:
    ran = book.run("export")
    assert (ran.code, ran.err) == (0, "")
    calendar = icalendar.Calendar.from_ical(ran.out)
    assert occurrences(calendar, max(due for _, due, _ in rows(book))) == rows(book)
    assert any(done for _, _, done in rows(book))


def test_series_are_masters_with_their_rule_and_each_zone_is_there_once(book: Desk) -> None:
    text = book.run("export").out
    rules = [str(todo["SUMMARY"]) for todo in todos(text) if "RRULE" in todo]
    assert len(rules) == len(set(rules)) == 6
    assert text.count("BEGIN:VTIMEZONE") == text.count("BEGIN:VCALENDAR") == 1
    assert text.count("\r\n") == text.count("\n")


def test_radicale_takes_the_whole_file_and_shows_the_same(book: Desk, radicale: DavServer) -> None:
    text = book.run("export").out
    url = f"{radicale.home}imported-{free_port()}/"
    answer = radicale.client.put(url, content=text.encode(), headers={"Content-Type": "text/calendar"})
    assert answer.status_code in (200, 201, 204), answer.text
    held = icalendar.Calendar.from_ical(radicale.client.get(url).text)
    assert occurrences(held, max(due for _, due, _ in rows(book))) == rows(book)


def test_it_writes_nothing_to_either_side_and_makes_no_state(book: Desk) -> None:
    book.run("export")
    assert {each.method for each in book.world.log} == {"GET"}
    assert book.app.names() == []
    assert not (book.folder / "state.db").exists()


def test_a_file_is_for_its_owner_alone_and_nothing_is_left_beside_it(book: Desk) -> None:
    ran = book.run("export", "-o", "tasks.ics")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (book.folder / "tasks.ics").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in book.folder.iterdir()) == ["config.toml", "tasks.ics"]
    assert occurrences(
        icalendar.Calendar.from_ical((book.folder / "tasks.ics").read_text()), max(due for _, due, _ in rows(book))
    ) == rows(book)


def test_a_file_is_replaced_whole_or_not_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.post("Call Bill Gates", day(3))
    target = desk.folder / "tasks.ics"
    target.write_text("what was there before")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        desk.run("export", "-o", "tasks.ics").is_one_paragraph("No space left", "is kept", code=2)
    assert target.read_text() == "what was there before"
    assert sorted(path.name for path in desk.folder.iterdir()) == ["config.toml", "tasks.ics"]
    desk.run("export", "-o", "tasks.ics")
    assert summaries(target.read_text()) == ["Call Bill Gates"]


def test_a_link_stays_a_link(desk: Desk) -> None:
    (desk.folder / "real.ics").write_text("old")
    (desk.folder / "link.ics").symlink_to("real.ics")
    desk.post("Call Bill Gates", day(3))
    desk.run("export", "-o", "link.ics")
    assert (desk.folder / "link.ics").is_symlink()
    assert summaries((desk.folder / "real.ics").read_text()) == ["Call Bill Gates"]


def test_a_place_that_is_none_is_said_before_anything_is_read(desk: Desk) -> None:
    desk.run("export", "-o", "no/such/folder.ics").is_one_paragraph("does not exist", code=2)
    desk.run("export", "-o", str(desk.folder)).is_one_paragraph("is a folder", code=2)
    assert desk.world.log == []


def test_an_account_without_tasks_is_an_empty_calendar(desk: Desk) -> None:
    ran = desk.run("export", "-o", "-")
    assert ran.code == 0
    assert todos(ran.out) == []


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (3, 3, ["On the day"]),
        (4, None, ["After"]),
        (None, 3, ["Before", "On the day", "Weekly"]),
        (1, 2, ["Weekly"]),
        (-9, -8, []),
    ],
    ids=["one day", "from", "to", "within a series", "nothing"],
)
def test_days_choose_what_is_due_in_them_and_a_series_as_a_whole(
    desk: Desk, first: int | None, last: int | None, expected: list[str]
) -> None:
    desk.post("Before", day(0, 23))
    desk.post("On the day", day(3, 0))
    desk.post("After", day(4, 0))
    # Occurrences at -5 and 2.
    desk.post("Weekly", day(-5), "FREQ=WEEKLY;COUNT=2")
    options = [*(("--from", str(day(first).date())) if first is not None else ())]
    options += [*(("--to", str(day(last).date())) if last is not None else ())]
    text = desk.run("export", *options).out
    assert summaries(text) == expected
    if "Weekly" in expected:
        (weekly,) = [todo for todo in todos(text) if todo["SUMMARY"] == "Weekly"]
        assert weekly.get("DUE").dt.date() == day(-5).date()


def test_two_pairs_of_one_account_export_it_once_and_two_accounts_both(desk: Desk, world_two: str) -> None:
    desk.post("Call Bill Gates", day(3))
    other = desk.server.new_calendar()
    desk.configure(
        desk.pair("alice"), desk.pair("again", calendar=other.url), desk.pair("bob", liondesk=world_two, token="bob")
    )
    text = desk.run("export").out
    assert [str(todo["SUMMARY"]) for todo in todos(text)] == ["Call Bill Gates", "Call Bob's client"]
    assert len({str(todo["UID"]) for todo in todos(text)}) == 2
    assert summaries(desk.run("export", "bob").out) == ["Call Bob's client"]


@pytest.fixture
def world_two():  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Another LionDesk, which counts its ids alike."""
    from bridge.sandbox.world import World

    world = World()
    world.add_user("Bob", token="bob", timezone="Europe/Paris")
    body = {
        "assigned_user_id": "1",
        "due_at": day(2).isoformat(),
        "description": "Call Bob's client",
        "status": "incomplete",
    }
    world.create(1, body)
    with serving(world) as url:
        yield url


def test_one_bad_pair_is_named_and_the_others_are_exported(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.configure(desk.pair("wrong", token="wrong"), desk.pair("alice"))
    ran = desk.run("export")
    assert ran.code == 3
    assert "wrong is not in this export. LionDesk refuses the token" in ran.err
    assert summaries(ran.out) == ["Call Bill Gates"]


def test_when_no_pair_can_be_read_the_file_stays_as_it_was(desk: Desk) -> None:
    (desk.folder / "tasks.ics").write_text("old")
    desk.configure(desk.pair(token="wrong"))
    ran = desk.run("export", "-o", "tasks.ics")
    assert ran.code == 3
    assert (desk.folder / "tasks.ics").read_text() == "old"
    assert "tasks.ics is as it was" in ran.err


def test_a_row_that_nobody_reads_is_left_out_named_and_counts_as_failed(desk: Desk) -> None:
    from dataclasses import replace

    desk.post("Whole", day(3))
    row = desk.post("Broken", day(3))
    desk.world.ledger.put(replace(row, values=replace(row.values, rule="FREQ=SOMETIMES")))
    ran = desk.run("export")
    assert ran.code == 1
    assert "Broken" in ran.err
    assert summaries(ran.out) == ["Whole"]


def test_an_all_day_task_keeps_its_date(desk: Desk) -> None:
    desk.post("Mileage log", day(3, 0), is_all_day=True)
    (todo,) = todos(desk.run("export").out)
    assert type(todo.get("DUE").dt) is date
    assert todo.get("DUE").dt == day(3).date()
