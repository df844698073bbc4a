"""An agent who leaves takes all of it along, in either form: as icalendar, ical.js and a Radicale read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events

from bridge.sandbox.book import believable_book
from bridge.sandbox.faults import Fault
from bridge.sandbox.seed import plant
from tests.cli.desk import ZONE, Desk, day
from tests.ical_js import IcalJs, install
from tests.servers import DavServer, free_port

Shown = tuple[str, datetime, bool]
MARK = "\u2713 "
FORMS = ("todo", "event")
KINDS = {"todo": "VTODO", "event": "VEVENT"}


@pytest.fixture(scope="session")
def ical_js(pytestconfig: pytest.Config) -> IcalJs:
    cache = pytestconfig.cache
    assert cache is not None
    return install(Path(cache.mkdir("ical-js")) / "reader")


@dataclass(frozen=True)
class Book:
    """A desk with an agent's whole book in LionDesk, some of it edited singly, completed and deleted."""

    desk: Desk

    @property
    def rows(self) -> list[Shown]:
        rows = self.desk.rows()
        return sorted((row.values.description, row.values.due, row.values.status == "complete") for row in rows)

    @property
    def last(self) -> datetime:
        return max(due for _, due, _ in self.rows)

    def export(self, *options: str) -> str:
        ran = self.desk.run("export", *options)
        assert (ran.code, ran.err) == (0, "")
        return ran.out


@pytest.fixture
def book(desk: Desk) -> Book:
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
    return Book(desk)


def components(text: str, form: str = "todo") -> list[Any]:
    return icalendar.Calendar.from_ical(text).walk(KINDS[form])


def one(text: str, summary: str, form: str = "todo") -> Any:
    (found,) = [each for each in components(text, form) if str(each["SUMMARY"]).removeprefix(MARK) == summary]
    return found


def expanded(text: str, form: str, through: datetime) -> list[Shown]:
    """What recurring-ical-events shows through that wall-clock moment."""
    calendar = icalendar.Calendar.from_ical(text)
    query = recurring_ical_events.of(calendar, components=[KINDS[form]], skip_bad_series=False)
    end = (through + timedelta(days=1)).replace(tzinfo=ZONE)
    return _shown(query.between(datetime(2020, 1, 1, tzinfo=ZONE), end), form, through)


def _shown(found: Any, form: str, through: datetime) -> list[Shown]:
    shown = []
    for each in found:
        due = each["DUE" if form == "todo" else "DTSTART"].dt
        timed = isinstance(due, datetime)
        wall = due.astimezone(ZONE).replace(tzinfo=None) if timed else datetime.combine(due, datetime.min.time())
        summary = str(each["SUMMARY"])
        done = summary.startswith(MARK) if form == "event" else str(each.get("STATUS")) == "COMPLETED"
        if wall <= through:
            shown.append((summary.removeprefix(MARK), wall, done))
    return sorted(shown)


def by_node(read: list[dict[str, Any]], form: str, through: datetime) -> list[Shown]:
    shown = []
    for each in read:
        wall = datetime.fromisoformat(each["due"])
        done = each["summary"].startswith(MARK) if form == "event" else each["done"]
        if wall <= through:
            shown.append((each["summary"].removeprefix(MARK), wall, done))
    return sorted(shown)


@pytest.mark.parametrize("options", [(), ("--expand",)], ids=["whole", "expanded"])
@pytest.mark.parametrize("form", FORMS)
class TestReaders:
    """The same book, in each form, as other programs read it: every row of LionDesk's, and no other."""

    def test_icalendar_shows_every_row(self, book: Book, form: str, options: tuple[str, ...]) -> None:
        assert expanded(book.export("--as", form, *options), form, book.last) == book.rows

    def test_ical_js_shows_every_row(self, book: Book, form: str, options: tuple[str, ...], ical_js: IcalJs) -> None:
        text = book.export("--as", form, *options)
        read = ical_js.read(text, KINDS[form].lower(), book.last.date())
        assert by_node(read, form, book.last) == book.rows

    def test_radicale_takes_it_whole_and_shows_every_row(
        self, book: Book, form: str, options: tuple[str, ...], radicale: DavServer
    ) -> None:
        text = book.export("--as", form, *options)
        url = f"{radicale.home}imported-{free_port()}/"
        answer = radicale.client.put(url, content=text.encode(), headers={"Content-Type": "text/calendar"})
        assert answer.status_code in (200, 201, 204), answer.text
        assert expanded(radicale.client.get(url).text, form, book.last) == book.rows


@pytest.mark.parametrize("form", FORMS)
def test_expanded_there_is_one_plain_component_for_each_row(book: Book, form: str) -> None:
    found = components(book.export("--as", form, "--expand"), form)
    assert len(found) == len(book.rows)
    assert len({str(each["UID"]) for each in found}) == len(found)
    assert not any(name in each for each in found for name in ("RRULE", "RECURRENCE-ID", "EXDATE", "RDATE"))


@pytest.mark.parametrize("options", [(), ("--expand",)], ids=["whole", "expanded"])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_complete_can_stay_out_and_nothing_of_it_comes_back_open(
    book: Book, form: str, options: tuple[str, ...]
) -> None:
    text = book.export("--as", form, "--open-only", *options)
    still_open = [each for each in book.rows if not each[2]]
    assert 0 < len(still_open) < len(book.rows)
    assert expanded(text, form, book.last) == still_open


