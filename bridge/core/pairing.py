"""Which items belong together: rows with the series they are of, series with the resources that show them.

What the base knows by id, href or UID stays together. What is new is recognised by what it shares with what is known,
so that lost state leads to adoption and never to duplicates (law 11).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise, permutations
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Link, LinkedRow, Row, Series, Slot, Task
from bridge.core.occurrences import assign, linked_by_slot, present, series_of
from bridge.core.recurrence import CLOCKS_APART, expand, same_occurrences

@dataclass(frozen=True, slots=True)
class Pairing:
    """One link as both agreed last (`link`), and both sides now.

    `link.id` is None for what the base does not know. `rows` is empty and `series` None where a side has nothing.

    An idiom may say what the calendar's form means: `meant` are edits of single occurrences that it spells otherwise,
    and `series` is then what the resource should say; `held` is what the server really holds (None: the same).

    `followed`, `following`: LionDesk's event has later, earlier rows that belong to another link, since a series that
    was split here may be one there. What is told to all the rows of it reaches those, too.
    """

    link: Link
    rows: tuple[LinkedRow, ...] = ()
    series: Series | None = None
    href: str | None = None
    etag: str | None = None
    meant: Mapping[Slot, Mapping[str, object]] = field(default_factory=lambda: MappingProxyType({}))
    held: Series | None = None
    followed: bool = False
    following: bool = False

    @property
    def newcomer(self) -> bool:
        """A resource that nobody knows yet: neither the base nor any row."""
        known = self.link.series is not None or bool(self.link.rows) or bool(self.rows)
        return not known and self.series is not None and self.series.master is not None


@dataclass(frozen=True, slots=True)
class Found:
    """A calendar resource as observed, understood."""

    href: str
    etag: str
    series: Series


@dataclass(frozen=True, slots=True)
class Sides:
    """What both sides showed in this run. `..._complete`: what is not in there is not there at all.

    `horizon` is how far LionDesk is known to have made rows of its rules.
    """

    rows: Mapping[str, Row]
    rows_complete: bool
    found: Mapping[str, Found]
    gone: frozenset[str]
    horizon: datetime
    zone: ZoneInfo


def pair_up(links: Sequence[Link], sides: Sides) -> tuple[Pairing, ...]:
    """Every link that either side touched, and everything new, paired."""
    known = {each.row.id for link in links for each in link.rows}
    fresh = [row for row in sides.rows.values() if row.id not in known and not row.deleted]
    placed: list[Pairing] = []
    for link in links:
        current = _rows_now(link, sides)
        taken, fresh = _joining(link, current, fresh, sides)
        placed.append(
            _resource_now(Pairing(link, tuple(sorted((*current, *taken), key=lambda each: each.slot))), sides)
        )
    seen = {pairing.href for pairing in placed}
    newcomers = [found for found in sides.found.values() if found.href not in seen]
    moved = {found.series.uid: found for found in newcomers}
    placed = [_found_elsewhere(pairing, moved) for pairing in placed]
    claimed = {pairing.href for pairing in placed}
    newcomers = [found for found in newcomers if found.href not in claimed]
    uids = {link.uid for link in links}
    groups = [_group_pairing(group, sides, uids) for group in _groups(fresh)]
    return (*placed, *_adopt([each for group in groups for each in group], newcomers))


def _rows_now(link: Link, sides: Sides) -> list[LinkedRow]:
    current = []
    for each in link.rows:
        row = sides.rows.get(each.row.id)
        if row is None and not sides.rows_complete:
            current.append(each)
        elif row is not None and not row.deleted:
            current.append(LinkedRow(each.slot, row))
    return current


def _joining(
    link: Link, current: Sequence[LinkedRow], fresh: Sequence[Row], sides: Sides
) -> tuple[list[LinkedRow], list[Row]]:
    """New rows that belong to a known series: rows that took over a slot, and those the moving horizon made."""
    if not link.rows or not fresh:
        return [], list(fresh)
    taken = {each.slot for each in current}
    vacant = {each.slot: each.row for each in link.rows if each.slot not in taken}
    events = {each.row.event_id for each in link.rows} - {None}
    joined = _successors(link, vacant, events, fresh)
    placed = {each.row.id for each in joined}
    taken |= {each.slot for each in joined}
    vacant = {slot: row for slot, row in vacant.items() if slot not in taken}
    rest: list[Row] = []
    for row in (each for each in fresh if each.id not in placed):
        slot = _vacant_slot(row, vacant, events)
        if slot is None and _alike(row, [*current, *joined], events):
            slot = _slot_of_rule(row, link, [*current, *joined], sides.zone)
        if slot is None:
            rest.append(row)
        else:
            vacant.pop(slot, None)
            taken.add(slot)
            joined.append(LinkedRow(slot, row))
    return joined, rest


def _successors(
    link: Link, vacant: Mapping[Slot, Row], events: set[str | None], fresh: Sequence[Row]
) -> list[LinkedRow]:
    """A tail that was edited and got new ids: new rows in the same event, in the place of those at its end."""
    lost = sorted(vacant)
    kept = [each.slot for each in link.rows if each.slot not in vacant]
    rules = {row.rule for row in vacant.values()}
    ours = [row for row in fresh if row.event_id is not None and row.event_id in events and row.rule in rules]
    heirs = sorted(ours, key=_by_due)
    if not kept and not heirs and lost:
        return _reborn(lost, vacant, fresh)
    at_the_end = bool(lost) and (not kept or max(kept) < lost[0])
    moved = {row.task.due for row in heirs}.isdisjoint({vacant[slot].task.due for slot in lost})
    if not at_the_end or not moved or len(heirs) < len(lost):
        return []
    return [LinkedRow(slot, row) for slot, row in zip(lost, heirs, strict=False)]


def _reborn(lost: Sequence[Slot], vacant: Mapping[Slot, Row], fresh: Sequence[Row]) -> list[LinkedRow]:
    """A series that vanished whole while its like appeared under new ids and a new event, on the same days or alone."""
    gone = vacant[lost[0]]
    days = {vacant[slot].task.due.date() for slot in lost}
    heirs = sorted(
        (row for row in fresh if row.rule == gone.rule and row.task.contact_id == gone.task.contact_id), key=_by_due
    )
    alone = [
        row
        for row in fresh
        if row.rule is None and (row.task.due, row.task.summary) == (gone.task.due, gone.task.summary)
    ]
    if len({row.event_id for row in heirs}) == 1 and {row.task.due.date() for row in heirs} == days:
        return [LinkedRow(slot, row) for slot, row in zip(lost, heirs, strict=False)]
    return [LinkedRow(lost[0], row) for row in alone[:1]]


def _by_due(row: Row) -> tuple[datetime, str]:
    return row.task.due, row.id


def _vacant_slot(row: Row, vacant: Mapping[Slot, Row], events: set[str | None]) -> Slot | None:
    """The slot whose row vanished while this one appeared in its place."""
    for slot, gone in vacant.items():
        same = row.task.due == gone.task.due and (row.rule is None) == (gone.rule is None)
        if same and (row.task.summary == gone.task.summary or (row.event_id is not None and row.event_id in events)):
            return slot
    return None


def _alike(row: Row, rows: Sequence[LinkedRow], events: set[str | None]) -> bool:
    """Whether a row may be of this series: the same event, or where LionDesk shows none, everything rows share."""
    if row.event_id is not None or events:
        return row.event_id in events
    return any(each.row.rule is not None and _traits(each.row) == _traits(row) for each in rows)


def _slot_of_rule(row: Row, link: Link, rows: Sequence[LinkedRow], zone: ZoneInfo) -> Slot | None:
    due, taken = row.task.due, {each.slot for each in rows}
    if due in taken or link.series is None:
        return None
    if due in present(link.series, zone, due) or due in link.series.exdates:
        return due
    if link.series.zone is not None and (slot := _slot_abroad(link.series, zone, due, taken)) is not None:
        return slot
    rule, master = row.rule, link.series.master
    if rule is None or master is None:
        return None
    begins = master.due if link.series.rule is not None else min(taken, default=master.due)
    anew = min((each.row.task.due for each in rows if each.row.rule == rule), default=begins)
    return due if any(due in set(expand(rule, anchor, due)) for anchor in (begins, anew) if anchor <= due) else None


def _slot_abroad(series: Series, zone: ZoneInfo, due: datetime, taken: set[Slot]) -> Slot | None:
    """The slot of a rule that runs on another clock, for a row that LionDesk made on the owner's."""
    near = [slot for slot in present(series, zone, due + CLOCKS_APART) if abs(slot - due) < CLOCKS_APART]
    return next((slot for slot in sorted(near) if slot not in taken), None)


