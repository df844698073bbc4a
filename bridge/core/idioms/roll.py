"""Idioms 5, 10, 11 and 12: an app completes the current occurrence by moving the master on to the next one, or back.

Seen in Tasks.org, Evolution, OpenTasks (COUNT lowered), Nextcloud Tasks, Vikunja (COUNT kept) and Apple Reminders
(UNTIL); Nextcloud and python-caldav land an hour off after a change of clocks, python-caldav at the moment of
completion where there is DUE alone (calendar-apps.md, section 5 and section 6, 11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bridge.core.idioms.landing import landed_on
from bridge.core.model import Rule, Series, Slot, Status
from bridge.core.occurrences import linked_by_slot, tail_of, value_at, with_override
from bridge.core.pairing import Pairing
from bridge.core.recurrence import expand, same_occurrences, with_until
from bridge.core.shapes import begun_at, grid

HORIZON = timedelta(days=366 * 5)
"""How far beyond the date that an app wrote its series' next one may be."""

MOST = 1000
"""How many occurrences are looked at there."""


def roll(pairings: tuple[Pairing, ...], zone: ZoneInfo) -> tuple[Pairing, ...]:
    """A master on another date of its own rule: forward, its old occurrence is done; back, it is open again."""
    return tuple(_understood(pairing, zone) for pairing in pairings)


def _understood(pairing: Pairing, zone: ZoneInfo) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if old is None or new is None or old.master is None or new.master is None or not pairing.rows:
        return pairing
    if old.rule is None or new.rule is None or old.master.due == new.master.due:
        return pairing
    if not _same_rhythm(old.rule, new.rule, new.master.due):
        return pairing
    landed = _landed(pairing, old, new, zone)
    if landed is None or new.master.all_day != old.master.all_day:
        return pairing
    if pairing.rolls:
        rolled = _rolled_on if landed > old.master.due else _rolled_back
        return rolled(pairing, old, new, landed, zone)
    if landed > old.master.due:
        return _forward(pairing, old, new, landed)
    return _back(pairing, old, new, landed)


def _landed(pairing: Pairing, old: Series, new: Series, zone: ZoneInfo) -> Slot | None:
    assert new.master is not None
    landed = landed_on(old, new.master.due, zone)
    return landed if landed is not None else _counted_from_completion(pairing, old, new)


def _counted_from_completion(pairing: Pairing, old: Series, new: Series) -> Slot | None:
    """The next occurrence, where python-caldav gave a task with DUE alone the moment of completion plus an interval.

    It writes UTC then, and either COUNT is one less or a completed copy has the old occurrence.
    """
    assert old.master is not None
    assert new.master is not None
    assert old.rule is not None
    assert new.rule is not None
    was, day = old.master.due, new.master.due.date()
    fewer = old.rule.count is not None and new.rule.count == old.rule.count - 1
    in_utc = (pairing.held or new).zone == "UTC" and not new.master.all_day
    copied = was not in linked_by_slot(pairing.rows) or any(part.slot == was for part in pairing.parts)
    if not in_utc or not (fewer or copied) or new.master.due <= was:
        return None
    following = expand(replace(old.rule, count=None, until=None), was, new.master.due + HORIZON)
    first, *more = islice((slot for slot in following if slot > was), MOST)
    return max((slot for slot in more if slot.date() <= day), default=first)


def _same_rhythm(old: Rule, new: Rule, due: datetime) -> bool:
    """Whether two rules name the same dates from `due` on, however they are spelt (Vikunja leaves BYDAY out)."""
    if old.parts == new.parts:
        return True
    return same_occurrences(replace(old, count=None, until=None), due, replace(new, count=None, until=None), due)


def _forward(pairing: Pairing, old: Series, new: Series, landed: Slot) -> Pairing:
    """The occurrence where the master stood is done; those jumped over are skipped, not done (idiom 11)."""
    assert old.master is not None
    rows = linked_by_slot(pairing.rows)
    was = old.master.due
    row = rows.get(was)
    done: Mapping[Slot, Mapping[str, object]] = {}
    if row is not None and row.task.status is Status.INCOMPLETE:
        done = {was: {"status": Status.COMPLETE}}
    skipped = sorted(
        slot for slot, each in rows.items() if was < slot < landed and each.task.status is Status.INCOMPLETE
    )
    begins = skipped[0] if skipped else landed
    base = tail_of(old, begins, old.uid)
    assert new.master is not None
    series = replace(
        new,
        master=replace(new.master, due=begins),
        rule=_end_kept(base, new, landed) if begins == landed else base.rule,
        exdates=frozenset(slot for slot in new.exdates if slot >= begins),
        overrides={slot: each for slot, each in new.overrides.items() if slot >= begins},
    )
    kept = replace(pairing.link, series=base)
    held = pairing.held if series == new else pairing.held or new
    return replace(pairing, link=kept, series=series, held=held, meant={**pairing.meant, **done})


