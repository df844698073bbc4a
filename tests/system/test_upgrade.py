"""The state of every version that was ever released opens in this one, and the next run is a quiet one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import bridge.store
from bridge.store import open_state
from bridge.store.tables import REVISION
from tests.system.stage import Stage
from tests.system.test_shapes import shaped

MIGRATIONS = Path(bridge.store.__file__).parent / "migrations"
REVISIONS = sorted(path.name[1:5] for path in (MIGRATIONS / "versions").glob("r*.py"))
FIRST_FACTS = ("calendar", "categories", "owner", "time_zone")
"""What the first version remembered between runs."""


def of_revision(revision: str, newest: Path, file: Path) -> None:
    """A state file as the version of this revision left it, with all of the newest one's content that it knew."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, revision)
        connection.exec_driver_sql("PRAGMA application_id=1279541842")
    engine.dispose()
    with closing(sqlite3.connect(file)) as old:
        old.execute("ATTACH ? AS newest", (str(newest),))
        for (table,) in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
            if table.startswith(("sqlite_", "alembic_")):
                continue
            there = {row[1] for row in old.execute(f"PRAGMA newest.table_info({table})")}
            columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})") if row[1] in there)
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newest.{table}")  # noqa: S608
        if revision == "0001":
            old.execute(f"DELETE FROM facts WHERE name NOT IN {FIRST_FACTS}")  # noqa: S608 - the constant above
        old.commit()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_an_old_state_opens_and_a_quiet_run_follows(stage: Stage, tmp_path: Path, revision: str) -> None:
    pair = shaped(stage, "overrides")
    pair.post("Call client", "2026-03-02T09:00:00", "FREQ=WEEKLY;COUNT=4;BYDAY=MO", contact_id="1")
    pair.complete(pair.rows()[1])
    pair.post("Buy flowers", "2026-03-04T09:00:00")
    await pair.sync()
    await pair.sync()
    pair.state.close()
    old = tmp_path / "old.db"
    of_revision(revision, tmp_path / "state.db", old)
    with open_state(f"sqlite:///{old}", now=pair.world.clock.now) as pair.state:
        await pair.settles()
        assert len(await pair.state.pair("alice").all_links()) == 2
    with closing(sqlite3.connect(old)) as check:
        assert check.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISION,)]
