"""RANGE=THISANDFUTURE where no override can stand: what follows goes on as a series of its own (idiom 14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from bridge.core.model import Link, LinkedRow, Override, Series, Slot, Status
from bridge.core.occurrences import cut_series, tail_of
from bridge.core.pairing import Pairing
from bridge.core.plan.operations import Work


def unranged(work: Work) -> Work:
    """The work with its series ended before each THISANDFUTURE, and a tail that says what that said."""
    series = work.series
    if series is None or series.rule is None or series.master is None:
        return work
    at = min((slot for slot, each in series.overrides.items() if each.this_and_future), default=None)
    if at is None or at <= series.master.due or all(each.slot < at for each in work.pairing.rows):
        return work  # beyond LionDesk's rows it waits, and stays where it is
    shift = series.overrides[at].task.due - at
    uid = f"{work.pairing.link.uid}-{at:%Y%m%dT%H%M%S}"
    rows = tuple(
        LinkedRow(each.slot + shift, replace(each.row, task=work.expected.get(each.slot, each.row.task)))
        for each in work.pairing.rows
        if each.slot >= at
    )
    tail = Pairing(Link(uid), rows, _tail(series, at, uid, shift), shape=work.pairing.shape)
    rest = unranged(Work(tail, tail.series))
    tails = (replace(tail, series=rest.series, rows=_before(tail, rest)), *rest.split)
    return replace(work, series=cut_series(series, at), split=(*work.split, *tails))


def _before(tail: Pairing, rest: Work) -> tuple[LinkedRow, ...]:
    """The rows that a tail keeps where it is cut again."""
    taken = {each.row.id for further in rest.split for each in further.rows}
    return tuple(each for each in tail.rows if each.row.id not in taken)


def _tail(series: Series, at: Slot, uid: str, shift: timedelta) -> Series:
    own = series.overrides[at].task
    tail = tail_of(series, at, uid)
    assert tail.rule is not None
    overrides = {slot + shift: each for slot, each in tail.overrides.items() if slot != at}
    if own.status is Status.COMPLETE:
        overrides[own.due] = Override(own)
    until = None if tail.rule.until is None else tail.rule.until + shift
    return replace(
        tail,
        master=replace(own, status=Status.INCOMPLETE, completed_at=None),
        rule=replace(tail.rule, until=until),
        exdates=_moved(tail.exdates, shift),
        rdates=_moved(tail.rdates, shift),
        overrides=_sorted(overrides),
    )


def _moved(slots: frozenset[Slot], shift: timedelta) -> frozenset[Slot]:
    return frozenset(slot + shift for slot in slots)


def _sorted(overrides: Mapping[Slot, Override]) -> Mapping[Slot, Override]:
    return MappingProxyType(dict(sorted(overrides.items())))
