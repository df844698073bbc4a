"""Two sides' changes into one agreement: what each side has to take over from the other, and what was in dispute.

Different fields merge. Equal edits are agreement. An edit beats a deletion. The rest is the policy's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.core.changes import Delta, calendar_delta, liondesk_delta, made_whole, restored, untold, within_reach
from bridge.core.merging import Agreement, Merging, same
from bridge.core.model import SYNCED, Link, LinkedRow, Row, Series, Side, Slot, Status, Task
from bridge.core.occurrences import from_master, linked_by_slot, present, value_at
from bridge.core.pairing import Pairing, rows_for
from bridge.core.policies import Conflict, Dispute, Policy, Question, edit_beats_delete
from bridge.core.shapes import gathered

__all__ = ["Agreement", "reconcile"]


def reconcile(pairing: Pairing, policy: Policy, zone: ZoneInfo, asked: Sequence[Question] = ()) -> Agreement | None:
    """The agreement for one pairing; None when neither side has it any more.

    `asked`: what the two sides show differently until a person says which it is. It stays so, whoever edits it again.
    """
    link = pairing.link
    match (bool(pairing.rows), pairing.series is not None, bool(link.rows), link.series is not None):
        case (False, False, _, _):  # gone on both sides, or never there
            return None
        case (True, False, _, False):  # new in LionDesk
            return Agreement(pairing, None, create=Side.CALENDAR)
        case (False, True, False, _):  # new in the calendar
            return Agreement(pairing, pairing.series, create=Side.LIONDESK)
        case (True, True, _, False) | (True, True, False, True):  # on both, and the base has forgotten it
            return _adopted(pairing, policy, zone)
        case (True, False, _, True):  # deleted in the calendar
            return _deleted_in_calendar(pairing, policy, zone, asked)
        case (False, True, True, _):  # deleted in LionDesk
            return _deleted_in_liondesk(pairing, zone)
        case _:
            return _merged(pairing, policy, zone, asked)


def _deleted_in_calendar(pairing: Pairing, policy: Policy, zone: ZoneInfo, asked: Sequence[Question]) -> Agreement:
    there = liondesk_delta(pairing.link.rows, pairing.rows, pairing.link.series)
    if there.only_less:
        return _left_beside(pairing, zone) or Agreement(pairing, None, to_liondesk=Delta(gone=True))
    if pairing.link.series is None or pairing.link.series.master is None:
        return Agreement(pairing, None, create=Side.CALENDAR, conflicts=(_survived(pairing, Side.LIONDESK),))
    back = _merged(replace(pairing, series=pairing.link.series, href=None, etag=None), policy, zone, asked)
    return replace(back, conflicts=(*back.conflicts, _survived(pairing, Side.LIONDESK)))


def _left_beside(pairing: Pairing, zone: ZoneInfo) -> Agreement | None:
    """What is told of a main resource that was deleted while completed occurrences stand beside it, or have left.

    What the calendar showed and does not any more is gone: this and the following, where nothing else follows. None
    where all of the series is.
    """
    base, rows = pairing.link.series, linked_by_slot(pairing.rows)
    if base is None or not pairing.rolls:
        return None
    standing = frozenset(part.slot for part in pairing.parts)
    gone = (present(base, zone, max(rows)) & rows.keys()) - standing
    if gone == rows.keys() or not gone:
        return None
    series = gathered(None, pairing.parts, zone) or Series(pairing.link.uid, None)
    first = min(gone)
    followed = any(slot > first for slot in rows.keys() - gone)
    delta = Delta(drops=gone) if followed else Delta(drop_from=first)
    return Agreement(pairing, replace(series, uid=pairing.link.uid), to_liondesk=delta)


def _deleted_in_liondesk(pairing: Pairing, zone: ZoneInfo) -> Agreement:
    assert pairing.series is not None
    if pairing.link.series is None:
        return Agreement(pairing, pairing.series, to_calendar=Delta(gone=True))
    series = restored(pairing.link.series, pairing.series, zone)
    here = calendar_delta(pairing.link.series, series, pairing.link.rows, zone)
    if here.only_less:
        return Agreement(pairing, series, to_calendar=Delta(gone=True))
    survived = (_survived(pairing, Side.CALENDAR),)
    if series.master is None:  # stand-alone tasks: those that were edited outlive their series, each by itself
        kept = {slot: each.task for slot, each in series.overrides.items() if slot in {*here.edits, *here.adds}}
        gone = Delta(drops=frozenset(series.overrides.keys() - kept.keys()))
        return Agreement(pairing, series, to_liondesk=Delta(adds=kept), to_calendar=gone, conflicts=survived)
    return Agreement(pairing, series, create=Side.LIONDESK, conflicts=survived)


def _survived(pairing: Pairing, edited: Side) -> Conflict:
    """The note that an edit kept a task alive that the other side deleted."""
    rows = pairing.rows or pairing.link.rows
    master = pairing.series.master if pairing.series else None
    task = master or rows[0].row.task
    words = ("edited", "deleted") if edited is Side.LIONDESK else ("deleted", "edited")
    dispute = Dispute(
        pairing.link.uid, task.summary, task.due, "existence", *words, _rows_at(rows), _series_at(pairing.series)
    )
    return Conflict(dispute, *edit_beats_delete(dispute, edited))


def _rows_at(rows: tuple[LinkedRow, ...]) -> datetime | None:
    return max((each.row.modified_at for each in rows if each.row.modified_at), default=None)


def _series_at(series: Series | None) -> datetime | None:
    return series.modified_at if series else None


# -- both sides there --------------------------------------------------------------------------------------------------


def _merged(pairing: Pairing, policy: Policy, zone: ZoneInfo, asked: Sequence[Question]) -> Agreement:
    """Three-way, per slot and field."""
    base = pairing.link
    assert base.series is not None
    assert pairing.series is not None
    series = restored(base.series, pairing.series, zone)
    base = untold(base, linked_by_slot(pairing.rows))
    pairing = replace(pairing, link=base)
    assert base.series is not None
    here = calendar_delta(base.series, series, pairing.rows, zone)
    here = _meant(here, pairing.meant)
    # An EXDATE that LionDesk was never told of: taken back, it leaves nothing to be made there.
    here = replace(here, adds={slot: task for slot, task in here.adds.items() if slot not in base.waits})
    there = liondesk_delta(base.rows, pairing.rows, base.series)
    there, here = _appeared(there, here, base, series, zone)
    if _moved_alike(there, here):
        rows = rows_for(series, [each.row for each in pairing.rows], zone)
        return _adopted(replace(pairing, link=replace(base, rows=(), series=None), rows=rows), policy, zone)
    there = made_whole(there, linked_by_slot(base.rows), series)
    here = within_reach(here, linked_by_slot(base.rows))
    merging = Merging(pairing, series, policy, there, here)
    merging.keep_asking(asked)
    return merging.agreement()


def _moved_alike(there: Delta, here: Delta) -> bool:
    """Whether both sides gave a series the same other slots: then it is as if both were found like that."""
    one, other = there.tail, here.tail
    if one is None or other is None or not one.restructured or not other.restructured:
        return False
    return (one.due, one.rule) == (other.due, other.rule)


def _meant(here: Delta, meant: Mapping[Slot, Mapping[str, object]]) -> Delta:
    """The calendar's changes with those that an idiom read from the form of the edit."""
    if not meant:
        return here
    slots = here.edits.keys() | meant.keys()
    return replace(here, edits={slot: {**here.edits.get(slot, {}), **meant.get(slot, {})} for slot in slots})


