"""What must hold when all is quiet again. Each claim compares what people saw and wrote with what both sides show now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from bridge.core.model import Shape
from bridge.core.shapes import slot_of_uid
from tests.simulation.foreign import parsed
from tests.simulation.people import Action
from tests.simulation.stage import Ran, Stage
from tests.simulation.views import Place, Seen

FIELDS = ("due", "summary", "notes", "all_day", "done")
Shapes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Before:
    """Both sides at one moment. `calendar`: what lies within LionDesk's rows. `beyond`: the calendar a little beyond LionDesk's horizon, where moved rows stand. `shapes`: what decides the slots of each resource."""

    liondesk: Mapping[int, Seen]
    calendar: Mapping[Place, Seen]
    beyond: Mapping[Place, Seen]
    shapes: Shapes
    horizon: date
    carried: Mapping[int, tuple[object, ...]]
    shape: Shape = Shape.OVERRIDES


def now(stage: Stage) -> Before:
    """Both sides as they are."""
    carried = {
        row.id: (row.values.contact_id, row.values.assigned_user_id, row.values.notify_assignee)
        for row in stage.world.ledger.rows.values()
    }
    beyond = stage.calendar(timedelta(days=200))
    liondesk, calendar = stage.liondesk(), stage.calendar()
    if stage.shape is not Shape.OVERRIDES:
        shown = set(liondesk.values())
        calendar = {at: seen for at, seen in calendar.items() if seen in shown or _slot(at, seen) <= stage.horizon}
    return Before(liondesk, calendar, beyond, shapes(stage), stage.horizon, carried, stage.shape)


def _slot(place: Place, seen: Seen) -> date:
    """The day of an occurrence; where it stands alone its resource's name may tell."""
    named = slot_of_uid(place.href.removesuffix(".ics"))
    return (place.slot or (named[1] if named else seen.due)).date()


@dataclass
class Told:
    """What was done in a round, and what came of it. `policy` decides; `clocks`: whether both sides' moments compare."""

    policy: str = "newest"
    clocks: bool = True
    actions: list[Action] = field(default_factory=list)
    synced: bool = False
    faulty: bool = False
    said: str = ""
    texts: list[str] = field(default_factory=list)
    seen: Before | None = None
    liondesk: list[str] = field(default_factory=list)

    def note(self, ran: Ran) -> None:
        """A run's conflicts and writes."""
        self.liondesk += ran.kinds
        self.said += repr(ran.disputed)

    @property
    def winner(self) -> str | None:
        """Whose value stands where each side wrote one to a single occurrence; None where that cannot be told."""
        single = all(action.what.partition(" ")[2] in ("text", "notes", "due") for action in self.actions)
        if self.synced or not single or len(self.actions) != 2 or len(self.sides) != 2:
            return None
        if self.policy != "newest":
            return {"liondesk": "LionDesk", "calendar": "calendar"}[self.policy]
        return self.actions[-1].what.split(":")[0] if self.clocks else None

    @property
    def sides(self) -> set[str]:
        """Who did anything."""
        return {action.what.split(":")[0] for action in self.actions}

    def did(self, *whats: str) -> bool:
        """Whether somebody did such a thing."""
        return any(action.what.partition(" ")[2] in whats for action in self.actions)


def name(seen: Seen) -> str:
    """The task that an occurrence is of: all its texts begin alike."""
    return seen.summary.split(" ", 1)[0]


def shapes(stage: Stage) -> dict[str, str]:
    """What decides the slots of each resource."""
    found = {href: _shape(ics) for href, ics in stage.collected.bodies.items()}
    return {href: shape for href, shape in found.items() if shape is not None}


@lru_cache(maxsize=5000)
def _shape(ics: str) -> str | None:
    master = next((each for each in parsed(ics).walk("VTODO") if "RECURRENCE-ID" not in each), None)
    if master is None:
        return None
    due = master["DUE"].dt
    clock = due.tzinfo if isinstance(due, datetime) else ""
    return f"{master.get('RRULE')} {due if 'RRULE' in master else ''} {clock}"


def check(before: Before, after: Before, final: Before, told: Told, *, plain: bool) -> list[str]:
    """Every claim that does not hold, in words."""
    found = _agreement(final)
    if found:
        return found
    found += _completed(before, after, final, told)
    found += _doubles(before, after, final)
    found += _nothing_lost(before, after, final, told)
    found += _carried(after, final)
    if told.faulty or told.synced:
        return found
    if told.sides <= {"LionDesk"}:
        found += _taken_over(after, final, told)
    weak = _reshaped(before, after)
    if told.sides == {"calendar"} and len(told.actions) == 1:
        found += _few_requests(before, told, plain=plain)
    found += _merged(before, after, final, told, weak)
    return found


