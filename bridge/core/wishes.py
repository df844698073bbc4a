"""What a person wants both sides to show, told to the bridge itself: an answer to a question, or a run taken back.

A wish is granted as an edit of the calendar that exists only in this run: the pairing's series says what is wished, and
`held` what the server really holds. So the plain comparison finds the requests that mean it, whatever it is (laws 2 to
4), and the calendar is written because it shows something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from bridge.core.changes import calendar_delta, liondesk_delta, restored
from bridge.core.merging import same
from bridge.core.model import LinkedRow, Override, Series, Side, Slot, Task
from bridge.core.occurrences import linked_by_slot, present, value_at, with_override, without
from bridge.core.pairing import Pairing


@dataclass(frozen=True, slots=True)
class Values:
    """Both sides show these values at one occurrence; at it and all that say the same where `following`.

    `seen` is what LionDesk and the calendar showed when the person was asked, by field: only then is it done.
    """

    slot: Slot
    fields: Mapping[str, object]
    seen: Mapping[str, tuple[object, object]]
    following: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Both sides show this series again; `slots`: these occurrences of it alone. `task` has what only LionDesk knows.

    `left` are values that a run left behind, by slot and field: only where they still stand is it done. `text` is the
    resource as it was, to be put back with what no Series says.
    """

    series: Series
    slots: frozenset[Slot] | None = None
    left: Mapping[Slot, Mapping[str, object]] = field(default_factory=lambda: MappingProxyType({}))
    task: Task | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """Neither side shows it: one occurrence, or all where `slot` is None."""

    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class Alone:
    """The copy on `side` goes; what the other side holds is its own affair from then on."""

    side: Side


@dataclass(frozen=True, slots=True)
class Again:
    """Both sides are looked at anew: what one of them would not do is told to it once more."""


Want: TypeAlias = Values | Form | Gone | Alone | Again


@dataclass(frozen=True, slots=True)
class Wish:
    """A want about one link, and the reason that its operations bear ("decided", "taken back")."""

    uid: str
    want: Want
    verb: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A wish that cannot be granted any more. `why` is a sentence for the user."""

    why: str


EDITED = "It was edited since, and the newer edit stays."
GONE = "It is not there any more."


def granted(pairing: Pairing, want: Want, zone: ZoneInfo) -> Pairing | Lapsed:
    """The pairing as if a person had just made it so in the calendar; why not, where that would undo what is newer."""
    match want:
        case Values():
            return _with_values(pairing, want)
        case Form():
            return _with_form(pairing, want, zone)
        case Gone():
            return _without(pairing, want, zone)
        case Again():
            return pairing if pairing.rows or pairing.series is not None else Lapsed(GONE)
        case Alone():
            there = bool(pairing.rows) if want.side is Side.LIONDESK else pairing.series is not None
            if not there:
                return Lapsed(GONE)
            return Lapsed(EDITED) if edited(pairing, zone) else pairing
        case _:
            assert_never(want)


def edited(pairing: Pairing, zone: ZoneInfo) -> bool:
    """Whether a person edited either side since both last agreed."""
    link = pairing.link
    if not pairing.rows or pairing.series is None or link.series is None:
        return bool(pairing.rows) != bool(link.rows) or (pairing.series is None) != (link.series is None)
    series = restored(link.series, pairing.series, zone)
    there = liondesk_delta(link.rows, pairing.rows, link.series)
    return not calendar_delta(link.series, series, pairing.rows, zone).empty or not replace(there, adds={}).empty


def as_left_alone(pairing: Pairing) -> bool:
    """Whether a task that lives on one side alone is as it was left there."""
    link = pairing.link
    tasks = [[each.row.task for each in rows] for rows in (link.rows, pairing.rows)]
    return tasks[0] == tasks[1] and pairing.series == link.series and bool(link.rows or link.series)


# -- values ------------------------------------------------------------------------------------------------------------


def _with_values(pairing: Pairing, want: Values) -> Pairing | Lapsed:
    series, row = pairing.series, linked_by_slot(pairing.rows).get(want.slot)
    if row is None or series is None or series.master is None:
        return Lapsed(GONE)
    shown = value_at(series, want.slot)
    if shown is None:
        return Lapsed(GONE)
    for name, (there, here) in want.seen.items():
        # What is wished may stand there already: of a run that died before it had written the other side.
        wished = want.fields.get(name)
        if not any(same(getattr(row.task, name), each) for each in (there, wished)):
            return Lapsed(EDITED)
        if not any(same(getattr(shown, name), each) for each in (here, wished)):
            return Lapsed(EDITED)
    theirs = {name: getattr(row.task, name) for name in want.fields}
    wished = _saying(series, want, want.fields)
    # LionDesk is told what differs from what it shows: as if both had agreed on that.
    base = _saying(pairing.link.series or series, want, theirs)
    rows = tuple(_agreeing(each, want.slot, theirs) for each in pairing.link.rows)
    link = replace(pairing.link, series=base, rows=rows)
    return replace(pairing, link=link, series=wished, held=pairing.held or series)


def _saying(series: Series, want: Values, fields: Mapping[str, object]) -> Series:
    """The series with these values at the occurrence, or in all that say what the series says."""
    assert series.master is not None
    if series.rule is None or (want.following and want.slot not in series.overrides):
        return replace(series, master=_taking(series.master, fields))
    task = value_at(series, want.slot)
    return series if task is None else with_override(series, want.slot, _taking(task, fields))


def _agreeing(each: LinkedRow, slot: Slot, fields: Mapping[str, object]) -> LinkedRow:
    if each.slot != slot:
        return each
    return replace(each, row=replace(each.row, task=_taking(each.row.task, fields)))


def _taking(task: Task, fields: Mapping[str, object]) -> Task:
    taken = replace(task, **dict(fields))  # type: ignore[arg-type] # names and values are Task's own
    return replace(taken, completed_at=None) if "status" in fields else taken


# -- a series as it was ------------------------------------------------------------------------------------------------


def _with_form(pairing: Pairing, want: Form, zone: ZoneInfo) -> Pairing | Lapsed:
    if not pairing.rows and pairing.series is None:
        return _back(pairing, want)
    if pairing.rows and pairing.series is None and pairing.link.series is None:
        # It came back in LionDesk, by a run that died before the calendar had it.
        return replace(_back(pairing, want), rows=pairing.rows)
    if not pairing.rows or pairing.series is None:
        return Lapsed("Only one side has it now.")
    if edited(pairing, zone) or not _as_left(pairing, want):
        return Lapsed(EDITED)
    series = pairing.series
    wished = replace(want.series, uid=series.uid, prodid="", modified_at=series.modified_at)
    if want.slots is not None and series.rule is not None and wished.rule is not None:
        wished = _these(series, wished, want.slots, zone)
    else:
        wished = _said_outright(series, wished, zone)
    return replace(pairing, series=wished, held=pairing.held or series)


def _as_left(pairing: Pairing, want: Form) -> bool:
    """Whether what the run wrote still stands: both people may have made the same edit since, which is no run's."""
    rows = linked_by_slot(pairing.rows)
    for slot, fields in want.left.items():
        row, before = rows.get(slot), value_at(want.series, slot)
        if row is None:
            continue
        for name, value in fields.items():
            stands = (value, getattr(before, name, value))  # or is back already, of a run that died
            if not any(same(getattr(row.task, name), each) for each in stands):
                return False
    return True


