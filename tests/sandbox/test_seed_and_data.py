"""What a sandbox starts with, and the file that outlives it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bridge.sandbox import seed as seeds
from bridge.sandbox import statefile
from bridge.sandbox.book import believable_book
from bridge.sandbox.records import Client, Grant, Refresh
from bridge.sandbox.serve import serving
from bridge.sandbox.world import World

from .conftest import TASKS, Account


def written(folder: Path, seed: object) -> Path:
    path = folder / "seed.json"
    path.write_text(json.dumps(seed), encoding="utf-8")
    return path


def test_the_seed_of_the_documentation_is_planted(tmp_path: Path) -> None:
    documented = (seeds.__doc__ or "").partition("```json")[2].partition("```")[0]
    world = seeds.plant(seeds.read(written(tmp_path, json.loads(documented))))
    assert world.authenticate("sandbox-ann").name == "Ann Agent"
    assert world.switches.due_at == "utc"
    assert world.clients["my-app"].name == "My app"
    rows = world.raw_tasks()
    assert [row["status"] for row in rows[:3]] == ["complete", "complete", "incomplete"]


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ({"users": [{"name": "Ann"}]}, "does not have the form of a seed"),
        ({"colour": "red"}, "does not have the form of a seed"),
        ({"switches": {"idz": "integers"}}, "Did you mean 'ids'"),
        ({"now": "soon"}, "seed's now is refused"),
        ({"users": [{"first_name": "Ann", "timezone": "Mars"}]}, "user 'Ann'"),
        ({"tasks": [{"description": "Call"}]}, "task 'Call' is refused: its owner is user 1"),
        ({"users": [{"first_name": "Ann"}], "tasks": [{"description": "Call"}]}, "due_at is required"),
        ({"contacts": [{"first_name": "Bill"}]}, "contact 'Bill'"),
    ],
)
def test_a_seed_that_does_not_work_is_refused_in_words(tmp_path: Path, seed: object, words: str) -> None:
    with pytest.raises(seeds.UnusableSeed, match=words):
        seeds.plant(seeds.read(written(tmp_path, seed)))


def test_a_missing_seed_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(seeds.UnusableSeed, match="cannot be read"):
        seeds.read(tmp_path / "none.json")


@pytest.mark.parametrize("day", range(0, 366, 30))
def test_the_example_book_is_believable_on_any_day(day: int) -> None:
    now = datetime(2026, 1, 1, 20, tzinfo=UTC) + timedelta(days=day)
    world = seeds.plant(believable_book(now))
    events = world.ledger.events.values()
    rows = world.ledger.rows.values()
    assert len(events) == 20
    assert sum(event.rule is not None for event in events) == 6
    assert {row.values.status for row in rows} == {"complete", "incomplete"}


def fully_used(account: Account) -> World:
    world = account.world
    account.set(ids="integers", due_at="offset")
    account.post(recurrence_rule="FREQ=WEEKLY", contact_id=1, category_id=1)
    account.send(account.live()[1], notes="Own")
    account.send(account.live()[2], due_at="2026-03-24T10:00:00", update_type=2)
    account.delete(1)
    world.clients["app"] = Client("app", "secret", "App")
    world.grants["code"] = Grant("app", 1, "http://127.0.0.1:1/", "write", world.clock.now())
    world.refreshes["refresh"] = Refresh("app", 1, "write")
    return world


def test_a_world_comes_back_from_its_file_as_it_was(account: Account, tmp_path: Path) -> None:
    world = fully_used(account)
    path = tmp_path / "data.json"
    statefile.save(world, path)
    back = statefile.load(path)
    assert back.raw_tasks() == world.raw_tasks()
    for part in ("switches", "users", "tokens", "contacts", "categories", "clients", "grants", "refreshes", "ledger"):
        assert getattr(back, part) == getattr(world, part), part
    assert back.clock.now() == world.clock.now()
    back.advance(timedelta(days=7))
    world.advance(timedelta(days=7))
    assert back.raw_tasks() == world.raw_tasks(), "the horizon goes on where it was"


def test_the_file_is_for_its_owner_alone_and_replaced_whole(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.json"
    statefile.save(account.world, path)
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    account.post()

    def no_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_disk)
    with pytest.raises(OSError, match="No space"):
        statefile.save(account.world, path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["data.json"]


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b'{"version": 1}'])
def test_a_file_that_holds_no_world_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(content)
    with pytest.raises(statefile.UnusableData, match="left as it is"):
        statefile.load(path)
    assert path.read_bytes() == content


def test_a_missing_file_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(statefile.UnusableData, match="cannot be read"):
        statefile.load(tmp_path / "none.json")


@pytest.mark.parametrize("fault", [None, "close_after", "half_body"])
def test_a_write_is_in_the_file_before_its_answer_leaves(account: Account, tmp_path: Path, fault: str | None) -> None:
    path = tmp_path / "data.json"
    with serving(account.world, data=path) as url:
        if fault:
            httpx.post(url + "/_sandbox/faults", json={"kind": fault}, trust_env=False)
        try:
            headers = {"Authorization": "Bearer ann"}
            httpx.post(url + TASKS, json=account.body(), headers=headers, trust_env=False)
        except httpx.RemoteProtocolError:
            assert fault
        assert len(statefile.load(path).raw_tasks()) == 1


def test_the_program_serves_its_book_keeps_it_and_stops_on_a_signal(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    line = f"from pathlib import Path; from bridge.sandbox.serve import run; run(0, None, Path({str(data)!r}))"
    descriptions = []
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", line], stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            url = process.stderr.readline().split()[2]
            me = httpx.get(url + "me", headers={"Authorization": "Bearer sandbox-ann"}, trust_env=False, timeout=30)
            assert me.json()["first_name"] == "Ann"
            page = httpx.get(url, trust_env=False, timeout=30).text
            descriptions.append("Pick up the keys" in page)
            fields = {
                "user": "1",
                "description": "Pick up the keys",
                "day": "2030-01-01",
                "assigned_user_id": "1",
                "status": "incomplete",
            }
            assert httpx.post(url + "tasks", data=fields, trust_env=False, timeout=30).status_code == 303
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGTERM)
    assert descriptions == [False, True]
