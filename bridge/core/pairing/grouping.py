"""New rows by series, and the UIDs that they get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bridge.core.model import Link, LinkedRow, Row
from bridge.core.occurrences import series_of
from bridge.core.pairing.kinship import by_due, traits
from bridge.core.pairing.lanes import lanes, made
from bridge.core.pairing.values import Pairing, Sides
from bridge.core.recurrence import expand
from bridge.core.recurrence.shifted import on_their_days

AT_ONCE = timedelta(seconds=2)
"""How far apart the rows of one request may be stamped."""


def groups_of(fresh: Iterable[Row]) -> list[list[Row]]:
    """New rows by series: by event where LionDesk shows it, else by what the rows of one series share."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in fresh:
        if row.rule is None and row.event_id is None:
            groups["row", row.id].append(row)
        elif row.event_id is not None:
            groups["event", row.event_id].append(row)
        else:
            groups["traits", *traits(row)].append(row)
    told = [each for key, group in groups.items() for each in (lanes(group) if key[0] == "traits" else [group])]
    return _with_exceptions(sorted(told, key=len, reverse=True))


def _with_exceptions(groups: Sequence[list[Row]]) -> list[list[Row]]:
    """Rows that were changed singly and left their event, or look different without one, with the series they are of.

    Such a row keeps the series' contact, fills a gap that its series has, and keeps its rule, or was made with it. Two
    series that look alike have no gaps for each other.
    """
    rows = [row for group in groups for row in group]
    seen = max((row.task.due for row in rows), default=datetime.min)
    order = {row.id: number for number, row in enumerate(sorted(rows, key=made))}
    whole: list[tuple[list[Row], list[Row]]] = []  # a series, and what came home to it
    for group in groups:
        home = _home(group, whole, seen, order)
        if home is None:
            whole.append((list(group), []))
        else:
            home += group
    # Of two neighbours the farther one may have been asked first.
    for alone in [each for each in whole if len(each[0]) == 1 and not each[1]]:
        home = _home(alone[0], [each for each in whole if each is not alone], seen, order)
        if home is not None:
            home += alone[0]
            whole.remove(alone)
    return [[*series, *home] for series, home in whole]


def _home(
    group: Sequence[Row], whole: Sequence[tuple[list[Row], list[Row]]], seen: datetime, order: Mapping[str, int]
) -> list[Row] | None:
    """Where the exceptions of the series go that these rows are of, if they are any."""
    together = [each for each in whole if _together(group, [*each[0], *each[1]], order)]
    if len(together) > 1:  # the horizon made rows of several series in one moment
        together = [each for each in together if each[0][0].task.summary == group[0].task.summary]
    homes = together or [each for each in whole if _may_lack(group, each[0], seen)]
    return next((home for series, home in homes if _fills_gap(group, series, seen, made_with=bool(together))), None)


def _together(group: Sequence[Row], series: Sequence[Row], order: Mapping[str, int]) -> bool:
    """Whether one request made these rows: at the same time and one after the other, whatever is gone in between."""
    at = group[0].created_at
    if at is None or len(group) > len(series) or (len(group) > 1 and any(row.rule is None for row in group)):
        return False
    return any(
        row.created_at is not None and abs(row.created_at - at) <= AT_ONCE and abs(order[row.id] - order[each.id]) == 1
        for row in series
        for each in (group[0], group[-1])
    )


def _may_lack(group: Sequence[Row], series: Sequence[Row], seen: datetime) -> bool:
    """Where nothing tells when rows were made: whether these lack the rest of a series."""
    known = group[0].created_at is not None and any(row.created_at is not None for row in series)
    return not known and all(row.rule is not None for row in group) and _lacks_the_rest(group, seen)


def _lacks_the_rest(group: Sequence[Row], seen: datetime) -> bool:
    """Whether the next occurrence of these rows' rule is missing, though LionDesk has made rows as late as `seen`.

    A series whose next one lies beyond LionDesk's horizon is no exception of another.
    """
    last = max(group, key=by_due)
    if last.rule is None:
        return False
    following = next((slot for slot in expand(last.rule, last.task.due) if slot > last.task.due), None)
    # A row that was moved stands up to a step beside its slot.
    return following is not None and following - seen < following - last.task.due


def _fills_gap(group: Sequence[Row], series: Sequence[Row], seen: datetime, *, made_with: bool) -> bool:
    rule = series[0].rule
    if rule is None or len(series) < 2 or (len(group) >= len(series) and not made_with):
        return False
    if any(row.rule not in (None, rule) or row.task.contact_id != series[0].task.contact_id for row in group):
        return False
    if group[0].event_id is not None and len(group) > 1:
        return False
    dues = sorted(row.task.due for row in series)
    step = min(later - earlier for earlier, later in pairwise(dues))
    before = max(timedelta(0), dues[0] - min(row.task.due for row in group))
    first = dues[0] - (-(-before // step) if made_with else int(bool(before))) * step
    last = max([dues[-1], *(row.task.due for row in group if made_with)])
    grid = set(expand(on_their_days(rule, dues[0], dues), first, last + step))
    gaps = {slot for slot in grid - set(dues) if slot <= seen}
    return all(any(abs(slot - row.task.due) < step for slot in gaps) for row in group) and len(group) <= len(gaps)


def group_pairing(rows: Sequence[Row], sides: Sides, uids: set[str]) -> list[Pairing]:
    """A group as one series, and what fits no slot of it as series or tasks of their own. `uids` are taken."""
    pairings = []
    left = list(rows)
    while left:
        uid = uid_of(left)
        if uid in uids:
            uid = f"{uid}-{min(left, key=by_due).id}"
        uids.add(uid)
        series, linked = series_of(uid, left, sides.horizon)
        pairings.append(Pairing(Link(uid), linked, followed=_ended(linked, sides.reach)))
        placed = {each.row.id for each in linked}
        left = [row for row in left if row.id not in placed]
        if len(placed) == 0 or series.rule is None:
            pairings += [Pairing(Link(uid_of([row])), (LinkedRow(row.task.due, row),)) for row in left]
            break
    return pairings


def made_through(rows: Iterable[Row], now: datetime) -> datetime:
    """How far LionDesk certainly made the rows of rules that never end: a row that was moved alone does not count."""
    last: dict[tuple[object, ...], list[datetime]] = defaultdict(list)
    for row in rows:
        if row.rule is not None and row.rule.endless and not row.deleted:
            last[row.rule, row.task.contact_id, row.task.due.time()].append(row.task.due)
    return max([now, *(max(dues) for dues in last.values() if len(dues) > 1)])


def _ended(linked: Sequence[LinkedRow], reach: datetime) -> bool:
    """Whether LionDesk has ended a series whose rule never ends: the next row would be there by now."""
    last = next((each for each in reversed(linked) if each.row.rule is not None), None)
    if last is None or last.row.rule is None or not last.row.rule.endless:
        return False
    return any(last.slot < slot <= reach for slot in expand(last.row.rule, last.slot, reach))


def uid_of(rows: Sequence[Row]) -> str:
    """The UID that derives from LionDesk's id (law 11): of the event where it is known, else of the first row."""
    first = min(rows, key=lambda row: (row.task.due, row.id))
    if first.event_id is not None and len(rows) > 1:
        return event_uid(first.event_id)
    return f"liondesk-task-{first.id}"


def event_uid(event_id: str) -> str:
    """The UID of a series by its event."""
    return f"liondesk-event-{event_id}"
