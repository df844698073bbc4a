"""The few lines that write. Each request: intent, precondition, request, receipt.

LionDesk has no preconditions, so the rows concerned are read again just before (law 2). A write whose answer never came
is not sent again here: the link is marked, and the next run looks before it does anything to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bridge import vtodo
from bridge.core.changes import ONE_WAY
from bridge.core.model import SYNCED, LinkedRow, Row, Series, Slot
from bridge.core.occurrences import linked_by_slot, present
from bridge.core.plan import (
    DeleteResource,
    DeleteRow,
    Operation,
    PatchRow,
    PostTask,
    PutResource,
    Spelling,
    Work,
    again,
    concerned,
    digest,
    mend,
)
from bridge.core.settle import Reread, read_back
from bridge.ports import Done, OperationRecord, Refused, Removed, Resource, Stale, Stored, StoredLink, Unknown
from bridge.report import OperationReport, plain
from bridge.sync.announced import with_mending, with_posts
from bridge.sync.contacts import contacted, rows_of
from bridge.sync.observe import since
from bridge.sync.pair import Options, Pair
from bridge.sync.parts import copied, new_roles, retired, standing_beside
from bridge.sync.receipts import Answer, Receipt, outcome, reached, stays
from bridge.sync.words import described

AT_ONCE = 8
"""How many links are written at the same time."""


class Executor:
    """Writes the works of one run."""

    def __init__(
        self,
        pair: Pair,
        run: str,
        options: Options,
        stored: Mapping[str, StoredLink] = MappingProxyType({}),
        ics: Mapping[str, str] = MappingProxyType({}),
        newest: datetime | None = None,
        spelling: Spelling | None = None,
    ) -> None:
        """`stored` are the base's links by UID, `ics` the resources' texts by href, `newest` LionDesk's last edit."""
        self.pair, self.run, self.options, self.spelling = pair, run, options, spelling
        self.stored, self.ics, self.newest = stored, ics, newest
        self.fresh: Mapping[str, Row] = {}
        self.claimed: dict[str, str] = {}
        self._answered: dict[str, Row] = {}
        self._agreed = {uid: link for uid, link in stored.items() if link.rows or link.ics is not None}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._done = 0
        self._total = 0

    async def execute(self, works: Iterable[Work]) -> list[Receipt]:
        """Every work, several links at once, each link's requests in order."""
        works = list(works)
        self.claimed = {each.row.id: work.pairing.link.uid for work in works for each in work.pairing.rows}
        busy = [work for work in works if not work.quiet]
        self._total = sum(len(work.liondesk) + len(work.calendar) for work in busy)
        rows = {each.row.id for work in busy for each in work.liondesk if isinstance(each, PatchRow | DeleteRow)}
        rows |= {each.row.id for work in busy for each in reached(work)}
        self.fresh = await self.pair.liondesk.read(rows) if rows else {}
        await self._announce_posts(busy)
        receipts = {id(work): receipt for work, receipt in await self._together(busy)}
        for work in (each for each in busy if each.reads_back):
            receipts[id(work)] = await self._work(work)
        return [receipts[id(work)] for work in busy]

    async def _together(self, works: Iterable[Work]) -> list[tuple[Work, Receipt]]:
        """The works that read nothing back: one that does must not meet rows whose maker has no answer yet."""
        alone = [work for work in works if not work.reads_back]
        return list(zip(alone, await asyncio.gather(*(self._guarded(work) for work in alone)), strict=True))

    async def _guarded(self, work: Work) -> Receipt:
        async with self._gate:
            return await self._work(work)

    async def _work(self, work: Work) -> Receipt:
        pairing = work.pairing
        resource = None
        if pairing.href is not None and pairing.etag is not None:
            resource = Resource(pairing.href, pairing.etag, self.ics.get(pairing.href, ""))
        receipt = Receipt(work, dict(linked_by_slot(pairing.rows)), resource, parts=standing_beside(pairing, self.ics))
        chosen = self.options.chosen
        if self.options.stopping() or (
            chosen is not None and any(digest(each) not in chosen for each in work.operations)
        ):
            why = "The program was stopped." if self.options.stopping() else "It was not in the plan that you saw."
            receipt.reports += [described(each, "waiting", why) for each in work.operations]
            receipt.retry = True
            return receipt
        if any(self._edited_since(each.row) for each in reached(work)):
            self._stale(receipt, next(each for each in work.liondesk if not isinstance(each, PostTask)), edited=True)
            return receipt
        if work.reads_back and work.expected:
            await self._announce_mending(work)
        await self._write_liondesk(receipt, work.liondesk)
        if work.reads_back and not receipt.retry and not receipt.refused:
            await self._read_back(receipt)
        if receipt.retry:
            return receipt
        for operation in await self._calendar_writes(receipt):
            if not await self._write_calendar(receipt, operation):
                break  # a series is not cut while its tail stands nowhere; the next run sees all of it again
        return receipt

    async def _calendar_writes(self, receipt: Receipt) -> Sequence[PutResource | DeleteResource]:
        """The calendar's requests; told anew where they depend on which rows LionDesk made."""
        work = receipt.work
        anew = work.reads_back and work.series is not None and bool(work.calendar) and concerned(work)
        if self.spelling is not None and anew:
            slots = frozenset(work.relinked.get(slot, slot) for slot in receipt.rows)
            work = replace(work, calendar=again(work, self.spelling, slots, retired(self.pair, receipt.rows)))
        roles = new_roles(work)
        if roles:
            stored = self.stored.get(work.pairing.link.uid)
            stored = stored or StoredLink(None, work.pairing.link.uid, work.pairing.href)
            await self._announce([replace(stored, pending={"retry": True, **(stored.pending or {}), **roles})])
        return work.calendar

    async def _announce_posts(self, works: Iterable[Work]) -> None:
        """Kept before anything is POSTed: should its answer be lost, the next run looks for it among the new rows."""
        posting = [work for work in works if any(isinstance(each, PostTask) for each in work.liondesk)]
        if posting:
            at = self.pair.now()
            await self._announce([with_posts(self.stored.get(work.pairing.link.uid), work, at) for work in posting])

    async def _announce_mending(self, work: Work) -> None:
        """Kept before a series is changed as a whole: should the run die, the next one mends, then compares (law 4)."""
        stored = self.stored.get(work.pairing.link.uid)
        if stored is not None:
            await self._announce([with_mending(stored, work.expected)])

    async def _announce(self, links: Sequence[StoredLink]) -> None:
        saved = await self.pair.store.save(links)
        self.stored = {**self.stored, **{link.uid: link for link in saved}}

    # -- LionDesk ------------------------------------------------------------------------------------------------------

    async def _write_liondesk(self, receipt: Receipt, operations: Iterable[PatchRow | PostTask | DeleteRow]) -> None:
        for operation in operations:
            if receipt.retry:
                receipt.reports.append(described(operation, "waiting", "An earlier request for this task failed."))
                continue
            match operation:
                case PatchRow():
                    await self._patch(receipt, operation)
                case PostTask():
                    await self._post(receipt, operation)
                case DeleteRow():
                    await self._delete(receipt, operation)

    async def _patch(self, receipt: Receipt, operation: PatchRow) -> None:
        row = self._current(operation.row)
        if row is None or self._edited_since(operation.row):
            self._stale(receipt, operation, edited=row is not None)
            return
        status_alone = operation.update_type == 3
        body = (
            {"status": plain(operation.changes["status"])}
            if status_alone
            else dict(self.pair.liondesk.patch_body(row, operation.changes))
        )
        answer = await self._journalled(
            receipt, operation, body, self.pair.liondesk.update(row.id, body, operation.update_type)
        )
        if isinstance(answer, Done):
            await self._keep(receipt, operation.slot, row.id, answer)

    async def _post(self, receipt: Receipt, operation: PostTask) -> None:
        body = dict(self.pair.liondesk.create_body(operation.task, operation.rule))
        answer = await self._journalled(receipt, operation, body, self.pair.liondesk.create(body))
        if isinstance(answer, Done) and answer.row is not None:
            await self._keep(receipt, operation.slot, answer.row.id, answer)

    async def _delete(self, receipt: Receipt, operation: DeleteRow) -> None:
        row = self._current(operation.row)
        if row is None:
            receipt.reports.append(described(operation, "done", "It was gone already."))
            receipt.rows.pop(operation.slot, None)
            return
        if self._edited_since(operation.row):
            self._stale(receipt, operation, edited=True)
            return
        request = self.pair.liondesk.delete(row.id, operation.delete_type)
        answer = await self._journalled(receipt, operation, {}, request)
        if isinstance(answer, Done) or (isinstance(answer, Refused) and answer.gone):
            self._forget(receipt, operation)

    def _forget(self, receipt: Receipt, operation: DeleteRow) -> None:
        """Rows that this request took away are not there any more."""
        receipt.rows = {slot: row for slot, row in receipt.rows.items() if stays(slot, row, operation)}

    def _current(self, row: Row) -> Row | None:
        current = self.fresh.get(row.id)
        return None if current is None or current.deleted else current

    def _edited_since(self, row: Row) -> bool:
        """Whether somebody edited or deleted a row after this run had observed it, or last written it.

        In any field: what is sent beside it, as it is now, would be taken for known, and never told to the calendar.
        """
        current, known = self._current(row), self._answered.get(row.id, row)
        return current is None or any(_value(current, name) != _value(known, name) for name in _SEEN)

    def _stale(self, receipt: Receipt, operation: PatchRow | DeleteRow, *, edited: bool) -> None:
        """Somebody edited the row, or deleted it, while this run was on its way: the next one merges it."""
        what = "was edited" if edited else "was deleted"
        receipt.reports.append(
            described(operation, "waiting", f"It {what} in LionDesk meanwhile; the next run merges it.")
        )
        receipt.retry = True

    async def _keep(self, receipt: Receipt, slot: Slot, row_id: str, answer: Done) -> None:
        row = answer.row
        if row is None:
            row = (await self.pair.liondesk.read([row_id])).get(row_id)
        if row is not None:
            receipt.rows[slot] = row
            self.claimed[row.id] = receipt.work.pairing.link.uid
            self.fresh = {**self.fresh, row.id: row}
            self._answered[row.id] = row
            if row.modified_at is not None and (self.newest is None or row.modified_at > self.newest):
                self.newest = row.modified_at

    async def _read_back(self, receipt: Receipt) -> None:
        """Law 4: the series as LionDesk shows it now, mended where it is not what both sides agreed on."""
        work = receipt.work
        before = tuple(work.pairing.rows)
        ids = {each.row.id for each in before}
        made = next((row for row in receipt.rows.values() if row.id not in ids), None)
        some = made or next(iter(receipt.rows.values()), before[0].row if before else None)
        if some is None:
            return
        rows = await whole_series(self.pair, some, before, self.newest)
        last = max((row.task.due for row in rows), default=None)
        shown = present(work.series, self.pair.context.zone, last) if work.series is not None else frozenset[Slot]()
        elsewhere = {row_id for row_id, uid in self.claimed.items() if uid != work.pairing.link.uid}
        others = await others_rows(self.pair, rows, before) | elsewhere
        excluded = work.series.exdates if work.series is not None else frozenset[Slot]()
        written = tuple(receipt.rows.values())
        back = read_back(Reread(before, written, rows, work.expected, work.moved, shown, excluded, others))
        receipt.rows = dict(back.rows)
        self.claimed |= {row.id: work.pairing.link.uid for row in back.rows.values()}
        self.fresh = {**self.fresh, **{row.id: row for row in rows}}
        self._answered |= {row.id: row for row in rows}
        horizon = max((row.task.due for row in rows if not row.deleted), default=None)
        if horizon is None:
            return
        known = max((each.slot for each in before), default=horizon)
        mending = mend(back.rows, back.extra, work.expected, max(horizon, known) if before else horizon)
        await self._write_liondesk(receipt, mending)

    # -- the calendar --------------------------------------------------------------------------------------------------

    async def _write_calendar(self, receipt: Receipt, operation: PutResource | DeleteResource) -> bool:
        """Whether the calendar is as wanted now."""
        calendar, context = self.pair.calendar, self.pair.context
        if isinstance(operation, DeleteResource):
            request = calendar.delete(operation.href, operation.etag)
            answer: Answer = await self._journalled(receipt, operation, {}, request)
            if isinstance(answer, Removed):
                receipt.lost(operation.href)
            return isinstance(answer, Removed)
        previous, series = receipt.text(operation), operation.series
        if self.pair.contact is not None:
            series = contacted(series, rows_of(receipt.work, receipt.rows, operation), context.zone)
        if previous is None:
            previous = self.options.texts.get(operation.series.uid)
        source = copied(self.pair, receipt, operation, previous)
        try:
            ics = vtodo.write(series, context, self.pair.now(), source)
        except ValueError as problem:
            receipt.reports.append(described(operation, "failed", str(problem)))
            receipt.refused = True
            return False
        if ics == previous and operation.href is not None:
            return receipt.kept(operation)  # such as another contact where none are shown
        if operation.href is not None and operation.etag is not None:
            put = calendar.update(operation.href, operation.etag, ics)
        else:
            put = calendar.create(operation.series.uid, ics)
        answer = await self._journalled(receipt, operation, {"ics": ics}, put)
        if isinstance(answer, Stale) and operation.href is None and answer.current is not None:
            answer = await self._made_before(receipt, operation, answer.current, series)
        if isinstance(answer, Stored):
            receipt.took(operation, answer.resource)
        return isinstance(answer, Stored)

    async def _made_before(
        self, receipt: Receipt, operation: PutResource, current: Resource, series: Series
    ) -> Stored | Stale | Refused | Unknown:
        """A resource of the bridge's own name is there already: a run made it and never heard so."""
        if not series.uid.startswith("liondesk-") and operation.part is None:
            return Stale(current)
        receipt.reports.pop()
        receipt.retry = False
        ics = vtodo.write(series, self.pair.context, self.pair.now(), current.ics)
        request = self.pair.calendar.update(current.href, current.etag, ics)
        answer = await self._journalled(receipt, operation, {"ics": ics}, request)
        assert not isinstance(answer, Done | Removed)  # noqa: S101  # the answers of a PUT
        return answer

    # -- the journal ---------------------------------------------------------------------------------------------------

    async def _journalled(
        self, receipt: Receipt, operation: Operation, body: Mapping[str, object], request: Coroutine[None, None, Answer]
    ) -> Answer:
        uid = receipt.work.pairing.link.uid
        record = _record(described(operation), operation, body)
        record = replace(record, uid=uid, agreed=self._agreed.pop(uid, None))
        try:
            (intent,) = await self.pair.store.intend(self.run, [record])
        except BaseException:
            request.close()  # what is not in the journal is not sent
            raise
        answer = await request
        state, message = outcome(answer)
        report = described(operation, "done" if state == "done" else "failed", message)
        if isinstance(operation, PostTask) and isinstance(answer, Done) and answer.row is not None:
            report = replace(report, item=answer.row.id)
        receipt.reports.append(report)
        await self.pair.store.receipt(intent, state, {"message": message, "item": report.item})
        receipt.doubtful |= state == "unknown" and isinstance(operation, PostTask)
        if state == "refused":
            receipt.refused = True
        elif state != "done":
            receipt.retry = True
        self._done += 1
        self.options.progress(self._done, max(self._total, self._done))
        return answer


