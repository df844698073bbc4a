"""New rows by series, and the UIDs that they get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from bridge.core.model import Link, LinkedRow, Row
from bridge.core.occurrences import series_of
from bridge.core.pairing.kinship import by_due, traits
from bridge.core.pairing.values import Pairing, Sides
from bridge.core.recurrence import expand


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
    return _with_exceptions(sorted(groups.values(), key=len, reverse=True))


def _with_exceptions(groups: Sequence[list[Row]]) -> list[list[Row]]:
    """Rows that were changed singly and left their event, or look different without one, with the series they are of.

    Such a row keeps the series' rule and contact, and fills a gap that its series has. Two series that look alike have
    no gaps for each other.
    """
    whole: list[list[Row]] = []
    seen = max((row.task.due for group in groups for row in group), default=datetime.min)
    for group in groups:
        home = next((each for each in whole if _lacks_the_rest(group, seen) and _fills_gap(group, each, seen)), None)
        if home is None:
            whole.append(list(group))
        else:
            home += group
    return whole


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


def _fills_gap(group: Sequence[Row], series: Sequence[Row], seen: datetime) -> bool:
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
        return event_uid(first.event_id)
    return f"liondesk-task-{first.id}"


def event_uid(event_id: str) -> str:
    """The UID of a series by its event."""
    return f"liondesk-event-{event_id}"