def _agreement(final: Before) -> list[str]:
    """Both sides show the same occurrences."""
    liondesk, calendar = Counter(final.liondesk.values()), Counter(final.calendar.values())
    beyond = Counter(final.beyond.values())
    if calendar <= liondesk <= beyond:
        return []
    calendar |= beyond & liondesk
    only_there = "; ".join(map(str, sorted((liondesk - calendar).elements())))
    only_here = "; ".join(map(str, sorted((calendar - liondesk).elements())))
    return [f"the sides differ: only in LionDesk: {only_there or '-'}; only in the calendar: {only_here or '-'}"]


def _completed(before: Before, after: Before, final: Before, told: Told) -> list[str]:
    """Completed stays completed until somebody re-opens it (law 8)."""
    if told.did("re-open"):
        return []
    opened = [
        after.liondesk[row]
        for row, seen in before.liondesk.items()
        if seen.done and row in after.liondesk and after.liondesk[row].done
        if row in final.liondesk and not final.liondesk[row].done
    ]
    return [f"re-opened by nobody: {each}" for each in opened]


def _doubles(before: Before, after: Before, final: Before) -> list[str]:
    """No task shows one moment twice, unless it did on a side before."""

    def twice(seens: Sequence[Seen]) -> Counter[tuple[str, datetime]]:
        counted = Counter((name(each), each.due) for each in seens)
        return Counter({key: count for key, count in counted.items() if count > 1})

    known = twice(list(before.liondesk.values())) | twice(list(after.liondesk.values()))
    known |= twice(list(after.calendar.values()))
    # Both people may have moved different occurrences to one moment.
    dues = {(name(each), each.due) for each in after.liondesk.values()}
    moved = {(name(each), each.due) for each in after.calendar.values()} - {
        (name(each), each.due) for each in before.calendar.values()
    }
    new = twice(list(final.liondesk.values()))
    return [
        f"there twice: {key[0]} at {key[1]}" for key in new if key not in known and not (key in moved and key in dues)
    ]


def _nothing_lost(before: Before, after: Before, final: Before, told: Told) -> list[str]:
    """Each text that was written is on both sides, or in a report's conflicts."""

    def texts(seens: Sequence[Seen]) -> set[str]:
        return {text for each in seens for text in (each.summary, each.notes) if text}

    old = texts([*before.liondesk.values(), *before.calendar.values()])
    written = texts([*after.liondesk.values(), *after.calendar.values()]) - old
    there = texts(list(final.liondesk.values()))
    if told.seen is not None:
        written &= texts([*told.seen.liondesk.values(), *told.seen.calendar.values()])
    lost = [text for text in sorted(written - there) if repr(text) not in told.said]
    ahead = texts([each for each in final.beyond.values() if each.due.date() > final.horizon])
    words = {word for text in there | ahead for word in text.split(" ")}
    lost += [text for text in told.texts if text not in words and f"{text}'" not in told.said]
    return [f"lost: {text!r}" for text in lost]


def _carried(after: Before, final: Before) -> list[str]:
    """What the calendar does not show is in every PATCH as it was (law 2)."""
    return [
        f"what nobody edited is another: row {row}, {after.carried[row]} became {carried}"
        for row, carried in final.carried.items()
        if row in after.liondesk and row in final.liondesk and after.carried[row] != carried
    ]


def _taken_over(after: Before, final: Before, told: Told) -> list[str]:
    """What a person does in LionDesk is never written back to LionDesk."""
    if told.liondesk:
        return [f"LionDesk alone was edited, and got {told.liondesk}"]
    if after.liondesk != final.liondesk:
        return ["LionDesk alone was edited, and shows something else now"]
    return []


def _reshaped(before: Before, after: Before) -> set[str]:
    """Tasks whose occurrences are others than before: what became of each cannot be told one by one."""
    weak = {
        name(seen)
        for place, seen in [*before.calendar.items(), *after.calendar.items()]
        if before.shapes.get(place.href) != after.shapes.get(place.href) and place.href in before.shapes
    }
    known = {name(seen) for seen in before.liondesk.values()}
    return weak | {
        name(seen) for row, seen in after.liondesk.items() if row not in before.liondesk and name(seen) in known
    }