_SEEN = (*SYNCED, *ONE_WAY, "rule")
"""All that a person can edit of a row and either side shows."""


def _value(row: Row, name: str) -> object:
    return row.rule if name == "rule" else getattr(row.task, name)


def _record(report: OperationReport, operation: Operation, body: Mapping[str, object]) -> OperationRecord:
    before: Mapping[str, object] | None = None
    if isinstance(operation, PatchRow | DeleteRow):
        before = dict(operation.row.raw)
    return OperationRecord(
        id=None,
        side=report.side.value,
        action=report.action,
        item=report.item,
        summary=report.summary,
        why=report.because,
        before=before,
        after=dict(body) or None,
        detail={
            "update_type": report.update_type,
            "delete_type": report.delete_type,
            "occurrence": report.occurrence.isoformat() if report.occurrence else None,
            "fields": report.as_json()["fields"],
            "verb": operation.why.verb,
            "recurring": report.recurring,
        },
    )


async def whole_series(pair: Pair, row: Row, linked: Iterable[LinkedRow], newest: datetime | None) -> tuple[Row, ...]:
    """The series of `row` as LionDesk shows it now, and every linked row that left its event on the way."""
    rows = await pair.liondesk.read_series(row, since(newest))
    missing = {each.row.id for each in linked} - {each.id for each in rows}
    strays = await pair.liondesk.read(missing) if missing else {}
    return (*rows, *strays.values())


async def others_rows(pair: Pair, rows: Iterable[Row], mine: Iterable[LinkedRow]) -> frozenset[str]:
    """Which of these rows the base has in other links: they are not this one's to mend."""
    return await pair.store.of([row.id for row in rows]) - {each.row.id for each in mine}


def calendar_series(pair: Pair, resource: Resource) -> Series | None:
    """A resource as the server holds it, understood; None where that cannot be read."""
    series = vtodo.read(resource.ics, pair.context, resource.href)
    return series if isinstance(series, Series) else None
