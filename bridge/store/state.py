"""Open the state: find the file, see that it is ours and of this version, bring it there if it is older."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, insert, select

from bridge.errors import ConfigurationError, StateError
from bridge.store.database import MOVE_AWAY, Database, prepare_file
from bridge.store.sql_store import SqlStore
from bridge.store.tables import REVISION, pairs

_APPLICATION_ID = 0x4C444252
"""`LDBR`, in SQLite's header: tells our file from any other SQLite file."""

_NEW = ""
"""The revision of a file that holds nothing yet."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class State:
    """An open state. Several pairs share it. A context manager that closes it.

    `warnings` are sentences for the user, such as that others can read the file.
    """

    def __init__(self, database: Database, warnings: tuple[str, ...], now: Callable[[], datetime]) -> None:
        """Made by `open_state`."""
        self.warnings = warnings
        self._database = database
        self._now = now

    def pair(self, name: str) -> SqlStore:
        """The store of one pair, new and empty if the state does not know the name. Raises StateError."""

        def find(connection: Connection) -> int | None:
            return connection.scalar(select(pairs.c.id).where(pairs.c.name == name))

        def find_or_create(connection: Connection) -> int:
            found = find(connection)
            if found is not None:
                return found
            created: int = connection.execute(insert(pairs).values(name=name).returning(pairs.c.id)).scalar_one()
            return created

        pair_id = self._database.read(find)
        if pair_id is None:
            pair_id = self._database.write(find_or_create)
        return SqlStore(self._database, pair_id, self._now)

    def close(self) -> None:
        """Close the file. Nothing is lost without: every call was durable when it returned."""
        self._database.close()

    def __enter__(self) -> Self:
        """The state itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def open_state(url: str, *, now: Callable[[], datetime] = _utc_now) -> State:
    """Open the state at `url`, `sqlite:///FILE` as SQLAlchemy spells it, and migrate it if it is older.

    The file is created with mode 0600 where it is missing. `now` answers an aware datetime; the journal's entries
    bear it. Raises ConfigurationError for another kind of URL, StateError for a file that is damaged, foreign, of a
    newer version or out of reach.
    """
    file = url.removeprefix("sqlite:///")
    if file == url or not file or file == ":memory:":
        raise ConfigurationError(
            'The state can only be kept in an SQLite file in this version: write state = "sqlite:///state.db".'
        )
    path = Path(file).expanduser().resolve()
    warnings = prepare_file(path)
    database = Database(path)
    try:
        _bring_to_this_version(database)
    except BaseException:
        database.close()
        raise
    return State(database, warnings, now)


def _bring_to_this_version(database: Database) -> None:
    def revision(connection: Connection) -> str:
        return _revision(connection, database.path)

    found = database.read(revision)
    database.use_write_ahead_log()
    if found == REVISION:
        return

    def migrate(connection: Connection) -> None:
        # Asked again under the lock: another process may have done it meanwhile.
        current = _revision(connection, database.path)
        if current != REVISION:
            _migrate(connection, current, database.path)

    database.write(migrate)


def _revision(connection: Connection, path: Path) -> str:
    application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    if application == _APPLICATION_ID:
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if version is None:
            raise StateError(f"The state file {path} cannot be used: it is damaged. {MOVE_AWAY}")
        return str(version)
    if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
        raise StateError(
            f"The file {path} is an SQLite database of another program, so it was left as it is. Name another file "
            "under `state` in the configuration; the next run builds the state there, and nothing on either side is "
            "lost."
        )
    return _NEW


def _migrate(connection: Connection, current: str, path: Path) -> None:
    # A quiet run must not pay for Alembic; only a state that is new or old gets here.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    if current != _NEW:
        try:
            ScriptDirectory.from_config(config).get_revision(current)
        except CommandError as error:
            raise StateError(
                f"The state file {path} was written by a newer liondesk-bridge (its revision is {current}, this "
                f"version knows up to {REVISION}), so it was left as it is. Install that newer version again. Or start "
                f"anew with this one. {MOVE_AWAY}"
            ) from error
    command.upgrade(config, REVISION)
    connection.exec_driver_sql(f"PRAGMA application_id={_APPLICATION_ID}")
