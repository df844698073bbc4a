"""One run of one pair, in seven lines: `run` reads as the drawing in docs/architecture.md."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.core.idioms import understood
from bridge.core.model import Link, Side, Slot, Status
from bridge.core.occurrences import linked_by_slot, present
from bridge.core.pairing import Pairing, neighboured, pair_up
from bridge.core.plan import (
    DeleteResource,
    Dropped,
    PutResource,
    Spelling,
    Why,
    Work,
    all_dropped,
    digest,
    plan,
    spelled_out,
)
from bridge.core.policies import Conflict
from bridge.core.reconcile import Agreement
from bridge.core.settle import retires_at
from bridge.ports import StoredLink
from bridge.report import ConflictReport, OperationReport, Outcome, PairReport, Skipped
from bridge.sync.asking import close_halts, note_conflicts, note_halt, settle_inbox, with_questions
from bridge.sync.contacts import introduced
from bridge.sync.doubt import Doubts, doubted
from bridge.sync.execute import Executor
from bridge.sync.halting import asking, guarded, remember_clock, unwanted
from bridge.sync.observe import Observation, observe
from bridge.sync.pair import Options, Pair
from bridge.sync.parts import SHAPE, retired
from bridge.sync.person import NOBODY, Granted, Person, agreed, as_wished, grant, keep_alone, person_of, quiet_alone
from bridge.sync.receipts import Receipt
from bridge.sync.recover import finish_mending
from bridge.sync.renewal import note, prepared, renewed
from bridge.sync.settling import settle
from bridge.sync.skipped import FACT, as_fact, still_skipped
from bridge.sync.standing import kept_waiting, standing
from bridge.sync.turn import TurnTaking, taking_turns
from bridge.sync.undo import begin_undo, end_undo
from bridge.sync.withheld import allowed, remember_direction, whole_if_turned
from bridge.sync.words import described, disputed, given_up, waiting
from bridge.sync.writers import noticed
from bridge.turns import Busy, Overtaken


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
    doubts: Doubts

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


TRIES = 3
"""How often a run looks again because another one wrote meanwhile."""


async def run(pair: Pair, options: Options) -> PairReport:
    """One run of a pair that was opened for it. Raises only `bridge.errors`: what is expected is in the report."""
    for _ in range(TRIES):
        async with taking_turns(pair) as turn:
            try:
                report = await _run(pair, options, turn)
                if report.code == 0 or not await turn.overtaken():
                    return report
            except Overtaken:
                continue
    raise Busy(
        f"Other runs of pair {pair.name} wrote each time this one was about to, so it wrote nothing. Run it again."
    )


async def _run(pair: Pair, options: Options, turn: TurnTaking) -> PairReport:
    started = pair.now()
    name = options.run or f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    if not options.dry_run:
        await finish_mending(pair, name, turn)
    pair, options = await prepared(pair, options)
    person = await person_of(pair, options)
    options = replace(options, texts=person.texts)
    options = await whole_if_turned(pair, options)
    observation = await observe(pair, options, person.links)
    planned = decide(pair, observation, person)
    decision = await guarded(pair, observation, planned.works, allowed=options.allow_mass_change)
    halt, number = decision.halt, None
    receipts: list[Receipt] = []
    if halt is not None and not options.dry_run:
        number = None if options.undo else await note_halt(pair, halt, planned.works)
    elif not options.dry_run:
        if planned.conflicts or not all(work.quiet for work in planned.works):
            await turn.take(name)
        await note_conflicts(pair, observation, planned.conflicts, planned.doubts.questions)
        pair = await introduced(pair, planned.works, full=options.full)
        planned = replace(planned, works=renewed(pair, planned.works, observation.ics))
        await begin_undo(pair, person.undo, name)
        receipts = await _execute(pair, name, started, observation, planned, options)
        await _commit(pair, observation, planned, receipts, lambda: turn.take(name))
        await note(pair, done=not any(each.retry or each.refused for each in receipts))
        await end_undo(pair, person.undo, again=any(each.retry for each in receipts))
        await close_halts(pair, decision.approved)
        if receipts:
            await remember_clock(pair)
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
        report = replace(report, outcome=Outcome.HALTED, halt=asking(pair.name, halt, number, options.undo))
    report = await with_questions(pair, report)
    if not options.dry_run and pair.context.kind == "VTODO":
        seen = (found.series for found in observation.sides.found.values())
        report = replace(report, notes=(*report.notes, *await noticed(pair.store, seen, pair.shape, started)))
    if receipts:
        await pair.store.end_run(name, pair.now(), report.outcome.value, report.as_json())
    return report


# -- deciding ----------------------------------------------------------------------------------------------------------


def decide(pair: Pair, observation: Observation, person: Person = NOBODY) -> Planned:
    """Everything between observing and writing: pure but for the pair's clock."""
    pairings = neighboured(understood(pair_up(observation.links, observation.sides), pair.context.zone, pair.choices))
    doubts = doubted(pair, pairings, observation, person.doubts)
    granted = grant(doubts.pairings, person, pair.context.zone)
    undecided: list[Agreement] = []
    works: list[Work] = []
    held: dict[str, Slot] = {}
    forgotten: list[Pairing] = []
    skipped = list(doubts.waiting)
    strays: list[tuple[str, Skipped]] = []
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
            strays.append((pairing.link.uid, reason))
            continue
        stored = observation.stored.get(pairing.link.uid)
        if not wished and stored is not None and (slot := _waits_for_tail(agreement, stored)) is not None:
            held[pairing.link.uid] = slot
            continue
        work = _retired(pair, plan(agreement, pair.context.zone, observation.horizon, pair.choices))
        over = retired(pair, linked_by_slot(pairing.rows))
        work = as_wished(spelled_out(work, _spelling(pair, observation), over), granted)
        works.append(allowed(pair, work, agreement))
    works.sort(key=_by_due)
    wanted, left = unwanted(tuple(works), person.rejected)
    # What a run made before it was cut off is taken over by the work that makes it again.
    made = {each.series.uid for work in works for each in work.calendar if isinstance(each, PutResource)}
    skipped += [*(each for uid, each in strays if each.why and uid not in made), *left]
    return Planned(
        wanted, held, tuple(forgotten), tuple(skipped), observation.horizon, tuple(undecided), granted, doubts
    )


