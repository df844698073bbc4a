"""Law 4 as a table: what was so before a change of this and the following, that change, what comes after it.

Every cell runs under readings of what LionDesk answers to it: `MENDING` is the product of the open questions that an
`update_type` 2 raises. A claim is one check that everything is as its author meant, and quiet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any

import icalendar

from bridge.sandbox.records import TaskRow
from bridge.sandbox.switches import readings
from tests.simulation.calendar_app import EDITS, Open, opened_series, put_moment
from tests.simulation.calendar_series import SERIES
from tests.simulation.people import _patch as patched
from tests.simulation.stage import Stage, new_stage
from tests.simulation.views import Seen

TAIL = ("tail_ids", "tail_event", "tail_edited_rows", "tail_status", "deletion")
"""What is open about an `update_type` 2: ids, event, rows changed singly, its status, and what a deleted row leaves."""

SINGLE = ("single_edit_rule", "single_edit_event", "event_id")
"""What is open about the rows that were changed singly before it, and about how rows tell their series."""

Reading = Mapping[str, object]
Person = Callable[[Stage], None]


def product_of(names: tuple[str, ...]) -> list[Reading]:
    """Every combination of these switches."""
    return [dict(zip(names, words, strict=True)) for words in product(*(readings(name) for name in names))]


MENDING = product_of(TAIL)
BESIDE = product_of(SINGLE)

RULES = ("FREQ=WEEKLY;COUNT=6", "FREQ=WEEKLY;BYDAY=MO", "FREQ=DAILY;INTERVAL=2;UNTIL=20260314T170000Z")


# -- at LionDesk -------------------------------------------------------------------------------------------------------


def live(stage: Stage) -> list[TaskRow]:
    """The first series' rows, by their slots."""
    stage.world.tick()
    rows = [row for row in stage.world.ledger.rows.values() if row.values.status != "deleted"]
    return sorted((row for row in rows if row.values.description.startswith("A")), key=lambda row: (row.slot, row.id))


def at_liondesk(place: int, update_type: int = 1, **changes: object) -> Person:
    """A person edits the row at this place; `by` moves it."""

    def act(stage: Stage) -> None:
        row = live(stage)[place]
        wanted = dict(changes)
        by = wanted.pop("by", None)
        if isinstance(by, timedelta):
            wanted["due_at"] = f"{row.values.due + by:%Y-%m-%dT%H:%M:%S}"
        patched(stage, row, update_type, **wanted)

    return act


def status(place: int, word: str = "complete") -> Person:
    """A person ticks a row in LionDesk."""
    return lambda stage: _tick(stage, place, word)


def _tick(stage: Stage, place: int, word: str) -> None:
    stage.world.update(1, live(stage)[place].id, {"status": word, "update_type": 3}, "page")


def deleted(place: int, delete_type: int = 1) -> Person:
    """A person deletes a row in LionDesk."""
    return lambda stage: (stage.world.delete(1, live(stage)[place].id, delete_type, "page"), None)[1]


def after_days(days: int) -> Person:
    """The horizon moves on."""
    return lambda stage: stage.tick(timedelta(days=days))


def together(*people: Person) -> Person:
    """One after the other."""

    def act(stage: Stage) -> None:
        for each in people:
            each(stage)
            stage.tick()

    return act


# -- in the calendar ---------------------------------------------------------------------------------------------------


def in_calendar(what: str, b: int = 0, c: int = 0) -> Person:
    """An edit of the simulation's own calendar app."""
    edit = {**EDITS, **SERIES}[what]

    def act(stage: Stage) -> None:
        first = sorted(stage.collected.bodies).index(_first(stage).href)
        assert edit(stage, 7, first, b, c) is not None, what

    return act


def _first(stage: Stage) -> Open:
    series = [one for a in range(len(stage.collected.bodies)) if (one := opened_series(stage, a)) is not None]
    return next(one for one in series if one.master is not None and str(one.master["SUMMARY"]).startswith("A"))


