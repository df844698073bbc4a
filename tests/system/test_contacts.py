"""A task in the calendar shows who it is about, and LionDesk's notes never hold a word of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import icalendar
import msgspec
import pytest

from bridge.vtodo.fence import FIRST, LAST
from tests.system.stage import Stage, master, override

BILL = f"{FIRST}\nName: Bill Gates\nPhone: 555-0100\n{LAST}"
TIM = f"{FIRST}\nName: Tim Cook\nE-mail: tim@example.org\n{LAST}"
WEEKLY = "FREQ=WEEKLY;COUNT=4;BYDAY=MO"


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """Alice knows Bill and Tim."""
    stage.world.add_contact(1, "Tim", "Cook", email="tim@example.org")
    return stage


def shown(stage: Stage) -> dict[str, tuple[str, str]]:
    """Name and description of each component, by its day: the master is "all"."""
    found = {}
    for calendar in stage.resources().values():
        for todo in calendar.walk("VTODO"):
            slot = f"{todo['RECURRENCE-ID'].dt:%d}" if "RECURRENCE-ID" in todo else "all"
            found[slot] = (str(todo.get("CONTACT", "")), str(todo.get("DESCRIPTION", "")))
    return found


def asked(stage: Stage) -> list[str]:
    """Which contacts were asked for since last looked."""
    paths = [each.path for each in stage.world.log if each.path.startswith("/contacts")]
    stage.world.clear_log()
    stage.log = 0
    return sorted(paths)


async def test_a_task_shows_its_contact_below_its_notes_and_only_the_notes_go_to_liondesk(stage: Stage) -> None:
    stage.post("Call Bill", "2026-03-09T09:00:00", notes="About the house", contact_id="1")
    await stage.sync()
    assert shown(stage) == {"all": ("Bill Gates", f"About the house\n\n{BILL}")}
    await stage.settles()
    name, calendar = stage.only()
    todo = master(calendar)
    todo["DESCRIPTION"] = icalendar.vText(str(todo["DESCRIPTION"]).replace("the house", "the garden"))
    stage.put(name, calendar)
    await stage.sync()
    ((_, _, body),) = stage.writes()
    assert (body["notes"], body["contact_id"]) == ("About the garden", "1")
    await stage.settles()


@pytest.mark.parametrize(
    "left", ["About the house", f"About the house\r\n{BILL}\r\n\r\n", BILL + "\n\nAbout the house"]
)
async def test_a_block_that_an_app_moved_or_a_person_deleted_is_no_edit(stage: Stage, left: str) -> None:
    stage.post("Call Bill", "2026-03-09T09:00:00", notes="About the house", contact_id="1")
    await stage.sync()
    stage.writes()
    name, calendar = stage.only()
    master(calendar)["DESCRIPTION"] = icalendar.vText(left)
    stage.put(name, calendar)
    await stage.settles()


async def test_another_contact_is_shown_and_none_is_gone(stage: Stage) -> None:
    stage.post("Call", "2026-03-09T09:00:00", notes="About the house")
    await stage.sync()
    for contact, there in (("1", ("Bill Gates", BILL)), ("2", ("Tim Cook", TIM)), (None, ("", ""))):
        stage.patch(stage.rows()[0], contact_id=contact)
        report = await stage.sync()
        assert len(report.operations) == 1
        assert shown(stage) == {"all": (there[0], "\n\n".join(filter(None, ("About the house", there[1]))))}
        assert stage.kinds() == []
        await stage.settles()


async def test_each_occurrence_shows_its_own_contact(stage: Stage) -> None:
    """Set in LionDesk before the first run and after it, and taken away."""
    stage.post("Call client", "2026-03-02T09:00:00", WEEKLY, contact_id="1")
    stage.patch(stage.rows()[1], contact_id="2")
    await stage.sync()
    expected = {"all": ("Bill Gates", BILL), "09": ("Tim Cook", TIM)}
    assert shown(stage) == expected
    await stage.settles()
    stage.patch(stage.rows()[2], contact_id="2")
    await stage.sync()
    expected["16"] = ("Tim Cook", TIM)
    assert shown(stage) == expected
    await stage.settles()
    stage.patch(stage.rows()[1], contact_id=None)
    await stage.sync()
    expected["09"] = ("", "")
    assert shown(stage) == expected
    await stage.settles()


async def test_completing_an_occurrence_on_either_side_keeps_its_contact(stage: Stage) -> None:
    stage.post("Call client", "2026-03-02T09:00:00", WEEKLY, contact_id="1", notes="Ask")
    await stage.sync()
    stage.complete(stage.rows()[0])
    name, calendar = stage.only()
    override(calendar, datetime(2026, 3, 9, 9), STATUS="COMPLETED")
    stage.put(name, calendar)
    await stage.sync()
    assert stage.kinds() == ["PATCH 3"]
    assert shown(stage) == dict.fromkeys(("all", "02", "09"), ("Bill Gates", f"Ask\n\n{BILL}"))
    assert {row.values.contact_id for row in stage.rows()} == {1}
    await stage.settles()


async def test_all_of_a_series_gets_another_contact(stage: Stage) -> None:
    stage.post("Call client", "2026-03-02T09:00:00", WEEKLY, contact_id="1")
    await stage.sync()
    stage.patch(stage.rows()[0], update_type=2, contact_id="2")
    await stage.sync()
    assert set(shown(stage).values()) == {("Tim Cook", TIM)}
    await stage.settles()


async def test_each_contact_is_asked_for_once_for_all_tasks_and_runs(stage: Stage) -> None:
    for day in (9, 10, 11):
        stage.post("Call Bill", f"2026-03-{day:02}T09:00:00", contact_id="1")
    await stage.sync(dry_run=True)
    assert asked(stage) == []
    await stage.sync()
    assert asked(stage) == ["/contacts/1"]
    stage.post("Call Bill again", "2026-03-12T09:00:00", contact_id="1")
    stage.post("Call Tim", "2026-03-13T09:00:00", contact_id="2")
    await stage.sync()
    assert asked(stage) == ["/contacts/2"]
    stage.world.advance(timedelta(minutes=10))
    await stage.sync()
    report = await stage.sync()
    assert asked(stage) == []
    assert sum(report.requests.values()) <= 3


async def test_a_full_run_reads_the_contacts_in_use_again_and_writes_nothing_for_it(stage: Stage) -> None:
    row = stage.post("Call Bill", "2026-03-09T09:00:00", contact_id="1")
    await stage.sync()
    stage.world.contacts[1] = replace(stage.world.contacts[1], mobile_phone="555-0199")
    asked(stage)
    assert (await stage.sync(full=True)).operations == ()
    assert asked(stage) == ["/contacts/1"]
    stage.patch(row, description="Ring Bill")
    await stage.sync()
    assert asked(stage) == []
    assert shown(stage) == {"all": ("Bill Gates", BILL.replace("0100", "0199"))}


async def test_a_contact_that_cannot_be_read_stops_nothing(stage: Stage) -> None:
    stage.post("Call Bill", "2026-03-09T09:00:00", notes="About the house", contact_id="1")
    gone = stage.world.contacts.pop(1)
    await stage.sync()
    assert shown(stage) == {"all": ("", "About the house")}
    await stage.settles()
    stage.world.contacts[1] = gone
    await stage.settles()
    stage.patch(stage.rows()[0], description="Ring Bill")
    await stage.sync()
    assert shown(stage) == {"all": ("Bill Gates", f"About the house\n\n{BILL}")}


async def test_with_contacts_off_none_is_asked_for_or_shown(stage: Stage) -> None:
    stage.post("Call Bill", "2026-03-09T09:00:00", notes="About the house", contact_id="1")
    await stage.sync()
    off = msgspec.structs.replace(stage.settings.calendar, contacts=False)
    stage.settings = msgspec.structs.replace(stage.settings, calendar=off)
    asked(stage)
    await stage.sync()
    assert list(shown(stage).values()) == [("", "About the house")]
    await stage.settles()
    stage.post("Call Tim", "2026-03-10T09:00:00", WEEKLY, contact_id="2")
    stage.patch(stage.rows()[0], contact_id="2", description="Ring Tim")
    await stage.sync()
    assert asked(stage) == []
    assert {description for _, description in shown(stage).values()} <= {"", "About the house"}
    assert {name for name, _ in shown(stage).values()} == {""}
    await stage.settles()
    stage.patch(stage.rows()[0], contact_id="1")
    assert (await stage.sync()).operations == ()
