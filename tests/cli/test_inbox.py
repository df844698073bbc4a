"""`conflicts` and `resolve` as a person uses them."""

from __future__ import annotations

import asyncio
import sqlite3
import time

import pytest

from bridge.sandbox.faults import Fault
from bridge.store import open_state
from tests.cli.desk import Desk, day, program
from tests.servers import ics


def ask(desk: Desk) -> None:
    """People are asked."""
    desk.configure(desk.pair().replace("[pair.liondesk]", 'conflict = "ask"\n[pair.liondesk]'))


def dispute(desk: Desk) -> None:
    """Both sides gave a task another text."""
    row = desk.post("Call Bill Gates", day(3))
    desk.sync()
    (name,) = desk.app.names()
    text = desk.app.get(name).text
    desk.app.put(name, text.replace("SUMMARY:Call Bill Gates", "SUMMARY:Call Melinda"))
    body = {**desk.world.shown(desk.world.ledger.rows[row.id]), "description": "Call Steve", "update_type": 1}
    body = {key: value for key, value in body.items() if value is not None}
    desk.world.update(1, row.id, body, "page")


def text_of(desk: Desk) -> tuple[str, bool]:
    """LionDesk's text, and whether the calendar has the same."""
    (row,) = desk.rows()
    (name,) = desk.app.names()
    return row.values.description, f"SUMMARY:{row.values.description}" in desk.app.get(name).text


def test_an_empty_inbox_says_so_and_makes_no_state(desk: Desk) -> None:
    ran = desk.run("conflicts")
    assert (ran.code, ran.lines, ran.err) == (0, ["Nothing waits for you, and nothing was decided for you."], "")
    assert desk.run("conflicts", "--json").json == {"version": 1, "items": []}
    assert not (desk.folder / "state.db").exists()
    desk.sync()
    assert desk.run("conflicts").lines == ["Nothing waits for you, and nothing was decided for you."]


def test_a_question_shows_both_values_where_each_came_from_and_what_to_answer(desk: Desk) -> None:
    ask(desk)
    dispute(desk)
    ran = desk.sync()
    assert ran.code == 4
    assert "1 question waits for your answer" in ran.err
    assert "liondesk-bridge conflicts" in ran.err
    ran = desk.run("conflicts")
    assert ran.code == 0
    first, there, here, since, how = ran.lines
    assert first.startswith("1. Both sides changed the text of 'Call Steve' of ")
    assert "each side keeps its own until you say which is right" in first
    assert there.strip().startswith("LionDesk: 'Call Steve' (edited ")
    assert here.strip().startswith("Calendar: 'Call Melinda'")
    assert since.strip().endswith("; waits for you.")
    assert how == "    liondesk-bridge resolve 1 --keep liondesk | --keep calendar | --keep both"
    (item,) = desk.run("conflicts", "--json").json["items"]
    assert (item["id"], item["pair"], item["kind"], item["waits"]) == (1, "alice", "conflict", True)
    assert (item["field"], item["liondesk"], item["calendar"]) == ("description", "Call Steve", "Call Melinda")
    assert desk.run("status").code == 4


def test_an_answer_says_what_was_done_and_the_inbox_is_empty(desk: Desk) -> None:
    ask(desk)
    dispute(desk)
    desk.sync()
    ran = desk.run("resolve", "1", "--keep", "calendar")
    assert ran.code == 0, ran
    assert ran.err == ""
    assert ran.lines == ["Renamed 'Call Steve' to 'Call Melinda' in LionDesk, because you decided so."]
    assert text_of(desk) == ("Call Melinda", True)
    assert desk.run("conflicts").lines == ["Nothing waits for you, and nothing was decided for you."]
    assert (desk.sync().code, desk.sync().out) == (0, "")


def test_what_a_policy_decided_can_be_changed(desk: Desk) -> None:
    dispute(desk)
    assert desk.sync().code == 0
    assert "decided; nothing is left to do" in desk.run("conflicts").out
    assert desk.run("resolve", "1", "--keep", "both").code == 0
    assert text_of(desk) == ("Call Steve / Call Melinda", True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("7", "--keep", "both"), "There is no item 7"),
        (("1",), "Say what is to be done"),
        (("1", "--keep", "both", "--approve"), "Say what is to be done"),
        (("1", "--approve"), "Item 1 is answered with --keep liondesk, calendar or both"),
    ],
)
def test_an_answer_that_means_nothing_is_wrong_usage_and_does_nothing(
    desk: Desk, arguments: tuple[str, ...], says: str
) -> None:
    ask(desk)
    dispute(desk)
    desk.sync()
    desk.run("resolve", *arguments).is_one_paragraph(says, "Nothing was done", code=2)
    assert len(desk.run("conflicts", "--json").json["items"]) == 1


