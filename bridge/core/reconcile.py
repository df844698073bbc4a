"""Two sides' changes into one agreement: what each side has to take over from the other, and what was in dispute.

Different fields merge. Equal edits are agreement. An edit beats a deletion. The rest is the policy's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.core.changes import ONE_WAY, Delta, Tail, calendar_delta, liondesk_delta, restored
from bridge.core.model import SYNCED, Link, LinkedRow, Row, Series, Side, Slot, Status, Task
from bridge.core.occurrences import from_master, linked_by_slot, present, value_at, with_override, without
from bridge.core.pairing import Pairing, rows_for
from bridge.core.policies import Conflict, Dispute, Policy, edit_beats_delete

LONGEST = 2000
"""LionDesk's texts end here; a longer one in the calendar is not another one (law 6)."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What each side has to take over so that both show the same.

    `series` is the calendar's form with what was dropped without meaning put back. `appeared` are new rows that the
    calendar shows already: they are linked and cause no write (law 1).
    """

    pairing: Pairing
    series: Series | None
    to_liondesk: Delta = field(default_factory=Delta)
    to_calendar: Delta = field(default_factory=Delta)
    conflicts: tuple[Conflict, ...] = ()
    create: Side | None = None


def reconcile(pairing: Pairing, policy: Policy, zone: ZoneInfo) -> Agreement | None:
    """The agreement for one pairing; None when neither side has it any more."""
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
            return _deleted_in_calendar(pairing, policy, zone)
        case (False, True, True, _):  # deleted in LionDesk
            return _deleted_in_liondesk(pairing, zone)
        case _:
            return _merged(pairing, policy, zone)


def _deleted_in_calendar(pairing: Pairing, policy: Policy, zone: ZoneInfo) -> Agreement:
    there = liondesk_delta(pairing.link.rows, pairing.rows, pairing.link.series)
    if there.only_less:
        return Agreement(pairing, None, to_liondesk=Delta(gone=True))
    if pairing.link.series is None or pairing.link.series.master is None:
        return Agreement(pairing, None, create=Side.CALENDAR, conflicts=(_survived(pairing, Side.LIONDESK),))
    back = _merged(replace(pairing, series=pairing.link.series, href=None, etag=None), policy, zone)
    return replace(back, conflicts=(*back.conflicts, _survived(pairing, Side.LIONDESK)))


def _deleted_in_liondesk(pairing: Pairing, zone: ZoneInfo) -> Agreement:
    assert pairing.series is not None
    if pairing.link.series is None:
        return Agreement(pairing, pairing.series, to_calendar=Delta(gone=True))
    series = restored(pairing.link.series, pairing.series, zone)
    here = calendar_delta(pairing.link.series, series, pairing.link.rows, zone)
    if here.only_less:
        return Agreement(pairing, series, to_calendar=Delta(gone=True))
    return Agreement(pairing, series, create=Side.LIONDESK, conflicts=(_survived(pairing, Side.CALENDAR),))


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


def _merged(pairing: Pairing, policy: Policy, zone: ZoneInfo) -> Agreement:
    """Three-way, per slot and field."""
    base = pairing.link
    assert base.series is not None
    assert pairing.series is not None
    series = restored(base.series, pairing.series, zone)
    here = calendar_delta(base.series, series, pairing.rows, zone)
    here = _meant(here, pairing.meant)
    there = liondesk_delta(base.rows, pairing.rows, base.series)
    there, here = _appeared(there, here, base, series, zone)
    if _moved_alike(there, here):
        rows = rows_for(series, [each.row for each in pairing.rows], zone)
        return _adopted(replace(pairing, link=replace(base, rows=(), series=None), rows=rows), policy, zone)
    merging = _Merging(pairing, series, policy, there, here)
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
    for slot, task in there.adds.items():
        if slot not in shown:
            adds[slot] = task
            continue
        plain = from_master(series, slot)
        different = _unlike(task, plain)
        if series.zone is not None and "due" in different:  # made by the rule on the owner's clock: nobody moved it
            waited[slot] = {**waited.get(slot, {}), "due": slot}
            del different["due"]
        if different:
            edits[slot] = different
        calendar = value_at(series, slot)
        if calendar is not None and (different := _unlike(calendar, plain)):
            waited[slot] = {**waited.get(slot, {}), **different}
    return replace(there, edits=edits, adds=adds), replace(here, edits=waited)


def _unlike(task: Task, other: Task) -> dict[str, object]:
    """The fields in which one side's value really is another one: a text that was only cut is the same."""
    return {name: getattr(task, name) for name in SYNCED if not _same(getattr(task, name), getattr(other, name))}