def _merged(before: Before, after: Before, final: Before, told: Told, weak: set[str]) -> list[str]:
    """Each occurrence shows what both people made of it: different fields merge, an edit beats a deletion."""
    wanted: list[tuple[Seen | None, ...]] = []
    shown = Counter(before.calendar.values())
    rows = sorted(before.liondesk.items(), key=lambda pair: (pair[1], pair[0]))
    rows = [pair for pair in rows if shown[pair[1]] > 0]  # the others stand beyond the horizon
    places = sorted(before.calendar.items(), key=lambda pair: (pair[1], pair[0].href, pair[0].slot or datetime.min))
    series = told.did("series text", "series notes", "this and future", "text of tail", "notes of tail", "due of tail")
    for (row, seen), (place, _) in zip(rows, places, strict=True):
        if name(seen) not in weak:
            there, here = after.liondesk.get(row), after.calendar.get(place)
            if here is not None and seen.done and not here.done and not told.did("re-open"):
                here = replace(here, done=True)
            wanted.append(_outcomes(seen, there, here, told, series=series))
    paired = {row for row, _ in rows}
    left = Counter(before.beyond.values()) - Counter(after.beyond.values())
    fresh = [
        seen
        for row, seen in after.liondesk.items()
        if row not in paired and not (row in before.liondesk and left[before.liondesk[row]] > 0)
    ]
    added = [seen for place, seen in after.calendar.items() if place not in before.calendar]
    if after.horizon != before.horizon:
        added = [seen for seen in added if name(seen) not in {name(each) for each in fresh}]
    wanted += [(seen,) for seen in (*fresh, *added) if name(seen) not in weak]
    shown = Counter(seen for seen in final.liondesk.values() if name(seen) not in weak)
    missing = []
    for options in sorted(wanted, key=len):
        match = next((each for each in options if each is not None and shown[each] > 0), None)
        if match is not None:
            shown[match] -= 1
        elif None not in options:
            missing.append(" or ".join(map(str, options)))
    ahead = {seen for seen in after.beyond.values() if seen.due.date() > final.horizon}
    extra = [str(each) for each in shown.elements() if each not in ahead]
    words = [f"should be there: {each}" for each in missing] + [f"should not be there: {each}" for each in extra]
    return ["the merge is wrong: " + "; ".join(words)] if words else []


_DELETIONS = ("delete", "delete tail", "delete all", "truncate", "no rule", "split", "rule", "count")


def _outcomes(
    base: Seen, there: Seen | None, here: Seen | None, told: Told, *, series: bool
) -> tuple[Seen | None, ...]:
    """What an occurrence may show: None is its deletion."""
    if there is None and here is None:
        return (None,)
    if there is None or here is None:
        left = there or here
        assert left is not None
        if left == base:  # a series whose deletion an edit of one occurrence beats may come back whole
            return (None, left) if len(told.sides) > 1 and told.did(*_DELETIONS) else (None,)
        return (None, left) if series else (left,)
    options = [base]
    for each in FIELDS:
        old, ours, theirs = (getattr(seen, each) for seen in (base, there, here))
        values = {ours, theirs} - {old} if old in (ours, theirs) else {ours, theirs}
        if len(values) > 1 and told.winner is not None:
            values = {ours if told.winner == "LionDesk" else theirs}
        if series and there.done and not base.done:
            values |= {old}  # "all" begins at the first open one
        options = [replace(option, **{each: value}) for option in options for value in sorted(values or {old})]
    return tuple(options)


_AT_MOST = {
    "text": "PATCH", "notes": "PATCH", "due": "PATCH", "complete": "PATCH 3", "re-open": "PATCH 3", "cancel": "DELETE",
    "exclude": "DELETE 1", "new": "POST plain", "foreign": "", "delete": "DELETE", "series text": "PATCH 2",
    "series notes": "PATCH 2", "truncate": "DELETE 2", "split": "PATCH 2", "rule": "PATCH 2", "no rule": "PATCH 2",
    "move series": "PATCH 2", "give rule": "PATCH", "this and future": "PATCH 2", "count": "", "drop override": "P",
}  # fmt: skip


def _few_requests(before: Before, told: Told, *, plain: bool) -> list[str]:
    """One edit in the calendar is the one request that means it."""
    what = told.actions[0].what.partition(" ")[2]
    of_all = before.shape is Shape.ROLLING and what in ("text", "notes", "due")  # perhaps of the series, in its apps
    first = None if of_all else _AT_MOST.get(what)
    hrefs: dict[str, set[str]] = {}
    for place, seen in before.calendar.items():
        hrefs.setdefault(name(seen), set()).add(place.href)
    divided = any(len(found) > 1 for found in hrefs.values())  # such a task's head cannot be told as a whole
    if not plain or first is None or not told.liondesk or divided:
        return []
    whole = what in (
        "series text",
        "series notes",
        "rule",
        "no rule",
        "move series",
        "this and future",
        "split",
        "count",
    )
    if any("Europe" in text for text in before.shapes.values()) or what == "new":
        return []  # a rule on another clock takes as many as there are weeks between the changes of the clocks
    beyond = what in ("truncate", "split", "rule") and told.liondesk[0] in ("PATCH 2", "DELETE 2")
    if what == "delete" and not {"DELETE 3", "DELETE 2"}.isdisjoint(told.liondesk):
        return []  # rows that left their event are deleted by themselves
    whole = whole or beyond
    most = 1 if not whole else 1 + sum(1 for seen in before.calendar.values() if seen.done or " " in seen.summary)
    if len(told.liondesk) > most and not whole:
        return [f"{what} needs one request, and took {told.liondesk}"]
    if not told.liondesk[0].startswith(first) and not beyond:
        return [f"{what} is {first}, and was {told.liondesk}"]
    return []