def test_answered_twice_is_said(desk: Desk) -> None:
    dispute(desk)
    desk.sync()
    assert desk.run("resolve", "1", "--keep", "liondesk").out == "Item 1 is closed; nothing had to be changed.\n"
    desk.run("resolve", "1", "--keep", "liondesk").is_one_paragraph("settled already", code=2)


def test_a_halted_plan_is_shown_whole_and_approved_or_rejected(desk: Desk) -> None:
    for number in range(8):
        desk.post(f"Call {number}", day(2 + number))
    desk.sync()
    for name in desk.app.names()[:6]:
        desk.app.delete(name)
    ran = desk.sync()
    assert ran.code == 4
    assert "item 1;" in ran.err
    ran = desk.run("conflicts")
    assert ran.lines[0] == (
        "1. Stopped before the first write: this run would delete 6 of 8 tasks in LionDesk. The plan:"
    )
    assert len([line for line in ran.lines if line.startswith("    Would delete 'Call")]) == 6
    assert ran.lines[-1].endswith("resolve 1 --approve | --reject | --always")
    assert len(desk.rows()) == 8
    ran = desk.run("resolve", "1", "--approve")
    assert (ran.code, len(ran.lines), len(desk.rows())) == (0, 6, 2)
    assert desk.sync().code == 0


def test_a_rejected_plan_is_never_asked_about_again(desk: Desk) -> None:
    for number in range(8):
        desk.post(f"Call {number}", day(2 + number))
    desk.sync()
    for name in desk.app.names()[:6]:
        desk.app.delete(name)
    desk.sync()
    ran = desk.run("resolve", "1", "--reject")
    assert ran.code == 0
    assert ran.out.startswith("Rejected: both sides keep what they have.")
    for arguments in ((), ("--full",), ()):
        assert desk.sync(*arguments).code == 0
    assert (len(desk.rows()), len(desk.app.names())) == (8, 2)


def test_limits_are_the_pairs_own(desk: Desk) -> None:
    desk.configure(desk.pair(more="[pair.limits]\ndeletes = 1\ndelete_share = 0"))
    for number in range(3):
        desk.post(f"Call {number}", day(2 + number))
    desk.sync()
    for name in desk.app.names()[:2]:
        desk.app.delete(name)
    assert desk.sync().code == 4
    assert desk.run("resolve", "1", "--always").code == 0
    for name in desk.app.names():
        desk.app.delete(name)
    desk.post("One more", day(9))
    assert desk.sync().code == 0


def test_a_refused_task_is_in_the_inbox_with_the_words_of_the_side(desk: Desk) -> None:
    desk.world.faults.append(Fault(kind="status", method="POST", status=400))
    desk.app.put("one.ics", ics("one", "Forbidden", due=f"{day(4):%Y%m%dT%H%M%S}"))
    assert desk.sync().code == 1
    assert "1. LionDesk would not make 'Forbidden'. It was refused (400)" in desk.run("conflicts").out
    assert desk.run("resolve", "1", "--keep", "calendar").code == 0
    assert len(desk.rows()) == 1


def test_an_answer_survives_a_killed_resolve(desk: Desk) -> None:
    ask(desk)
    dispute(desk)
    desk.sync()
    desk.world.faults.append(Fault(kind="delay", method="PATCH", delay_s=6))
    process = program("resolve", "1", "--keep", "calendar", cwd=desk.folder)
    while desk.world.faults and process.poll() is None:
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=15)
    assert desk.sync().code == 0
    assert text_of(desk) == ("Call Melinda", True)
    assert desk.run("conflicts").lines == ["Nothing waits for you, and nothing was decided for you."]


def test_old_runs_are_forgotten_and_what_waits_is_not(desk: Desk) -> None:
    ask(desk)
    dispute(desk)
    desk.sync()
    (old,) = (each["run"] for each in desk.run("history", "--json").json["runs"])
    with sqlite3.connect(desk.folder / "state.db") as aged:
        aged.execute("UPDATE runs SET started_at = '2020-01-01T00:00:00.000000Z'")
        aged.execute("UPDATE inbox SET opened_at = '2020-01-01T00:00:00.000000Z'")
    aged.close()
    with open_state(f"sqlite:///{desk.folder / 'state.db'}") as state:
        for number in range(21):
            asyncio.run(state.pair("alice").begin_run(f"filler-{number}", day(0).astimezone(), dry_run=False))
    desk.post("Another", day(5))
    desk.sync()
    kept = [each["run"] for each in desk.run("history", "--limit", "100", "--json").json["runs"]]
    assert (len(kept), old in kept) == (22, False)
    assert len(desk.run("conflicts", "--json").json["items"]) == 1