def _back(pairing: Pairing, want: Form) -> Pairing:
    """Deleted on both sides: it comes back as if the calendar had it anew, with what only LionDesk knew."""
    series = want.series
    if series.master is not None and want.task is not None:
        known = {"contact_id": want.task.contact_id, "reminder_type": want.task.reminder_type}
        series = replace(series, master=_taking(series.master, known))
    link = replace(pairing.link, rows=(), series=None, href=None, etag=None)
    return replace(pairing, link=link, series=series, href=None, etag=None)


def _these(series: Series, wished: Series, slots: frozenset[Slot], zone: ZoneInfo) -> Series:
    """The series with these occurrences as they were."""
    for slot in sorted(slots):
        before = value_at(wished, slot) if slot in present(wished, zone, slot) else None
        series = without(series, {slot}) if before is None else _with_own(series, slot, before)
    return series


def _said_outright(series: Series, wished: Series, zone: ZoneInfo) -> Series:
    """What has an override now and had none is said by one: an override that only vanished re-opens nothing (law 8)."""
    if wished.rule is None or wished.master is None:
        return wished
    for slot in sorted(series.overrides.keys() - wished.overrides.keys()):
        before = value_at(wished, slot) if slot in present(wished, zone, slot) else None
        if before is not None:
            wished = _with_own(wished, slot, before)
    return wished


def _with_own(series: Series, slot: Slot, task: Task) -> Series:
    overrides = MappingProxyType({**series.overrides, slot: Override(task)})
    return replace(series, overrides=overrides, exdates=series.exdates - {slot})


# -- less --------------------------------------------------------------------------------------------------------------


def _without(pairing: Pairing, want: Gone, zone: ZoneInfo) -> Pairing | Lapsed:
    if not pairing.rows or pairing.series is None:
        return Lapsed(GONE)
    if edited(pairing, zone):
        return Lapsed(EDITED)
    series = pairing.series
    if want.slot is None or series.rule is None:
        return replace(pairing, series=None, held=pairing.held or series)
    return replace(pairing, series=without(series, {want.slot}), held=pairing.held or series)
