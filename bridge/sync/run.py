"""One run of one pair, in seven lines: `run` reads as the drawing in docs/architecture.md."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge import vtodo
from bridge.core.idioms import understood
from bridge.core.model import Link, LinkedRow, Row, Side, Slot, Status
from bridge.core.occurrences import linked_by_slot
from bridge.core.pairing import Pairing, neighboured, pair_up
from bridge.core.plan import (
    DeleteResource,
    Dropped,
    Waiting,
    Why,
    Work,
    all_dropped,
    plan,
)
from bridge.core.policies import Conflict
from bridge.core.reconcile import Agreement
from bridge.core.settle import retires_at, settled
from bridge.ports import Resource, StoredLink, StoredRow
from bridge.report import ConflictReport, OperationReport, Outcome, PairReport, Skipped
from bridge.sync.asking import close_halts, note_conflicts, note_halt, settle_inbox, with_questions
from bridge.sync.contacts import introduced
from bridge.sync.execute import Executor, Receipt, calendar_series
from bridge.sync.halting import asking, guarded, unwanted
from bridge.sync.observe import Observation, observe
from bridge.sync.pair import Options, Pair
from bridge.sync.person import NOBODY, Granted, Person, agreed, as_wished, grant, keep_alone, person_of, quiet_alone
from bridge.sync.recover import finish_mending
from bridge.sync.skipped import FACT, as_fact, still_skipped
from bridge.sync.standing import kept_waiting, noted, standing
from bridge.sync.words import described, disputed, given_up, waiting


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run means to do. `held` are links that wait a run for the rest of an edit, with what they wait for.

    `undecided` are links on whose occurrences a person is asked, `granted` what people wished.
    """

    works: tuple[Work, ...]
    held: Mapping[str, Slot]
    forgotten: tuple[Pairing, ...]
    skipped: tuple[Skipped, ...]
    horizon: datetime
    undecided: tuple[Agreement, ...]
    granted: Granted

    @property
    def conflicts(self) -> tuple[tuple[Pairing, Conflict], ...]:
        """Every dispute, with the pairing that it is about."""
        decided = [(work.pairing, each) for work in self.works for each in work.conflicts]
        return (*decided, *((each.pairing, dispute) for each in self.undecided for dispute in each.conflicts))

    @property
    def compared(self) -> frozenset[str]:
        """The links that were looked at."""
        pairings = (*(work.pairing for work in self.works), *self.forgotten, *(each.pairing for each in self.undecided))
        return frozenset(pairing.link.uid for pairing in pairings)


async def run(pair: Pair, options: Options) -> PairReport:
    """One run of a pair that was opened for it. Raises only `bridge.errors`: what is expected is in the report."""
    started = pair.now()
    name = options.run or f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    if not options.dry_run:
        await finish_mending(pair, name)
    person = await person_of(pair, options)
    observation = await observe(pair, options, person.links)
    planned = decide(pair, observation, person)
    decision = await guarded(pair, observation, planned.works, allowed=options.allow_mass_change)
    halt, number = decision.halt, None
    receipts: list[Receipt] = []
    if halt is not None and not options.dry_run:
        number = await note_halt(pair, halt, planned.works)
    elif not options.dry_run:
        await note_conflicts(pair, observation, planned.conflicts)
        pair = await introduced(pair, planned.works, full=options.full)
        receipts = await _execute(pair, name, started, observation, planned, options)
        await _commit(pair, observation, planned, receipts)
        await close_halts(pair, decision.approved)
        failed = frozenset(each.work.pairing.link.uid for each in receipts if each.retry or each.refused)
        await settle_inbox(pair, name, planned.conflicts, planned.compared, failed, planned.granted)
        await keep_alone(
            pair, person, planned.granted, frozenset(each.work.pairing.link.uid for each in receipts), failed
        )
    known = (await pair.store.facts()).get(FACT)
    skipped = still_skipped(known, observation.looked_at, (*observation.skipped, *planned.skipped))
    if not options.dry_run and as_fact(skipped) != (known or []):
        await pair.store.set_facts({FACT: as_fact(skipped)})
    report = _report(pair, options, planned, receipts, skipped, halt=halt is not None)
    elapsed = (pair.now() - started).total_seconds()
    requests = {"liondesk": pair.liondesk.requests, "calendar": pair.calendar.requests}
    report = replace(report, elapsed_s=elapsed, requests=requests)
    if halt is not None:
        report = replace(report, outcome=Outcome.HALTED, halt=asking(pair.name, halt, number))
    report = await with_questions(pair, report)
    if receipts:
        await pair.store.end_run(name, pair.now(), report.outcome.value, report.as_json())
    return report


