"""The law: after any edits on either side, the calendar's expansion equals LionDesk's rows, and merging again is quiet.

Requests are taken for done (law 4: what LionDesk shows after one that reaches a whole series is mended until it is what
was expected), so that only the merge is tried here, thousands of times, and a counterexample is small. How sides really
answer is the simulator's affair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given, note

from bridge.core.model import Link, Row, Rule, Series, Slot, Status, Task
from bridge.core.occurrences import present, value_at
from bridge.core.pairing import Pairing
from bridge.core.plan import PatchRow, PostTask, Work, plan
from bridge.core.policies import POLICIES
from bridge.core.reconcile import reconcile
from bridge.core.recurrence import expand
from bridge.core.settle import settled
from tests.core.drawn_edits import (
    CALENDAR,
    HORIZON,
    LIONDESK,
    PLAIN,
    RESHAPED,
    ROWS,
    SINGLE,
    ZONE,
    Edit,
    at_liondesk,
    edits,
    in_calendar,
    links,
)
from tests.core.laws import tried

Said = tuple[object, ...]


def said(task: Task) -> Said:
    return task.summary, task.due, task.all_day, task.status.value, task.notes


def shown(series: Iterable[Series | None], end: datetime) -> Counter[Said]:
    """What the calendar shows through `end`."""
    found: Counter[Said] = Counter()
    for each in series:
        if each is not None:
            slots = sorted(present(each, ZONE, end))
            found.update(said(task) for slot in slots if (task := value_at(each, slot)) is not None)
    return found


@dataclass(frozen=True)
class Merged:
    """Both sides after a merge: the calendar's series, LionDesk's tasks by slot, and the work that was done."""

    work: Work | None
    series: tuple[Series | None, ...]
    tasks: Mapping[Slot, Task]

    def agrees(self) -> str | None:
        """How the sides differ; what one of them moved beyond LionDesk's horizon may be there or not.

        Completed ones may be in LionDesk alone: history that a changed rule has no room for (laws 8 and 9).
        """
        near, far = shown(self.series, HORIZON), shown(self.series, HORIZON + timedelta(days=60))
        there = Counter(said(task) for task in self.tasks.values())
        wrong = [f"only in the calendar: {sorted((near - there).elements())}" if near - there else ""]
        wrong += [
            f"only in LionDesk: {sorted((still_open(there) - far).elements())}" if still_open(there) - far else ""
        ]
        return "; ".join(filter(None, wrong)) or None


def still_open(tasks: Counter[Said]) -> Counter[Said]:
    """Those that are not completed."""
    return Counter({each: count for each, count in tasks.items() if each[3] == Status.INCOMPLETE.value})


def merged(pairing: Pairing) -> Merged:
    """One run of the core over a pairing, and what LionDesk then shows."""
    agreement = reconcile(pairing, POLICIES["liondesk"], ZONE)
    if agreement is None:
        return Merged(None, (), {})
    work = plan(agreement, ZONE, HORIZON)
    series = (work.series, *(each.series for each in work.split))
    return Merged(work, series, _afterwards(pairing, work))


def _afterwards(pairing: Pairing, work: Work) -> dict[Slot, Task]:
    """LionDesk's tasks once everything was sent and mended; a new rule makes rows as far as the horizon."""
    if work.series is None:
        return {}
    posts = [each for each in work.liondesk if isinstance(each, PostTask) and each.rule is not None]
    if posts:
        return {slot: task for slot, task in work.expected.items() if slot <= HORIZON}
    if not work.liondesk:
        return {each.slot: each.row.task for each in pairing.rows}
    tasks = dict(work.expected)
    for each in work.liondesk:
        if isinstance(each, PatchRow) and each.update_type == 2 and "rule" in each.changes:
            rule, due = each.changes["rule"], each.changes.get("due", each.slot)
            assert isinstance(due, datetime)
            if isinstance(rule, Rule):
                wanted = present(work.series, ZONE, HORIZON)
                made = [slot for slot in expand(rule, due, HORIZON) if slot in wanted and slot not in tasks]
                tasks |= {slot: task for slot in made if (task := value_at(work.series, slot)) is not None}
    return tasks


def pairing_of(link: Link, there: list[Edit], here: list[Edit]) -> Pairing:
    assert link.series is not None
    note(f"{link.series.rule} from {link.series.master and link.series.master.due}, less {set(link.series.exdates)}")
    note("\n".join(f"its own: {slot}: {said(each.task)}" for slot, each in link.series.overrides.items()))
    note(f"at LionDesk: {there}; in the calendar: {here}")
    rows, series = at_liondesk(link.rows, there), in_calendar(link.series, here)
    return Pairing(link, rows, series, link.href, link.etag)


@tried(300)
@given(links(), edits(PLAIN, 3) | edits(CALENDAR, 1))
def test_edits_in_the_calendar_are_what_liondesk_shows_then(link: Link, here: list[Edit]) -> None:
    """Nothing that a person did in the calendar is taken back there."""
    pairing = pairing_of(link, [], here)
    after = merged(pairing)
    assert after.agrees() is None
    edited, result = shown([pairing.series], HORIZON), shown(after.series, HORIZON)
    if any(each.what in ("ruled", "single") for each in here):
        return  # LionDesk is told from its first open row on: what the rule makes before that is none of it
    done = {each.row.task.due for each in link.rows if each.row.task.status is Status.COMPLETE}
    assert not [each for each in edited - result if each[1] not in done], "an edit was taken back"
    assert not still_open(result - edited), "something came back"


@tried(300)
@given(links(), edits(ROWS, 3) | edits(LIONDESK, 1))
def test_edits_at_liondesk_are_what_the_calendar_shows_then(link: Link, there: list[Edit]) -> None:
    """And LionDesk, where they were made, gets no request."""
    pairing = pairing_of(link, there, [])
    after = merged(pairing)
    if after.work is not None:
        assert after.work.liondesk == ()
        assert after.agrees() is None


@tried(300)
@given(links(), edits(LIONDESK, 1), edits(PLAIN, 2))
def test_edits_on_both_sides_come_to_the_same_on_both(link: Link, there: list[Edit], here: list[Edit]) -> None:
    assert merged(pairing_of(link, there, here)).agrees() is None


@tried(300)
@given(links(), edits(ROWS, 2), edits(RESHAPED, 1))
def test_single_edits_there_and_any_here_come_to_the_same(link: Link, there: list[Edit], here: list[Edit]) -> None:
    assert merged(pairing_of(link, there, here)).agrees() is None


@tried(200)
@given(links(), edits([*LIONDESK], 2), edits(SINGLE, 2))
def test_merging_again_is_quiet(link: Link, there: list[Edit], here: list[Edit]) -> None:
    pairing = pairing_of(link, there, here)
    after = merged(pairing)
    if after.work is None or after.work.series is None or after.work.split:
        return
    rows = {slot: Row(f"{slot:%m%d%H}", task, after.work.series.rule, "1") for slot, task in after.tasks.items()}
    if not rows:
        return
    base = settled(pairing, rows, after.work.series, "/u.ics", "2")
    again = merged(Pairing(base, base.rows, base.series, base.href, base.etag))
    assert again.work is not None
    assert again.work.quiet
