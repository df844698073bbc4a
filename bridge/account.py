"""A pair's LionDesk account by itself, without state or calendar: what `export` reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bridge.core.model import Row, Unreadable
from bridge.credentials import bearer
from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from bridge.config import PairSettings
    from bridge.liondesk.client import LionDeskApi
    from bridge.vtodo import ContactCard, Context


@dataclass(frozen=True, slots=True)
class Book:
    """Every live task of an account. `owner` tells accounts apart; `context` is how its calendar form is written.

    `unasked` are contacts of which LionDesk gave no answer: they have a number and no name here.
    """

    pair: str
    owner: str
    rows: tuple[Row, ...]
    unreadable: tuple[Unreadable, ...]
    context: Context
    unasked: tuple[str, ...] = ()


class _Nothing:
    """A base that knows no row: `observe` then reads the whole list."""

    async def count(self) -> int:
        return 0

    async def of(self, ids: Collection[str]) -> frozenset[str]:
        del ids
        return frozenset()


async def read_book(settings: PairSettings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Book:
    """Read the account completely. Raises ConfigurationError, CredentialsError and Unreachable."""
    from bridge.liondesk.client import LionDeskApi
    from bridge.vtodo import Context

    there, dav = settings.liondesk, settings.calendar
    zone = ZoneInfo(there.time_zone or "UTC")
    async with LionDeskApi(there.url, there.account_url, bearer(settings), zone, now=now) as liondesk:
        me = await liondesk.me()
        if there.time_zone is None:
            liondesk.zone = owners_zone(settings, me.time_zone if me is not None else None)
        names = await liondesk.categories()
        seen = await liondesk.observe(None, _Nothing())
        rows = tuple(row for row in seen.rows if not row.deleted)
        owner = f"{there.url} {me.id if me is not None else settings.name}"
        context = Context(liondesk.zone, _named(rows, names), dav.start, dav.alarm)
        cards, unasked = await _cards(rows, card_reader(liondesk))
        return Book(settings.name, owner, rows, seen.unreadable, replace(context, contacts=cards), unasked)


def _named(rows: Iterable[Row], names: Mapping[str, str]) -> Mapping[str, str]:
    """The categories with a name for each that a task has, be it only its number."""
    used = {row.task.category_id for row in rows if row.task.category_id is not None}
    return {**{key: f"LionDesk category {key}" for key in sorted(used)}, **names}


async def _cards(
    rows: Iterable[Row], read: Callable[[str], Awaitable[ContactCard | None]]
) -> tuple[Mapping[str, ContactCard], tuple[str, ...]]:
    """Every contact that a task names, by its number where LionDesk has nothing to show; and those without answer."""
    from bridge.sync.contacts import read_cards
    from bridge.vtodo import ContactCard

    ids = {row.task.contact_id for row in rows if row.task.contact_id is not None}
    found = await read_cards(read, ids)
    cards = {key: found.get(key) or ContactCard(f"LionDesk contact {key}") for key in sorted(ids)}
    return cards, tuple(sorted(ids - found.keys()))


def card_reader(liondesk: LionDeskApi) -> Callable[[str], Awaitable[ContactCard | None]]:
    """What reads a contact as a task shows it."""
    from bridge.vtodo import ContactCard

    async def read(contact_id: str) -> ContactCard | None:
        found = await liondesk.contact(contact_id)
        return ContactCard(found.name, found.phones, found.email) if found is not None else None

    return read


def owners_zone(settings: PairSettings, told: str | None) -> ZoneInfo:
    """The zone that LionDesk tells. Raises ConfigurationError where it tells none, or one that nobody knows."""
    try:
        return ZoneInfo(told or "")
    except (ValueError, OSError, LookupError):
        what = f"says that the owner's time zone is {told!r}" if told else "does not tell the owner's time zone"
        raise ConfigurationError(
            f"Pair {settings.name}: LionDesk {what}, so it is not known when tasks are due. Nothing was changed: set "
            "time_zone in [pair.liondesk], such as America/Los_Angeles."
        ) from None
