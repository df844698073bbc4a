"""The state file: who may read it, what is said when it cannot be used, and what a crash leaves in it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import bridge.store
from bridge.errors import ConfigurationError, StateError
from bridge.ports import OperationRecord, StoredLink, StoredRow
from bridge.store import open_state
from bridge.store.database import Database
from bridge.store.tables import METADATA, REVISION

NINE = datetime(2026, 3, 9, 9)
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
MIGRATIONS = Path(bridge.store.__file__).parent / "migrations"


def url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


# -- who may read it ---------------------------------------------------------------------------------------------------


async def test_the_state_is_for_its_owner_alone_whatever_the_umask(file: Path) -> None:
    before = os.umask(0)
    try:
        with open_state(url(file)) as state:
            await state.pair("alice").set_cursor("liondesk", "1")
            modes = {each.name: each.stat().st_mode & 0o777 for each in file.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    assert state.warnings == ()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_state_that_others_can_read_is_warned_of(file: Path, mode: int) -> None:
    open_state(url(file)).close()
    file.chmod(mode)
    with open_state(url(file)) as state:
        (warning,) = state.warnings
    assert f'chmod 600 "{file}"' in warning


def test_every_commit_reaches_the_disk_and_readers_never_wait(file: Path) -> None:
    with open_state(url(file)) as state:
        pragmas = state.pair("alice")._database.read(
            lambda connection: {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("synchronous", "fullfsync", "journal_mode", "foreign_keys", "busy_timeout")
            }
        )
    full = 2
    assert pragmas == {
        "synchronous": full,
        "fullfsync": 1,
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


# -- where it is -------------------------------------------------------------------------------------------------------


def test_odd_characters_in_the_path_are_characters(tmp_path: Path) -> None:
    file = tmp_path / "a b?mode=ro#100%" / "st äte.db"
    file.parent.mkdir()
    open_state(url(file)).close()
    assert file.stat().st_size > 0


def test_a_package_in_a_folder_with_a_percent_sign_migrates(tmp_path: Path) -> None:
    home = tmp_path / "100%(here)s"
    shutil.copytree(MIGRATIONS.parents[1], home / "bridge", ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sys; sys.path.insert(0, sys.argv[1]); from bridge.store import open_state; open_state(sys.argv[2])"
    done = run_python(code, str(home), url(tmp_path / "state.db"))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("missing/state.db", r"folder .*missing.* does not exist.*mkdir"),
        (".", r"is a folder"),
    ],
)
def test_a_place_that_cannot_hold_the_state_is_named(tmp_path: Path, where: str, says: str) -> None:
    with pytest.raises(StateError, match=says):
        open_state(url(tmp_path / where))


@pytest.mark.parametrize("odd", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "state.db", "mysql://host/db"])
def test_only_a_file_is_a_place_for_the_state(odd: str) -> None:
    with pytest.raises(ConfigurationError, match=r"sqlite:///state\.db"):
        open_state(odd)


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(StateError, match=r"cannot be created|does not exist"):
        open_state("sqlite:////proc/state.db")


# -- what it holds -----------------------------------------------------------------------------------------------------


def paragraph(error: pytest.ExceptionInfo[StateError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert "othing on either side is lost" in text
    return text


@pytest.mark.parametrize(
    "content",
    [b"not a database, but a letter to a friend" * 50, b"\x00" * 4096, b"SQLite format 3\x00" + b"\xff" * 4080],
)
def test_a_file_that_is_no_state_is_left_as_it_is(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(StateError) as error:
        open_state(url(file))
    assert "move the file away" in paragraph(error)
    assert file.read_bytes() == content


def test_another_programs_database_is_left_as_it_is(file: Path) -> None:
    with sqlite3.connect(file) as theirs:
        theirs.execute("CREATE TABLE songs (title)")
    theirs.close()
    content = file.read_bytes()
    with pytest.raises(StateError) as error:
        open_state(url(file))
    assert "another program" in paragraph(error)
    assert file.read_bytes() == content


def test_a_state_of_a_newer_version_is_named_and_left_as_it_is(file: Path) -> None:
    open_state(url(file)).close()
    with sqlite3.connect(file) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '0099'")
    newer.close()
    with pytest.raises(StateError) as error:
        open_state(url(file))
    assert re.search(r"newer liondesk-bridge .*0099.*Install", paragraph(error))


def damage(file: Path, start: int) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:start] + b"\xee" * (len(whole) - start))


async def test_damage_inside_the_file_is_said_when_it_is_met(file: Path) -> None:
    with open_state(url(file)) as state:
        links = [StoredLink(None, f"u{n}", rows=(StoredRow(str(n), "7", NINE, {"n": "x" * 500}),)) for n in range(500)]
        await state.pair("alice").save(links)
    damage(file, 163_840)
    with open_state(url(file)) as state, pytest.raises(StateError) as error:
        await state.pair("alice").all_links()
    assert "damaged" in paragraph(error)


@pytest.mark.parametrize("change", ["raw = '{\"half'", "slot = 'yesterday'"])
async def test_a_value_that_is_none_is_damage_too(file: Path, change: str) -> None:
    with open_state(url(file)) as state:
        await state.pair("alice").save([StoredLink(None, "a", rows=(StoredRow("1", None, NINE, {}),))])
    with sqlite3.connect(file) as vandal:
        vandal.execute(f"UPDATE rows SET {change}")  # noqa: S608 - the table above
    vandal.close()
    with open_state(url(file)) as state, pytest.raises(StateError) as error:
        await state.pair("alice").all_links()
    assert "damaged" in paragraph(error)


def test_a_state_without_its_version_is_damaged(file: Path) -> None:
    open_state(url(file)).close()
    with sqlite3.connect(file) as vandal:
        vandal.execute("DELETE FROM alembic_version")
    vandal.close()
    with pytest.raises(StateError, match="damaged"):
        open_state(url(file))


async def test_no_message_shows_what_the_tasks_say(file: Path) -> None:
    with open_state(url(file)) as state:
        store = state.pair("alice")
        secret = StoredLink(None, "a", ics="SUMMARY:the secret meeting")
        await store.save([secret])
        with pytest.raises(StateError) as error:
            await store.save([secret])
    cause: BaseException | None = error.value
    while cause is not None:
        assert "secret meeting" not in str(cause)
        cause = cause.__cause__


def test_a_file_that_another_process_keeps_writing_is_said_to_be_busy(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.store.database.PATIENCE_S", 0)
    with open_state(url(file)) as state:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="another process"):
            state.pair("bob")
        other.close()
        state.pair("bob")


# -- migrations --------------------------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(file: Path) -> None:
    open_state(url(file)).close()
    engine = create_engine(url(file))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    engine.dispose()
    assert differences == []


def test_the_revision_that_the_code_knows_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_a_quiet_run_imports_no_alembic(file: Path) -> None:
    open_state(url(file)).close()
    code = (
        "import sys; from bridge.store import open_state; open_state(sys.argv[1]).close();"
        "print([name for name in sys.modules if name.startswith(('alembic', 'mako'))])"
    )
    assert run_python(code, url(file)).stdout == "[]\n"


def test_an_empty_file_left_by_a_crash_becomes_a_state(file: Path) -> None:
    file.touch(0o600)
    with open_state(url(file)) as state:
        assert state.warnings == ()
    with sqlite3.connect(file) as check:
        assert check.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISION,)]
    check.close()


def test_several_processes_can_make_one_state_at_the_same_moment(file: Path) -> None:
    code = (
        "import sys; from bridge.store import open_state\n"
        "with open_state(sys.argv[1]) as state: state.pair(sys.argv[2])"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, url(file), f"pair{n}"], stderr=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    assert [(each.communicate()[1], each.returncode) for each in started] == [("", 0)] * 3
    with sqlite3.connect(file) as check:
        assert check.execute("SELECT count(*) FROM pairs").fetchone() == (3,)
    check.close()


# -- crashes -----------------------------------------------------------------------------------------------------------

CRASH = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from sqlalchemy import text
from bridge.ports import OperationRecord, StoredLink, StoredRow
from bridge.store import open_state

NINE, NOON = datetime(2026, 3, 9, 9), datetime(2026, 3, 9, 12, tzinfo=UTC)

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(url, step):
    store = open_state(url, now=lambda: NOON).pair("alice")
    link, = await store.save([StoredLink(None, "a", rows=(StoredRow("1", "7", NINE, {"v": 1}),))])
    await store.begin_run("r1", NOON, False)
    if step == "run": die()
    ids = await store.intend("r1", [OperationRecord(None, "liondesk", "create", n, n, "", None, {}, {}) for n in "xy"])
    if step == "intend": die()
    await store.receipt(ids[0], "done", {"row": "12"})
    if step == "receipt": die()
    rows = (StoredRow("1", "7", NINE, {"v": 2}), StoredRow("12", "7", NINE, {"v": 1}))
    if step == "inside save":
        from bridge.store import base
        changed = [StoredLink(link.id, "a", rows=rows)]
        store._database.write(lambda connection: die(base.write(connection, 1, changed, [])))
    await store.save([StoredLink(link.id, "a", rows=rows)])
    if step == "save": die()
    await store.set_cursor("liondesk", "2")
    die()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("step", "states", "rows", "cursor"),
    [
        ("run", [], {"1": 1}, None),
        ("intend", ["intent", "intent"], {"1": 1}, None),
        ("receipt", ["done", "intent"], {"1": 1}, None),
        ("inside save", ["done", "intent"], {"1": 1}, None),
        ("save", ["done", "intent"], {"1": 2, "12": 1}, None),
        ("cursor", ["done", "intent"], {"1": 2, "12": 1}, "2"),
    ],
)
async def test_a_killed_process_leaves_exactly_what_had_returned(
    file: Path, step: str, states: list[str], rows: dict[str, int], cursor: str | None
) -> None:
    killed = run_python(CRASH, url(file), step)
    assert (killed.returncode, killed.stderr) == (-9, "")
    with open_state(url(file)) as state:
        store = state.pair("alice")
        (link,) = await store.all_links()
        assert {row.row_id: row.raw["v"] for row in link.rows} == rows
        assert await store.cursor("liondesk") == cursor
        ((run),) = await store.last_runs()
        assert (run["run"], run["ended_at"]) == ("r1", None)
    with sqlite3.connect(file) as check:
        assert [each for (each,) in check.execute("SELECT state FROM operations ORDER BY id")] == states
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


async def test_the_journal_holds_the_whole_operation_with_its_moments(file: Path) -> None:
    written = OperationRecord(
        None, "calendar", "update", "/dav/a.ics", "Café \ud83d", "edited", {"ics": "1"}, None, {"fields": ["due"]}
    )
    with open_state(url(file), now=lambda: NOON) as state:
        store = state.pair("alice")
        await store.begin_run("r1", NOON, dry_run=False)
        (operation,) = await store.intend("r1", [written])
        await store.receipt(operation, "failed", {"status": 403, "fields": []})
    with sqlite3.connect(file) as check:
        check.row_factory = sqlite3.Row
        (journalled,) = check.execute("SELECT * FROM operations")
    check.close()
    assert dict(journalled) == {
        "id": operation,
        "run_id": 1,
        "side": "calendar",
        "action": "update",
        "item": "/dav/a.ics",
        "summary": "Café ?",
        "why": "edited",
        "before": '{"ics":"1"}',
        "after": None,
        "detail": '{"fields":[],"status":403}',
        "state": "failed",
        "intended_at": "2026-03-09T12:00:00.000000Z",
        "receipted_at": "2026-03-09T12:00:00.000000Z",
        "uid": "",
    }


async def test_what_is_intended_at_the_same_time_shares_a_commit(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit waits for the disk: eight writes cost far fewer than sixteen, and each is there when it returns."""
    with open_state(url(file), now=lambda: NOON) as state:
        store = state.pair("alice")
        await store.begin_run("r1", NOON, dry_run=False)
        commits = []
        write = Database.write

        def counted(self, work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            commits.append(1)
            return write(self, work)

        monkeypatch.setattr(Database, "write", counted)

        async def one(item: str) -> None:
            (operation,) = await store.intend(
                "r1", [OperationRecord(None, "l", "create", item, "", "", None, None, {})]
            )
            assert operation in {each.operation.id for each in await store.entries("r1")}
            await store.receipt(operation, "done", {})

        await asyncio.gather(*(one(str(number)) for number in range(8)))
        assert [each.operation.state for each in await store.entries("r1")] == ["done"] * 8
        assert len(commits) <= 6


async def test_of_those_that_share_a_commit_only_the_wrong_one_is_taken_back(file: Path) -> None:
    with open_state(url(file), now=lambda: NOON) as state:
        store = state.pair("alice")
        await store.begin_run("r1", NOON, dry_run=False)
        wanted = [OperationRecord(None, "l", "create", "1", "", "", None, None, {})]
        done = await asyncio.gather(
            store.intend("r1", wanted),
            store.receipt(99, "done", {}),
            store.intend("r1", wanted),
            return_exceptions=True,
        )
        assert [type(each) for each in done] == [tuple, StateError, tuple]
        assert len(await store.entries("r1")) == 2
