"""Idioms 6, 13 and 17: a completed occurrence is written as a task of its own, beside a master that rolls on.

Seen in Apple Reminders, OpenTasks, Kolab and python-caldav (`safe`); Outlook's copy still has the RRULE. The copy may
come before or after the roll, or in another run; after the last occurrence OpenTasks deletes the master
(calendar-apps.md, section 5, 6, 13, 17).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.core.idioms.beside import lacks, with_part
from bridge.core.model import Link, LinkedRow, Series, Slot, Status
from bridge.core.occurrences import tail_of, value_at
from bridge.core.pairing import Pairing
from bridge.core.recurrence import expand, last_slot


def completed_copy(pairings: tuple[Pairing, ...], zone: ZoneInfo) -> tuple[Pairing, ...]:
    """Gives the row of the occurrence to its copy: linked, never posted."""
    copies = {each.href: each for each in pairings if _copy(each)}
    result: list[Pairing] = []
    for pairing in pairings:
        if _copy(pairing):
            continue
        result += [_taken_in(pairing, copies, zone)] if pairing.rolls else _handed_over(pairing, copies)
    return (*result, *copies.values())


def _copy(pairing: Pairing) -> bool:
    master = pairing.series.master if pairing.series else None
    return pairing.newcomer and master is not None and master.status is Status.COMPLETE


def _handed_over(pairing: Pairing, copies: dict[str | None, Pairing]) -> list[Pairing]:
    series = pairing.link.series or pairing.series
    if series is None or series.rule is None or series.master is None:
        return [pairing]
    freed: list[Pairing] = []
    for each in pairing.rows if copies else ():
        copy = next((copy for copy in copies.values() if _of(each, series, copy)), None)
        if copy is None:
            continue
        del copies[copy.href]
        if len(pairing.rows) == 1 and _goes_on(pairing, each.slot):
            pairing = replace(pairing, meant={**pairing.meant, each.slot: {"status": Status.COMPLETE}})
        else:
            freed.append(_linked(pairing, each, series, copy))
            pairing = _less(pairing, each.slot)
    pairing = _completed_early(pairing)
    return [pairing, *freed]  # with nothing left of it, too: its link goes


def _taken_in(pairing: Pairing, copies: dict[str | None, Pairing], zone: ZoneInfo) -> Pairing:
    """The series with the copies that are occurrences of it, in the place of those that the bridge made itself."""
    series = pairing.link.series or pairing.series
    if not copies or series is None or series.rule is None or series.master is None:
        return pairing
    told = {slot: each for slot, each in series.overrides.items() if not lacks(pairing, slot)}
    plain, now = replace(series, overrides=told), pairing.series.master if pairing.series else None
    forms = (plain, replace(plain, master=now or plain.master))  # the app may have renamed the series before
    for each in pairing.rows:
        free = copies.values() if lacks(pairing, each.slot) else ()
        copy = next((copy for copy in free if any(_of(each, form, copy) for form in forms)), None)
        if copy is not None:
            del copies[copy.href]
            pairing = with_part(pairing, each.slot, _on_its_day(copy, each.row.task.due), zone)
    return pairing


def _on_its_day(copy: Pairing, due: datetime) -> Pairing:
    """The copy at the moment of its occurrence: what a writer made of the time of day is no edit of what is done."""
    series = copy.series
    if series is None or series.master is None or series.master.all_day:
        return copy
    return replace(copy, series=replace(series, master=replace(series.master, due=due)))


def _goes_on(pairing: Pairing, slot: Slot) -> bool:
    """Whether the calendar has later occurrences than the only one that has a row by now: the row stays with them."""
    new = pairing.series
    if new is None or new.master is None or new.rule is None:
        return False
    last = last_slot(new.rule, new.master.due)
    return last is None or last > slot


def _of(each: LinkedRow, series: Series, copy: Pairing) -> bool:
    """Whether a copy is of this occurrence: the same text on the same day, and no override says that it is done."""
    shown = copy.series.master if copy.series else None
    override = series.overrides.get(each.slot)
    if shown is None or (override is not None and override.task.status is Status.COMPLETE):
        return False
    task = override.task if override is not None else series.master
    same_text = task is not None and shown.summary == task.summary
    other_rule = copy.series is not None and copy.series.rule is not None and copy.series.rule.parts != _parts(series)
    return same_text and shown.due.date() == each.row.task.due.date() and not other_rule


def _parts(series: Series) -> tuple[tuple[str, str], ...]:
    return series.rule.parts if series.rule else ()


def _linked(pairing: Pairing, each: LinkedRow, series: Series, copy: Pairing) -> Pairing:
    """The copy with its row; the base is the occurrence as it was, at the copy's own moment."""
    assert copy.series is not None
    assert copy.series.master is not None
    base_row = next((row for row in pairing.link.rows if row.row.id == each.row.id), each)
    before = value_at(series, each.slot)
    shown = copy.series.master
    base = replace(
        shown, status=base_row.row.task.status, completed_at=None, summary=before.summary if before else shown.summary
    )
    alone = replace(copy.series, rule=None, exdates=frozenset(), overrides={})
    return replace(
        copy,
        link=Link(copy.link.uid, rows=(replace(base_row, slot=shown.due),), series=Series(copy.link.uid, base)),
        rows=(replace(each, slot=shown.due),),
        series=alone,
        held=copy.held or copy.series if alone != copy.series else copy.held,
    )


def _less(pairing: Pairing, slot: Slot) -> Pairing:
    """The series without the row that the copy has now. Where it was the last one, LionDesk has no more of it."""
    rows = tuple(each for each in pairing.rows if each.slot != slot)
    known = tuple(each for each in pairing.link.rows if each.slot != slot)
    link = replace(pairing.link, rows=known if rows else pairing.link.rows)
    return replace(pairing, link=link, rows=rows)


def _completed_early(pairing: Pairing) -> Pairing:
    """COUNT is one less and the dates stayed, while a copy has the first occurrence: the series moves on (idiom 13)."""
    link, old, new = pairing.link, pairing.link.series, pairing.series
    if old is None or new is None or old.master is None or new.master is None or old.rule is None or new.rule is None:
        return pairing
    first, count = old.master.due, old.rule.count
    if first != new.master.due or count is None or new.rule.count != count - 1 or first in old.exdates:
        return pairing
    following = next((each for each in expand(old.rule, first) if each > first), None)
    if following is None or not pairing.rows or any(each.slot == first for each in pairing.rows):
        return pairing
    on = tail_of(old, following, old.uid)
    series = replace(new, master=replace(new.master, due=following), rule=on.rule)
    return replace(pairing, link=replace(link, series=on), series=series, held=pairing.held or new)
