"""What a run must not do without a person: one function a guard. Allowing the plan satisfies a guard that fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bridge.core.model import Side
from bridge.core.plan.operations import DeleteResource, DeleteRow, Operation, PatchRow, PutResource, Why, Work

NAMES = {Side.LIONDESK: "LionDesk", Side.CALENDAR: "the calendar"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How many known tasks a run may delete or change on a side: so many, or this share of all, whichever is more."""

    deletes: int = 5
    delete_share: float = 0.10
    changes: int = 20
    change_share: float = 0.30


@dataclass(frozen=True, slots=True)
class Halt:
    """The run stops before its first write. `reason` completes a paragraph for the user.

    `limit` names the limit that was passed, and `measure` by how many tasks; None where no limit would let it pass.
    """

    reason: str
    limit: str | None = None
    measure: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What the base holds, and what is odd about this run.

    `emptied`, `replaced`: a side that was read from nothing and showed nothing at all, or nothing that is known.
    `passed`: how long ago the last run that wrote was, by this machine's clock; negative where that lies ahead.
    """

    links: int
    emptied: Side | None = None
    replaced: Side | None = None
    passed: timedelta | None = None


BACK = timedelta(hours=1)
AHEAD = timedelta(days=2 * 365)
"""How far back, and ahead, a clock may go between two runs before somebody should look at it."""


def halted(works: Sequence[Work], known: Known, limits: Limits) -> Halt | None:
    """The first guard that fires, None when the run may write."""
    return (
        _clock_jumped(known)
        or _side_emptied(works, known)
        or _side_replaced(works, known)
        or _too_much(works, known, limits)
    )


def _clock_jumped(known: Known) -> Halt | None:
    """By a wrong clock, tasks would leave the calendar long before their time, and the wrong edit be the newer one."""
    if known.passed is None or -BACK <= known.passed <= AHEAD:
        return None
    days = round(abs(known.passed.total_seconds()) / 86400, 1)
    which = "before" if known.passed < -BACK else "after"
    return Halt(f"the clock of this machine stands {days} days {which} the last run that wrote something")


def _side_replaced(works: Sequence[Work], known: Known) -> Halt | None:
    """Another account or calendar behind the same address, or a server that was set up anew."""
    if known.replaced is None or known.links < 2:
        return None
    deletes = sum(_deletes(operation) for work in works for operation in (*work.liondesk, *work.calendar))
    if deletes < 2:
        return None
    what = "account" if known.replaced is Side.LIONDESK else "calendar"
    return Halt(
        f"{NAMES[known.replaced]} shows none of the tasks that it had, and others in their place, which looks like "
        f"another {what}; this run would delete {deletes} on the other side"
    )


def _side_emptied(works: Sequence[Work], known: Known) -> Halt | None:
    """A side that suddenly shows nothing may be another calendar or account, or a server that lost it."""
    if known.emptied is None or known.links < 2:
        return None
    deletes = sum(_deletes(operation) for work in works for operation in (*work.liondesk, *work.calendar))
    if deletes < 2:
        return None
    return Halt(
        f"{NAMES[known.emptied]} shows no task at all, where it had {known.links}, so this run would delete "
        f"{deletes} on the other side"
    )


def _too_much(works: Sequence[Work], known: Known, limits: Limits) -> Halt | None:
    for side in Side:
        deletes = sum(any(_deletes(each) for each in _of(work, side)) for work in works)
        changes = sum(any(_changes(each) for each in _of(work, side)) for work in works)
        if deletes > max(limits.deletes, limits.delete_share * known.links):
            return Halt(f"this run would delete {deletes} of {known.links} tasks in {NAMES[side]}", "deletes", deletes)
        if changes > max(limits.changes, limits.change_share * known.links):
            return Halt(f"this run would change {changes} of {known.links} tasks in {NAMES[side]}", "changes", changes)
    return None


def _of(work: Work, side: Side) -> Sequence[Operation]:
    return work.liondesk if side is Side.LIONDESK else work.calendar


def _deletes(operation: Operation) -> bool:
    """Whole tasks that go because the other side lost them; one that leaves the window (law 9) is no deletion."""
    match operation:
        case DeleteRow(delete_type=delete_type):
            return delete_type != 1
        case DeleteResource(why=Why(verb=verb)):
            return verb in ("deleted", "decided", "taken back")
        case _:
            return False


def _changes(operation: Operation) -> bool:
    """What is only spelled in another shape says what it said before."""
    match operation:
        case PatchRow():
            return True
        case PutResource(href=href, why=Why(verb=verb)):
            return href is not None and verb != "spelled anew"
        case _:
            return False
