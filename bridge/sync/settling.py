"""The base of a link as both sides answered: what a run leaves for the next one to compare with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge import vtodo
from bridge.core.model import Link, LinkedRow, Row, Slot
from bridge.core.occurrences import linked_by_slot
from bridge.core.pairing import Pairing
from bridge.core.plan import Waiting, Work
from bridge.core.settle import retires_at, settled
from bridge.ports import Resource, StoredLink, StoredRow
from bridge.sync.execute import calendar_series
from bridge.sync.observe import Observation
from bridge.sync.pair import Pair
from bridge.sync.parts import NOTE, next_to_leave, standing_beside, to_store, whole
from bridge.sync.receipts import Beside, Receipt
from bridge.sync.standing import kept_waiting, noted, with_history
from bridge.sync.withheld import kept_back


def settle(pair: Pair, observation: Observation, work: Work, receipt: Receipt | None) -> list[StoredLink]:
    """The base of one work's links, as both sides answered. `receipt` is None where nothing was written."""
    pairing = work.pairing
    stored = receipt.stored if receipt is not None else observation.stored.get(pairing.link.uid)
    if stored is not None and pairing.link.id is None:
        pairing = replace(pairing, link=replace(pairing.link, id=stored.id))
    if receipt is not None and receipt.retry:
        return [_unsettled(pair, stored, receipt)]
    if work.keeps_history and stored is not None:
        return [with_history(stored, linked_by_slot(pairing.rows) if receipt is None else receipt.rows)]
    if receipt is None:
        rows: Mapping[Slot, Row] = linked_by_slot(pairing.rows)
        resource, parts = _resource(observation, pairing), standing_beside(pairing, observation.ics)
    else:
        rows, resource, parts = receipt.rows, receipt.resource, receipt.parts
    split = _tails(work, receipt)
    taken = {_newest_form(rows, each).id for tail, *_ in split for each in tail.rows}
    kept = {work.relinked.get(slot, slot): row for slot, row in rows.items() if row.id not in taken}
    own = [each for each in parts.values() if each.link == pairing.link.uid]
    kept = kept if own else _showable(pair, kept, resource)
    links = [_stored(pair, pairing, kept, resource, own, work.waiting)] if kept or resource is not None or own else []
    if not links and stored is not None:
        links = [replace(stored, rows=(), href=None, etag=None, ics=None, pending=None, retire_at=None, parts=())]
    links = [kept_back(pair, work, stored, each) for each in links]
    for tail, held, beside in split:
        there = {each.slot: _newest_form(rows, each) for each in tail.rows}
        links.append(_stored(pair, tail, there, held, beside, work.waiting))
    return links


def _tails(work: Work, receipt: Receipt | None) -> list[tuple[Pairing, Resource | None, list[Beside]]]:
    """The tails that became series of their own, with what was written of each."""
    if receipt is None:
        return []
    found = []
    for tail in work.split:
        beside = [each for each in receipt.parts.values() if each.link == tail.link.uid]
        held = receipt.tail(tail)
        if held is not None or beside:
            found.append((tail, held, beside))
    return found


def _showable(pair: Pair, rows: dict[Slot, Row], resource: Resource | None) -> dict[Slot, Row]:
    """The rows that a resource can show: a single task is one row, others that survived beside it get their own."""
    series = calendar_series(pair, resource) if resource is not None and len(rows) > 1 else None
    if series is None or series.master is None or series.rule is not None or series.overrides:
        return rows
    due = series.master.due
    home = min(rows, key=lambda slot: (slot != due, slot))
    return {home: rows[home]}


def _newest_form(rows: Mapping[Slot, Row], each: LinkedRow) -> Row:
    """The newest form of a row that moved to another link: under its id, or the new one that took its place."""
    same = next((row for row in rows.values() if row.id == each.row.id), None)
    heir = next((row for row in rows.values() if row.task.due == each.row.task.due), each.row)
    return same if same is not None else heir


def _resource(observation: Observation, pairing: Pairing) -> Resource | None:
    if pairing.series is None or pairing.href is None or pairing.etag is None:
        return None
    return Resource(pairing.href, pairing.etag, observation.ics.get(pairing.href, ""))


def _stored(  # all that a link is made of
    pair: Pair,
    pairing: Pairing,
    rows: Mapping[Slot, Row],
    resource: Resource | None,
    parts: Sequence[Beside],
    waits: Sequence[Waiting],
) -> StoredLink:
    main = calendar_series(pair, resource) if resource is not None else None
    series, shown = whole(pair, main, parts), resource is not None or bool(parts)
    link = settled(pairing, rows, series, resource.href if resource else None, resource.etag if resource else None)
    return StoredLink(
        id=link.id,
        uid=link.uid,
        href=link.href,
        etag=link.etag,
        ics=resource.ics if resource else None,
        rows=tuple(StoredRow(each.row.id, each.row.event_id, each.slot, each.row.raw) for each in link.rows),
        pending=noted([each for each in waits if each.uid == link.uid], rows) if shown else None,
        retire_at=_retires_at(pair, link, rows, parts) if shown else None,
        parts=to_store(parts),
    )


def _retires_at(pair: Pair, link: Link, rows: Mapping[Slot, Row], parts: Sequence[Beside]) -> datetime | None:
    """When the first of the link's resources leaves the calendar."""
    moments = (retires_at(link, pair.keep_completed), next_to_leave(rows, parts, pair.keep_completed))
    return min((moment for moment in moments if moment is not None), default=None)


def _unsettled(pair: Pair, stored: StoredLink | None, receipt: Receipt) -> StoredLink:
    """The base stays where it was, with a note that the next run must look at both sides of this link again.

    Rows that were created are kept, so that they are never created twice.
    """
    pairing = receipt.work.pairing
    known = {each.row.id for each in pairing.rows}
    made = [row for row in receipt.rows.values() if row.id not in known]
    pending: dict[str, object] = {"retry": True, "rows": sorted({*known, *(row.id for row in made)})}
    pending |= kept_waiting(stored)
    stored = stored or _undecided(pair, pairing)
    # A request that was answered, though with a refusal, made nothing that would have to be looked for.
    kept = ("mend", "posted", "posted_at", NOTE) if receipt.doubtful else ("mend", NOTE)
    pending |= {name: note for name, note in (stored.pending or {}).items() if name in kept}
    new_rows = tuple(
        StoredRow(row.id, row.event_id, slot, row.raw) for slot, row in receipt.rows.items() if row in made
    )
    return replace(stored, rows=(*stored.rows, *new_rows), pending=pending)


def _undecided(pair: Pair, pairing: Pairing) -> StoredLink:
    """The base of a link that it does not have yet: none, or for the tail of a split series what the whole one was."""
    base = pairing.link
    return StoredLink(
        None,
        base.uid,
        pairing.href,
        pairing.etag if base.series is not None else None,
        vtodo.write(base.series, pair.context, pair.now()) if base.series is not None else None,
        tuple(StoredRow(each.row.id, each.row.event_id, each.slot, each.row.raw) for each in base.rows),
    )