def _traits(row: Row) -> tuple[object, ...]:
    task = row.task
    rule = row.rule.parts if row.rule else None
    return (rule, task.summary, task.notes, task.contact_id, task.category_id, task.all_day, task.due.time())


def _resource_now(pairing: Pairing, sides: Sides) -> Pairing:
    href = pairing.link.href
    if href is None or href in sides.gone:
        return pairing
    found = sides.found.get(href)
    if found is None:
        return replace(pairing, series=pairing.link.series, href=href, etag=pairing.link.etag)
    return replace(pairing, series=found.series, href=href, etag=found.etag)


def _found_elsewhere(pairing: Pairing, moved: Mapping[str, Found]) -> Pairing:
    """A resource that an app moved to another href keeps its UID (idiom 17)."""
    found = moved.get(pairing.link.uid) if pairing.series is None else None
    return pairing if found is None else replace(pairing, series=found.series, href=found.href, etag=found.etag)


# -- one event, several resources --------------------------------------------------------------------------------------


def neighboured(pairings: Sequence[Pairing]) -> tuple[Pairing, ...]:
    """The pairings, those marked that share an event of LionDesk's with another."""
    by_event: dict[object, list[Pairing]] = defaultdict(list)
    for pairing in pairings:
        for event in {_event(each.row) for each in pairing.rows if each.row.rule is not None}:
            by_event[event].append(pairing)
    ends = {id(pairing): pairing.rows[-1].slot for pairing in pairings if pairing.rows}
    followed: set[int] = set()
    following: set[int] = set()
    for pairing, other in (pair for sharing in by_event.values() for pair in permutations(sharing, 2)):
        if ends[id(pairing)] < other.rows[0].slot:
            followed.add(id(pairing))
            following.add(id(other))
    return tuple(
        replace(each, followed=id(each) in followed, following=id(each) in following)
        if id(each) in followed | following
        else each
        for each in pairings
    )