def test_days_choose_rows_when_expanded_and_series_when_not(desk: Desk) -> None:
    desk.post("Weekly", day(-5), "FREQ=WEEKLY;COUNT=3")  # at -5, 2 and 9
    days = ("--from", str(day(1).date()), "--to", str(day(3).date()))
    whole = desk.run("export", *days).out
    assert [each["DUE"].dt.date() for each in components(whole)] == [day(-5).date()]
    assert "RRULE" in components(whole)[0]
    single = desk.run("export", *days, "--expand").out
    assert [each["DUE"].dt.date() for each in components(single)] == [day(2).date()]


@pytest.fixture
def rich(desk: Desk) -> Desk:
    """A task that has all that LionDesk can hold of one, and a series whose last occurrence is another contact's."""
    gates = desk.world.add_contact(
        1, "Bill", "Gates; Jr.", mobile_phone="555-0100", office_phone="555-0101", email="bill@example.com"
    )
    row = desk.post(
        "Call, then write",
        day(2),
        notes="First line\nsecond; with, all \\ signs \N{GRINNING FACE}",
        contact_id=str(gates.id),
        category_id="1",
        reminder_type="3",
    )
    desk.world.update(1, row.id, {"status": "complete", "update_type": 3}, "page")
    return desk


@pytest.mark.parametrize("form", FORMS)
def test_a_task_takes_everything_along(rich: Desk, form: str) -> None:
    task = one(rich.run("export", "--as", form).out, "Call, then write", form)
    (row,) = rich.rows()
    described = str(task["DESCRIPTION"])
    assert described.startswith(
        "First line\nsecond; with, all \\ signs \N{GRINNING FACE}\n\n--- Contact (from LionDesk"
    )
    for line in ("Name: Bill Gates; Jr.", "Phone: 555-0100", "Phone: 555-0101", "E-mail: bill@example.com"):
        assert line in described.splitlines()
    assert str(task["CONTACT"]) == "Bill Gates; Jr."
    assert task["CONTACT"].params["X-LIONDESK-ID"] == str(row.values.contact_id)
    assert [str(each) for each in task["CATEGORIES"].cats] == ["Call"]
    assert str(task["X-LIONDESK-REMINDER"]) == "3"
    assert str(task["X-LIONDESK-TASK"]) == str(row.id)
    assert str(task["X-LIONDESK-ASSIGNED-TO"]) == "1"
    assert task["CREATED"].dt == row.created_at.replace(microsecond=0)
    assert task["LAST-MODIFIED"].dt == row.modified_at.replace(microsecond=0)
    moment = task["COMPLETED"].dt if form == "todo" else str(task["X-LIONDESK-COMPLETED"])
    done = row.modified_at.replace(microsecond=0)
    assert moment == (done if form == "todo" else f"{done:%Y%m%dT%H%M%S}Z")


@pytest.mark.parametrize("form", FORMS)
def test_ical_js_reads_everything_of_a_task_as_it_was_meant(rich: Desk, form: str, ical_js: IcalJs) -> None:
    text = rich.run("export", "--as", form).out
    (task,) = ical_js.read(text, KINDS[form].lower(), date(2999, 1, 1))
    assert task["summary"].removeprefix(MARK) == "Call, then write"
    assert task["description"].splitlines()[:2] == [
        "First line",
        "second; with, all \\ signs \N{GRINNING FACE}",
    ]
    assert task["contact"] == "Bill Gates; Jr."
    assert task["categories"] == ["Call"]
    assert task["reminder"] == "3"
    assert task["completed"]


def test_events_hold_nothing_that_only_a_task_may(book: Book) -> None:
    text = book.export("--as", "event")
    for event in components(text, "event"):
        assert not {"DUE", "COMPLETED", "PERCENT-COMPLETE"} & set(event)
        assert event.get("STATUS") is None
        assert event["TRANSP"] == "TRANSPARENT"


def test_an_occurrence_with_another_contact_names_its_own(desk: Desk) -> None:
    for first in ("Bill", "Ada"):
        desk.world.add_contact(1, first, "", mobile_phone="555-0100")
    bill, ada = (str(each) for each in sorted(desk.world.contacts)[-2:])
    desk.post("Call", day(1), "FREQ=DAILY;COUNT=4", contact_id=bill)
    row = desk.rows()[2]
    desk.world.update(1, row.id, {**desk.world.shown(row), "contact_id": ada, "update_type": 1}, "page")
    calendar = icalendar.Calendar.from_ical(desk.run("export").out)
    query = recurring_ical_events.of(calendar, components=["VTODO"])
    found = query.between(datetime(2020, 1, 1, tzinfo=ZONE), day(9).replace(tzinfo=ZONE))
    by_due = sorted((each["DUE"].dt, str(each["CONTACT"])) for each in found)
    assert [contact for _, contact in by_due] == ["Bill", "Bill", "Ada", "Bill"]


def test_what_has_no_name_in_liondesk_goes_along_by_its_number(desk: Desk) -> None:
    desk.post("Call", day(1))
    row = desk.rows()[0]
    lost = replace(row.values, contact_id=77, category_id=88)
    desk.world.ledger.put(replace(row, values=lost))
    (task,) = components(desk.run("export").out)
    assert str(task["CONTACT"]) == "LionDesk contact 77"
    assert [str(each) for each in task["CATEGORIES"].cats] == ["LionDesk category 88"]


def test_contacts_without_an_answer_are_told_and_the_tasks_are_there(rich: Desk) -> None:
    rich.world.faults.append(Fault(kind="status", status=500, path="/contacts/.*", times=99))
    ran = rich.run("export")
    assert ran.code == 1
    assert "gave no answer about 1 of its contacts" in ran.err
    assert [str(each["SUMMARY"]) for each in components(ran.out)] == ["Call, then write"]
