"""Shared commits: what several tasks of the loop write at the same time reaches the disk in one transaction.

A commit costs a sync of the disk, some milliseconds. It runs in a thread, so that requests go on meanwhile; whatever is
asked for until it ends shares the next one. Each call returns only when its own work is on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

from sqlalchemy import Connection

from bridge.store.database import Database

T = TypeVar("T")

_Work: TypeAlias = Callable[[Connection], object]
_Outcome: TypeAlias = object


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why one piece of work was taken back."""

    error: BaseException


class Commits:
    """The commits of one pair's store. Work of one batch is done in the order in which it was asked for."""

    def __init__(self, database: Database) -> None:
        """`database` may be written by others at the same time: they wait for each other."""
        self._database = database
        self._waiting: list[tuple[_Work, asyncio.Future[_Outcome]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the next commit. Its error is its own: the rest of the batch is kept. Raises StateError."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_Outcome] = loop.create_future()
        self._waiting.append((work, done))
        if self._committing is None or self._committing.done() or self._committing.get_loop() is not loop:
            self._committing = loop.create_task(self._commit_all())
        outcome = await asyncio.shield(done)
        if isinstance(outcome, _Failed):
            raise outcome.error
        return cast("T", outcome)

    async def _commit_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            outcomes = await asyncio.to_thread(self._together, [work for work, _ in batch])
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                if not done.done():
                    done.set_result(outcome)

    def _together(self, works: Sequence[_Work]) -> list[_Outcome]:
        """One transaction for all; where one of them fails, one for each."""
        try:
            return self._database.write(lambda connection: [work(connection) for work in works])
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            if len(works) == 1:
                return [_Failed(error)]
            return [outcome for work in works for outcome in self._together([work])]
