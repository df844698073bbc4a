"""What a run has to tell or to ask a person, kept in the inbox: before it writes, and when it knows what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from bridge import vtodo
from bridge.core.model import Side
from bridge.core.pairing import Pairing
from bridge.core.plan import Halt, Work, digest_of, shown_by
from bridge.core.policies import Conflict
from bridge.records import Entry, InboxItem
from bridge.report import Outcome, PairReport, plain
from bridge.sync.halting import digests, plan_of
from bridge.sync.observe import Observation
from bridge.sync.pair import Pair
from bridge.sync.person import DECIDED, Granted

AGREED = "agreed"
"""The answer of an item that answered itself."""
LAPSED = "lapsed"
"""The answer of an item whose answer came too late."""


async def note_conflicts(
    pair: Pair,
    observation: Observation,
    conflicts: Sequence[tuple[Pairing, Conflict]],
    questions: Sequence[InboxItem],
) -> None:
    """Kept before anything is written: what gives way can be restored, whatever happens then."""
    if pair.records is None:
        return
    items = [_conflict(pair, observation, pairing, each) for pairing, each in conflicts if each.because != DECIDED]
    items += questions
    if items:
        await pair.records.put_items(items)


def key_of(conflict: Conflict) -> str:
    """What a conflict is about. A question is the same while it waits; a decision is another one for other values."""
    dispute = conflict.dispute
    about = f"{dispute.uid} {dispute.slot.isoformat()} {dispute.field}"
    if conflict.winner is None:
        return about
    values = repr([plain(dispute.liondesk), plain(dispute.calendar)])
    return f"{about} {sha256(values.encode()).hexdigest()[:12]}"


def _conflict(pair: Pair, observation: Observation, pairing: Pairing, conflict: Conflict) -> InboxItem:
    dispute = conflict.dispute
    content: dict[str, object] = {
        "summary": dispute.summary,
        "slot": dispute.slot.isoformat(),
        "field": dispute.field,
        "liondesk": plain(dispute.liondesk),
        "calendar": plain(dispute.calendar),
        "liondesk_at": _moment(dispute.liondesk_at),
        "calendar_at": _moment(dispute.calendar_at),
        "winner": None if conflict.winner is None else conflict.winner.value,
        "because": conflict.because,
        "following": dispute.following,
        "occurrence": _one_of_many(pairing),
    }
    if dispute.field == "recurrence_rule" and conflict.winner is not None:
        content["form"] = _form(pair, observation, pairing, conflict.winner.other)
    waits = conflict.winner is None
    return InboxItem(None, "conflict", key_of(conflict), dispute.uid, content, waits, pair.now())


def _one_of_many(pairing: Pairing) -> bool:
    series = pairing.series or pairing.link.series
    return series is not None and series.rule is not None


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _form(pair: Pair, observation: Observation, pairing: Pairing, loser: Side) -> str | None:
    """The series that gives way, as a resource."""
    if loser is Side.CALENDAR:
        return observation.ics.get(pairing.href or "")
    series = replace(shown_by(pairing, observation.horizon), uid=pairing.link.uid)
    return vtodo.write(series, pair.context, pair.now())


async def note_halt(pair: Pair, halt: Halt, works: Sequence[Work]) -> int | None:
    """Keep the plan; the same one is the same item, another one takes its place. Its number."""
    if pair.records is None:
        return None
    plan = digest_of(digests(works))
    others = [each for each in await pair.records.open_items() if each.kind == "halt" and each.key != plan]
    (item,) = await pair.records.put_items(
        [InboxItem(None, "halt", plan, "", plan_of(halt, works), waits=True, opened_at=pair.now())]
    )
    await pair.records.close_items([each.id for each in others if each.id is not None], "changed")
    return item.id


async def close_halts(pair: Pair, approved: InboxItem | None) -> None:
    """A run that may write has no halted plan any more: it was approved, or the danger is over."""
    if pair.records is None:
        return
    for each in await pair.records.open_items():
        if each.kind == "halt" and each.id is not None:
            said = str(approved.content["decision"]) if approved is not None and approved.id == each.id else "over"
            await pair.records.close_items([each.id], said)


async def settle_inbox(
    pair: Pair,
    run: str,
    conflicts: Sequence[tuple[Pairing, Conflict]],
    compared: frozenset[str],
    failed: frozenset[str],
    granted: Granted,
) -> None:
    """After the writes: what was refused, what answered itself, and what a person decided and is done.

    `compared` are the links that were looked at, `failed` those that a side did not take.
    """
    if pair.records is None:
        return
    entries = await pair.records.entries(run) if compared else ()
    refused = [_refused(pair, each) for each in entries if each.operation.state == "refused"]
    fresh = {each.id for each in await pair.records.put_items(refused)} if refused else set()
    written = frozenset(each.operation.uid for each in entries if each.operation.state == "done")
    asked = {key_of(each) for _, each in conflicts}
    for item in await pair.records.open_items():
        if item.id is None or item.id in fresh:
            continue
        answer = _answer(item, granted, failed, compared, asked, written)
        if answer is not None:
            await pair.records.close_items([item.id], answer)


def _answer(
    item: InboxItem,
    granted: Granted,
    failed: frozenset[str],
    compared: frozenset[str],
    asked: Collection[str],
    written: frozenset[str],
) -> str | None:
    """What an item is closed with, None while it stays open."""
    decision, number = item.content.get("decision"), item.id or 0
    if number in granted.items:
        return None if granted.items[number] & failed else str(decision)
    if number in granted.lapsed:
        return None if item.waits else LAPSED
    if item.uid not in compared or item.uid in failed:
        return None
    if item.kind in ("conflict", "doubtful") and item.waits and item.key not in asked:
        return str(decision or AGREED)
    return AGREED if item.kind == "refused" and item.uid in written else None


def _refused(pair: Pair, entry: Entry) -> InboxItem:
    operation = entry.operation
    detail = operation.detail
    content = {
        "summary": operation.summary,
        "slot": detail.get("occurrence"),
        "side": operation.side,
        "action": operation.action,
        "fields": detail.get("fields") or {},
        "message": detail.get("message", ""),
        "following": detail.get("update_type") == 2,
    }
    key = f"{operation.uid} {operation.side} {operation.action} {detail.get('occurrence')}"
    return InboxItem(None, "refused", key, operation.uid, content, waits=False, opened_at=pair.now())


async def with_questions(pair: Pair, report: PairReport) -> PairReport:
    """The report of a run that went well, as long as somebody is asked: halted (exit code 4)."""
    if pair.records is None or report.outcome in (Outcome.HALTED, Outcome.UNREACHABLE):
        return report
    waiting = [each for each in await pair.records.open_items() if each.waits]
    if not waiting:
        return report
    many = "1 question waits" if len(waiting) == 1 else f"{len(waiting)} questions wait"
    halt = (
        f"{many} for your answer; everything else was done, and each side keeps what it has there. `liondesk-bridge "
        "conflicts` lists them."
    )
    return replace(report, outcome=Outcome.HALTED, halt=halt, questions=len(waiting))
