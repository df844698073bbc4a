"""Both sides now, at once, and what the base knows of whatever they show."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge import vtodo
from bridge.core.model import Link, LinkedRow, Row, Series, Shape, Side, Unreadable
from bridge.core.occurrences import CERTAIN
from bridge.core.pairing import Found, Sides, made_through
from bridge.core.shapes import gathered, slot_of_uid
from bridge.ports import Resource, ResourcesSeen, RowsSeen, StoredLink
from bridge.report import Skipped
from bridge.sync.announced import posted_of
from bridge.sync.pair import Options, Pair
from bridge.sync.parts import SHAPE, heir_of, hrefs_of, parts_of, rising, texts_of
from bridge.sync.standing import looked_after, slots_waiting
from bridge.sync.withheld import is_withheld


@dataclass(frozen=True, slots=True)
class Observation:
    """What a run starts from. `ics` holds the text of each resource by href, `stored` the base's links by UID.

    `looked_at`: row ids and hrefs that were read, None for a whole side. `changing`: the calendar is written in another
    shape than the pair's.
    """

    links: tuple[Link, ...]
    stored: Mapping[str, StoredLink]
    sides: Sides
    ics: Mapping[str, str]
    skipped: tuple[Skipped, ...]
    looked_at: Mapping[Side, frozenset[str] | None]
    liondesk_cursor: str | None
    calendar_cursor: str | None
    newest: datetime | None
    emptied: Side | None
    changing: bool

    @property
    def horizon(self) -> datetime:
        """How far LionDesk is known to have made rows, on the owner's wall clock."""
        return self.sides.horizon


class _Known:
    """The base as LionDesk's observer counts it: rows that nobody can read are known, too."""

    def __init__(self, pair: Pair, unreadable: Collection[str]) -> None:
        self._pair, self._unreadable = pair, unreadable

    async def count(self) -> int:
        return await self._pair.store.count() + len(self._unreadable)

    async def of(self, ids: Collection[str]) -> frozenset[str]:
        return await self._pair.store.of(ids) | (frozenset(ids) & frozenset(self._unreadable))


async def observe(pair: Pair, options: Options, wished: Collection[str] = ()) -> Observation:
    """Asks both sides at the same time, then the base for what they touched, and for the `wished` links by UID."""
    store = pair.store
    facts = await store.facts()
    unreadable = _texts(facts.get("unreadable"))
    rows_cursor = None if options.full else await store.cursor(Side.LIONDESK)
    calendar_cursor = None if options.full else await store.cursor(Side.CALENDAR)
    rows, resources = await asyncio.gather(
        pair.liondesk.observe(rows_cursor, _Known(pair, unreadable)),
        pair.calendar.observe(calendar_cursor, store.etags),
    )
    changing = facts.get(SHAPE, Shape.OVERRIDES) != pair.shape
    stored = await (pair.store.all_links() if changing else _touched(pair, rows, resources, wished))
    rows, resources = await _looked_again(pair, stored, rows, resources, wished)
    links = tuple(as_link(pair, each) for each in stored)
    found, ics, broken = _understood(pair, resources.changed, {href for each in stored for href in hrefs_of(each)})
    gone = _gone(stored, resources)
    known_texts = {href: text for each in stored for href, text in texts_of(each).items() if href not in gone}
    ics = {**known_texts, **ics}
    if not options.dry_run:
        await _remember_unreadable(pair, rows, unreadable)
    now = pair.now().astimezone(pair.context.zone).replace(tzinfo=None)
    known = {each.row.id: each.row for link in links for each in link.rows}
    sides = Sides(
        rows={row.id: row for row in rows.rows},
        rows_complete=rows.complete,
        found=found,
        gone=gone,
        horizon=max([now + CERTAIN, *(row.task.due for row in rows.rows if row.rule and row.rule.endless)]),
        zone=pair.context.zone,
        posted=posted_of(stored),
        shape=pair.shape,
        reach=made_through(rows.rows, now),
    )
    skipped = (
        *(Skipped(Side.LIONDESK, each.item, each.why, each.item) for each in rows.unreadable),
        *(Skipped(Side.CALENDAR, each.item, each.why, each.item) for each in (*resources.unreadable, *broken)),
    )
    looked_at = {
        Side.LIONDESK: None if rows.complete else frozenset(row.id for row in rows.rows),
        Side.CALENDAR: None if resources.complete else frozenset(found) | frozenset(resources.gone),
    }
    newest = max((row.modified_at for row in (*rows.rows, *known.values()) if row.modified_at), default=None)
    return Observation(
        links,
        {each.uid: each for each in stored},
        sides,
        ics,
        skipped,
        looked_at,
        rows.cursor,
        resources.cursor,
        newest,
        _emptied(rows, resources),
        changing,
    )


