from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bridge.sandbox.faults import Fault
from bridge.store import open_state
from tests.cli.desk import Desk, day
from tests.servers import ics


def test_before_the_first_run_it_names_the_command_and_makes_no_state(desk: Desk) -> None:
    ran = desk.run("status")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == ["alice has not run yet: run `liondesk-bridge sync alice`."]
    assert not (desk.folder / "state.db").exists()
    told = desk.run("status", "--json").json
    assert told == {
        "version": 1,
        "pairs": [
            {"pair": "alice", "last_run": None, "waiting": [], "apps": [], "next_step": "liondesk-bridge sync alice"}
        ],
    }


def test_after_a_run_it_tells_when_and_what_it_did(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.sync()
    ran = desk.run("status")
    assert ran.code == 0
    assert ran.lines[0].startswith("alice: both sides agree. Last run ")
    assert ran.lines[0].endswith("(just now); 1 change was made.")
    desk.sync()
    assert desk.run("status").lines[0].endswith("nothing was changed.")


def test_json_has_the_last_run_and_no_next_step_where_all_is_well(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.sync()
    (pair,) = desk.run("status", "--json").json["pairs"]
    assert pair["next_step"] is None
    last = pair["last_run"]
    assert (last["outcome"], last["exit_code"], last["done"], last["open"]) == ("agreed", 0, 1, [])
    assert last["started_at"].endswith("Z")
    assert last["ended_at"].endswith("Z")


def test_what_failed_is_shown_with_the_next_step_and_the_exit_code_of_the_run(desk: Desk) -> None:
    desk.world.expire_tokens(1)
    assert desk.sync().code == 3
    ran = desk.run("status")
    assert ran.code == 3
    assert "LionDesk refuses the token" in ran.out
    assert "Next: mend what is said above, then liondesk-bridge check alice" in ran.out


def test_what_liondesk_refused_and_what_was_left_alone_are_listed(desk: Desk) -> None:
    desk.world.faults.append(Fault(kind="status", method="POST", status=400))
    desk.app.put("one.ics", ics("one", "First", due=f"{day(4):%Y%m%dT%H%M%S}"))
    desk.app.put("odd.ics", ics("odd", "Odd", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"))
    desk.sync()
    ran = desk.run("status")
    assert ran.code == 1
    assert "  Could not create 'First'" in ran.out
    assert "  Left alone in the calendar: " in ran.out
    assert "  Next: liondesk-bridge sync alice" in ran.out
    (pair,) = desk.run("status", "--json").json["pairs"]
    assert [each["state"] for each in pair["last_run"]["open"]] == ["failed"]
    assert len(pair["last_run"]["skipped"]) == 1


def test_a_dry_run_is_no_run(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.sync("--dry-run")
    assert "has not run yet" in desk.run("status").out


def test_a_run_that_was_cut_off_is_told_as_such(desk: Desk) -> None:
    desk.sync()
    later = datetime.now(UTC) + timedelta(minutes=1)
    with open_state(f"sqlite:///{desk.folder / 'state.db'}") as state:
        asyncio.run(state.pair("alice").begin_run("cut", later, dry_run=False))
    ran = desk.run("status")
    assert ran.code == 1
    assert "cut off before it ended" in ran.out
    assert "Next: liondesk-bridge sync alice" in ran.out


def test_several_pairs_are_told_in_the_order_of_the_file(desk: Desk) -> None:
    desk.configure(desk.pair("zoe"), desk.pair("adam", calendar=desk.server.new_calendar().url))
    desk.sync("adam")
    lines = desk.run("status").lines
    assert [line.split()[0].rstrip(":") for line in lines] == ["zoe", "adam"]


def test_an_edit_beyond_liondesks_horizon_is_told_once_and_listed_until_its_task_is_made(desk: Desk) -> None:
    """Waiting is no failure: the exit code is 0, and later runs say nothing of it unless they are asked to."""
    first = desk.post("Call Bill Gates", day(3), "FREQ=WEEKLY")
    desk.sync()
    (name,) = desk.app.names()
    slot = first.values.due.replace(tzinfo=None) + timedelta(weeks=30)
    text = desk.app.get(name).text
    desk.app.put(name, text.replace("RRULE:", f"EXDATE;TZID=America/Los_Angeles:{slot:%Y%m%dT%H%M%S}\r\nRRULE:"))
    told = desk.sync()
    assert (told.code, told.err, len(told.lines)) == (0, "", 1)
    assert told.lines[0].startswith("Waits to delete 'Call Bill Gates' of ")
    quiet = desk.sync()
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert desk.sync("-v").lines == told.lines
    ran = desk.run("status")
    assert ran.code == 0
    assert f"  {told.lines[0]}" in ran.lines
    (pair,) = desk.run("status", "--json").json["pairs"]
    assert [each["sentence"] for each in pair["waiting"]] == told.lines
    (pair,) = desk.sync("--json").json["pairs"]
    assert (pair["operations"], [each["state"] for each in pair["waiting"]]) == ([], ["waiting"])
