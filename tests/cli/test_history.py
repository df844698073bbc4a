"""`history` and `undo` as a person uses them."""

from __future__ import annotations

import re
import time

import pytest

from bridge.sandbox.faults import Fault
from tests.cli.desk import Desk, day, program


def edited(desk: Desk) -> str:
    """A task was made, then renamed in the calendar; the name of the run that carried it over."""
    desk.post("Call Bill Gates", day(3))
    desk.sync()
    (name,) = desk.app.names()
    desk.app.put(name, desk.app.get(name).text.replace("SUMMARY:Call Bill Gates", "SUMMARY:Call Melinda"))
    return str(desk.sync("--json").json["run"])


def test_before_the_first_run_there_is_no_history(desk: Desk) -> None:
    ran = desk.run("history")
    assert (ran.code, ran.lines, ran.err) == (0, ["No run has written anything yet."], "")
    assert desk.run("history", "--json").json == {"version": 1, "runs": []}
    desk.run("history", "2026").is_one_paragraph("nothing has run yet", code=2)


def test_runs_are_listed_with_their_counts_newest_first(desk: Desk) -> None:
    run = edited(desk)
    desk.sync()
    ran = desk.run("history")
    assert len(ran.lines) == 2
    assert ran.lines[0].startswith(f"{run}  ")
    assert ran.lines[0].endswith(": 1 change; both sides agreed.")
    newest, first = desk.run("history", "--json").json["runs"]
    assert (newest["run"], newest["pair"], newest["done"], newest["not_done"]) == (run, "alice", 1, 0)
    assert newest["outcome"] == first["outcome"] == "agreed"
    ran = desk.run("history", "--limit", "1")
    assert ran.lines[1] == f"These are the newest 1: --limit shows more, --before {run} older ones."
    assert desk.run("history", "--before", run).lines[0].startswith(first["run"])


def test_one_run_is_told_with_every_operation_its_reason_and_both_values(desk: Desk) -> None:
    run = edited(desk)
    ran = desk.run("history", run)
    assert ran.lines[1].strip() == (
        "2. Renamed 'Call Bill Gates' to 'Call Melinda' in LionDesk, because it was edited in the calendar."
    )
    (told,) = desk.run("history", run[:20], "--json").json["runs"]
    (operation,) = told["operations"]
    assert operation["fields"] == {"description": ["Call Bill Gates", "Call Melinda"]}
    assert operation["before"]["description"] == "Call Bill Gates"
    assert operation["after"]["description"] == "Call Melinda"
    assert (operation["side"], operation["action"], operation["state"]) == ("liondesk", "update", "done")
    assert operation["why"] == "it was edited in the calendar"


@pytest.mark.parametrize("named", ["melinda", "1", "liondesk-task-1"])
def test_a_task_has_a_story_of_its_own(desk: Desk, named: str) -> None:
    edited(desk)
    desk.post("Something else", day(4))
    desk.sync()
    ran = desk.run("history", "--task", named)
    told = [line for line in ran.lines if line.startswith("  ")]
    assert [line.split()[1] for line in told] == ["Created", "Renamed"]
    assert len(desk.run("history", "--task", named, "--json").json["operations"]) == 2
    assert "No run in the history wrote a task" in desk.run("history", "--task", "nothing like it").out


def test_an_unknown_run_is_wrong_usage(desk: Desk) -> None:
    edited(desk)
    desk.run("history", "1999").is_one_paragraph("There is no run 1999", code=2)
    desk.run("undo", "1999").is_one_paragraph("There is no run 1999", "Nothing was done", code=2)
    desk.run("history", "20").is_one_paragraph("write more of its name", code=2)
    desk.run("history", "20", "--task", "x").is_one_paragraph("not both", code=2)


def test_a_run_is_taken_back_and_that_is_a_run_itself(desk: Desk) -> None:
    run = edited(desk)
    ran = desk.run("undo", run, "--dry-run")
    assert [line.split()[0] for line in ran.lines] == ["Would", "Would"]
    assert desk.rows()[0].values.description == "Call Melinda"
    ran = desk.run("undo", run)
    assert (ran.code, ran.err) == (0, "")
    assert "Renamed 'Call Melinda' to 'Call Bill Gates' in LionDesk, because a run was taken back." in ran.lines
    assert desk.rows()[0].values.description == "Call Bill Gates"
    assert (desk.sync().code, desk.sync().out) == (0, "")
    undo = desk.run("history", "--json").json["runs"][0]["run"]
    told = desk.run("undo", undo, "--json").json
    assert told["pairs"][0]["outcome"] == "agreed"
    assert desk.rows()[0].values.description == "Call Melinda"
    ran = desk.run("undo", run)
    assert ran.code == 0
    assert "A later run wrote it again" in ran.out


def test_one_operation_is_named_by_its_number(desk: Desk) -> None:
    run = edited(desk)
    (number,) = re.findall(r"^  (\d+)\.", desk.run("history", run).out, re.MULTILINE)
    desk.run("undo", run, "--only", "999").is_one_paragraph(f"Run {run} has no operation 999", code=2)
    assert desk.run("undo", run, "--only", number).code == 0
    assert desk.rows()[0].values.description == "Call Bill Gates"


def test_an_undo_that_was_killed_can_be_repeated(desk: Desk) -> None:
    """Whatever point it dies at, both sides agree after the next run, and each task is its old or its new self."""
    for number in range(4):
        desk.post(f"Call {number}", day(2 + number))
    desk.sync()
    for name in desk.app.names():
        desk.app.put(name, re.sub(r"SUMMARY:Call (\d)", r"SUMMARY:Talk \1", desk.app.get(name).text))
    run = str(desk.sync("--json").json["run"])
    desk.world.faults.append(Fault(kind="delay", method="PATCH", delay_s=6))
    process = program("undo", run, cwd=desk.folder)
    while desk.world.faults and process.poll() is None:
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=15)
    desk.sync()
    desk.run("undo", run)
    assert desk.sync().code == 0
    assert {row.values.description[:4] for row in desk.rows()} <= {"Call", "Talk"}
    assert desk.run("verify").code == 0
    assert (desk.sync().out, desk.sync().code) == ("", 0)
