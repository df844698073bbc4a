"""What a process of the simulator leaves out: reading the same text twice, and an inbox on the disk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from unittest.mock import patch

from bridge.core.model import Series, Unreadable
from bridge.core.pairing import Pairing
from bridge.core.policies import Conflict
from bridge.records import InboxItem
from bridge.sync import Pair
from bridge.sync.observe import Observation
from bridge.vtodo import Context, reading

RUN, NOTE = "bridge.sync.run", "note_conflicts"
Disputed = Sequence[tuple[Pairing, Conflict]]
_read = reading.read_series
_ONCE: dict[int, Callable[[str, str], Series | Unreadable]] = {}


@contextmanager
def noting(kept: list[Conflict]) -> Iterator[None]:
    """Within, conflicts are kept here where a run keeps them in the inbox: before it writes anything."""
    module = sys.modules[RUN]
    original = getattr(module, NOTE)

    async def note_conflicts(
        pair: Pair, observation: Observation, conflicts: Disputed, questions: Sequence[InboxItem]
    ) -> None:
        kept.extend(conflict for _, conflict in conflicts)
        await original(pair, observation, conflicts, questions)

    with patch.object(module, NOTE, note_conflicts):
        yield


@contextmanager
def remembered(known: Context) -> Iterator[None]:
    """Within, each text is understood once: reading is pure, and every run of a history reads the same ones.

    For resources that are read in this very context; every other call goes through.
    """
    once = _ONCE.setdefault(id(known), lru_cache(maxsize=20_000)(lambda ics, item: _read(ics, known, item)))

    def read_series(ics: str, context: Context, item: str = "") -> Series | Unreadable:
        return once(ics, item) if context is known else _read(ics, context, item)

    reading.read_series = read_series
    try:
        yield
    finally:
        reading.read_series = _read