def master_with(**properties: object) -> Person:
    """The app writes these into the master."""

    def act(stage: Stage) -> None:
        one = _first(stage)
        assert one.master is not None
        for name, value in properties.items():
            one.master.pop(name, None)
            if value is not None:
                one.master.add(name, icalendar.vRecur.from_ical(str(value)) if name == "RRULE" else value)
        one.save(one.master)

    return act


def moved(days: int = 0, hours: int = 0, *, along: bool = True) -> Person:
    """The app moves the whole series; its RECURRENCE-IDs and EXDATEs go along or stay behind."""
    by = timedelta(days=days, hours=hours)

    def act(stage: Stage) -> None:
        one = _first(stage)
        assert one.master is not None
        overrides = list(one.overrides().items())
        _shift_dates(one.master, by, exdates=along)
        if along:
            for slot, each in overrides:
                put_moment(each, "RECURRENCE-ID", slot + by, one.master)
        one.save()

    return act


def _shift_dates(master: Any, by: timedelta, *, exdates: bool) -> None:
    for name in ("DTSTART", "DUE"):
        moment: date = master.pop(name).dt
        master.add(name, moment + by)
    rule = master["RRULE"]
    if "UNTIL" in rule:
        rule["UNTIL"] = [rule["UNTIL"][0] + by]
    if "BYDAY" in rule and by.days:
        days = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
        rule["BYDAY"] = [days[(days.index(day) + by.days) % 7] for day in rule["BYDAY"]]
    if exdates and "EXDATE" in master:
        lines = master.pop("EXDATE")
        for moment in [each.dt for line in (lines if isinstance(lines, list) else [lines]) for each in line.dts]:
            master.add("EXDATE", moment + by)


# -- the table ---------------------------------------------------------------------------------------------------------


def nothing(_stage: Stage) -> None:
    """Nobody does anything."""


LATER = timedelta(days=1, hours=5)

BEFORE: dict[str, Person] = {
    "as it was made": nothing,
    "its first one is completed": status(0),
    "one was moved and renamed": at_liondesk(2, description="A lawyer", by=LATER),
    "one was renamed": at_liondesk(3, description="A lawyer"),
    "one was moved": at_liondesk(3, by=timedelta(hours=2)),
    "two are completed in between": together(status(1), status(3)),
    "one was renamed and completed": together(at_liondesk(2, description="A lawyer"), status(2)),
    "one is deleted": deleted(2),
    "its first open one was renamed": together(status(0), at_liondesk(1, description="A lawyer")),
    "its last one was renamed": at_liondesk(-1, description="A lawyer"),
    "one was renamed in the calendar": in_calendar("text", 2),
    "a twin stands beside it": lambda stage: beside(stage, "A twin"),
}
"""What people did before, and both sides know. Of one that was moved, the slot is where it was."""


def beside(stage: Stage, text: str) -> None:
    """Another series with the same rule and time of day, for another contact: nobody edits it."""
    first = live(stage)[0]
    body = {"assigned_user_id": "1", "due_at": f"{first.values.due:%Y-%m-%dT%H:%M:%S}", "description": f"B {text}"}
    rule = {"recurrence_rule": first.values.rule, "status": "incomplete", "contact_id": "1"}
    stage.world.create(1, {**body, **rule}, "page")


