from __future__ import annotations

import json
import re
import select
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.cli.desk import Run, program


def started(process: subprocess.Popen[str]) -> str:
    """The URL that the sandbox says it listens on."""
    assert process.stderr is not None
    ready, _, _ = select.select([process.stderr], [], [], 30)
    assert ready
    found = re.search(r"http://127\.0\.0\.1:\d+/", process.stderr.readline())
    assert found
    return found[0]


def tasks(url: str, token: str) -> int:
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        total: int = client.get(f"{url}api/v1/scheduled/tasks").json()["total"]
    return total


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_serves_the_book_until_it_is_ended(tmp_path: Path, end: signal.Signals) -> None:
    process = program("sandbox", "--port", "0", cwd=tmp_path)
    url = started(process)
    assert tasks(url, "sandbox-ann") > 20
    process.send_signal(end)
    out, err = process.communicate(timeout=15)
    assert out == ""
    assert "Traceback" not in err
    if end is signal.SIGINT:
        assert (process.returncode, err) == (0, "The sandbox has ended.\n")


def test_a_seed_is_what_it_begins_with_and_data_goes_on_where_it_ended(tmp_path: Path) -> None:
    task = {"description": "Call Bill", "due_at": "2026-03-09T09:00:00"}
    seed = {"users": [{"first_name": "Bob", "token": "bob"}], "tasks": [task]}
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    said = ""
    for _ in range(2):
        process = program("sandbox", "--port", "0", "--seed", "seed.json", "--data", "data.json", cwd=tmp_path)
        assert process.stderr is not None
        ready, _, _ = select.select([process.stderr], [], [], 30)
        assert ready
        said = process.stderr.readline()
        url = started(process) if "was not read" in said else said.split()[2]
        assert tasks(url, "bob") == 1
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=15)
    assert said == "Goes on with what data.json holds; seed.json was not read.\n"


def test_a_port_that_is_taken_is_named(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run("sandbox", "--port", port).is_one_paragraph(port, "--port", "Nothing was started", code=2)


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        (None, ("cannot be read", "No such file")),
        ("{", ("form of a seed",)),
        ('{"taks": []}', ("taks",)),
        ('{"tasks": [{"description": "Call"}]}', ("task 'Call'", "refused")),
        ('{"users": [{"first_name": "A", "timezone": "Mars/Base"}]}', ("Mars/Base",)),
        ('{"switches": {"due": "utc"}}', ("switches", "due")),
    ],
    ids=["missing", "no JSON", "unknown part", "a task without owner", "no such zone", "no such switch"],
)
def test_a_seed_that_cannot_be_used_is_explained(
    run: Run, tmp_path: Path, seed: str | None, words: tuple[str, ...]
) -> None:
    if seed is not None:
        (tmp_path / "seed.json").write_text(seed)
    run("sandbox", "--port", "0", "--seed", "seed.json").is_one_paragraph("seed", *words, code=3)


def test_a_data_file_of_something_else_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('{"mine": true}')
    run("sandbox", "--port", "0", "--data", "data.json").is_one_paragraph("data.json", "left as it is", code=3)
    assert (tmp_path / "data.json").read_text() == '{"mine": true}'
    run("sandbox", "--data", "no/such/data.json").is_one_paragraph("does not exist", code=2)
