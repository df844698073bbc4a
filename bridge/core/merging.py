"""The merge of one pairing's two deltas: existence first, then what reaches this and the following, then the fields.

Different fields merge. Equal edits are agreement. An edit beats a deletion. The rest is the policy's, or a person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bridge.core import texts
from bridge.core.changes import ONE_WAY, Delta, Tail
from bridge.core.model import SYNCED, Row, Series, Side, Slot, Task
from bridge.core.occurrences import linked_by_slot, value_at, with_override, without
from bridge.core.pairing import Pairing
from bridge.core.policies import Conflict, Dispute, Policy, Question, edit_beats_delete


@dataclass(frozen=True, slots=True)
class Agreement:
    """What each side has to take over so that both show the same.

    `series` is the calendar's form with what was dropped without meaning put back. `appeared` are new rows that the
    calendar shows already: they are linked and cause no write (law 1). `undecided`: which occurrences there are is
    disputed and a person is asked, so that nothing can be told to either side.
    """

    pairing: Pairing
    series: Series | None
    to_liondesk: Delta = field(default_factory=Delta)
    to_calendar: Delta = field(default_factory=Delta)
    conflicts: tuple[Conflict, ...] = ()
    create: Side | None = None
    undecided: bool = False


class Merging:
    """The merge of two deltas. It lives for one call; each step takes from the deltas what is settled."""

    def __init__(self, pairing: Pairing, series: Series, policy: Policy, there: Delta, here: Delta) -> None:
        self.pairing, self.series, self.policy = pairing, series, policy
        self.rows = linked_by_slot(pairing.rows)
        self.base_rows = linked_by_slot(pairing.link.rows)
        self.there = {slot: dict(fields) for slot, fields in there.edits.items()}
        self.here = {slot: dict(fields) for slot, fields in here.edits.items()}
        self.from_liondesk, self.from_calendar = there, here
        self.conflicts: list[Conflict] = []
        self.undecided = False
        self.series_wide: set[tuple[Slot, str]] = set()

    def keep_asking(self, asked: Sequence[Question]) -> None:
        """What waits for a person is in dispute as if both had just edited it, unless they agree by now."""
        for each in asked:
            row, shown = self.rows.get(each.slot), value_at(self.series, each.slot)
            if row is None or shown is None or each.field not in SYNCED:
                continue
            there, here = getattr(row.task, each.field), getattr(shown, each.field)
            if same(there, here):
                continue
            if each.following:
                self._withhold(each)
                self.series_wide.add((each.slot, each.field))
            self.there.setdefault(each.slot, {})[each.field] = there
            self.here.setdefault(each.slot, {})[each.field] = here

    def _withhold(self, asked: Question) -> None:
        """A series' field that waits for a person is told to none of the occurrences that it was edited for."""
        for edits in (self.there, self.here):
            for slot, fields in edits.items():
                if slot >= asked.slot:
                    fields.pop(asked.field, None)
        self.from_liondesk = _less(self.from_liondesk, asked.field)
        self.from_calendar = _less(self.from_calendar, asked.field)

    def agreement(self) -> Agreement:
        """Existence first, then the tails, then field by field."""
        self._existence()
        self._tails()
        for slot in sorted(self.there.keys() & self.here.keys()):
            self._fields(slot)
        to_liondesk = replace(self.from_calendar, edits=self._liondesk_edits())
        to_calendar = replace(self.from_liondesk, edits={slot: fields for slot, fields in self.there.items() if fields})
        conflicts = tuple(self.conflicts)
        return Agreement(self.pairing, self.series, to_liondesk, to_calendar, conflicts, undecided=self.undecided)

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
        here = self._outlived(there, here)
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
                self._uncut(here.drop_from)
                there = replace(there, adds={**there.adds, **self._rows_from(here.drop_from)})
                here = replace(here, drop_from=None)
            here = replace(here, drops=here.drops - {slot})
            there = replace(there, adds={**there.adds, slot: self.rows[slot].task})
            del self.there[slot]
        if there.tail is not None and here.drop_from is not None and there.tail.at >= here.drop_from:
            self._edit_survives(there.tail.at, Side.LIONDESK)
            self._uncut(here.drop_from)
            here = replace(here, drop_from=None)
        self.from_liondesk, self.from_calendar = there, here

    def _uncut(self, at: Slot) -> None:
        """The calendar's series goes on where it was cut."""
        base, series = self.pairing.link.series, self.series
        if base is None or base.rule is None or series.rule is None:
            return
        lost = {slot: each for slot, each in base.overrides.items() if slot >= at}
        self.series = replace(
            series,
            rule=base.rule,
            overrides=MappingProxyType({**lost, **series.overrides}),
            exdates=series.exdates | {slot for slot in base.exdates if slot >= at},
            rdates=series.rdates | {slot for slot in base.rdates if slot >= at},
        )

    def _outlived(self, there: Delta, here: Delta) -> Delta:
        """The calendar's changes; its end of the series is taken back where LionDesk edited what follows as one."""
        base, first = self.pairing.link.series, here.drop_from
        edited = first is not None and there.tail is not None and any(slot >= there.tail.at for slot in self.rows)
        if not edited or first is None or base is None or max(self.rows) < first:
            return here
        self._edit_survives(min(slot for slot in self.rows if slot >= first), Side.LIONDESK)
        overrides = {slot: each for slot, each in base.overrides.items() if slot >= first}
        self.series = replace(
            self.series,
            rule=base.rule,
            exdates=self.series.exdates | {slot for slot in base.exdates if slot >= first},
            rdates=self.series.rdates | {slot for slot in base.rdates if slot >= first},
            overrides=MappingProxyType({**overrides, **self.series.overrides}),
        )
        return replace(here, drop_from=None)

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
        there = there and self._against_singles(there, self.here, Side.LIONDESK)
        here = here and self._against_singles(here, self.there, Side.CALENDAR)
        self.from_liondesk = replace(self.from_liondesk, tail=there and _meaning(there))
        self.from_calendar = replace(self.from_calendar, tail=here and _meaning(here))
        if there is None or here is None:
            return
        row = self.rows.get(here.at) or next(iter(self.rows.values()))
        there, here = self._tail_fields(there, here, row)
        if here.restructured and not there.restructured and not there.whole:
            there = self._one_by_one(there)
        if here.restructured and (there.restructured or here.rule is None):
            dispute = self._dispute(here.at, "recurrence_rule", there.rule, here.rule, row)
            ends = here.rule is None  # an end of the series is a deletion of what was edited there
            winner, because = edit_beats_delete(dispute, Side.LIONDESK) if ends else self.policy(dispute)
            self.conflicts.append(Conflict(dispute, winner, because))
            self.undecided = winner is None
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
                self._decide(here.at, name, fields_there, fields_here, row, following=True)
                continue
            told = dict(fields_here)
            self._decide(there.at, name, fields_there, told, row, following=True)
            if name not in told and self.conflicts and self.conflicts[-1].winner is None:
                del fields_here[name]
        return replace(there, fields=fields_there), replace(here, fields=fields_here)

    def _against_singles(self, tail: Tail, edits: dict[Slot, dict[str, object]], side: Side) -> Tail:
        """A value for a tail of which the other side edited every occurrence by itself, so that it would be nowhere."""
        slots = sorted(slot for slot in self.rows if slot >= tail.at)
        fields = dict(tail.fields)
        for name in tail.fields:
            if not slots or any(name not in edits.get(slot, {}) for slot in slots):
                continue
            values = {side: fields[name], side.other: edits[slots[0]][name]}
            there, here = values[Side.LIONDESK], values[Side.CALENDAR]
            if same(there, here):
                continue
            dispute = self._dispute(slots[0], name, there, here, self.rows[slots[0]])
            winner, because = self.policy(dispute)
            self.conflicts.append(Conflict(dispute, winner, because))
            if winner is not side:
                del fields[name]
            if winner is not side.other:
                for slot in slots:
                    del edits[slot][name]
        return replace(tail, fields=fields)

    def _one_by_one(self, there: Tail) -> Tail:
        """LionDesk's values for a tail of a series that has other slots now: its occurrences say them one by one."""
        for slot in (slot for slot in self.rows if slot >= there.at):
            self.there[slot] = {**there.fields, **self.there.get(slot, {})}
        return replace(there, fields={})

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
            self._decide(slot, name, there, here, row, following=(slot, name) in self.series_wide)

    def _decide(
        self,
        slot: Slot,
        name: str,
        there: dict[str, object],
        here: dict[str, object],
        row: Row,
        *,
        following: bool = False,
    ) -> None:
        """Takes the field from the side that loses, or from both where they agree or nobody has decided yet."""
        if same(there[name], here[name]):
            del there[name], here[name]
            return
        dispute = replace(self._dispute(slot, name, there[name], here[name], row), following=following)
        winner, because = self.policy(dispute)
        self.conflicts.append(Conflict(dispute, winner, because))
        if winner is not Side.CALENDAR:
            del here[name]
        if winner is not Side.LIONDESK:
            del there[name]

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


def _less(delta: Delta, field: str) -> Delta:
    """A delta whose tail says nothing of this field."""
    tail = delta.tail
    if tail is None or field not in tail.fields:
        return delta
    return replace(
        delta, tail=replace(tail, fields={name: each for name, each in tail.fields.items() if name != field})
    )


def _meaning(tail: Tail) -> Tail | None:
    return tail if tail.fields or tail.restructured or tail.due != tail.at else None


def same(one: object, other: object) -> bool:
    """Whether two values are one to both sides: a text that LionDesk cut is the same."""
    return texts.same(one, other) if isinstance(one, str) and isinstance(other, str) else one == other