# -- deciding ----------------------------------------------------------------------------------------------------------


def decide(pair: Pair, observation: Observation, person: Person = NOBODY) -> Planned:
    """Everything between observing and writing: pure but for the pair's clock."""
    pairings = neighboured(understood(pair_up(observation.links, observation.sides), pair.context.zone))
    granted = grant(pairings, person.wishes, pair.context.zone)
    undecided: list[Agreement] = []
    works: list[Work] = []
    held: dict[str, Slot] = {}
    forgotten: list[Pairing] = []
    skipped: list[Skipped] = []
    for pairing in granted.pairings:
        if (quiet := quiet_alone(pairing, person)) is not None:
            works.append(quiet)
            continue
        agreement = agreed(pairing, person, granted, pair.policy, pair.context.zone)
        if agreement is None:
            forgotten.append(pairing)
            continue
        if agreement.undecided:
            undecided.append(agreement)
            continue
        wished = pairing.link.uid in granted.wants
        if not wished and (reason := _left_alone(pair, observation, agreement)) is not None:
            skipped += [reason] if reason.why else []
            continue
        stored = observation.stored.get(pairing.link.uid)
        if not wished and stored is not None and (slot := _waits_for_tail(agreement, stored)) is not None:
            held[pairing.link.uid] = slot
            continue
        works.append(as_wished(_retired(pair, plan(agreement, pair.context.zone, observation.horizon)), granted))
    works.sort(key=_by_due)
    allowed = tuple(_allowed(pair, work) for work in works)
    allowed, left = unwanted(allowed, person.rejected)
    skipped += left
    return Planned(allowed, held, tuple(forgotten), tuple(skipped), observation.horizon, tuple(undecided), granted)


def _by_due(work: Work) -> tuple[datetime, str]:
    """Works in the order of their first occurrence: what a person reads comes in the order of their days."""
    rows = [each.row.task for each in work.pairing.rows]
    master = work.series.master if work.series is not None else None
    tasks = rows or ([master] if master is not None else [])
    first = min(tasks, key=lambda task: task.due, default=None)
    return (datetime.max, "") if first is None else (first.due, first.summary)


def _left_alone(pair: Pair, observation: Observation, agreement: Agreement) -> Skipped | None:
    """What the calendar holds and LionDesk does not get: with the reason for the user, or silently (empty reason)."""
    series = agreement.series
    if agreement.create is not Side.LIONDESK or series is None:
        return None
    if series.master is None:
        why = "It is a changed occurrence of a task that is not there."
        return Skipped(Side.CALENDAR, series.uid, why, agreement.pairing.href or "")
    if (
        series.uid.startswith(("liondesk-event-", "liondesk-task-"))
        and not agreement.conflicts
        and not agreement.pairing.link.rows
    ):
        why = "The bridge made it from a LionDesk task that is not there any more. Delete it if you do not need it."
        return Skipped(Side.CALENDAR, f"'{series.master.summary}' ({series.uid})", why, agreement.pairing.href or "")
    old = pair.keep_completed is not None and series.rule is None and series.master.status is Status.COMPLETE
    cutoff = pair.now().astimezone(pair.context.zone).replace(tzinfo=None) - (pair.keep_completed or timedelta())
    if old and series.master.due < cutoff and observation.sides.rows_complete:
        return Skipped(Side.CALENDAR, series.uid, "")
    return None


def _waits_for_tail(agreement: Agreement, stored: StoredLink) -> Slot | None:
    """A truncation waits one run for the tail that an app may still be writing (idiom 15)."""
    cut = agreement.to_liondesk.drop_from
    if cut is None or not any(each.slot >= cut for each in agreement.pairing.rows):
        return None
    already = (stored.pending or {}).get("cut")
    return None if already == cut.isoformat() else cut


def _retired(pair: Pair, work: Work) -> Work:
    """Long completed tasks do not come to the calendar, and leave it (law 9)."""
    pairing = work.pairing
    if work.liondesk or not pairing.rows or work.conflicts:
        return work
    over = retires_at(Link("", rows=pairing.rows), pair.keep_completed)
    if over is None or over > pair.now():
        return work
    if pairing.series is None:
        return replace(work, series=None, calendar=())
    if pairing.href is None or pairing.etag is None:
        return work
    gone = DeleteResource(pairing.series, pairing.href, pairing.etag, Why(Side.LIONDESK, "retired"))
    return replace(work, series=None, calendar=(gone,))