CALENDAR: dict[str, Person] = {
    "all get another text": in_calendar("series text"),
    "all get other notes": in_calendar("series notes"),
    "all get a category": master_with(CATEGORIES=["Call"]),
    "all move by two hours": moved(hours=2),
    "all move by a day": moved(days=1),
    "all move by a day and get another text": together(moved(days=1), in_calendar("series text")),
    "two more": in_calendar("count", 1, 1),
    "one less": in_calendar("count", 0, 0),
    "another rule": master_with(RRULE="FREQ=WEEKLY;INTERVAL=2;COUNT=4"),
    "a denser rule": master_with(RRULE="FREQ=DAILY;INTERVAL=7;COUNT=9"),
    "made endless": master_with(RRULE="FREQ=WEEKLY"),
    "this and the following get another text": in_calendar("this and future", 1, 0),
    "this and the following move": in_calendar("this and future", 1, 1),
    "split": in_calendar("split", 1),
    "ended": in_calendar("truncate", 2),
    "no rule any more": in_calendar("no rule"),
}

LIONDESK: dict[str, Person] = {
    "the first and all that follow get another text": at_liondesk(0, 2, description="A all"),
    "this and the following get another text": at_liondesk(2, 2, description="A tail"),
    "this and the following get notes": at_liondesk(2, 2, notes="of the tail"),
    "this and the following move": at_liondesk(2, 2, by=timedelta(hours=3)),
    "the first and all that follow move": at_liondesk(0, 2, by=timedelta(days=1)),
    "this and the following move with another text": at_liondesk(2, 2, by=LATER, description="A tail"),
    "this and the following get another rule": at_liondesk(2, 2, recurrence_rule="FREQ=WEEKLY;INTERVAL=2;COUNT=3"),
    "all get another rule": at_liondesk(0, 2, recurrence_rule="FREQ=WEEKLY;COUNT=8"),
    "this one is the last": at_liondesk(2, 2, recurrence_rule=None),
    "all become one": at_liondesk(0, 2, recurrence_rule=None),
    "this and the following are deleted": deleted(3, 2),
    "this and the following are sent as they are": at_liondesk(2, 2),
    "completed, and sent for all that follow": at_liondesk(2, 2, status="complete"),
}

