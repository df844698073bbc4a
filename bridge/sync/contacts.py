"""The contacts of the tasks that a run writes into the calendar: asked for once, then remembered for all runs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Override, Row, Series, Shape, Slot
from bridge.core.occurrences import linked_by_slot, present, value_at
from bridge.core.plan import PutResource, Work
from bridge.errors import CredentialsError, Unreachable
from bridge.sync.pair import Pair
from bridge.vtodo import ContactCard

FACT = "contacts"
AT_ONCE = 8
"""How many contacts are asked for at the same time."""


async def introduced(pair: Pair, works: Iterable[Work], *, full: bool) -> Pair:
    """The pair with the contacts of all tasks that `works` put into the calendar.

    Only those that no run has read before are asked for; a full run asks again for all that are in use. One that
    cannot be read is not shown in this run, and stops nothing. A pair without `contact` shows none.
    """
    if pair.contact is None:
        return pair
    every = list(works)
    renewing = pair.context.was is not None
    needed = _named(work for work in every if renewing or any(isinstance(e, PutResource) for e in work.calendar))
    if not needed and not full:
        return pair
    kept = remembered((await pair.store.facts()).get(FACT))
    in_use = _named(every) & kept.keys() if full else set()
    asked = in_use | (needed - kept.keys())
    found = await read_cards(pair.contact, asked)
    known = {key: card for key, card in kept.items() if key not in found} | {
        key: card for key, card in found.items() if card is not None
    }
    if known != kept:
        await pair.store.set_facts({FACT: {key: _as_fact(card) for key, card in sorted(known.items())}})
    return replace(pair, context=replace(pair.context, contacts=MappingProxyType(known)))


def _named(works: Iterable[Work]) -> set[str]:
    """The contacts that LionDesk's rows of these works name."""
    contacts = (each.row.task.contact_id for work in works for each in work.pairing.rows)
    return {contact for contact in contacts if contact is not None}


async def read_cards(
    read: Callable[[str], Awaitable[ContactCard | None]], ids: Iterable[str]
) -> dict[str, ContactCard | None]:
    """What LionDesk answers for each, None where it has none to show; nothing for those that it did not answer.

    When it cannot be reached for one, the others are not asked for: the next run that writes them tries again.
    """
    gate, found = asyncio.Semaphore(AT_ONCE), dict[str, ContactCard | None]()
    lost = False

    async def one(contact_id: str) -> None:
        nonlocal lost
        async with gate:
            if lost:
                return
            try:
                found[contact_id] = await read(contact_id)
            except CredentialsError:  # 403: another one's contact. A token that is no good shows at the next request
                found[contact_id] = None
            except Unreachable:
                lost = True

    await asyncio.gather(*(one(contact_id) for contact_id in sorted(ids)))
    return found


def remembered(fact: object) -> dict[str, ContactCard]:
    """The contacts that a pair's fact of this room holds, by id."""
    kept = fact if isinstance(fact, dict) else {}
    return {
        str(key): ContactCard(str(card["name"]), tuple(map(str, card["phones"])), str(card["email"]))
        for key, card in kept.items()
    }


def _as_fact(card: ContactCard) -> dict[str, object]:
    return {"name": card.name, "phones": list(card.phones), "email": card.email}


# -- whose contact stands where ----------------------------------------------------------------------------------------


def contacted(series: Series, rows: Mapping[Slot, Row], zone: ZoneInfo) -> Series:
    """The series with the contacts that LionDesk's rows name, which a calendar does not tell.

    The series itself has the contact of most rows that differ in nothing else; an occurrence with another one becomes
    an override, where the calendar shows that occurrence.
    """
    if not rows:
        return series
    plain = [row for slot, row in sorted(rows.items()) if slot not in series.overrides or series.rule is None]
    usual = _usual(plain or [row for _, row in sorted(rows.items())])
    master = replace(series.master, contact_id=usual) if series.master is not None else None
    overrides = {
        slot: replace(each, task=replace(each.task, contact_id=rows[slot].task.contact_id if slot in rows else usual))
        for slot, each in series.overrides.items()
    }
    series = replace(series, master=master, overrides=MappingProxyType(overrides))
    if series.rule is None or series.master is None:
        return series
    for slot in sorted(present(series, zone, max(rows)) & rows.keys() - overrides.keys()):
        shown, contact = value_at(series, slot), rows[slot].task.contact_id
        if shown is not None and shown.contact_id != contact:
            overrides[slot] = Override(replace(shown, contact_id=contact))
    return replace(series, overrides=MappingProxyType(overrides))


def _usual(rows: Iterable[Row]) -> str | None:
    """What most rows say; the last of them where it is even."""
    contacts = [row.task.contact_id for row in rows]
    counts = Counter(contacts)
    return max(reversed(contacts), key=lambda contact: counts[contact])


def rows_of(work: Work, rows: Mapping[Slot, Row], put: PutResource) -> Mapping[Slot, Row]:
    """Which of a work's rows stand for the slots of the resource that it writes."""
    own = _rows_of(work, rows, put.link or put.series.uid)
    if put.part is not None:
        return {slot: row for slot, row in own.items() if slot == put.part}
    return own if work.pairing.shape is Shape.OVERRIDES else _plain(own, put.series)


def _plain(rows: Mapping[Slot, Row], series: Series) -> Mapping[Slot, Row]:
    """The rows that a master without overrides speaks for, as if all were of one contact: the one most of them have."""
    begins = series.master.due if series.master is not None else datetime.min
    own = {slot: row for slot, row in rows.items() if slot >= begins and slot not in series.exdates}
    usual = _usual([row for _, row in sorted(own.items())]) if own else None
    return {slot: replace(row, task=replace(row.task, contact_id=usual)) for slot, row in own.items()}


def _rows_of(work: Work, rows: Mapping[Slot, Row], uid: str) -> Mapping[Slot, Row]:
    newest = {row.id: row for row in rows.values()}
    tail = next((each for each in work.split if each.link.uid == uid), None)
    if tail is not None:
        return {slot: newest.get(row.id, row) for slot, row in linked_by_slot(tail.rows).items()}
    taken = {each.row.id for each_tail in work.split for each in each_tail.rows}
    return {work.relinked.get(slot, slot): row for slot, row in rows.items() if row.id not in taken}
