"""`bridge.ports.Store` in memory, for histories by the thousand. tests/store holds the real one to the same contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bridge.errors import StateError
from bridge.ports import OperationRecord, StoredLink, StoredRow
from bridge.sync.parts import hrefs_of
from tests.simulation.faults import Faults


@dataclass
class Kept:
    """What is on the disk: it outlives the processes that write it."""

    links: dict[int, StoredLink] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    operations: list[OperationRecord] = field(default_factory=list)
    numbers: int = 0


class MemoryStore:
    """One process' access to it: each write is all or nothing, and an I/O point of its own."""

    def __init__(self, kept: Kept, faults: Faults) -> None:
        self.kept, self.faults = kept, faults

    async def cursor(self, side: str) -> str | None:
        """As it was kept."""
        return self.kept.cursors.get(side)

    async def set_cursor(self, side: str, cursor: str | None) -> None:
        """One transaction."""
        self.faults.disk()
        if cursor is None:
            self.kept.cursors.pop(side, None)
        else:
            self.kept.cursors[side] = cursor

    async def facts(self) -> Mapping[str, object]:
        """As they were kept."""
        return dict(self.kept.facts)

    async def set_facts(self, facts: Mapping[str, object]) -> None:
        """One transaction."""
        self.faults.disk()
        self.kept.facts.update(json.loads(json.dumps(facts)))

    async def count(self) -> int:
        """Live rows."""
        return sum(_live(row) for link in self.kept.links.values() for row in link.rows)

    async def of(self, ids: Collection[str]) -> frozenset[str]:
        """Those of them that are held live."""
        held = {row.row_id for link in self.kept.links.values() for row in link.rows if _live(row)}
        return frozenset(held.intersection(ids))

    async def etags(self) -> Mapping[str, str]:
        """By href."""
        found = {link.href: link.etag for link in self.kept.links.values() if link.href and link.etag}
        return found | {part.href: part.etag for link in self.kept.links.values() for part in link.parts}

    async def links(
        self,
        *,
        row_ids: Collection[str] = (),
        event_ids: Collection[str] = (),
        hrefs: Collection[str] = (),
        uids: Collection[str] = (),
        pending: bool = False,
        retire_before: datetime | None = None,
    ) -> tuple[StoredLink, ...]:
        """Every link that any of these touches."""

        def touched(link: StoredLink) -> bool:
            return (
                (pending and link.pending is not None)
                or (retire_before is not None and link.retire_at is not None and link.retire_at <= retire_before)
                or not hrefs_of(link).isdisjoint(hrefs)
                or not {link.uid, *(part.uid for part in link.parts)}.isdisjoint(uids)
                or any(row.row_id in row_ids or row.event_id in event_ids for row in link.rows)
            )

        return tuple(link for _, link in sorted(self.kept.links.items()) if touched(link))

    async def all_links(self) -> tuple[StoredLink, ...]:
        """The whole base."""
        return tuple(link for _, link in sorted(self.kept.links.items()))

    async def save(self, links: Iterable[StoredLink], forget: Iterable[int] = ()) -> tuple[StoredLink, ...]:
        """One transaction: a row belongs to the link that was saved with it last; UIDs and hrefs are there once."""
        self.faults.disk()
        here = dict(self.kept.links)
        for number in forget:
            here.pop(number, None)
        saved = []
        for link in links:
            if link.id is None:
                self.kept.numbers += 1
            elif link.id not in here:
                raise StateError("a link that was read is gone")
            number = self.kept.numbers if link.id is None else link.id
            pending = None if link.pending is None else json.loads(json.dumps(dict(link.pending)))
            rows = tuple(sorted(link.rows, key=lambda row: (row.slot, row.row_id)))
            saved.append(replace(link, id=number, rows=rows, pending=pending))
            here[number] = saved[-1]
        _unique(saved, lambda link: [row.row_id for row in link.rows])
        moved = {row.row_id for link in saved for row in link.rows}
        taken = {part.href for link in saved for part in link.parts}
        fresh = {link.id for link in saved}
        for number, link in list(here.items()):
            if number not in fresh:
                left = tuple(row for row in link.rows if row.row_id not in moved)
                here[number] = replace(
                    link, rows=left, parts=tuple(part for part in link.parts if part.href not in taken)
                )
        _unique(here.values(), lambda link: [link.uid])
        _unique(here.values(), lambda link: sorted(hrefs_of(link)))
        self.kept.links = here
        return tuple(saved)

    async def begin_run(self, run: str, started_at: datetime, dry_run: bool) -> None:
        """A run starts."""
        self.faults.disk()

    async def intend(self, run: str, operations: Sequence[OperationRecord]) -> tuple[int, ...]:
        """Journalled before they are sent."""
        self.faults.disk()
        first = len(self.kept.operations)
        self.kept.operations += operations
        return tuple(range(first, len(self.kept.operations)))

    async def receipt(self, operation_id: int, state: str, detail: Mapping[str, object]) -> None:
        """What came of it."""
        self.faults.disk()
        self.kept.operations[operation_id] = replace(self.kept.operations[operation_id], state=state)

    async def end_run(self, run: str, ended_at: datetime, outcome: str, result: Mapping[str, object]) -> None:
        """A run ends."""
        self.faults.disk()

    async def last_runs(self, count: int = 1) -> tuple[Mapping[str, object], ...]:
        """None are kept."""
        return ()


def _live(row: StoredRow) -> bool:
    return row.raw.get("status") != "deleted"


def _unique(links: Iterable[StoredLink], names: Callable[[StoredLink], Sequence[str]]) -> None:
    found = [name for link in links for name in names(link)]
    if len(found) != len(set(found)):
        raise StateError(f"a task exists twice in the base: {sorted(name for name in found if found.count(name) > 1)}")