def _emptied(rows: RowsSeen, resources: ResourcesSeen) -> Side | None:
    """The side that was read whole and showed nothing."""
    if rows.complete and not any(not row.deleted for row in rows.rows) and not rows.unreadable:
        return Side.LIONDESK
    if resources.complete and not resources.changed and not resources.unchanged and not resources.unreadable:
        return Side.CALENDAR
    return None


async def _touched(
    pair: Pair, rows: RowsSeen, resources: ResourcesSeen, wished: Collection[str]
) -> tuple[StoredLink, ...]:
    """The links that either side touched, those that wait for something, and those whose time in the calendar is over.

    With them come the links that share an event with one: what is told to its rows may reach theirs.

    Rows of an unknown series without `scheduled_event_id` may belong to any link: then the whole base is looked at.
    """
    if rows.complete or resources.complete:
        return await pair.store.all_links()
    ids = [row.id for row in rows.rows]
    strangers = set(ids) - await pair.store.of(ids)
    if any(row.id in strangers and row.event_id is None and not row.deleted for row in rows.rows):
        return await pair.store.all_links()
    touched = await pair.store.links(
        row_ids=ids,
        event_ids=[row.event_id for row in rows.rows if row.event_id is not None],
        hrefs=[*(each.href for each in resources.changed), *resources.gone],
        uids=[*_uids(resources.changed), *wished],
        pending=True,
        retire_before=pair.now(),
    )
    seen = frozenset(ids), frozenset(each.href for each in resources.changed) | frozenset(resources.gone)
    stirred = [link for link in touched if _stirred(link, *seen) or link.uid in wished]
    events = {row.event_id for link in stirred for row in link.rows}
    if None in events or _completed_alone(resources.changed, touched):
        return await pair.store.all_links()
    known = [link.id for link in touched]
    beside = await pair.store.links(event_ids=[event for event in events if event is not None]) if events else ()
    return (*touched, *(link for link in beside if link.id not in known))


def _stirred(link: StoredLink, row_ids: frozenset[str], hrefs: frozenset[str]) -> bool:
    """Whether more than a note that waits for its day brings this link into the run."""
    if link.pending is None or looked_after(link) or not hrefs.isdisjoint(hrefs_of(link)):
        return True
    return link.retire_at is not None or any(row.row_id in row_ids for row in link.rows)


def _otherwise(link: StoredLink, raw: Mapping[str, Mapping[str, object]]) -> bool:
    """Whether LionDesk shows a row of this link otherwise than the base has it."""
    return any(row.row_id in raw and dict(raw[row.row_id]) != dict(row.raw) for row in link.rows)


def _completed_alone(resources: Iterable[Resource], touched: Iterable[StoredLink]) -> bool:
    """Whether something done is new, and nothing that was touched has its text.

    Then it may be the copy of an occurrence whose series its app has still to move on (idiom 6): any link may have it.
    """
    known = {each.href for each in touched}
    texts = "\n".join(each.ics or "" for each in touched)
    return any(
        "STATUS:COMPLETED" in each.ics.upper() and not any(line in texts for line in _lines(each.ics, "SUMMARY"))
        for each in resources
        if each.href not in known
    )


def _lines(ics: str, name: str) -> list[str]:
    return [line for line in ics.splitlines() if line.upper().startswith((f"{name}:", f"{name};"))]


def _uids(resources: Iterable[Resource]) -> list[str]:
    """UIDs without parsing: a line of the text, unfolded or not, is enough to look for a link by it.

    With them come those of the series that a UID says it is an occurrence of.
    """
    found = []
    for each in resources:
        for line in each.ics.splitlines():
            if line.upper().startswith("UID:"):
                found.append(line[4:].strip())
                break
    return [*found, *(named[0] for uid in found if (named := slot_of_uid(uid)) is not None)]


