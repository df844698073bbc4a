"""`sync`, `status` and `check` name an app that does not get along with the shape of its pair, and the setting."""

from __future__ import annotations

from tests.cli.desk import Desk, day
from tests.servers import ics

TASKS_ORG = "+//IDN tasks.org//android-140800//EN"
THUNDERBIRD = "-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN"
ADVICE = 'Set shape = "rolling" under [pair.calendar]'


def put(desk: Desk, uid: str, prodid: str) -> None:
    """An app writes a task."""
    text = ics(uid, "Call Bill Gates", due=f"{day(4):%Y%m%dT%H%M%S}").replace("-//another app//EN", prodid)
    desk.app.put(f"{uid}.ics", text)


def test_the_run_that_sees_it_first_says_so_and_the_next_does_not(desk: Desk) -> None:
    put(desk, "one", TASKS_ORG)
    ran = desk.run("sync")
    assert ran.code == 0
    assert "Tasks.org writes into this calendar" in ran.out
    assert ADVICE in ran.out
    put(desk, "two", TASKS_ORG)
    assert "writes into this calendar" not in desk.run("sync").out


def test_status_and_check_say_so_as_long_as_it_is_used(desk: Desk) -> None:
    put(desk, "one", TASKS_ORG)
    desk.sync()
    assert ADVICE in desk.run("status").out
    (told,) = desk.run("status", "--json").json["pairs"]
    assert [ADVICE in each for each in told["apps"]] == [True]
    ran = desk.run("check")
    assert ran.code == 0
    assert [line for line in ran.lines if "alice: calendar.shape: Tasks.org writes" in line and "warning" in line]


def test_an_app_that_gets_along_is_no_news(desk: Desk) -> None:
    put(desk, "one", THUNDERBIRD)
    assert "writes into this calendar" not in desk.run("sync").out
    assert desk.run("status", "--json").json["pairs"][0]["apps"] == []
    assert "overrides suits the apps that write here: Thunderbird." in desk.run("check").out


def test_two_schools_in_one_calendar_are_told_what_they_can_share(desk: Desk) -> None:
    put(desk, "one", THUNDERBIRD)
    put(desk, "two", TASKS_ORG)
    told = desk.run("sync").out
    assert 'Set shape = "separate" under [pair.calendar]' in told
    assert 'its own calendar and pair: "rolling" for Tasks.org, "overrides" for Thunderbird.' in told