def _event(row: Row) -> object:
    """The event of a row; where LionDesk shows none, what a split leaves alike."""
    return row.event_id or (row.rule.parts if row.rule else None, row.task.contact_id, row.created_at)


# -- what is new -------------------------------------------------------------------------------------------------------


def _groups(fresh: Iterable[Row]) -> list[list[Row]]:
    """New rows by series: by event where LionDesk shows it, else by what the rows of one series share."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in fresh:
        if row.rule is None and row.event_id is None:
            groups["row", row.id].append(row)
        elif row.event_id is not None:
            groups["event", row.event_id].append(row)
        else:
            groups["traits", *_traits(row)].append(row)
    return _with_exceptions(sorted(groups.values(), key=len, reverse=True))


def _with_exceptions(groups: Sequence[list[Row]]) -> list[list[Row]]:
    """Rows that were changed singly and left their event, or look different without one, with the series they are of.

    Such a row keeps the series' rule and contact, and fills a gap that its series has. Two series that look alike have
    no gaps for each other.
    """
    whole: list[list[Row]] = []
    for group in groups:
        home = next((each for each in whole if _fills_gap(group, each)), None)
        if home is None:
            whole.append(list(group))
        else:
            home += group
    return whole


def _fills_gap(group: Sequence[Row], series: Sequence[Row]) -> bool:
    rule = series[0].rule
    if rule is None or len(series) < 2 or len(group) >= len(series):
        return False
    if any(row.rule != rule or row.task.contact_id != series[0].task.contact_id for row in group):
        return False
    if group[0].event_id is not None and len(group) > 1:
        return False
    dues = sorted(row.task.due for row in series)
    step = min(later - earlier for earlier, later in pairwise(dues))
    first = dues[0] - step if any(row.task.due < dues[0] for row in group) else dues[0]
    grid = set(expand(rule, first, dues[-1] + step))
    gaps = grid - set(dues)
    return all(any(abs(slot - row.task.due) < step for slot in gaps) for row in group) and len(group) <= len(gaps)


def _group_pairing(rows: Sequence[Row], sides: Sides, uids: set[str]) -> list[Pairing]:
    """A group as one series, and what fits no slot of it as series or tasks of their own. `uids` are taken."""
    pairings = []
    left = list(rows)
    while left:
        uid = uid_of(left)
        if uid in uids:
            uid = f"{uid}-{min(left, key=_by_due).id}"
        uids.add(uid)
        series, linked = series_of(uid, left, sides.horizon)
        pairings.append(Pairing(Link(uid), linked))
        placed = {each.row.id for each in linked}
        left = [row for row in left if row.id not in placed]
        if len(placed) == 0 or series.rule is None:
            pairings += [Pairing(Link(uid_of([row])), (LinkedRow(row.task.due, row),)) for row in left]
            break
    return pairings


def uid_of(rows: Sequence[Row]) -> str:
    """The UID that derives from LionDesk's id (law 11): of the event where it is known, else of the first row."""
    first = min(rows, key=lambda row: (row.task.due, row.id))
    if first.event_id is not None and len(rows) > 1:
        return f"liondesk-event-{first.event_id}"
    return f"liondesk-task-{first.id}"


