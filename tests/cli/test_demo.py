from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import time
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from bridge.demo.stage import staged
from bridge.demo.tour import Tour
from tests.cli.desk import program


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_once_tells_a_sync_in_both_directions_proves_that_nothing_is_left_and_exits(tmp_path: Path) -> None:
    code, out, err = finished(program("demo", "--once", cwd=tmp_path, TMPDIR=str(tmp_path)))
    assert (code, err) == (0, "")
    for sentence in (
        r"Created '.*', (due|repeating from) .*, in the calendar, because it was created in LionDesk\.",
        r"Completed 'Office meeting' of .* in LionDesk, because it was completed in the calendar\.",
        r"Moved 'Lunch with .*' from .* 11:30 to 12:30 in LionDesk, because it was moved in the calendar\.",
        r"Deleted 'Review appraisal .*' in LionDesk, because it was deleted in the calendar\.",
        r"Created 'Bring the sign back .* in LionDesk, because it was created in the calendar\.",
        r"Completed 'Call Tom Whitaker .*' in the calendar, because it was completed in LionDesk\.",
        r"Ended 'Call five past clients' after .* in the calendar",
        r"LionDesk shows .* the calendar shows",
        r"Both sides agree: \d requests looked at all of it, and nothing was written anywhere\.",
    ):
        assert re.search(sentence, out), sentence
    assert list(tmp_path.iterdir()) == []


def test_json_is_one_object_with_the_report_of_each_run(tmp_path: Path) -> None:
    code, out, err = finished(program("demo", "--once", "--json", cwd=tmp_path))
    told = json.loads(out)
    assert code == 0
    assert "Both sides agree" in err
    assert [run["pairs"][0]["outcome"] for run in told["runs"]] == ["agreed"] * 3
    first, second, third = (run["pairs"][0]["operations"] for run in told["runs"])
    assert {each["side"] for each in first} == {"calendar"}
    assert {each["side"] for each in second} == {"calendar", "liondesk"}
    assert {each["update_type"] for each in second if each["action"] == "update"} >= {3}
    assert third == []
    assert sum(told["runs"][2]["pairs"][0]["requests"].values()) <= 3


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_goes_on_syncing_until_it_is_ended_and_leaves_nothing(tmp_path: Path, end: signal.Signals) -> None:
    process = program("demo", cwd=tmp_path, TMPDIR=str(tmp_path), PYTHONUNBUFFERED="1")
    assert process.stdout is not None
    told = read_until(process, "Ctrl-C ends all of it")
    (liondesk, *_) = re.findall(r"http://127\.0\.0\.1:\d+/(?=  in a browser)", told)
    (calendar, *_) = re.findall(r"http://127\.0\.0\.1:\d+/ann/LionDesk/", told)
    complete(liondesk, "Call Priya Raman back about the condo")
    assert "in the calendar, because it was completed in LionDesk." in read_until(process, "Priya Raman")
    process.send_signal(end)
    code, out, err = finished(process)
    assert (code, err) == (0, "")
    assert "nothing is left running" in out
    assert list(tmp_path.iterdir()) == []
    for url in (liondesk, calendar):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(re.findall(r":(\d+)/", url)[0])), 2)


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What the demo has said, up to a line with these words."""
    assert process.stdout is not None
    told = ""
    while words not in told.rpartition("\n\n")[2] or not told.endswith("\n"):
        line = process.stdout.readline()
        assert line, told
        told += line
    return told


def complete(liondesk: str, description: str) -> None:
    """Somebody completes a task in LionDesk."""
    tasks = f"{liondesk}api/v1/scheduled/tasks"
    with httpx.Client(headers={"Authorization": "Bearer sandbox-ann"}, trust_env=False) as client:
        (row,) = [row for row in client.get(tasks).json()["data"] if row["description"] == description]
        client.patch(f"{tasks}/{row['id']}", json={"status": "complete", "update_type": 3}).raise_for_status()


def test_ended_in_the_middle_of_the_tour_it_leaves_nothing_either(tmp_path: Path) -> None:
    process = program("demo", "--once", cwd=tmp_path, TMPDIR=str(tmp_path), PYTHONUNBUFFERED="1")
    assert process.stdout is not None
    while "first sync" not in process.stdout.readline():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    code, _, err = finished(process)
    assert code == 130
    assert err.startswith("Interrupted.")
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-07T20:00:00+00:00",
        "2026-10-31T20:00:00+00:00",
        "2026-12-31T20:00:00+00:00",
        "2028-02-29T07:30:00+00:00",
        "2026-11-30T20:00:00+00:00",
    ],
    ids=["before the clocks go forward", "before they go back", "new year", "leap day", "a Monday"],
)
def test_the_tour_goes_well_on_any_day(moment: str) -> None:
    out = io.StringIO()
    with staged(datetime.fromisoformat(moment)) as stage:
        assert Tour(stage, out, painted=False).script(), out.getvalue()


def test_colours_and_progress_stay_out_of_a_pipe(tmp_path: Path) -> None:
    _, out, err = finished(program("demo", "--once", cwd=tmp_path, TERM="xterm-256color"))
    assert "\x1b" not in out + err
    assert os.linesep in out
