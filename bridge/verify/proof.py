"""The comparison itself: every row against the resource that shows it, and both against the base."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bridge.core.model import Row, Side
from bridge.ports import Calendar, LionDesk, Resource, Store, StoredLink
from bridge.verify.shown import Shown, ends, of_resource, of_row

AHEAD = timedelta(days=60)
"""A rule that ends is compared this far ahead at least: LionDesk has made its rows by then."""


class Kind(StrEnum):
    """What a difference is: an edit that no run has seen yet, an item that only one side has, or two that disagree."""

    EDITED = "edited"
    MISSING = "missing"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which the sides, or a side and the base, do not agree.

    `item` is a row's id or a resource's href, `occurrence` a wall-clock moment; `field` is None where all of it is
    missing.
    """

    kind: Kind
    item: str
    summary: str
    occurrence: datetime | None
    field: str | None
    liondesk: object
    calendar: object
    sentence: str

    def as_json(self) -> dict[str, object]:
        """The difference as `verify --json` shows it."""
        return {
            "kind": self.kind.value,
            "item": self.item,
            "summary": self.summary,
            "occurrence": self.occurrence.isoformat() if self.occurrence else None,
            "field": self.field,
            "liondesk": _plain(self.liondesk),
            "calendar": _plain(self.calendar),
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many tasks, resources and occurrences were compared, and where they differ.

    `left_out`: completed tasks that the calendar shows no more (law 9); `skipped`: what every run leaves alone.
    """

    rows: int
    resources: int
    left_out: int
    skipped: int
    differences: tuple[Difference, ...]

    @property
    def agreed(self) -> bool:
        """Nothing differs."""
        return not self.differences


class _Nothing:
    """A base that knows no row, so that the whole list is read."""

    async def count(self) -> int:
        return 0

    async def of(self, ids: Collection[str]) -> frozenset[str]:
        del ids
        return frozenset()


async def verify(
    liondesk: LionDesk,
    calendar: Calendar,
    store: Store,
    zone: ZoneInfo,
    categories: Mapping[str, str],
    now: datetime,
) -> Verdict:
    """Reads both sides from nothing and compares them with the base and with each other. `now` is aware.

    Raises Unreachable, CredentialsError, ConfigurationError and StateError.
    """

    async def nothing() -> Mapping[str, str]:
        return {}

    seen, held = await asyncio.gather(liondesk.observe(None, _Nothing()), calendar.observe(None, nothing))
    skipped, lasting = await _skipped(store), await _lasting(store)
    rows = {row.id: row for row in seen.rows if not row.deleted and row.id not in skipped}
    resources = {each.href: each for each in held.changed if each.href not in skipped}
    links = await store.all_links()
    differences = [*_against_base(links, rows, resources)]
    left_out = 0
    horizon = now.astimezone(zone).replace(tzinfo=None) + AHEAD
    for link in links:
        mine = [rows[each.row_id] for each in link.rows if each.row_id in rows]
        shown = [resources[href] for href, _ in _hrefs(link) if href in resources]
        found, hidden = _compared(mine, shown, zone, categories, horizon, lasting=lasting)
        differences += found
        left_out += hidden
    return Verdict(len(rows), len(resources), left_out, len(skipped), tuple(differences))


async def _lasting(store: Store) -> bool:
    """Whether events were written to last until they are due."""
    form = (await store.facts()).get("form")
    return isinstance(form, dict) and bool(form.get("start"))


async def _skipped(store: Store) -> frozenset[str]:
    """The row ids and hrefs that every run leaves alone, and lists."""
    kept = (await store.facts()).get("skipped")
    return (
        frozenset(str(each["key"]) for each in kept if isinstance(each, dict))
        if isinstance(kept, list)
        else frozenset()
    )


def _hrefs(link: StoredLink) -> list[tuple[str, str | None]]:
    """Every resource of a link, with the ETag that the base knows."""
    own = [(link.href, link.etag)] if link.href is not None else []
    return [*own, *((part.href, part.etag) for part in link.parts)]


# -- against the base --------------------------------------------------------------------------------------------------


def _against_base(
    links: Sequence[StoredLink], rows: Mapping[str, Row], resources: Mapping[str, Resource]
) -> Iterable[Difference]:
    """What either side has that no run has seen yet."""
    linked = {each.row_id: each for link in links for each in link.rows}
    known = {href: etag for link in links for href, etag in _hrefs(link)}
    for row_id, row in rows.items():
        if row_id not in linked:
            yield _one_sided(Side.LIONDESK, row_id, row.task.summary, "is new")
        elif dict(linked[row_id].raw) != dict(row.raw) and not row.deleted:
            yield _one_sided(Side.LIONDESK, row_id, row.task.summary, "was edited")
    for link in links:
        for each in link.rows:
            if each.row_id not in rows and each.raw.get("status") != "deleted":
                yield _one_sided(Side.LIONDESK, each.row_id, str(each.raw.get("description", "")), "is gone")
    for href, resource in resources.items():
        if href not in known:
            yield _one_sided(Side.CALENDAR, href, _summary(resource), "is new")
        elif known[href] != resource.etag:
            yield _one_sided(Side.CALENDAR, href, _summary(resource), "was edited")
    for href in known.keys() - resources.keys():
        yield _one_sided(Side.CALENDAR, href, "", "is gone")


def _one_sided(side: Side, item: str, summary: str, what: str) -> Difference:
    where = "LionDesk" if side is Side.LIONDESK else "the calendar"
    sentence = f"{_named(summary, item)} {what} in {where} since the last run; the next run takes it over."
    return Difference(Kind.EDITED, item, summary, None, None, None, None, sentence)


def _named(summary: str, item: str) -> str:
    return f"'{summary}' ({item})" if summary else item


def _summary(resource: Resource) -> str:
    line = next((line for line in resource.ics.splitlines() if line.upper().startswith("SUMMARY")), "")
    return line.partition(":")[2]


# -- against each other ------------------------------------------------------------------------------------------------


def _compared(
    rows: Sequence[Row],
    resources: Sequence[Resource],
    zone: ZoneInfo,
    categories: Mapping[str, str],
    horizon: datetime,
    *,
    lasting: bool,
) -> tuple[list[Difference], int]:
    """Where one link's sides differ, and how many completed tasks the calendar shows no more."""
    if not rows or not resources:
        open_rows = [row for row in rows if not of_row(row, categories).done]
        return [_missing(Side.CALENDAR, of_row(row, categories), row.id) for row in open_rows], len(rows) - len(
            open_rows
        )
    names = frozenset(categories.values())
    last = max(row.task.due for row in rows)
    there = sorted((of_row(row, categories), row.id) for row in rows)
    here: list[tuple[Shown, str]] = []
    try:
        through = max(last, horizon) if all(ends(each.ics) for each in resources) else last
        for each in resources:
            here += [(shown, each.href) for shown in of_resource(each.ics, zone, names, through, lasting=lasting)]
    except ValueError as problem:
        return [_unreadable(resources[0], problem)], 0
    return _matched(there, sorted(here))


def _matched(there: list[tuple[Shown, str]], here: list[tuple[Shown, str]]) -> tuple[list[Difference], int]:
    """Pairs each of LionDesk's occurrences with the calendar's that is most like it, and tells the rest."""
    differences: list[Difference] = []
    for alike in (_same, _same_moment_and_text, _same_moment, _same_text):
        left: list[tuple[Shown, str]] = []
        for shown, row_id in there:
            match = next((each for each in here if alike(shown, each[0])), None)
            if match is None:
                left.append((shown, row_id))
                continue
            here.remove(match)
            differences += _fields(shown, match[0], row_id)
        there = left
    hidden = [shown for shown, _ in there if shown.done]
    differences += [_missing(Side.CALENDAR, shown, row_id) for shown, row_id in there if not shown.done]
    differences += [_missing(Side.LIONDESK, shown, href) for shown, href in here]
    return differences, len(hidden)


def _same(one: Shown, other: Shown) -> bool:
    return one == other


def _same_moment_and_text(one: Shown, other: Shown) -> bool:
    return (one.due, one.summary) == (other.due, other.summary)


def _same_moment(one: Shown, other: Shown) -> bool:
    return one.due == other.due


def _same_text(one: Shown, other: Shown) -> bool:
    return one.summary == other.summary


def _fields(there: Shown, here: Shown, row_id: str) -> list[Difference]:
    found = []
    for field in ("due", "all_day", "summary", "done", "notes", "categories"):
        one, other = getattr(there, field), getattr(here, field)
        if one != other:
            sentence = (
                f"'{there.summary}' of {there.due:%Y-%m-%d %H:%M} ({row_id}): {field.replace('_', '-')} is "
                f"{_said(one)} in LionDesk and {_said(other)} in the calendar, though no edit is known that no run "
                "has seen."
            )
            found.append(Difference(Kind.DIFFERS, row_id, there.summary, there.due, field, one, other, sentence))
    return found


def _missing(side: Side, shown: Shown, item: str) -> Difference:
    where, other = ("LionDesk", "the calendar") if side is Side.LIONDESK else ("the calendar", "LionDesk")
    sentence = f"'{shown.summary}' of {shown.due:%Y-%m-%d %H:%M} ({item}) is in {other} and not in {where}."
    there, here = (None, shown.summary) if side is Side.LIONDESK else (shown.summary, None)
    return Difference(Kind.MISSING, item, shown.summary, shown.due, None, there, here, sentence)


def _unreadable(resource: Resource, problem: ValueError) -> Difference:
    sentence = f"{_named(_summary(resource), resource.href)} cannot be read as iCalendar: {problem}."
    return Difference(Kind.DIFFERS, resource.href, _summary(resource), None, None, None, None, sentence)


def _said(value: object) -> str:
    match value:
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(map(str, value)) or "none"
        case _:
            return repr(value)


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return list(value)
        case _:
            return value
