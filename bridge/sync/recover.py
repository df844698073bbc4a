"""After a run that died between changing a series as a whole and mending it (law 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bridge.core.model import Link, LinkedRow, Row, Slot
from bridge.core.occurrences import present
from bridge.core.pairing import Pairing
from bridge.core.plan import Work, mend
from bridge.core.settle import Reread, read_back
from bridge.ports import StoredLink, StoredRow
from bridge.sync.announced import expected_of
from bridge.sync.execute import Executor, others_rows, whole_series
from bridge.sync.observe import as_link
from bridge.sync.pair import Options, Pair
from bridge.sync.standing import kept_waiting
from bridge.sync.turn import TurnTaking


async def finish_mending(pair: Pair, name: str, turn: TurnTaking) -> None:
    """Mends what was announced, before this run compares anything.

    Where the request never took effect, nothing is mended and the base stands. Otherwise the rows as they are now
    become the base, and this run compares both sides as if it had found them alike (adoption), so that nothing is
    created twice.
    """
    announced = [each for each in await pair.store.links(pending=True) if (each.pending or {}).get("mend")]
    if not announced:
        return
    await turn.take(name)
    await pair.store.begin_run(f"{name}-mend", pair.now(), dry_run=False)
    saved = [await _mended(pair, f"{name}-mend", each) for each in announced]
    await pair.store.save(saved)
    await pair.store.end_run(f"{name}-mend", pair.now(), "agreed", {})


async def _mended(pair: Pair, run: str, stored: StoredLink) -> StoredLink:
    link = as_link(pair, stored)
    waits = kept_waiting(stored)
    retry = replace(stored, pending={**waits, "retry": True, "rows": [each.row.id for each in link.rows]})
    if not link.rows:
        # A series that was being made: what was POSTed is looked for, and found rows are compared with the calendar.
        posted = {name: note for name, note in (stored.pending or {}).items() if name in ("posted", "posted_at")}
        return replace(retry, pending={**(retry.pending or {}), **posted})
    rows = await whole_series(pair, link.rows[0].row, link.rows, _newest(link))
    now = {row.id: row for row in rows if not row.deleted}
    if all(each.row.id in now and now[each.row.id].raw == each.row.raw for each in link.rows):
        return retry
    last = max((row.task.due for row in now.values()), default=None)
    if last is None:
        return retry
    expected = expected_of(stored)
    shown = present(link.series, pair.context.zone, last) if link.series else frozenset[Slot]()
    others = await others_rows(pair, rows, link.rows)
    back = read_back(Reread(link.rows, (), rows, expected, {}, shown, frozenset(), others))
    operations = mend(back.rows, (), expected, max(each.slot for each in link.rows))
    linked = tuple(LinkedRow(slot, row) for slot, row in sorted(back.rows.items()))
    work = Work(Pairing(link, linked, link.series, stored.href, stored.etag), link.series, operations)
    receipts = await Executor(pair, run, Options(), {stored.uid: stored}).execute([work])
    if any(receipt.retry for receipt in receipts):
        return stored
    held: Mapping[Slot, Row] = receipts[0].rows if receipts else back.rows
    kept = tuple(StoredRow(row.id, row.event_id, slot, row.raw) for slot, row in sorted(held.items()))
    pending = {**waits, "retry": True, "rows": [row.row_id for row in kept]}
    return replace(retry, rows=kept, ics=None, etag=None, pending=pending)


def _newest(link: Link) -> datetime | None:
    return max((each.row.modified_at for each in link.rows if each.row.modified_at), default=None)
