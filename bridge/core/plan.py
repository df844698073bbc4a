"""An agreement into the fewest requests that mean it (laws 2 and 3), each with its reason.

The plan is a value: what `--dry-run` shows is what a run executes. Nothing here knows how a request is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bridge.core.changes import CONTENT, Delta, Tail
from bridge.core.model import SYNCED, LinkedRow, Row, Rule, Series, Side, Slot, Status, Task
from bridge.core.occurrences import (
    cut_series,
    from_master,
    linked_by_slot,
    present,
    series_of,
    showing,
    value_at,
    with_override,
    without,
)
from bridge.core.pairing import Pairing, uid_of
from bridge.core.policies import Conflict
from bridge.core.reconcile import Agreement
from bridge.core.recurrence import expand, with_until


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of an operation: which side did what. `verb` is a past participle ("moved", "completed", "edited")."""

    side: Side
    verb: str


@dataclass(frozen=True, slots=True)
class PatchRow:
    """PATCH one LionDesk row. `changes` holds new values by Task field, and `rule` (Rule or None) where it changes.

    `update_type` is None for a single task.
    """

    row: Row
    slot: Slot
    changes: Mapping[str, object]
    update_type: int | None
    why: Why


@dataclass(frozen=True, slots=True)
class PostTask:
    """POST a task to LionDesk: a single one, or a series with its rule."""

    task: Task
    slot: Slot
    rule: Rule | None
    why: Why


@dataclass(frozen=True, slots=True)
class DeleteRow:
    """DELETE a LionDesk row. `delete_type` is None for a single task."""

    row: Row
    slot: Slot
    delete_type: int | None
    why: Why


@dataclass(frozen=True, slots=True)
class PutResource:
    """Write a calendar resource: created where `href` is None. `changed` tells the fields by slot for the report."""

    series: Series
    href: str | None
    etag: str | None
    why: Why
    summary: str
    slot: Slot | None
    changes: Mapping[str, tuple[object, object]]


@dataclass(frozen=True, slots=True)
class DeleteResource:
    """DELETE a calendar resource."""

    series: Series
    href: str
    etag: str
    why: Why


Operation: TypeAlias = PatchRow | PostTask | DeleteRow | PutResource | DeleteResource


@dataclass(frozen=True, slots=True)
class Waiting:
    """An edit of an occurrence that LionDesk has not made a row for yet."""

    uid: str
    slot: Slot
    task: Task
    why: Why