def _appeared(there: Delta, here: Delta, base: Link, series: Series, zone: ZoneInfo) -> tuple[Delta, Delta]:
    """New rows at slots that the calendar's rule already shows: the horizon moved (law 1).

    What differs from the series there is an edit by the side that differs: of the row, or of an override that waited.
    """
    if not there.adds or series.master is None or base.series is None:
        return there, here
    shown = present(series, zone, max(there.adds))
    edits, adds = dict(there.edits), {}
    waited = dict(here.edits)
    known = {each.slot for each in base.rows}
    for slot, task in there.adds.items():
        if slot in known or (slot not in shown and slot not in here.drops):
            adds[slot] = task
            continue
        plain = from_master(series, slot)
        different = _unlike(task, plain)
        if series.zone is not None and "due" in different:  # made by the rule on the owner's clock: nobody moved it
            waited[slot] = {**waited.get(slot, {}), "due": slot}
            del different["due"]
        if different:
            edits[slot] = different
        if slot in here.drops or (here.tail is not None and slot >= here.tail.at and _ranged(series, slot)):
            continue
        calendar = value_at(series, slot)
        if calendar is not None and (different := _unlike(calendar, plain)):
            waited[slot] = {**waited.get(slot, {}), **different}
    return replace(there, edits=edits, adds=adds), replace(here, edits=waited)


def _ranged(series: Series, slot: Slot) -> bool:
    """Whether an occurrence says what a THISANDFUTURE before it, or at it, or the master says."""
    own = series.overrides.get(slot)
    return own is None or own.this_and_future


def _unlike(task: Task, other: Task) -> dict[str, object]:
    """The fields in which one side's value really is another one: a text that was only cut is the same."""
    return {name: getattr(task, name) for name in SYNCED if not same(getattr(task, name), getattr(other, name))}


def _adopted(pairing: Pairing, policy: Policy, zone: ZoneInfo) -> Agreement:
    """Both sides have it, the base knows nothing: rows say what exists, completed wins, the policy decides the rest."""
    assert pairing.series is not None
    series, rows = pairing.series, linked_by_slot(pairing.rows)
    shown = present(series, zone, max(rows))
    several = series.rule is not None or series.master is None
    there: dict[Slot, Mapping[str, object]] = {}
    here: dict[Slot, Mapping[str, object]] = {}
    for slot, row in rows.items():
        calendar = value_at(series, slot)
        if slot not in shown or calendar is None:
            continue
        ours, theirs = _unlike(row.task, calendar), _unlike(calendar, row.task)
        if "status" in ours:
            (theirs if row.task.status is Status.COMPLETE else ours).pop("status")
        there[slot], here[slot] = ours, theirs
    base = Delta(
        edits={slot: fields for slot, fields in there.items() if fields},
        adds={slot: row.task for slot, row in rows.items() if slot not in shown and not _history(slot, row, series)},
        drops=frozenset(slot for slot in shown if slot not in rows) if several else frozenset(),
    )
    other = Delta(edits={slot: fields for slot, fields in here.items() if fields})
    return Merging(pairing, series, policy, base, other).agreement()


def _history(slot: Slot, row: Row, series: Series) -> bool:
    """A completed occurrence from before the series begins in the calendar: an app rolled the series on (idiom 5)."""
    done = row.task.status is Status.COMPLETE
    if series.master is None:
        return done
    return done and series.rule is not None and slot < series.master.due