def _end_kept(base: Series, new: Series, landed: Slot) -> Rule | None:
    """The rule as the app wrote it, if it ends where the series did; else the series' own: the app kept its COUNT."""
    assert base.rule is not None
    assert new.rule is not None
    if same_occurrences(base.rule, landed, new.rule, landed):
        return new.rule
    steps = base.rule.count is not None and new.rule.count is not None
    return base.rule if steps else new.rule


def _back(pairing: Pairing, old: Series, new: Series, landed: Slot) -> Pairing:
    """The master moved back to an occurrence that was done: it is open again (Tasks.org's undo)."""
    assert old.master is not None
    assert old.rule is not None
    rows = linked_by_slot(pairing.rows)
    row = rows.get(landed)
    if row is None or row.task.status is Status.INCOMPLETE:
        return pairing
    steps = sum(1 for _ in expand(replace(old.rule, count=None, until=None), landed, old.master.due)) - 1
    count = None if old.rule.count is None else old.rule.count + steps
    base = replace(old, master=replace(old.master, due=landed), rule=replace(old.rule, count=count))
    assert new.rule is not None
    series = new if same_occurrences(base.rule or new.rule, landed, new.rule, landed) else replace(new, rule=base.rule)
    return replace(
        pairing,
        link=replace(pairing.link, series=base),
        series=series,
        held=pairing.held if series == new else pairing.held or new,
        meant={**pairing.meant, landed: {"status": Status.INCOMPLETE}},
    )


# -- where the history of a series stands beside it --------------------------------------------------------------------


def _rolled_on(pairing: Pairing, old: Series, new: Series, landed: Slot, zone: ZoneInfo) -> Pairing:
    """The old current occurrence is done and stays with the series; those jumped over are open as before (idiom 11)."""
    assert old.master is not None
    assert new.master is not None
    was = old.master.due
    rest = tail_of(old, landed, old.uid).rule
    kept = _end_kept(tail_of(old, landed, old.uid), new, landed)
    assert rest is not None
    assert kept is not None
    same = kept == rest or same_occurrences(kept, landed, rest, landed)
    passed = frozenset(slot for slot in old.exdates if slot < landed)
    series = replace(
        new,
        master=replace(new.master, due=was),
        rule=old.rule if same else with_until(kept, landed),
        exdates=new.exdates | (passed - new.overrides.keys()),
    )
    series = replace(series, rdates=series.rdates - grid(series, zone, max(series.rdates, default=was)))
    row, own = linked_by_slot(pairing.rows).get(was), series.overrides.get(was)
    shown = value_at(series, was)
    done = own is not None and own.task.status is Status.COMPLETE
    if row is not None and row.task.status is Status.INCOMPLETE and shown is not None and not done:
        series = with_override(series, was, replace(shown, status=Status.COMPLETE))
    return replace(pairing, series=series, held=pairing.held or new)


def _rolled_back(pairing: Pairing, old: Series, new: Series, landed: Slot, zone: ZoneInfo) -> Pairing:
    """The master stands at an occurrence that was done: it is open again."""
    row = linked_by_slot(pairing.rows).get(landed)
    if row is None:
        return pairing
    base = begun_at(old, landed, zone)
    series = replace(new, rule=base.rule, exdates=new.exdates | base.exdates)
    series = replace(series, rdates=series.rdates - grid(series, zone, max(series.rdates, default=landed)))
    meant: dict[Slot, Mapping[str, object]] = {}
    if not _says_done(pairing, landed):
        base, series = _plain_at(base, landed), _plain_at(series, landed)
        meant = {landed: {"status": Status.INCOMPLETE}} if row.task.status is Status.COMPLETE else {}
    return replace(
        pairing,
        link=replace(pairing.link, series=base),
        series=series,
        held=pairing.held or new,
        meant={**pairing.meant, **meant},
    )


def _says_done(pairing: Pairing, slot: Slot) -> bool:
    """Whether the master itself says that this occurrence is done: its history was written back into it."""
    own = pairing.resource.overrides.get(slot) if pairing.resource is not None else None
    return own is not None and own.task.status is Status.COMPLETE


def _plain_at(series: Series, slot: Slot) -> Series:
    """The series with this occurrence as all others are."""
    overrides = {at: each for at, each in series.overrides.items() if at != slot}
    return replace(series, overrides=overrides, exdates=series.exdates - {slot})