AFTER: dict[str, Person] = {
    "one is completed in LionDesk": status(-1),
    "one is renamed in LionDesk": at_liondesk(-1, description="A later"),
    "one is completed in the calendar": in_calendar("complete", 4),
    "all get another text in the calendar": in_calendar("series text"),
    "the rest gets another text in LionDesk": at_liondesk(-2, 2, description="A rest"),
    "a month passes": after_days(31),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One history, by the names of what happens in it. `here`: the change is made in the calendar."""

    rule: str
    before: str
    here: bool
    change: str
    after: str

    def __str__(self) -> str:
        side = "calendar" if self.here else "LionDesk"
        return f"{self.rule}; {self.before}; {side}: {self.change}; {self.after}"


def cells() -> Iterator[Cell]:
    """Every change in every situation; what comes after takes turns."""
    changes = [*((True, name) for name in CALENDAR), *((False, name) for name in LIONDESK)]
    afters = [*AFTER]
    for number, (rule, before, (here, change)) in enumerate(product(RULES, BEFORE, changes)):
        if (change in ("two more", "one less")) and "COUNT" not in rule:
            continue
        yield Cell(rule, before, here, change, afters[number % len(afters)])


def play(cell: Cell, reading: Reading) -> tuple[int, list[str]]:
    """How many claims were checked, and those that do not hold."""
    stage = new_stage(reading, content_tokens=False, rewrites=False)
    stage.tick()
    body = {"assigned_user_id": "1", "due_at": "2026-03-02T09:00:00", "description": "A", "status": "incomplete"}
    stage.world.create(1, {**body, "recurrence_rule": cell.rule}, "page")
    claims, broken = 0, []
    change = (CALENDAR if cell.here else LIONDESK)[cell.change]
    steps = (
        ("made", nothing, False),
        (cell.before, BEFORE[cell.before], "in the calendar" in cell.before),
        (cell.change, change, cell.here),
        (cell.after, AFTER[cell.after], "in the calendar" in cell.after),
    )
    for words, act, here in steps:
        stage.tick()
        try:
            act(stage)
        except (AssertionError, IndexError, StopIteration):
            break  # there is nothing left to do it to
        wanted = _meant(stage, here=here)
        sent = _settled(stage)
        claims += 1
        found = sent if isinstance(sent, str) else _differs(stage, wanted, here=here, sent=sent, change=words)
        if found:
            broken.append(f"{words}: {found}")
            break
    return claims, broken


def _meant(stage: Stage, *, here: bool) -> Counter[Seen]:
    """What the side shows on which somebody did something."""
    return Counter(stage.calendar(timedelta(days=200)).values() if here else stage.liondesk().values())


def _settled(stage: Stage) -> list[str] | str:
    """LionDesk's writes until all is quiet; in words if it never is."""
    sent: list[str] = []
    quiet = 0
    for _ in range(6):
        ran = stage.sync()
        sent += ran.kinds
        quiet = quiet + 1 if ran.quiet else 0
        if quiet == 2:
            return sent
    return f"it is not quiet: {sent}"


def _differs(stage: Stage, wanted: Counter[Seen], *, here: bool, sent: list[str], change: str) -> str:
    """In which way both sides are not what was meant; empty if they are."""
    liondesk, calendar = Counter(stage.liondesk().values()), Counter(stage.calendar().values())
    beyond = Counter(stage.calendar(timedelta(days=200)).values())
    if not calendar <= liondesk <= beyond and calendar | (beyond & liondesk) != liondesk:
        return f"the sides differ: LionDesk {_words(liondesk - calendar)}; calendar {_words(calendar - liondesk)}"
    if not here:
        if sent:
            return f"LionDesk alone was edited, and got {sent}"
        if wanted != liondesk:
            return f"LionDesk alone was edited, and lacks {_words(wanted - liondesk)}, has {_words(liondesk - wanted)}"
        return ""
    if change == "no rule any more":
        still = sum(not each.done for each in liondesk.elements() if each.summary.startswith("A"))
        return "" if still == 1 else f"{still} are open: {_words(liondesk)}"
    first = [each for each in sent if each.startswith("PATCH 2")]
    if len(first) > 1:
        return f"more than one request for all: {sent}"
    if not liondesk <= wanted:
        return f"LionDesk shows {_words(liondesk - wanted)} that nobody wrote, not {_words(calendar_only(wanted, liondesk))}"
    lost = Counter({each: n for each, n in (wanted - liondesk).items() if each.due.date() <= _through(stage)})
    return f"LionDesk lacks {_words(lost)}" if lost else ""


def calendar_only(wanted: Counter[Seen], liondesk: Counter[Seen]) -> Counter[Seen]:
    """The first few that LionDesk lacks."""
    return Counter(dict(sorted((wanted - liondesk).items())[:4]))


def _through(stage: Stage) -> date:
    return stage.horizon - timedelta(days=2)


def _words(seens: Counter[Seen]) -> str:
    return ", ".join(map(str, sorted(seens.elements()))) or "-"


def at_first(rule: str, before: str, change: str, reading: Reading) -> Stage | None:
    """An account in which all that happened before the bridge's first run; None where it cannot have happened."""
    stage = new_stage(reading, content_tokens=False, rewrites=False)
    stage.tick()
    body = {"assigned_user_id": "1", "due_at": "2026-03-02T09:00:00", "status": "incomplete"}
    for text, its in (("A", rule), ("B", "FREQ=WEEKLY;BYDAY=FR")):
        stage.world.create(1, {**body, "description": text, "recurrence_rule": its}, "page")
        stage.tick()
    try:
        together(BEFORE[before], LIONDESK[change])(stage)
    except IndexError:
        return None
    return stage


def disagreement(stage: Stage) -> str:
    """After some runs, in which way LionDesk is not shown as it is, or was written to; empty if all is well."""
    wanted = _meant(stage, here=False)
    sent = _settled(stage)
    return sent if isinstance(sent, str) else _differs(stage, wanted, here=False, sent=sent, change="")
