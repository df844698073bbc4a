"""One SQLite file: how it is made, opened and locked, and what its errors mean to a user.

PostgreSQL has its place beside it: the tables and statements above this module are the same for both.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from bridge.errors import StateError

T = TypeVar("T")

PATIENCE_S = 10
"""How long a write waits for another process's write."""

MOVE_AWAY = (
    "Nothing on either side is lost: move the file away (with its -wal and -shm files, if there are any) and run "
    "again; the next run adopts the tasks it finds on both sides by their UID and builds a new state."
)

_MEANING = {
    "SQLITE_BUSY": f"another process has been writing it for more than {PATIENCE_S} seconds. What was written before "
    "is kept; run again when that process has finished.",
    "SQLITE_FULL": "the disk is full. What was written before is kept; make room and run again.",
    "SQLITE_READONLY": "it may not be written. Give this user write permission to the file and to its folder, and run "
    "again.",
    "SQLITE_CANTOPEN": "it cannot be opened. See that this user may read and write the file and its folder, and run "
    "again.",
    "SQLITE_IOERR": "the disk reports an error. What was written before is kept; look after the disk and run again.",
    "SQLITE_NOTADB": f"it is not a state of liondesk-bridge, or it is damaged. {MOVE_AWAY}",
    "SQLITE_CORRUPT": f"it is damaged. {MOVE_AWAY}",
    "SQLITE_CONSTRAINT": "what was to be written contradicts what it holds, which is a fault of liondesk-bridge: "
    f"please report it. The write was taken back whole. {MOVE_AWAY}",
}
"""What SQLite's error names (their beginnings) mean to the user."""


class Database:
    """Transactions on one file. Each is short and runs to its end without giving way to another task of the loop."""

    def __init__(self, path: Path) -> None:
        """`path` exists; whether it is a state is for the caller to ask."""
        self.path = path
        # Parameters are people's tasks: they belong in no message.
        self._engine: Engine = create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True)
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent view of the file. Raises StateError."""
        try:
            with self._engine.connect() as connection, connection.begin():
                return work(connection)
        except DBAPIError as error:
            raise self._state_error(error) from error
        except ValueError as error:
            # What was stored is no JSON or no date any more.
            raise StateError(f"The state file {self.path} cannot be read: it is damaged. {MOVE_AWAY}") from error

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` as the only writer; what it wrote survives a power cut once this returns. Raises StateError."""
        try:
            with (
                self._engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection,
                connection.begin(),
            ):
                return work(connection)
        except DBAPIError as error:
            raise self._state_error(error) from error

    def use_write_ahead_log(self) -> None:
        """Let readers read while one writes. The setting stays in the file."""
        connection: PoolProxiedConnection | None = None
        try:
            connection = self._engine.raw_connection()
            connection.cursor().execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            # Another process is at the file this moment. Writes are as durable without; the next run sets it.
            pass
        finally:
            if connection is not None:
                connection.close()

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def _state_error(self, error: DBAPIError) -> StateError:
        name = str(getattr(error.orig, "sqlite_errorname", "SQLITE_CORRUPT"))
        for beginning, meaning in _MEANING.items():
            if name.startswith(beginning):
                return StateError(f"The state file {self.path} cannot be used: {meaning}")
        return StateError(f"The state file {self.path} cannot be used: SQLite reports {name}. {MOVE_AWAY}")


def _configure(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # None: transactions begin when `_begin` says so, not when Python's driver guesses.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={PATIENCE_S * 1000}")
    cursor.execute("PRAGMA foreign_keys=ON")
    # A receipt that a power cut takes back would let a task be created twice: each commit reaches the disk. macOS
    # needs `fullfsync` for that; elsewhere it does nothing.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA fullfsync=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: one that reads first and writes later can find that it has to start again.
    connection.exec_driver_sql(str(connection.get_execution_options().get("begin", "BEGIN")))


def prepare_file(path: Path) -> tuple[str, ...]:
    """Make the file, for its owner's eyes only, where it is missing. Answers warnings about one that others can read.

    SQLite gives its -wal and -shm files the mode of the file. Raises StateError.
    """
    if not path.parent.is_dir():
        raise StateError(
            f"The folder {path.parent}, where the state is to be kept, does not exist. Nothing was done: create it "
            "(mkdir), or name another place under `state` in the configuration."
        )
    if path.is_dir():
        raise StateError(
            f"The state is to be kept in {path}, but that is a folder. Nothing was done: name a file under `state` in "
            "the configuration."
        )
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return _open_to_others(path)
    except OSError as error:
        raise StateError(
            f"The state file {path} cannot be created: {error.strerror}. Nothing was done: give this user write "
            "permission to the folder, or name another place under `state` in the configuration."
        ) from error
    return ()


def _open_to_others(path: Path) -> tuple[str, ...]:
    if os.name == "nt":
        return ()
    files = (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"))
    return tuple(
        f"The state file {file} can be read by other users of this machine, and it holds your tasks. "
        f'Close it to them with: chmod 600 "{file}"'
        for file in files
        if file.exists() and file.stat().st_mode & 0o077
    )
