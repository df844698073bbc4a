"""New rows with the resources that already show them: lost state leads here, and never to duplicates (law 11)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.core.model import Link, LinkedRow, Row, Series, Task
from bridge.core.occurrences import assign, linked_by_slot, present
from bridge.core.pairing.values import Found, Pairing
from bridge.core.recurrence import expand, same_occurrences


def adopt(groups: Sequence[Pairing], newcomers: Sequence[Found], zone: ZoneInfo) -> list[Pairing]:
    """New rows with the resources that already show them: by UID, else by content."""
    left = {found.href: found for found in newcomers}
    by_uid = {found.series.uid: found for found in newcomers}
    adopted: list[Pairing] = []
    alone: list[Pairing] = []
    for pairing in groups:
        found = by_uid.get(pairing.link.uid)
        if found is not None and found.href in left:
            del left[found.href]
            for each, resource in _divided(pairing, found, left.values(), zone):
                left.pop(resource.href, None)
                adopted.append(_with(each, resource))
        else:
            alone.append(pairing)
    by_text: dict[str, list[Found]] = defaultdict(list)
    for found in left.values():
        if (shown := _text(found.series)) is not None:
            by_text[shown].append(found)
    for pairing in alone:
        alike = (found for found in by_text[_first(pairing).summary] if found.href in left)
        match = next((found for found in alike if _shows(found, pairing, zone)), None)
        if match is None:
            adopted.append(pairing)
        else:
            del left[match.href]
            adopted.append(_with(pairing, match))
    newly = [_with(Pairing(Link(found.series.uid)), found) for found in left.values()]
    return [*_strays_home(adopted), *newly]


def _divided(pairing: Pairing, head: Found, newcomers: Iterable[Found], zone: ZoneInfo) -> list[tuple[Pairing, Found]]:
    """The rows of one event with the resources that show them: its tails are resources of their own.

    Such a tail has rows that the head does not show, at its own moments, and says what most of them say, or has a UID
    that the bridge derived from the head's.
    """
    rows = linked_by_slot(pairing.rows)
    if head.series.rule is None or not rows:
        return [(pairing, head)]
    last = max(rows)
    known = present(head.series, zone, last)
    tails: list[tuple[Pairing, Found]] = []
    for found in sorted((each for each in newcomers if each.series.master is not None), key=_begins):
        own = present(found.series, zone, last) - known
        mine = [each for each in pairing.rows if each.slot not in known and {each.slot, each.row.task.due} & own]
        alike = [each for each in mine if each.row.task.summary == _text(found.series)]
        derived = found.series.uid.startswith(f"{pairing.link.uid}-")
        if not mine or not (derived or (found.series.rule is not None and 2 * len(alike) > len(own))):
            continue
        linked = rows_for(found.series, [each.row for each in mine], zone)
        taken = {each.row.id for each in linked}
        pairing = replace(pairing, rows=tuple(each for each in pairing.rows if each.row.id not in taken))
        tails.append((replace(pairing, link=Link(found.series.uid), rows=linked), found))
    return [(pairing, head), *tails]


def _begins(found: Found) -> datetime:
    assert found.series.master is not None
    return found.series.master.due


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
    pairing = replace(pairing, link=link, series=found.series, parts=found.parts, main=found.main)
    if found.parts and found.main is None:
        return pairing
    return replace(pairing, href=found.href, etag=found.etag)


def _text(series: Series) -> str | None:
    task = series.master or next((each.task for each in series.overrides.values()), None)
    return None if task is None else task.summary


def _first(pairing: Pairing) -> Task:
    return pairing.rows[0].row.task


def _shows(found: Found, pairing: Pairing, zone: ZoneInfo) -> bool:
    """Whether a resource shows the same occurrences as these rows: the same moments, under the same text."""
    series, linked = found.series, linked_by_slot(pairing.rows)
    if found.parts:
        return 2 * len(present(series, zone, max(linked)) & set(linked)) > len(linked)
    if series.master is None:
        return False
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
