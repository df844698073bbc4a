from __future__ import annotations

import json
import os
import re
import signal
import time

import pytest

from bridge.sandbox.faults import Fault
from tests.cli.desk import TOKEN, Desk, day, program
from tests.servers import ics


def test_each_change_is_one_sentence_on_standard_output(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.app.put("new.ics", ics("new", "Order the sign", due=f"{day(4):%Y%m%dT%H%M%S}"))
    ran = desk.sync()
    when = f"{day(3):%a} {day(3).day} {day(3):%b} 09:00"
    assert f"Created 'Call Bill Gates', due {when}, in the calendar, because it was created in LionDesk." in ran.lines
    assert [line for line in ran.lines if line.startswith("Created 'Order the sign'") and "in LionDesk" in line]
    assert (ran.code, len(ran.lines), ran.err) == (0, 2, "")


def test_a_run_with_nothing_to_do_says_nothing(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.sync()
    assert desk.sync() == desk.run("sync", "alice")
    assert (desk.sync().code, desk.sync().out, desk.sync().err) == (0, "", "")


def test_with_v_a_quiet_run_tells_its_requests_on_standard_error(desk: Desk) -> None:
    desk.sync()
    ran = desk.sync("-v")
    assert ran.out == ""
    assert re.search(r"run .*outcome='agreed'.*'calendar': 1", ran.err)


def test_json_is_the_object_that_the_interface_fixes(desk: Desk) -> None:
    row = desk.post("Call Bill Gates", day(3))
    desk.sync()
    desk.world.update(1, row.id, {"status": "complete", "update_type": 3}, "page")
    told = desk.sync("--json").json
    assert told.keys() >= {"version", "run", "started_at", "pairs"}
    assert (told["version"], told["started_at"][-1]) == (1, "Z")
    (pair,) = told["pairs"]
    assert pair.keys() >= {"pair", "outcome", "dry_run", "elapsed_s", "requests", "operations", "conflicts", "skipped"}
    assert pair.keys() >= {"halt", "errors"}
    assert (pair["pair"], pair["outcome"], pair["dry_run"], pair["halt"]) == ("alice", "agreed", False, None)
    assert pair["requests"].keys() == {"liondesk", "calendar"}
    (operation,) = pair["operations"]
    assert operation.keys() >= {"side", "action", "update_type", "delete_type", "item", "summary", "occurrence", "why"}
    assert (operation["side"], operation["action"], operation["state"]) == ("calendar", "update", "done")
    assert operation["fields"] == {"status": ["incomplete", "complete"]}


def test_a_dry_run_says_what_it_would_do_and_does_nothing(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    ran = desk.sync("--dry-run")
    assert [line.startswith("Would create 'Call Bill Gates'") for line in ran.lines] == [True]
    assert desk.app.names() == []
    assert desk.run("status").out.startswith("alice has not run yet")
    assert desk.sync("--dry-run", "--json").json["pairs"][0]["operations"][0]["state"] == "planned"


def test_full_reads_both_sides_from_nothing_and_finds_nothing_new(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.sync()
    assert desk.sync("--full") == desk.sync()


def test_of_several_pairs_each_line_names_its_own_and_the_worst_exit_code_counts(desk: Desk) -> None:
    other = desk.server.new_calendar()
    desk.configure(desk.pair("alice"), desk.pair("wrong", token="another-secret"), desk.pair("bob", calendar=other.url))
    desk.post("Call Bill Gates", day(3))
    ran = desk.sync()
    assert [line.partition(":")[0] for line in ran.lines] == ["alice", "bob"]
    assert ran.err.startswith("wrong: LionDesk refuses the token")
    assert ran.code == 3
    assert "another-secret" not in ran.err
    assert [pair["outcome"] for pair in desk.sync("--json").json["pairs"]] == ["agreed", "failed", "agreed"]
    assert desk.sync("alice", "bob").code == 0


def test_a_fault_of_our_own_is_told_with_its_place_and_stops_no_other_pair(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bridge import app

    real = app.sync_pair

    async def faulty(settings, state, options, **more):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003, ANN202
        if settings.name == "alice":
            raise KeyError(TOKEN)
        return await real(settings, state, options, **more)

    monkeypatch.setattr(app, "sync_pair", faulty)
    desk.configure(desk.pair("alice"), desk.pair("bob", calendar=desk.server.new_calendar().url))
    desk.post("Call Bill Gates", day(3))
    ran = desk.sync()
    assert ran.code == 1
    assert "alice: This is a fault of liondesk-bridge: KeyError in faulty (" in ran.err
    assert TOKEN not in ran.err
    assert "Traceback" not in ran.err
    assert ran.lines[0].startswith("bob: Created")


def test_a_change_that_liondesk_refuses_is_named_and_the_rest_goes_on(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.sync()
    desk.world.faults.append(Fault(kind="status", method="POST", status=400))
    desk.app.put("one.ics", ics("one", "First", due=f"{day(4):%Y%m%dT%H%M%S}"))
    desk.app.put("two.ics", ics("two", "Second", due=f"{day(5):%Y%m%dT%H%M%S}"))
    ran = desk.sync()
    assert ran.code == 1
    assert sorted(line.partition(" '")[0] for line in ran.lines) == ["Could not create", "Created"]
    assert "1 change was not done" in ran.err
    assert "liondesk-bridge sync alice" in ran.err


def test_reads_that_are_tried_again_stay_out_of_the_result(desk: Desk) -> None:
    desk.world.faults.append(Fault(kind="status", method="GET", status=503))
    ran = desk.sync("--json")
    assert ran.json["pairs"][0]["outcome"] == "agreed"
    assert ran.err == ""
    desk.world.faults.append(Fault(kind="status", method="GET", status=503))
    assert "retry" in desk.sync("-v").err


def test_a_task_cannot_steer_the_terminal_or_break_its_sentence(desk: Desk) -> None:
    desk.post("Evil \x1b[31m\nsecond line", day(3))
    ran = desk.sync()
    assert len(ran.lines) == 1
    assert "\x1b" not in ran.out


def test_ctrl_c_ends_a_run_with_one_line_and_130_and_the_next_run_goes_on(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.world.faults.append(Fault(kind="delay", method="GET", path=".*tasks", delay_s=4))
    process = program("sync", "--json", cwd=desk.folder)
    while desk.world.faults and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=15)
    assert (process.returncode, out) == (130, "")
    assert err == "Interrupted. What was written is kept; the next run goes on from there.\n"
    assert desk.sync().code == 0


def test_a_reader_that_has_enough_is_no_error_to_talk_about(desk: Desk) -> None:
    for number in range(40):
        desk.post(f"Task {number}", day(number))
    read, write = os.pipe()
    process = program("export", cwd=desk.folder)
    os.close(read)
    os.close(write)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait(30)


def test_standard_error_can_be_json_lines(desk: Desk) -> None:
    desk.configure(desk.pair(token="wrong-token"))
    ran = desk.run("--log-format", "json", "sync")
    (line,) = ran.err.splitlines()
    told = json.loads(line)
    assert told.keys() == {"timestamp", "level", "event"}
    assert told["level"] == "error"
    assert ran.code == 3
