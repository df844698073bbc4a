"""The work for one agreement: what is new on a side, what changed, what is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.core.changes import Delta
from bridge.core.model import LinkedRow, Row, Series, Side, Slot, Task
from bridge.core.occurrences import exceptional, from_master, present, value_at
from bridge.core.pairing import Pairing
from bridge.core.plan.agreeing import agreeing
from bridge.core.plan.history import delete_open, history
from bridge.core.plan.operations import DeleteResource, DeleteRow, PostTask, PutResource, Why, Work
from bridge.core.plan.requests import Requests
from bridge.core.plan.showing import put, shown_after, shown_by, summary_of
from bridge.core.plan.waiting import all_dropped, waiting, waiting_in
from bridge.core.policies import DEFAULT_CHOICES, Choices
from bridge.core.reconcile import Agreement

AHEAD = timedelta(days=3 * 366)
"""How far ahead LionDesk may make rows of a rule."""


def plan(agreement: Agreement, zone: ZoneInfo, horizon: datetime, choices: Choices = DEFAULT_CHOICES) -> Work:
    """The work for one agreement."""
    match agreement.create:
        case Side.CALENDAR:
            return _created_in_calendar(agreement, horizon)
        case Side.LIONDESK:
            return _created_in_liondesk(agreement, zone)
        case None:
            return _changed(agreement, zone, horizon, choices)


# -- new ---------------------------------------------------------------------------------------------------------------


def _created_in_calendar(agreement: Agreement, horizon: datetime) -> Work:
    pairing = agreement.pairing
    series = shown_by(pairing, horizon)
    why = Why(Side.LIONDESK, "edited" if agreement.conflicts else "created")
    put = PutResource(series, None, None, why, summary_of(series), None, {})
    return Work(pairing, series, calendar=(put,), conflicts=agreement.conflicts)


def _created_in_liondesk(agreement: Agreement, zone: ZoneInfo) -> Work:
    pairing, series = agreement.pairing, agreement.series
    assert series is not None
    why = Why(Side.CALENDAR, "edited" if agreement.conflicts else "created")
    if series.master is None:
        return Work(pairing, series)
    first = series.master if series.rule is None else from_master(series, series.master.due)
    post = PostTask(first, series.master.due, series.rule, why)
    if series.rule is None:
        return Work(pairing, series, (post,), put(agreement, series), conflicts=agreement.conflicts)
    end = first.due + AHEAD
    expected = {slot: task for slot in present(series, zone, end) if (task := value_at(series, slot)) is not None}
    written = put(agreement, series)
    waits, _ = waiting(replace(pairing.link, series=None), Delta(), series, (), zone)
    return Work(
        pairing,
        series,
        (post,),
        written,
        expected=expected,
        reads_back=True,
        waiting=waits,
        conflicts=agreement.conflicts,
    )


# -- changed -----------------------------------------------------------------------------------------------------------


def _deleted(agreement: Agreement, choices: Choices) -> Work:
    pairing = agreement.pairing
    kept = history(pairing) if choices.on_calendar_delete == "open" else {}
    operations = delete_open(pairing) if choices.on_calendar_delete == "open" else _delete_all(pairing)
    return Work(
        pairing,
        None,
        operations,
        expected=kept,
        reads_back=bool(operations) and len(pairing.rows) > 1,
        dropped=all_dropped(pairing.link, "the series was deleted in the calendar"),
        keeps_history=bool(kept),
        conflicts=agreement.conflicts,
    )


def _changed(agreement: Agreement, zone: ZoneInfo, horizon: datetime, choices: Choices) -> Work:
    pairing, series = agreement.pairing, agreement.series
    there, here = agreement.to_liondesk, agreement.to_calendar
    if there.gone:
        return _deleted(agreement, choices)
    assert series is not None
    if here.gone:
        dropped = all_dropped(pairing.link, "the series was deleted in LionDesk")
        gone = _delete_resource(pairing, series)
        return Work(pairing, None, calendar=gone, dropped=dropped, conflicts=agreement.conflicts)
    requests = Requests(pairing, series, there, here)
    end = horizon if series.zone is None or requests.followed else horizon + AHEAD
    fresh = _fresh_slots(series, there, requests.rows, zone, end)
    requests.collect(fresh, _overridden(series, zone, horizon))
    shown, split = shown_after(agreement, requests.expected, zone, horizon)
    shown = agreeing(shown, agreement, _less_tails(requests.expected, pairing, split), zone)
    creations = tuple(_creation(each.series) for each in split if each.series is not None)
    waits, dropped = waiting_in(agreement, shown, split, zone)
    return Work(
        pairing,
        shown,
        tuple(requests.operations),
        (*creations, *put(agreement, shown)),
        requests.expected,
        requests.reads_back,
        there.tail.moved if there.tail is not None else {},
        here.tail.moved if here.tail is not None else {},
        split,
        waits,
        dropped,
        agreement.conflicts,
    )


def _less_tails(expected: Mapping[Slot, Task], pairing: Pairing, split: Sequence[Pairing]) -> dict[Slot, Task]:
    """What is expected of the rows that stay with the pairing's own resource."""
    gone = {each.row.id for tail in split for each in tail.rows}
    taken = {each.slot for each in pairing.rows if each.row.id in gone}
    return {slot: task for slot, task in expected.items() if slot not in taken}


def _overridden(series: Series, zone: ZoneInfo, horizon: datetime) -> dict[Slot, Task]:
    """The occurrences with values of their own that the series shows."""
    if series.rule is None or not series.overrides:
        return {}
    own = [slot for slot in present(series, zone, max(horizon, *series.overrides)) if exceptional(series, slot)]
    return {slot: task for slot in own if (task := value_at(series, slot)) is not None}


def _fresh_slots(
    series: Series, there: Delta, rows: Mapping[Slot, Row], zone: ZoneInfo, horizon: datetime
) -> dict[Slot, Task]:
    """Occurrences that a restructured series has and LionDesk has no rows for: no rule there will make them."""
    if there.tail is None or not there.tail.restructured or there.tail.rule is None:
        return {}
    taken = {there.tail.moved.get(slot, slot) for slot in rows}
    new = sorted(slot for slot in present(series, zone, horizon) - taken if slot >= there.tail.due)
    return {slot: task for slot in new if (task := value_at(series, slot)) is not None}


def _creation(series: Series) -> PutResource:
    return PutResource(series, None, None, Why(Side.LIONDESK, "split"), summary_of(series), None, {})


def _delete_all(pairing: Pairing) -> tuple[DeleteRow, ...]:
    """One request for a series (type 3, or 2 where its event began before it); other rows get their own."""
    why = Why(Side.CALENDAR, "deleted")
    ruled = pairing.link.series is not None and pairing.link.series.rule is not None
    series = ruled or bool(pairing.link.parts)
    events: dict[object, LinkedRow] = {}
    for each in pairing.rows:
        alone = series and (each.row.rule is None or pairing.followed)
        events.setdefault(each.row.id if alone else each.row.event_id, each)
    whole = 1 if pairing.followed else 2 if pairing.following else 3
    return tuple(
        DeleteRow(each.row, each.slot, whole if series and each.row.rule is not None else None, why)
        for each in events.values()
    )


def _delete_resource(pairing: Pairing, series: Series) -> tuple[DeleteResource, ...]:
    if pairing.href is None or pairing.etag is None:
        return ()
    return (DeleteResource(series, pairing.href, pairing.etag, Why(Side.LIONDESK, "deleted")),)
