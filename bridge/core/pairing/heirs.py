"""Rows that took the place of others: a series, or its tail, under new ids and perhaps in a new event (law 4).

Nothing but the rows tells. Of the three things that an edit of this and the following may change (text, moments, rule)
two must be as they were, and the contact; or the rule alone, where as many appeared as vanished from the end of a
series. Rows that were changed singly before may have stayed behind.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bridge.core.model import Link, LinkedRow, Row, Slot
from bridge.core.occurrences import exceptional
from bridge.core.pairing.kinship import by_due


def heirs(link: Link, current: Sequence[LinkedRow], fresh: Sequence[Row]) -> list[LinkedRow]:
    """New rows at the slots of those that vanished; `current` are the rows of the link that LionDesk still has."""
    taken = {each.slot for each in current}
    vacant = {each.slot: each.row for each in link.rows if each.slot not in taken}
    apart = _without_rule(vacant, fresh)
    slots = {each.slot for each in apart}
    lost = {slot: row for slot, row in vacant.items() if slot not in slots}
    if not lost:
        return apart
    gone = lost[min(lost)]
    known = {each.row.event_id for each in link.rows} - {None}
    ruled = [row for row in fresh if row.rule is not None and row.task.contact_id == gone.task.contact_id]
    texts = {_usual(lost.values()), *(each.row.task.summary for each in current)}  # of the first row of a tail, perhaps
    for family in sorted(_families(ruled), key=lambda rows: (rows[0].event_id not in known, -len(rows))):
        found = _in_place(link, lost, family, own=family[0].event_id in known, same_text=_usual(family) in texts)
        if found:
            return [*apart, *found]
    elsewhere = {row.event_id for row in ruled} - known - {None}
    apart = [each for each in apart if each.row.event_id not in elsewhere]
    alone = [row for row in fresh if row.rule is None and _says(row) == _says(gone)]
    return [*apart, *(LinkedRow(min(lost), row) for row in alone[:1] if _at_the_end(link, sorted(lost)))]


def _without_rule(vacant: Mapping[Slot, Row], fresh: Sequence[Row]) -> list[LinkedRow]:
    """Rows that had lost their rule when they were changed singly: they say what they said."""
    left = [row for row in fresh if row.rule is None]
    found = []
    for slot, gone in vacant.items():
        same = next((row for row in left if gone.rule is None and _says(row) == _says(gone)), None)
        if same is not None:
            left.remove(same)
            found.append(LinkedRow(slot, same))
    return found


def _says(row: Row) -> tuple[object, ...]:
    return row.task.due, row.task.summary


def _families(rows: Iterable[Row]) -> list[list[Row]]:
    """New rows that one edit may have made: of one event; where LionDesk shows none, of one rule."""
    families: dict[object, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=by_due):
        families[row.event_id or row.rule].append(row)
    return list(families.values())


def _in_place(
    link: Link, vacant: Mapping[Slot, Row], family: Sequence[Row], *, own: bool, same_text: bool
) -> list[LinkedRow]:
    """The rows of a family at the vacant slots, if they are what became of those. `own`: they are in the same event."""
    lost = sorted(vacant)
    same_rule = family[0].rule in {row.rule for row in vacant.values()}
    there = _at_their_moments(vacant, family)
    ends = _at_the_end(link, lost)
    begins = ends and family[0].task.due in (lost[0], vacant[lost[0]].task.due)
    if (begins or 2 * len(there) >= min(len(lost), len(family))) and (own or same_rule or same_text):
        return there
    as_many = abs(len(family) - len(lost)) <= 1 or (own and len(family) > len(lost))
    if not ends or not as_many or not same_rule or not (own or same_text or len(lost) > 1):
        return []
    if len(lost) == 1 and family[0].task.due > lost[0] + (lost[0] - _before(link, lost[0])) / 2:
        return []  # the last one was deleted, and the horizon made the next
    return _moved(lost, family)


def _usual(rows: Iterable[Row]) -> str:
    return Counter(row.task.summary for row in rows).most_common(1)[0][0]


def _at_their_moments(vacant: Mapping[Slot, Row], family: Sequence[Row]) -> list[LinkedRow]:
    """Each row at the slot whose row was due at that moment, else at the slot itself, else at that of its day."""
    dues = {row.task.due: slot for slot, row in sorted(vacant.items())}
    days = {slot.date(): slot for slot in sorted(vacant)}
    found: dict[Slot, Row] = {}
    for row in family:
        due = row.task.due
        slots = (dues.get(due), due if due in vacant else None, days.get(due.date()))
        slot = next((each for each in slots if each is not None and each not in found), None)
        if slot is not None:
            found[slot] = row
    return [LinkedRow(slot, row) for slot, row in found.items()]


def _at_the_end(link: Link, lost: Sequence[Slot]) -> bool:
    """Whether no row of the series stayed after the first that vanished, but for those that have left it before."""
    event = next(each.row.event_id for each in link.rows if each.slot == lost[0])
    for each in link.rows:
        left = each.row.rule is None or each.row.event_id != event
        own = link.series is not None and exceptional(link.series, each.slot)
        if each.slot > lost[0] and each.slot not in lost and not left and not own:
            return False
    return True


def _before(link: Link, slot: Slot) -> Slot:
    return max((each.slot for each in link.rows if each.slot < slot), default=slot)


def _moved(lost: Sequence[Slot], family: Sequence[Row]) -> list[LinkedRow]:
    """Rows that were moved together, each by as much as most of them; the others in their order."""
    shifts = Counter(row.task.due - slot for slot in lost for row in family)
    shift = max(shifts, key=lambda by: (shifts[by], -abs(by)))
    found = {row.task.due - shift: row for row in family if row.task.due - shift in lost}
    rest = [slot for slot in lost if slot not in found]
    others = [row for row in family if row not in found.values()]
    return [LinkedRow(slot, row) for slot, row in (*found.items(), *zip(rest, others, strict=False))]