def _allowed(pair: Pair, work: Work) -> Work:
    """Less what `direction` forbids to write."""
    return replace(
        work,
        liondesk=work.liondesk if pair.writes_liondesk else (),
        calendar=work.calendar if pair.writes_calendar else (),
    )


# -- writing -----------------------------------------------------------------------------------------------------------


async def _execute(
    pair: Pair, name: str, started: datetime, observation: Observation, planned: Planned, options: Options
) -> list[Receipt]:
    if all(work.quiet for work in planned.works):
        return []
    await pair.store.begin_run(name, started, options.dry_run)
    executor = Executor(pair, name, options, observation.stored, observation.ics, observation.newest)
    receipts = await executor.execute(planned.works)
    for receipt in receipts:
        receipt.stored = executor.stored.get(receipt.work.pairing.link.uid)
    return receipts


async def _commit(pair: Pair, observation: Observation, planned: Planned, receipts: Sequence[Receipt]) -> None:
    """The base moves to what both sides answered; then the cursors do."""
    by_work = {id(receipt.work): receipt for receipt in receipts}
    links: list[StoredLink] = []
    for work in planned.works:
        links += _settle(pair, observation, work, by_work.get(id(work)))
    for uid, slot in planned.held.items():
        stored = observation.stored[uid]
        links.append(replace(stored, pending={**kept_waiting(stored), "cut": slot.isoformat()}))
    for agreement in planned.undecided:  # its base stays until a person has decided
        stored = observation.stored[agreement.pairing.link.uid]
        ids = sorted(each.row.id for each in agreement.pairing.rows)
        links.append(replace(stored, pending={**kept_waiting(stored), "retry": True, "rows": ids}))
    forget = [pairing.link.id for pairing in planned.forgotten if pairing.link.id is not None]
    held = {**observation.stored, **{each.stored.uid: each.stored for each in receipts if each.stored is not None}}
    changed = [link for link in links if held.get(link.uid) != link]
    if changed or forget:
        await pair.store.save(changed, forget)
    wrote = any(receipt.work.calendar for receipt in receipts)
    calendar_cursor = await _past_own_writes(pair, observation) if wrote else observation.calendar_cursor
    for side, cursor in ((Side.LIONDESK, observation.liondesk_cursor), (Side.CALENDAR, calendar_cursor)):
        if await pair.store.cursor(side) != cursor:
            await pair.store.set_cursor(side, cursor)


async def _past_own_writes(pair: Pair, observation: Observation) -> str | None:
    """The calendar's cursor after this run's own writes, where nobody else wrote in the meantime.

    A server whose tokens name a state of its content (Xandikos: a git tree) has the same token again when an app takes
    our write back: from the older cursor, that would look like no change.
    """
    etags = await pair.store.etags()

    async def known() -> Mapping[str, str]:
        return etags

    seen = await pair.calendar.observe(observation.calendar_cursor, known)
    own = all(etags.get(each.href) == each.etag for each in seen.changed) and not set(seen.gone) & etags.keys()
    return seen.cursor if own and not seen.unreadable else observation.calendar_cursor


def _settle(pair: Pair, observation: Observation, work: Work, receipt: Receipt | None) -> list[StoredLink]:
    pairing = work.pairing
    stored = receipt.stored if receipt is not None else observation.stored.get(pairing.link.uid)
    if stored is not None and pairing.link.id is None:
        pairing = replace(pairing, link=replace(pairing.link, id=stored.id))
    if receipt is not None and receipt.retry:
        return [_unsettled(pair, stored, receipt)]
    if receipt is None:
        rows: Mapping[Slot, Row] = linked_by_slot(pairing.rows)
        resource = _resource(observation, pairing)
    else:
        rows, resource = receipt.rows, receipt.resource
    split = receipt.split if receipt is not None else []
    taken = {each.row.id for tail, _ in split for each in tail.rows}
    kept = {work.relinked.get(slot, slot): row for slot, row in rows.items() if row.id not in taken}
    kept = _showable(pair, kept, resource)
    links = [_stored(pair, pairing, kept, resource, work.waiting)] if kept or resource is not None else []
    if not links and stored is not None:
        links = [replace(stored, rows=(), href=None, etag=None, ics=None, pending=None, retire_at=None)]
    for tail, held in split:
        there = {each.slot: _newest_form(rows, each) for each in tail.rows}
        links.append(_stored(pair, tail, there, held, work.waiting))
    return links


def _showable(pair: Pair, rows: dict[Slot, Row], resource: Resource | None) -> dict[Slot, Row]:
    """The rows that a resource can show: a single task is one row, others that survived beside it get their own."""
    series = calendar_series(pair, resource) if resource is not None and len(rows) > 1 else None
    if series is None or series.master is None or series.rule is not None or series.overrides:
        return rows
    due = series.master.due
    home = min(rows, key=lambda slot: (slot != due, slot))
    return {home: rows[home]}