async def _looked_again(
    pair: Pair,
    stored: Iterable[StoredLink],
    rows: RowsSeen,
    resources: ResourcesSeen,
    wished: Collection[str],
) -> tuple[RowsSeen, ResourcesSeen]:
    """Items that wait for something, or are `wished`, are read as they are now: nobody may have touched them since."""
    raw = {row.id: row.raw for row in rows.rows}
    waiting = [each for each in stored if looked_after(each) or (is_withheld(each) and _otherwise(each, raw))]
    waiting += [each for each in stored if each.uid in wished and each not in waiting]
    if not waiting:
        return rows, resources
    seen = {row.id for row in rows.rows}
    shown = {each.href for each in resources.changed} | set(resources.gone)
    ids = {row_id for each in waiting for row_id in _ids(each)} - seen
    hrefs = {href for each in waiting for href in hrefs_of(each)} - shown
    fresh, current = await asyncio.gather(
        pair.liondesk.read(ids) if ids and not rows.complete else _nothing(),
        pair.calendar.fetch(hrefs) if hrefs else _none(),
    )
    missing = tuple(href for href in hrefs if href not in current)
    return (
        RowsSeen((*rows.rows, *fresh.values()), rows.unreadable, rows.complete, rows.cursor),
        ResourcesSeen(
            (*resources.changed, *current.values()),
            (*resources.gone, *missing),
            resources.unchanged,
            resources.unreadable,
            resources.complete,
            resources.cursor,
        ),
    )


async def _nothing() -> Mapping[str, Row]:
    return {}


async def _none() -> Mapping[str, Resource]:
    return {}


def _ids(link: StoredLink) -> list[str]:
    return [row.row_id for row in link.rows] + _texts((link.pending or {}).get("rows"))


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _gone(stored: Iterable[StoredLink], resources: ResourcesSeen) -> frozenset[str]:
    gone = set(resources.gone)
    if resources.complete:
        unread = {each.item for each in resources.unreadable}
        there = {each.href for each in resources.changed} | resources.unchanged | unread
        gone |= {href for each in stored for href in hrefs_of(each)} - there
    return frozenset(gone)


def _understood(
    pair: Pair, resources: Iterable[Resource], linked: Collection[str | None]
) -> tuple[dict[str, Found], dict[str, str], tuple[Unreadable, ...]]:
    found, ics, broken = {}, {}, []
    for each in resources:
        if each.href not in linked and not vtodo.concerns(each.ics, pair.context):
            continue
        series = vtodo.read(each.ics, pair.context, each.href)
        ics[each.href] = each.ics
        if isinstance(series, Series):
            found[each.href] = Found(each.href, each.etag, series)
        else:
            broken.append(series)
    return found, ics, tuple(broken)


async def _remember_unreadable(pair: Pair, rows: RowsSeen, before: Collection[str]) -> None:
    now = {each.item for each in rows.unreadable}
    readable = {row.id for row in rows.rows}
    kept = sorted(now if rows.complete else (set(before) - readable) | now)
    if kept != sorted(before):
        await pair.store.set_facts({"unreadable": kept})


def as_link(pair: Pair, stored: StoredLink) -> Link:
    """A stored link as the core knows it."""
    read = vtodo.read(stored.ics, pair.context, stored.href or stored.uid) if stored.ics else None
    main, parts = read if isinstance(read, Series) else None, parts_of(pair, stored)
    series = gathered(main, parts, pair.context.zone) if len(parts) == len(stored.parts) else None
    return Link(
        uid=stored.uid,
        id=stored.id,
        rows=tuple(LinkedRow(row.slot, pair.liondesk.row(row.raw)) for row in stored.rows),
        series=replace(series, uid=stored.uid) if series is not None and main is None else series,
        href=stored.href,
        etag=stored.etag,
        waits=slots_waiting(stored),
        parts=parts,
        main=main if parts else None,
        heir=heir_of(stored),
        rising=rising(stored),
    )


def since(newest: datetime | None) -> datetime | None:
    """From when on LionDesk is asked for rows that a write may have made, by its own clock, with room for ties."""
    return None if newest is None else newest - timedelta(seconds=2)