@dataclass(frozen=True, slots=True)
class Work:
    """What one link needs. First `liondesk` in this order, then `calendar`.

    `expected` is what LionDesk must show afterwards by slot, where its answer to a request cannot be foreseen
    (`reads_back`): the series is then read again and mended (law 4). `moved` tells where
    a row's slot went by an edit in the calendar, `relinked` by one in LionDesk.
    `series` is what the calendar shows afterwards; `split` are the tails that became resources of their own.
    """

    pairing: Pairing
    series: Series | None
    liondesk: tuple[PatchRow | PostTask | DeleteRow, ...] = ()
    calendar: tuple[PutResource | DeleteResource, ...] = ()
    expected: Mapping[Slot, Task] = field(default_factory=lambda: MappingProxyType({}))
    reads_back: bool = False
    moved: Mapping[Slot, Slot] = field(default_factory=lambda: MappingProxyType({}))
    relinked: Mapping[Slot, Slot] = field(default_factory=lambda: MappingProxyType({}))
    split: tuple[Pairing, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def quiet(self) -> bool:
        """Nothing to write."""
        return not self.liondesk and not self.calendar


def plan(agreement: Agreement, zone: ZoneInfo, horizon: datetime) -> Work:
    """The work for one agreement."""
    match agreement.create:
        case Side.CALENDAR:
            return _created_in_calendar(agreement, horizon)
        case Side.LIONDESK:
            return _created_in_liondesk(agreement, zone)
        case None:
            return _changed(agreement, zone, horizon)


# -- new ---------------------------------------------------------------------------------------------------------------


def _created_in_calendar(agreement: Agreement, horizon: datetime) -> Work:
    pairing = agreement.pairing
    series = shown_by(pairing, horizon)
    why = Why(Side.LIONDESK, "edited" if agreement.conflicts else "created")
    put = PutResource(series, None, None, why, _summary(series), None, {})
    return Work(pairing, series, calendar=(put,), conflicts=agreement.conflicts)


def shown_by(pairing: Pairing, horizon: datetime) -> Series:
    """The calendar's form of the pairing's rows, at the slots that they are linked to."""
    rows = [each.row for each in pairing.rows]
    series, _ = series_of(pairing.link.uid, rows, horizon)
    return series if series.rule is None else showing(series, _within(series, pairing.rows))


def _within(series: Series, rows: Sequence[LinkedRow]) -> tuple[LinkedRow, ...]:
    return tuple(each for each in rows if series.master is None or each.slot >= series.master.due)


def _created_in_liondesk(agreement: Agreement, zone: ZoneInfo) -> Work:
    pairing, series = agreement.pairing, agreement.series
    assert series is not None
    why = Why(Side.CALENDAR, "edited" if agreement.conflicts else "created")
    if series.master is None:
        return Work(pairing, series)
    first = series.master if series.rule is None else from_master(series, series.master.due)
    post = PostTask(first, series.master.due, series.rule, why)
    if series.rule is None:
        return Work(pairing, series, (post,), _put(agreement, series), conflicts=agreement.conflicts)
    end = first.due + timedelta(days=3 * 366)
    expected = {slot: task for slot in present(series, zone, end) if (task := value_at(series, slot)) is not None}
    put = _put(agreement, series)
    return Work(pairing, series, (post,), put, expected=expected, reads_back=True, conflicts=agreement.conflicts)


# -- changed -----------------------------------------------------------------------------------------------------------


def _changed(agreement: Agreement, zone: ZoneInfo, horizon: datetime) -> Work:
    pairing, series = agreement.pairing, agreement.series
    there, here = agreement.to_liondesk, agreement.to_calendar
    if there.gone:
        return Work(
            pairing, None, _delete_all(pairing), reads_back=len(pairing.rows) > 1, conflicts=agreement.conflicts
        )
    assert series is not None
    if here.gone:
        return Work(pairing, None, calendar=_delete_resource(pairing, series), conflicts=agreement.conflicts)
    requests = _Requests(pairing, there, here)
    requests.collect()
    shown, split = _shown(agreement, here, zone, horizon)
    creations = tuple(_creation(each, horizon) for each in split)
    return Work(
        pairing,
        shown,
        tuple(requests.operations),
        (*creations, *_put(agreement, shown)),
        requests.expected,
        requests.reads_back,
        there.tail.moved if there.tail is not None else {},
        here.tail.moved if here.tail is not None else {},
        split,
        requests.waiting(series),
        agreement.conflicts,
    )


def _creation(pairing: Pairing, horizon: datetime) -> PutResource:
    series = shown_by(pairing, horizon)
    return PutResource(series, None, None, Why(Side.LIONDESK, "split"), _summary(series), None, {})


def _delete_all(pairing: Pairing) -> tuple[DeleteRow, ...]:
    """One request for a series (type 3); rows that left its event on the way get their own."""
    why = Why(Side.CALENDAR, "deleted")
    series = pairing.link.series is not None and pairing.link.series.rule is not None
    events: dict[object, LinkedRow] = {}
    for each in pairing.rows:
        alone = series and each.row.rule is None
        events.setdefault(each.row.id if alone else each.row.event_id, each)
    return tuple(
        DeleteRow(each.row, each.slot, 3 if series and each.row.rule is not None else None, why)
        for each in events.values()
    )


def _delete_resource(pairing: Pairing, series: Series) -> tuple[DeleteResource, ...]:
    if pairing.href is None or pairing.etag is None:
        return ()
    return (DeleteResource(series, pairing.href, pairing.etag, Why(Side.LIONDESK, "deleted")),)


class _Requests:
    """LionDesk's requests for one delta, collected in the order in which they are sent."""

    def __init__(self, pairing: Pairing, delta: Delta, theirs: Delta) -> None:
        self.delta = delta
        self.own = theirs.edits
        self.rows = linked_by_slot(pairing.rows)
        base = pairing.link.series
        self.recurring = len(self.rows) > 1 or any(row.rule is not None for row in self.rows.values())
        self.exceptional = frozenset(base.overrides) if base is not None else frozenset()
        self.operations: list[PatchRow | PostTask | DeleteRow] = []
        self.expected: dict[Slot, Task] = {}
        self.reads_back = False

    def collect(self) -> None:
        """Deletions of a tail, the tail's edit, single occurrences, then what is added."""
        delta = self.delta
        self.expected = {slot: row.task for slot, row in self.rows.items()}
        if delta.drop_from is not None:
            self._drop_from(delta.drop_from)
        if delta.tail is not None:
            self._tail(delta.tail)
        for slot, fields in sorted(delta.edits.items()):
            self._edit(slot, fields)
        for slot in sorted(delta.drops & self.rows.keys()):
            delete_type = 1 if self.recurring else None
            self.operations.append(DeleteRow(self.rows[slot], slot, delete_type, Why(Side.CALENDAR, "deleted")))
            self.expected.pop(self._moved(slot), None)
        for slot, task in sorted(delta.adds.items()):
            if slot not in self.rows:
                self.operations.append(PostTask(task, slot, None, Why(Side.CALENDAR, "put back")))
                self.expected[slot] = task

    def waiting(self, series: Series) -> tuple[Waiting, ...]:
        """Edits of occurrences without a row: they wait until LionDesk's horizon reaches them."""
        found = []
        for slot in sorted(self.delta.edits.keys() - self.rows.keys()):
            task = value_at(series, slot)
            if task is not None:
                found.append(Waiting(series.uid, slot, task, Why(Side.CALENDAR, _verb(self.delta.edits[slot]))))
        return tuple(found)

    def _moved(self, slot: Slot) -> Slot:
        tail = self.delta.tail
        return slot if tail is None or slot < tail.at else tail.moved.get(slot, slot)

    def _drop_from(self, first: Slot) -> None:
        gone = sorted(slot for slot in self.rows if slot >= first)
        if not gone:
            return
        self.operations.append(DeleteRow(self.rows[gone[0]], gone[0], 2, Why(Side.CALENDAR, "deleted")))
        self.reads_back = True
        for slot in gone:
            del self.expected[slot]

    def _tail(self, tail: Tail) -> None:
        """One PATCH for this and the following; afterwards the exceptions must show what they showed before (law 4)."""
        at = min((slot for slot in self.rows if slot >= tail.at), default=None)
        if at is None:
            return
        row = self.rows[at]
        due = tail.due if at == tail.at else tail.moved.get(at, tail.due)
        changes: dict[str, object] = {
            name: value for name, value in tail.fields.items() if getattr(row.task, name) != value
        }
        if due != row.task.due and (tail.restructured or tail.due != tail.at) and at not in self.delta.edits:
            changes["due"] = due
        if tail.restructured and _other_rule(row.rule, tail.rule):
            changes["rule"] = None if tail.rule is None else with_until(tail.rule, _anchor(tail))
        if not changes:
            return
        self.reads_back = self.recurring or "rule" in changes
        verb = "moved" if "due" in changes else _verb(changes)
        self.operations.append(PatchRow(row, at, changes, 2 if self.recurring else None, Why(Side.CALENDAR, verb)))
        self._expect(tail, at)

    def _expect(self, tail: Tail, at: Slot) -> None:
        shift = tail.due - tail.at
        expected: dict[Slot, Task] = {}
        for slot, task in self.expected.items():
            if slot < at:
                expected[slot] = task
            elif (tail.restructured and tail.rule is None and slot > at) or (
                tail.restructured and tail.moved and slot not in tail.moved
            ):
                continue
            else:
                there = tail.moved.get(slot, slot) if tail.restructured else slot
                if slot in self.exceptional and slot != at:
                    expected[there] = task
                else:
                    due = task.due if task.due != slot else (there if tail.restructured else slot + shift)
                    own = self.own.get(slot, {})
                    fields = {name: value for name, value in tail.fields.items() if name not in own}
                    expected[there] = _with(replace(task, due=due), fields)
        self.expected = expected

    def _edit(self, slot: Slot, fields: Mapping[str, object]) -> None:
        row = self.rows.get(slot)
        if row is None:
            return
        changes = {name: value for name, value in fields.items() if getattr(row.task, name) != value}
        there = self._moved(slot)
        if there in self.expected:
            self.expected[there] = _with(self.expected[there], changes)
        if not changes:
            return
        only_status = changes.keys() == {"status"}
        update_type = 3 if only_status else (1 if self.recurring else None)
        self.operations.append(PatchRow(row, slot, changes, update_type, Why(Side.CALENDAR, _verb(changes))))


def _anchor(tail: Tail) -> Slot:
    """Where the changed series begins, so that COUNT can be told as UNTIL."""
    return min(tail.moved.values(), default=tail.due) if tail.moved else tail.due


def _other_rule(shown: Rule | None, wanted: Rule | None) -> bool:
    """Whether LionDesk must be told another rule: COUNT is the series' affair, shown as it was while it is the same."""
    return shown != wanted


def _with(task: Task, changes: Mapping[str, object]) -> Task:
    known = {name: value for name, value in changes.items() if name in SYNCED}
    return replace(task, **known)  # type: ignore[arg-type] # names and values are Task's own


def _verb(changes: Mapping[str, object]) -> str:
    if "due" in changes or "all_day" in changes:
        return "moved"
    if changes.keys() == {"status"}:
        return "completed" if changes["status"] is Status.COMPLETE else "re-opened"
    return "given another rule" if changes.keys() == {"rule"} else "edited"


# -- the calendar's side -----------------------------------------------------------------------------------------------


def _shown(agreement: Agreement, delta: Delta, zone: ZoneInfo, horizon: datetime) -> tuple[Series, tuple[Pairing, ...]]:
    """What the calendar must show afterwards, and the tails that become resources of their own."""
    series, pairing = agreement.series, agreement.pairing
    assert series is not None
    split: tuple[Pairing, ...] = ()
    theirs = agreement.to_liondesk.tail
    if theirs is not None and theirs.restructured and series.rule is not None:
        series = _settled_history(
            series, theirs, {slot: row.task for slot, row in linked_by_slot(pairing.rows).items()}, zone
        )
    tail = delta.tail
    if tail is not None and (tail.whole or series.rule is None):
        series = _whole(series, pairing, tail, horizon)
    elif tail is not None:
        series, split = _split(series, pairing, tail)
    if delta.drop_from is not None and series.rule is not None:
        series = cut_series(series, delta.drop_from)
    linked = linked_by_slot(pairing.rows)
    for slot, fields in sorted(delta.edits.items()):
        if series.rule is None and series.master is not None:
            series = replace(series, master=_taking(series.master, fields))
        elif split and tail is not None and slot >= tail.at:
            continue
        elif _before_the_beginning(series, slot):
            series = _reaching_back(series, slot, pairing.rows)
        elif (task := _before(agreement, series, slot)) is not None:
            series = with_override(series, slot, _taking(task, fields))
    for slot, task in sorted(delta.adds.items()):
        if slot in linked and not (split and tail is not None and slot >= tail.at):
            series = with_override(series, slot, task)
    return (without(series, delta.drops) if series.rule is not None else series), split


def _before_the_beginning(series: Series, slot: Slot) -> bool:
    return series.rule is not None and series.master is not None and slot < series.master.due


def _reaching_back(series: Series, slot: Slot, rows: Sequence[LinkedRow]) -> Series:
    """A series that an app rolled on, beginning again at an occurrence before that LionDesk changed (re-opened, say)."""
    assert series.rule is not None
    assert series.master is not None
    task = next((each.row.task for each in rows if each.slot == slot), None)
    if task is None or task.status is Status.COMPLETE:
        return series
    grid = list(expand(replace(series.rule, count=None), slot, series.master.due))
    count = None if series.rule.count is None else series.rule.count + len(grid) - 1
    back = replace(series, master=replace(series.master, due=slot), rule=replace(series.rule, count=count))
    known = {each.slot: each.row.task for each in rows}
    for each in grid[:-1]:
        back = with_override(back, each, known[each]) if each in known else without(back, {each})
    return back


def _before(agreement: Agreement, series: Series, slot: Slot) -> Task | None:
    """What an occurrence showed before LionDesk's edit; one that an edit of "all" in the calendar did not reach, before it."""
    tail, base = agreement.to_liondesk.tail, agreement.pairing.link.series
    if tail is not None and slot < tail.at and base is not None and not tail.restructured:
        return value_at(base, slot)
    return value_at(series, slot)


def _taking(task: Task, fields: Mapping[str, object]) -> Task:
    """The calendar's values with LionDesk's in the fields that changed there; a reopened task has no completion."""
    taken = replace(task, **dict(fields))  # type: ignore[arg-type] # names and values are Task's own
    return taken if taken.status is Status.COMPLETE else replace(taken, completed_at=None)


def _settled_history(series: Series, tail: Tail, rows: Mapping[Slot, Task], zone: ZoneInfo) -> Series:
    """After an app moved a series: its completed occurrences stay completed, and its history shows what LionDesk holds.

    The slots moved under the overrides, and some apps leave their RECURRENCE-IDs behind. `rows` are LionDesk's, by the
    slots that they had before.
    """
    shown = present(series, zone, max([tail.due, *rows, *tail.moved.values()]))
    overrides = {slot: each for slot, each in series.overrides.items() if slot in shown or slot not in rows}
    series = replace(series, overrides=MappingProxyType(overrides))
    wanted = {tail.moved.get(slot, slot): task for slot, task in rows.items()}
    for slot in sorted(shown):
        task, now = wanted.get(slot), value_at(series, slot)
        if task is None and slot < tail.due:
            series = without(series, {slot})
        elif task is not None and now is not None and task.status is Status.COMPLETE is not now.status:
            kept = task if slot < tail.due else replace(now, status=task.status, completed_at=task.completed_at)
            series = with_override(series, slot, kept)
    return series


def _whole(series: Series, pairing: Pairing, tail: Tail, horizon: datetime) -> Series:
    """All of a series was edited in LionDesk: the master takes it over, under the same UID."""
    assert series.master is not None
    if not tail.restructured:
        return replace(series, master=_taking(series.master, tail.fields))
    linked = tuple(LinkedRow(tail.moved.get(each.slot, each.slot), each.row) for each in pairing.rows)
    fresh = shown_by(replace(pairing, rows=linked), horizon)
    assert fresh.master is not None
    changed = {name: getattr(fresh.master, name) for name in (*CONTENT, "due", "contact_id", "reminder_type")}
    kept = {name: value for name, value in changed.items() if name in tail.fields or name in ("due", "all_day")}
    return replace(fresh, master=_taking(series.master, kept), modified_at=series.modified_at, prodid=series.prodid)


def _split(series: Series, pairing: Pairing, tail: Tail) -> tuple[Series, tuple[Pairing, ...]]:
    """This and following were edited in LionDesk: the old master ends before it, the tail is a resource of its own."""
    rows = tuple(each for each in pairing.rows if each.slot >= tail.at)
    moved = tuple(LinkedRow(tail.moved.get(each.slot, each.slot), each.row) for each in rows)
    uid = uid_of([each.row for each in rows])
    if uid == pairing.link.uid:
        uid = f"{uid}-{tail.at:%Y%m%dT%H%M%S}"
    return cut_series(series, tail.at), (
        Pairing(replace(pairing.link, uid=uid, id=None, rows=(), series=None, href=None, etag=None), moved),
    )


def _put(agreement: Agreement, shown: Series) -> tuple[PutResource, ...]:
    """The write that brings the calendar to `shown`; none where it shows that already (law 5)."""
    pairing = agreement.pairing
    if pairing.series is None or shown == (pairing.held or pairing.series):
        return ()
    slot, changes = _headline(agreement, shown)
    delta = agreement.to_calendar
    verb = _verb({name: new for name, (_, new) in changes.items()}) if changes else "edited"
    if delta.drops or delta.drop_from:
        verb = "deleted"
    side = Side.CALENDAR if delta.empty else Side.LIONDESK
    why = Why(side, "put in order" if delta.empty else verb)
    return (PutResource(shown, pairing.href, pairing.etag, why, _summary(shown), slot, changes),)


def _headline(agreement: Agreement, shown: Series) -> tuple[Slot | None, dict[str, tuple[object, object]]]:
    """The change that a report shows for a resource: the first occurrence that changed, and its fields."""
    delta, series = agreement.to_calendar, agreement.pairing.series
    assert series is not None
    if delta.edits:
        slot, fields = min(delta.edits.items())
        before = value_at(series, slot)
        return slot, {name: (getattr(before, name, None), value) for name, value in fields.items()}
    if delta.tail is not None and series.master is not None:
        changes = {name: (getattr(series.master, name), value) for name, value in delta.tail.fields.items()}
        if delta.tail.due != delta.tail.at:
            changes["due"] = (delta.tail.at, delta.tail.due)
        if series.rule != shown.rule:
            changes["rule"] = (series.rule, shown.rule)
        return delta.tail.at, changes
    gone = sorted(delta.drops) or ([delta.drop_from] if delta.drop_from else [])
    return (gone[0] if gone else None), {}


def _summary(series: Series) -> str:
    task = series.master or next((override.task for override in series.overrides.values()), None)
    return task.summary if task else ""


# -- mending -----------------------------------------------------------------------------------------------------------


def mend(
    rows: Mapping[Slot, Row], extra: Sequence[Row], expected: Mapping[Slot, Task], horizon: datetime
) -> tuple[PatchRow | PostTask | DeleteRow, ...]:
    """What LionDesk must still be told after a series was changed and read back (law 4).

    `rows` are those found at the expected slots, `extra` those of the same series that no slot takes. Occurrences
    beyond `horizon` are not expected to have a row yet.
    """
    why = Why(Side.CALENDAR, "mended")
    operations: list[PatchRow | PostTask | DeleteRow] = []
    for slot, task in sorted(expected.items()):
        row = rows.get(slot)
        if row is None:
            if slot <= horizon:
                operations.append(PostTask(task, slot, None, why))
            continue
        changes = {name: getattr(task, name) for name in SYNCED if getattr(task, name) != getattr(row.task, name)}
        if changes:
            update_type = 3 if changes.keys() == {"status"} else 1
            operations.append(PatchRow(row, slot, changes, update_type, why))
    operations += [DeleteRow(row, row.task.due, 1, why) for row in extra]
    return tuple(operations)