def _newest_form(rows: Mapping[Slot, Row], each: LinkedRow) -> Row:
    """The newest form of a row that moved to another link."""
    return next((row for row in rows.values() if row.id == each.row.id), each.row)


def _resource(observation: Observation, pairing: Pairing) -> Resource | None:
    if pairing.series is None or pairing.href is None or pairing.etag is None:
        return None
    return Resource(pairing.href, pairing.etag, observation.ics.get(pairing.href, ""))


def _stored(
    pair: Pair, pairing: Pairing, rows: Mapping[Slot, Row], resource: Resource | None, waits: Sequence[Waiting]
) -> StoredLink:
    series = calendar_series(pair, resource) if resource is not None else None
    link = settled(pairing, rows, series, resource.href if resource else None, resource.etag if resource else None)
    return StoredLink(
        id=link.id,
        uid=link.uid,
        href=link.href,
        etag=link.etag,
        ics=resource.ics if resource else None,
        rows=tuple(StoredRow(each.row.id, each.row.event_id, each.slot, each.row.raw) for each in link.rows),
        pending=noted([each for each in waits if each.uid == link.uid], rows) if resource is not None else None,
        retire_at=retires_at(link, pair.keep_completed) if resource is not None else None,
    )


def _unsettled(pair: Pair, stored: StoredLink | None, receipt: Receipt) -> StoredLink:
    """The base stays where it was, with a note that the next run must look at both sides of this link again.

    Rows that were created are kept, so that they are never created twice.
    """
    pairing = receipt.work.pairing
    known = {each.row.id for each in pairing.rows}
    made = [row for row in receipt.rows.values() if row.id not in known]
    pending: dict[str, object] = {"retry": True, "rows": sorted({*known, *(row.id for row in made)})}
    pending |= kept_waiting(stored)
    stored = stored or _undecided(pair, pairing)
    pending |= {name: note for name, note in (stored.pending or {}).items() if name in ("mend", "posted")}
    new_rows = tuple(
        StoredRow(row.id, row.event_id, slot, row.raw) for slot, row in receipt.rows.items() if row in made
    )
    return replace(stored, rows=(*stored.rows, *new_rows), pending=pending)


def _undecided(pair: Pair, pairing: Pairing) -> StoredLink:
    """The base of a link that it does not have yet: none, or for the tail of a split series what the whole one was."""
    base = pairing.link
    return StoredLink(
        None,
        base.uid,
        pairing.href,
        pairing.etag if base.series is not None else None,
        vtodo.write(base.series, pair.context, pair.now()) if base.series is not None else None,
        tuple(StoredRow(each.row.id, each.row.event_id, each.slot, each.row.raw) for each in base.rows),
    )


# -- reporting ---------------------------------------------------------------------------------------------------------


def _report(
    pair: Pair,
    options: Options,
    planned: Planned,
    receipts: Sequence[Receipt],
    skipped: tuple[Skipped, ...],
    *,
    halt: bool,
) -> PairReport:
    operations: list[OperationReport] = []
    conflicts: list[ConflictReport] = []
    left_waiting: list[OperationReport] = []
    dropped: list[Dropped] = [
        each for pairing in planned.forgotten for each in all_dropped(pairing.link, "the series was deleted")
    ]
    made = {id(receipt.work): receipt.rows for receipt in receipts if not receipt.retry}
    conflicts += [disputed(each) for _, each in planned.conflicts]
    for work in planned.works:
        waits = standing(work, made.get(id(work), linked_by_slot(work.pairing.rows)), planned.horizon)
        operations += [waiting(each) for each in waits if each.new]
        left_waiting += [waiting(each) for each in waits]
        dropped += work.dropped
        if options.dry_run or halt:
            operations += [described(each) for each in (*work.liondesk, *work.calendar)]
    for receipt in receipts:
        operations += receipt.reports
    failed = [each for each in operations if each.state == "failed"]
    left = [receipt for receipt in receipts if receipt.retry]
    outcome = Outcome.PARTIAL if failed or left else Outcome.AGREED
    if failed and not any(each.state == "done" for each in operations):
        outcome = Outcome.FAILED
    return PairReport(
        pair.name,
        outcome,
        dry_run=options.dry_run,
        operations=tuple(operations),
        notes=planned.granted.notes,
        conflicts=tuple(conflicts),
        skipped=skipped,
        waiting=tuple(left_waiting),
        dropped=tuple(given_up(each) for each in dropped),
    )
