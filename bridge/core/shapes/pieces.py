"""What is to stand in the calendar, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import LinkedRow, Override, Row, Series, Slot, Task
from bridge.core.occurrences import linked_by_slot, present, series_of, showing, with_override


@dataclass(frozen=True, slots=True)
class Piece:
    """One resource that is to stand in the calendar: the main one, or where `slot` is given that occurrence alone.

    Its series has no UID of its own yet. `heir`: where no main resource is left, this one takes its place and name.
    """

    slot: Slot | None
    series: Series
    heir: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What spelling depends on beside the series itself.

    `zone` is the owner's. `rows` are LionDesk's by slot, `slots` where it will have rows afterwards; `horizon` is how
    far it is known to have made them. `retired` are slots whose time in the calendar is over (law 9). `followed`: the
    event goes on in another series; `changing`: what stands is of another shape.
    """

    zone: ZoneInfo
    horizon: datetime
    rows: Mapping[Slot, Row] = field(default_factory=lambda: MappingProxyType({}))
    slots: frozenset[Slot] = frozenset()
    retired: frozenset[Slot] = frozenset()
    followed: bool = False
    changing: bool = False


def alone(series: Series, task: Task) -> Series:
    """One occurrence as a task by itself."""
    return Series(series.uid, task, zone=series.zone)


def parts_of(series: Series, retired: frozenset[Slot]) -> tuple[Piece, ...]:
    """A stand-alone piece for every occurrence of a series whose rule no resource tells."""
    own = ((slot, each.task) for slot, each in sorted(series.overrides.items()) if not each.cancelled)
    return tuple(Piece(slot, alone(series, task)) for slot, task in own if slot not in retired)


def ruled(series: Series, terms: Terms) -> Series:
    """The series with the rule that LionDesk's rows have, where it is known from stand-alone resources alone.

    What those say stays; the series itself comes back where the rows have no rule either, or one that says more.
    """
    if series.master is not None or not any(row.rule is not None for row in terms.rows.values()):
        return series
    rows = {slot: _told(row, series.overrides.get(slot)) for slot, row in terms.rows.items()}
    fresh, _ = series_of(series.uid, list(rows.values()), terms.horizon)
    if fresh.rule is None or fresh.master is None:
        return series
    first = fresh.master.due
    linked = [LinkedRow(slot, row) for slot, row in sorted(rows.items()) if slot >= first]
    if not linked:
        return series
    fresh = showing(fresh, linked)
    for slot, override in series.overrides.items():
        fresh = with_override(fresh, slot, override.task)
    known = linked_by_slot(linked)
    outside = frozenset(slot for slot in series.overrides if slot not in known)
    fresh = replace(fresh, rdates=fresh.rdates | outside, modified_at=series.modified_at, prodid=series.prodid)
    return fresh if _says_the_same(fresh, series, terms) else series


def _says_the_same(fresh: Series, series: Series, terms: Terms) -> bool:
    """Whether a rule shows what stands, and beyond that only what no row can have yet."""
    assert fresh.rule is not None
    last = max([*series.overrides, *terms.rows])
    shown = present(fresh, terms.zone, max(last, terms.horizon))
    if not series.overrides.keys() <= shown or not shown <= series.overrides.keys() | terms.rows.keys():
        return False
    if fresh.rule.endless:
        return not terms.followed and (terms.changing or series.overrides.keys() <= terms.rows.keys())
    return terms.changing or present(fresh, terms.zone) == shown


def _told(row: Row, override: Override | None) -> Row:
    """The row as it will be when both sides agree, without what a calendar does not tell."""
    task = row.task if override is None or override.cancelled else override.task
    return replace(row, task=replace(task, contact_id=None, reminder_type=None))