def _spelling(pair: Pair, observation: Observation) -> Spelling:
    return Spelling(pair.context.zone, observation.horizon, observation.changing and bool(observation.links))


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
    if series.cancelled and pair.choices.on_cancel == "delete":
        return Skipped(Side.CALENDAR, series.uid, "")
    if series.rule is not None and not series.rule.endless and not present(series, pair.context.zone):
        return Skipped(Side.CALENDAR, series.uid, "")  # every occurrence is excluded or cancelled
    before = agreement.pairing.link.series
    if (
        series.uid.startswith(("liondesk-event-", "liondesk-task-"))
        and not agreement.conflicts
        and not agreement.pairing.link.rows
        and not (before is not None and before.cancelled)
    ):
        why = "The bridge made it from a LionDesk task that is not there any more. Delete it if you do not need it."
        return Skipped(Side.CALENDAR, f"'{series.master.summary}' ({series.uid})", why, agreement.pairing.href or "")
    old = pair.keep_completed is not None and series.rule is None and series.master.status is Status.COMPLETE
    cutoff = pair.now().astimezone(pair.context.zone).replace(tzinfo=None) - (pair.keep_completed or timedelta())
    if old and series.master.due < cutoff and observation.sides.rows_complete:
        return Skipped(Side.CALENDAR, series.uid, "")
    return None


def _waits_for_tail(agreement: Agreement, stored: StoredLink) -> Slot | None:
    """What was cut off waits one run for the tail that an app may still be writing (idioms 7 and 15)."""
    cut, pairing = _cut_off(agreement), agreement.pairing
    gone = pairing.series is None  # the resource itself, so that nothing was cut
    if cut is None or gone or not any(each.slot >= cut for each in pairing.rows):
        return None
    before, written = pairing.link.series, pairing.held
    if before is not None and written is not None and before.rule == written.rule:
        return None  # no app has cut it: a completion was meant to end it (idiom 9)
    already = (stored.pending or {}).get("cut")
    return None if already == cut.isoformat() else cut


def _cut_off(agreement: Agreement) -> Slot | None:
    """Where a series ends now: before a slot, or as the one task that is left of it and done (todoman)."""
    delta = agreement.to_liondesk
    tail = delta.tail
    if tail is not None and tail.restructured and tail.rule is None and delta.drop_from is None:
        done = delta.edits.get(tail.at, {}).get("status") is Status.COMPLETE
        return tail.at if done and len(agreement.pairing.rows) > 1 else None
    return delta.drop_from


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


# -- writing -----------------------------------------------------------------------------------------------------------


async def _execute(
    pair: Pair, name: str, started: datetime, observation: Observation, planned: Planned, options: Options
) -> list[Receipt]:
    if all(work.quiet for work in planned.works):
        return []
    await pair.store.begin_run(name, started, options.dry_run)
    spelling = _spelling(pair, observation)
    executor = Executor(pair, name, options, observation.stored, observation.ics, observation.newest, spelling)
    receipts = await executor.execute(planned.works)
    for receipt in receipts:
        receipt.stored = executor.stored.get(receipt.work.pairing.link.uid)
    return receipts


async def _commit(
    pair: Pair,
    observation: Observation,
    planned: Planned,
    receipts: Sequence[Receipt],
    take_turn: Callable[[], Awaitable[None]],
) -> None:
    """The base moves to what both sides answered; then the cursors do."""
    by_work = {id(receipt.work): receipt for receipt in receipts}
    links: list[StoredLink] = []
    for work in planned.works:
        links += settle(pair, observation, work, by_work.get(id(work)))
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
        await take_turn()
        await pair.store.save(changed, forget)
    wrote = any(receipt.work.calendar for receipt in receipts)
    calendar_cursor = await _past_own_writes(pair, observation) if wrote else observation.calendar_cursor
    for side, cursor in ((Side.LIONDESK, observation.liondesk_cursor), (Side.CALENDAR, calendar_cursor)):
        if await pair.store.cursor(side) != cursor:
            await pair.store.set_cursor(side, cursor)
    await remember_direction(pair)
    if observation.changing and pair.writes_calendar and not any(receipt.retry for receipt in receipts):
        await pair.store.set_facts({SHAPE: pair.shape.value})


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
            operations += [replace(described(each), digest=digest(each)) for each in work.operations]
    for receipt in receipts:
        operations += receipt.reports
    failed = [each for each in operations if each.state == "failed"]
    left = [receipt for receipt in receipts if receipt.retry]
    outcome = Outcome.PARTIAL if failed or left or planned.doubts.waiting else Outcome.AGREED
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