def _adopt(groups: Sequence[Pairing], newcomers: Sequence[Found]) -> list[Pairing]:
    """New rows with the resources that already show them: by UID, else by content."""
    left = {found.href: found for found in newcomers}
    by_uid = {found.series.uid: found for found in newcomers}
    adopted: list[Pairing] = []
    alone: list[Pairing] = []
    for pairing in groups:
        found = by_uid.get(pairing.link.uid)
        if found is not None and found.href in left:
            del left[found.href]
            adopted.append(_with(pairing, found))
        else:
            alone.append(pairing)
    by_text: dict[str, list[Found]] = defaultdict(list)
    for found in left.values():
        if found.series.master is not None:
            by_text[found.series.master.summary].append(found)
    for pairing in alone:
        match = next(
            (found for found in by_text[_first(pairing).summary] if found.href in left and _shows(found, pairing)), None
        )
        if match is None:
            adopted.append(pairing)
        else:
            del left[match.href]
            adopted.append(_with(pairing, match))
    newly = [Pairing(Link(found.series.uid), (), found.series, found.href, found.etag) for found in left.values()]
    return [*_strays_home(adopted), *newly]


def _strays_home(pairings: Sequence[Pairing]) -> list[Pairing]:
    """Rows that left their event, with the series whose override shows them."""
    strays = {each.link.uid: each for each in pairings if each.series is None and len(each.rows) == 1}
    alone = set(strays)
    result: list[Pairing] = []
    for found in (each for each in pairings if each.link.uid not in alone):
        pairing = found
        taken = {each.slot for each in pairing.rows}
        for slot, override in pairing.series.overrides.items() if pairing.series and pairing.rows else ():
            shown = (override.task.summary, override.task.due)
            stray = next((each for each in strays.values() if (_first(each).summary, _first(each).due) == shown), None)
            if slot not in taken and stray is not None:
                del strays[stray.link.uid]
                rows = (*pairing.rows, LinkedRow(slot, stray.rows[0].row))
                pairing = replace(pairing, rows=tuple(sorted(rows, key=lambda each: each.slot)))
        result.append(pairing)
    return [*result, *strays.values()]


def _with(pairing: Pairing, found: Found) -> Pairing:
    link = replace(pairing.link, uid=found.series.uid)
    return replace(pairing, link=link, series=found.series, href=found.href, etag=found.etag)


def _first(pairing: Pairing) -> Task:
    return pairing.rows[0].row.task


def _shows(found: Found, pairing: Pairing) -> bool:
    """Whether a resource shows the same occurrences as these rows: the same moments, under the same text."""
    series, linked = found.series, linked_by_slot(pairing.rows)
    assert series.master is not None
    rule = next((each.row.rule for each in pairing.rows if each.row.rule is not None), None)
    if series.rule is None or rule is None:
        first = _first(pairing)
        return (
            series.rule is None
            and rule is None
            and (series.master.due, series.master.all_day) == (first.due, first.all_day)
        )
    if same_occurrences(series.rule, series.master.due, rule, min(linked)):
        return True
    shown = set(expand(series.rule, series.master.due, max(linked)))
    return 2 * len(shown & set(linked)) > len(linked)


def rows_for(series: Series, rows: Sequence[Row], zone: ZoneInfo) -> tuple[LinkedRow, ...]:
    """Rows that were just made or read back, at the slots of the series that the calendar shows."""
    end = max((row.task.due for row in rows), default=None)
    candidates = sorted(present(series, zone, end) | {slot for slot in series.overrides if end is None or slot <= end})
    return assign(sorted(rows, key=lambda row: (row.task.due, row.id)), candidates)
