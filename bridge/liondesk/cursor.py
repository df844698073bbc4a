"""What one observation of LionDesk remembers for the next: opaque JSON to everybody else.

Rows are asked by `modified_at`, which is no exact order: writers' clocks differ, whole seconds tie, a row may show up
with a stamp older than one that was read before. So each observation reads again what was stamped up to `OVERLAP`
before the newest stamp, until that much time has passed on this machine's clock and nothing older can appear any more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from bridge.liondesk.fields import read_stamp

OVERLAP = timedelta(minutes=5)
"""By how much two writers' clocks may differ."""

_VERSION = 1
_MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Habits:
    """How this server was found to answer the questions that no page of LionDesk's does."""

    changes: bool = True
    """`modified_at` can be filtered and sorted by."""
    total_alone: bool = True
    """`$limit=0` is not refused."""
    sort_by_id: bool = True
    """`$sort[id]` is not refused."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next observation takes up.

    `mark` is the newest `modified_at` seen, `marked_at` when this machine saw it first, `since` from where the next
    one reads (all aware UTC). `floor` is set while so many rows are stamped after `since` that a page does not hold
    them: then live rows are asked in two halves, from `floor` on and before it. `unheld` are the keys of live rows that
    the base did not hold, such as unreadable ones. `sample` is how some row showed its values, without any text.
    """

    mark: datetime
    marked_at: datetime
    since: datetime
    floor: datetime | None = None
    unheld: tuple[str, ...] = ()
    sample: Mapping[str, object] = field(default_factory=dict)

    def settled(self, now: datetime) -> bool:
        """Whether rows stamped before `mark` cannot appear any more."""
        return now - self.marked_at > OVERLAP


def after(previous: Cursor | None, stamps: Collection[datetime], now: datetime, page_size: int) -> Cursor | None:
    """The cursor after every row stamped from `previous.since` on was read (all there are, if None): `stamps`.

    None when there is nothing to take up from. `unheld` and `sample` are left empty.
    """
    if previous is None:
        if not stamps:
            return None
        mark, marked_at, since = max(stamps), now, max(stamps) - OVERLAP
    else:
        mark = max(previous.mark, *stamps) if stamps else previous.mark
        marked_at = previous.marked_at if mark == previous.mark else now
        settled = mark == previous.mark and previous.settled(now)
        since = max(previous.since, mark + timedelta(seconds=1) if settled else mark - OVERLAP)
    window = sorted(stamp for stamp in stamps if stamp >= since)
    return Cursor(mark, marked_at, since, _floor(window, page_size))


def _floor(window: list[datetime], page_size: int) -> datetime | None:
    """Where to divide a window that no page holds: the upper half fits a page, or the lower one leaves room to grow."""
    beyond = len(window) - page_size
    return window[min(beyond, page_size // 2)] if beyond > 0 else None


def dump(cursor: Cursor | None, habits: Habits) -> str:
    """Opaque text."""
    value: dict[str, object] = {"version": _VERSION, "habits": asdict(habits)}
    if cursor is not None:
        value |= {
            "mark": cursor.mark.isoformat(),
            "marked_at": cursor.marked_at.isoformat(),
            "since": cursor.since.isoformat(),
            "floor": cursor.floor.isoformat() if cursor.floor else None,
            "unheld": sorted(cursor.unheld)[:_MOST_KEYS],
            "sample": dict(cursor.sample),
        }
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def load(text: str | None) -> tuple[Cursor | None, Habits]:
    """What `dump` wrote; nothing where the text is of another version or was damaged: then the whole list is read."""
    try:
        value = json.loads(text or "")
        if value["version"] != _VERSION:
            return None, Habits()
        habits = Habits(**{name: bool(kept) for name, kept in value["habits"].items()})
        if "mark" not in value:
            return None, habits
        return Cursor(
            mark=_moment(value["mark"]),
            marked_at=_moment(value["marked_at"]),
            since=_moment(value["since"]),
            floor=_moment(value["floor"]) if value["floor"] else None,
            unheld=tuple(map(str, value["unheld"])),
            sample=dict(value["sample"]),
        ), habits
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None, Habits()


def stamp(moment: datetime) -> str:
    """An aware moment in the form of the documentation's filters, in whole milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: object) -> datetime:
    found = read_stamp(text)
    if found is None:
        raise ValueError(text)
    return found
