"""Whether a person must look before the first write; and what they said of the plan when it was shown to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.core.model import Side
from bridge.core.plan import Halt, Known, Limits, Work, digest, digest_of, halted
from bridge.records import InboxItem
from bridge.report import Skipped
from bridge.sync.observe import Observation
from bridge.sync.pair import Pair, Undo
from bridge.sync.words import described

LIMITS = "limits"
"""Under which name a pair remembers the limits that a person raised."""
REJECTED = "rejected"
"""Under which name it remembers the digests of operations that nobody wants."""
WROTE = "last_wrote"
"""Under which name it remembers when a run last wrote something."""
REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class Decision:
    """What a guard says: `halt` where a person must look, `approved` the item that lets this very plan pass."""

    halt: Halt | None
    approved: InboxItem | None = None


def digests(works: Sequence[Work]) -> list[str]:
    """Of every operation of a plan."""
    return [digest(each) for work in works for each in (*work.liondesk, *work.calendar)]


async def guarded(pair: Pair, observation: Observation, works: Sequence[Work], *, allowed: bool) -> Decision:
    """Whether a person must look first. What there is to lose is counted only when several items are written."""
    busy = [work for work in works if not work.quiet]
    if not busy:
        return Decision(None)
    item = await _answered(pair)
    if item is not None and item.content.get("decision") in ("approve", "always"):
        if item.content["digest"] == digest_of(digests(busy)):
            return Decision(None, item)
        return Decision(Halt("what would be done now is not the plan that you approved"))
    if allowed or len(busy) < 2:
        return Decision(None)
    known = Known(len(await pair.store.etags()), observation.emptied, _replaced(observation), await _passed(pair))
    return Decision(halted(busy, known, await limits_of(pair)))


def _replaced(observation: Observation) -> Side | None:
    """The side that was read whole and shows nothing of what is known, but other tasks."""
    sides, links = observation.sides, list(observation.stored.values())
    known = {row.row_id for link in links for row in link.rows}
    live = {row.id for row in sides.rows.values() if not row.deleted}
    if sides.rows_complete and known and live and known.isdisjoint(live):
        return Side.LIONDESK
    hrefs = {link.href for link in links if link.href is not None}
    uids = {found.series.uid for found in sides.found.values()}
    whole = observation.looked_at[Side.CALENDAR] is None
    if whole and hrefs and uids and hrefs <= sides.gone and uids.isdisjoint(link.uid for link in links):
        return Side.CALENDAR
    return None


async def _passed(pair: Pair) -> timedelta | None:
    last = (await pair.store.facts()).get(WROTE)
    return pair.now() - datetime.fromisoformat(last) if isinstance(last, str) else None


async def remember_clock(pair: Pair) -> None:
    """When a run last wrote: a run that halts must not make the clock look right to the next one."""
    await pair.store.set_facts({WROTE: pair.now().isoformat()})


async def _answered(pair: Pair) -> InboxItem | None:
    if pair.records is None:
        return None
    return next((each for each in await pair.records.open_items() if each.kind == "halt"), None)


async def limits_of(pair: Pair) -> Limits:
    """The configured limits, or what a person raised them to."""
    raised = (await pair.store.facts()).get(LIMITS)
    if not isinstance(raised, Mapping):
        return pair.limits
    known = pair.limits
    return replace(
        known,
        deletes=max(known.deletes, int(raised.get("deletes", 0))),
        changes=max(known.changes, int(raised.get("changes", 0))),
    )


def plan_of(halt: Halt, works: Sequence[Work]) -> dict[str, object]:
    """A halted plan as the inbox keeps it."""
    operations = [
        {"sentence": described(each).sentence(), "digest": digest(each)}
        for work in works
        for each in (*work.liondesk, *work.calendar)
    ]
    return {
        "summary": "",
        "reason": halt.reason,
        "limit": halt.limit,
        "measure": halt.measure,
        "digest": digest_of(str(each["digest"]) for each in operations),
        "operations": operations,
    }


def asking(pair: str, halt: Halt, number: int | None, undo: Undo | None) -> str:
    """The paragraph for the user."""
    if undo is not None:
        return (
            f"Stopped before the first write: {halt.reason}. Nothing was changed on either side. Add --dry-run to see "
            "all that would be done; if it is what you want, add --allow-mass-change."
        )
    if number is None:
        return (
            f"Stopped before the first write: {halt.reason}. Nothing was changed on either side. See the whole plan "
            f"with `liondesk-bridge sync {pair} --dry-run`; if it is what you want, run `liondesk-bridge sync {pair} "
            "--allow-mass-change`."
        )
    return (
        f"Stopped before the first write: {halt.reason}. Nothing was changed on either side. `liondesk-bridge "
        f"conflicts` shows the whole plan as item {number}; `liondesk-bridge resolve {number} --approve` carries it "
        "out, --reject leaves both sides as they are."
    )


def unwanted(works: Sequence[Work], rejected: frozenset[str]) -> tuple[tuple[Work, ...], tuple[Skipped, ...]]:
    """The works without those that a person rejected, and these as items that are left alone."""
    kept: list[Work] = []
    skipped: list[Skipped] = []
    for work in works:
        operations = (*work.liondesk, *work.calendar)
        if not rejected or not operations or any(digest(each) not in rejected for each in operations):
            kept.append(work)
            continue
        report = described(operations[0])
        key = work.pairing.href or next((each.row.id for each in work.pairing.rows), report.item)
        why = "You rejected that plan, so each side keeps what it has until somebody edits the task."
        skipped.append(Skipped(report.side.other, f"'{report.summary}'", why, key))
    return tuple(kept), tuple(skipped)