def _same(one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        short, long = sorted((one.strip(), other.strip()), key=len)
        return short == long or (len(short) >= LONGEST - 1 and long.startswith(short.rstrip("…").rstrip()))
    return one == other


def _adopted(pairing: Pairing, policy: Policy, zone: ZoneInfo) -> Agreement:
    """Both sides have it, the base knows nothing: rows say what exists, completed wins, the policy decides the rest."""
    assert pairing.series is not None
    series, rows = pairing.series, linked_by_slot(pairing.rows)
    shown = present(series, zone, max(rows))
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
        drops=frozenset(slot for slot in shown if slot not in rows) if series.rule else frozenset(),
    )
    other = Delta(edits={slot: fields for slot, fields in here.items() if fields})
    return _Merging(pairing, series, policy, base, other).agreement()


def _history(slot: Slot, row: Row, series: Series) -> bool:
    """A completed occurrence from before the series begins in the calendar: an app rolled the series on (idiom 5)."""
    done = row.task.status is Status.COMPLETE
    return done and series.rule is not None and series.master is not None and slot < series.master.due


class _Merging:
    """The merge of two deltas. It lives for one call; each step takes from the deltas what is settled."""

    def __init__(self, pairing: Pairing, series: Series, policy: Policy, there: Delta, here: Delta) -> None:
        self.pairing, self.series, self.policy = pairing, series, policy
        self.rows = linked_by_slot(pairing.rows)
        self.base_rows = linked_by_slot(pairing.link.rows)
        self.there = {slot: dict(fields) for slot, fields in there.edits.items()}
        self.here = {slot: dict(fields) for slot, fields in here.edits.items()}
        self.from_liondesk, self.from_calendar = there, here
        self.conflicts: list[Conflict] = []

    def agreement(self) -> Agreement:
        """Existence first, then the tails, then field by field."""
        self._existence()
        self._tails()
        for slot in sorted(self.there.keys() & self.here.keys()):
            self._fields(slot)
        to_liondesk = replace(self.from_calendar, edits=self._liondesk_edits())
        to_calendar = replace(self.from_liondesk, edits={slot: fields for slot, fields in self.there.items() if fields})
        return Agreement(self.pairing, self.series, to_liondesk, to_calendar, tuple(self.conflicts))

    def _liondesk_edits(self) -> dict[Slot, dict[str, object]]:
        edits = {slot: {k: v for k, v in fields.items() if k not in ONE_WAY} for slot, fields in self.here.items()}
        return {slot: fields for slot, fields in edits.items() if fields}

    def _existence(self) -> None:
        there, here = self.from_liondesk, self.from_calendar
        both = there.drops & here.drops
        there, here = replace(there, drops=there.drops - both), replace(here, drops=here.drops - both)
        if there.drop_from is not None and here.drop_from is not None:
            first = min(there.drop_from, here.drop_from)
            there = replace(there, drop_from=first if there.drop_from == first != here.drop_from else None)
            here = replace(here, drop_from=first if here.drop_from == first != self.from_liondesk.drop_from else None)
        deleted_there = {slot for slot in self.here if _dropped(there, slot)}
        deleted_here = {slot for slot in self.there if _dropped(here, slot) or _without_room(here.tail, slot)}
        for slot in sorted(deleted_there):
            task = value_at(self.series, slot)
            self._edit_survives(slot, Side.CALENDAR)
            there = replace(there, drops=there.drops - {slot})
            if task is not None:
                here = replace(here, adds={**here.adds, slot: task})
                if there.drop_from is not None and slot >= there.drop_from:
                    there = replace(there, adds={**there.adds, slot: task})
            del self.here[slot]
        for slot in sorted(deleted_here):
            self._edit_survives(slot, Side.LIONDESK)
            if here.drop_from is not None and slot >= here.drop_from:
                there = replace(there, adds={**there.adds, **self._rows_from(here.drop_from)})
                here = replace(here, drop_from=None)
            here = replace(here, drops=here.drops - {slot})
            there = replace(there, adds={**there.adds, slot: self.rows[slot].task})
            del self.there[slot]
        self.from_liondesk, self.from_calendar = there, here

    def _rows_from(self, first: Slot) -> dict[Slot, Task]:
        return {slot: row.task for slot, row in self.rows.items() if slot >= first}

    def _edit_survives(self, slot: Slot, edited: Side) -> None:
        # Beyond LionDesk's horizon there is no row: any other names the series.
        row = self.rows.get(slot) or self.base_rows.get(slot) or next(iter({**self.base_rows, **self.rows}.values()))
        words = ("edited", "deleted") if edited is Side.LIONDESK else ("deleted", "edited")
        dispute = self._dispute(slot, "existence", *words, row)
        self.conflicts.append(Conflict(dispute, *edit_beats_delete(dispute, edited)))

    def _tails(self) -> None:
        there, here = self.from_liondesk.tail, self.from_calendar.tail
        if there is None or here is None:
            return
        row = self.rows.get(here.at) or next(iter(self.rows.values()))
        there, here = self._tail_fields(there, here, row)
        if here.restructured and (there.restructured or here.rule is None):
            dispute = self._dispute(here.at, "recurrence_rule", there.rule, here.rule, row)
            ends = here.rule is None  # an end of the series is a deletion of what was edited there
            winner, because = edit_beats_delete(dispute, Side.LIONDESK) if ends else self.policy(dispute)
            self.conflicts.append(Conflict(dispute, winner, because))
            if winner is Side.LIONDESK:
                self.series = self._unshaped(here)
                here = self._plain(here)
            else:
                self._overrule(here.at)
                there = self._plain(there)
        self.from_liondesk = replace(self.from_liondesk, tail=_meaning(there))
        self.from_calendar = replace(self.from_calendar, tail=_meaning(here))

    def _tail_fields(self, there: Tail, here: Tail, row: Row) -> tuple[Tail, Tail]:
        """Both tails with the fields that are left to tell; LionDesk's, where it begins later, keeps its own."""
        fields_there, fields_here = dict(there.fields), dict(here.fields)
        for name in sorted(there.fields.keys() & here.fields.keys()):
            if there.at <= here.at:
                self._decide(here.at, name, fields_there, fields_here, row)
                continue
            told = dict(fields_here)
            self._decide(there.at, name, fields_there, told, row)
        return replace(there, fields=fields_there), replace(here, fields=fields_here)

    def _unshaped(self, here: Tail) -> Series:
        """The calendar's series in its old slots, with everything else that was edited there."""
        base = self.pairing.link.series
        assert base is not None
        assert base.master is not None
        master = replace(base.master, **dict(here.fields))  # type: ignore[arg-type] # names and values are Task's own
        series = replace(base, master=master, modified_at=self.series.modified_at, prodid=self.series.prodid)
        for slot, fields in self.here.items():
            if (task := value_at(series, slot)) is not None:
                series = with_override(series, slot, replace(task, **dict(fields)))  # type: ignore[arg-type] # the same
        return without(series, self.from_calendar.drops)

    def _overrule(self, at: Slot) -> None:
        """The calendar's slots stand: where LionDesk put its rows from there on does not count."""
        for slot, fields in self.there.items():
            if slot >= at:
                fields.pop("due", None)
        adds = {slot: task for slot, task in self.from_liondesk.adds.items() if slot < at}
        self.from_liondesk = replace(self.from_liondesk, adds=adds)

    def _plain(self, tail: Tail) -> Tail:
        return replace(tail, restructured=False, due=tail.at, moved={})

    def _fields(self, slot: Slot) -> None:
        row = self.rows[slot]
        there, here = self.there[slot], self.here[slot]
        for name in sorted(there.keys() & here.keys()):
            self._decide(slot, name, there, here, row)

    def _decide(self, slot: Slot, name: str, there: dict[str, object], here: dict[str, object], row: Row) -> None:
        """Takes the field from the side that loses, or from both where they agree."""
        if _same(there[name], here[name]):
            del there[name], here[name]
            return
        dispute = self._dispute(slot, name, there[name], here[name], row)
        winner, because = self.policy(dispute)
        self.conflicts.append(Conflict(dispute, winner, because))
        del (here if winner is Side.LIONDESK else there)[name]

    def _dispute(self, slot: Slot, name: str, there: object, here: object, row: Row) -> Dispute:
        return Dispute(
            self.pairing.link.uid, row.task.summary, slot, name, there, here, row.modified_at, self.series.modified_at
        )


def _dropped(delta: Delta, slot: Slot) -> bool:
    return slot in delta.drops or (delta.drop_from is not None and slot >= delta.drop_from)


def _without_room(tail: Tail | None, slot: Slot) -> bool:
    """Whether an occurrence has no slot any more once a series has its new ones."""
    if tail is None or not tail.restructured or slot <= tail.at:
        return False
    return tail.rule is None or (bool(tail.moved) and slot not in tail.moved)


def _meaning(tail: Tail) -> Tail | None:
    return tail if tail.fields or tail.restructured or tail.due != tail.at else None
