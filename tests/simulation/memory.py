"""Reading is pure, and every run of a history reads the same texts: within `remembered`, each is understood once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from bridge.core.model import Series, Unreadable
from bridge.vtodo import Context, reading

_read = reading.read_series
_ONCE: dict[int, Callable[[str, str], Series | Unreadable]] = {}


@contextmanager
def remembered(known: Context) -> Iterator[None]:
    """For resources that are read in this very context; every other call goes through."""
    once = _ONCE.setdefault(id(known), lru_cache(maxsize=20_000)(lambda ics, item: _read(ics, known, item)))

    def read_series(ics: str, context: Context, item: str = "") -> Series | Unreadable:
        return once(ics, item) if context is known else _read(ics, context, item)

    reading.read_series = read_series
    try:
        yield
    finally:
        reading.read_series = _read
