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
    line = sorted((row for group in groups for row in group), key=made)
    seen = max((row.task.due for row in line), default=datetime.min)
    beside = {row.id: [*line[max(at - 1, 0) : at], *line[at + 1 : at + 2]] for at, row in enumerate(line)}
    whole: dict[int, tuple[list[Row], list[Row]]] = {}  # a series, and what came home to it
    place: dict[str, int] = {}  # where each row is; comparing all single tasks with each other would take minutes
    for number, group in enumerate(groups):
        home = _home(group, whole, place, beside, seen)
        if home is None:
            whole[number] = (list(group), [])
        else:
            whole[home][1].extend(group)
        place |= dict.fromkeys((row.id for row in group), number if home is None else home)
    # Of two neighbours the farther one may have been asked first.
    for number, alone in [(number, series[0]) for number, (series, came) in whole.items() if not (series[1:] or came)]:
        home = _home([alone], whole, place, beside, seen)
        if home is not None:
            whole[home][1].append(alone)
            place[alone.id] = home
            del whole[number]
    return [[*series, *came] for series, came in whole.values()]


def _home(
    group: Sequence[Row],
    whole: Mapping[int, tuple[list[Row], list[Row]]],
    place: Mapping[str, int],
    beside: Mapping[str, Sequence[Row]],
    seen: datetime,
) -> int | None:
    """Which series these rows are exceptions of, if they are any's."""
    near = {place[row.id] for each in (group[0], group[-1]) for row in beside[each.id] if _with(group, row, place)}
    together = [each for each in sorted(near) if _one_request(group, whole[each])]
    if len(together) > 1:  # the horizon made rows of several series in one moment
        together = [each for each in together if whole[each][0][0].task.summary == group[0].task.summary]
    homes = together or _lacking(group, whole, seen)
    made_with = bool(together)
    return next((each for each in homes if _fills_gap(group, whole[each][0], seen, made_with=made_with)), None)


def _with(group: Sequence[Row], row: Row, place: Mapping[str, int]) -> bool:
    """Whether this neighbour in the order of making has a series, and was made at the same time."""
    at = group[0].created_at
    return row.id in place and at is not None and row.created_at is not None and abs(row.created_at - at) <= AT_ONCE


def _one_request(group: Sequence[Row], one: tuple[list[Row], list[Row]]) -> bool:
    """Whether one request can have made these rows with what they stand beside, whatever is gone in between."""
    return len(group) <= len(one[0]) + len(one[1]) and (len(group) == 1 or all(row.rule is not None for row in group))


def _lacking(group: Sequence[Row], whole: Mapping[int, tuple[list[Row], list[Row]]], seen: datetime) -> Iterable[int]:
    """Where nothing tells when rows were made: the series that these may be the rest of."""
    if any(row.rule is None for row in group) or not _lacks_the_rest(group, seen):
        return ()
    dated = group[0].created_at is not None
    repeating = [(each, series) for each, (series, _) in whole.items() if len(series) > 1]
    return [each for each, series in repeating if not (dated and any(row.created_at is not None for row in series))]


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
