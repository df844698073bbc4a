"""A person's answer to an item of the inbox: kept first, then carried out by a run of the pair.

Should that run not end, or a side be out of reach, the next run carries it out: the answer stands in the item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bridge.errors import UsageError
from bridge.records import InboxItem
from bridge.sync.answers import asks_for_work, decided
from bridge.sync.halting import LIMITS, REJECTED, REMEMBERED

if TYPE_CHECKING:
    from bridge.config import PairSettings
    from bridge.report import PairReport
    from bridge.store import SqlStore, State
    from bridge.sync import Options

SIDES = ("liondesk", "calendar", "both")
PLANS = ("approve", "reject", "always")


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an answer: the item as it is now, and the run that carried it out, None where none was needed."""

    item: InboxItem
    report: PairReport | None

    def told(self, answer: str) -> str:
        """What was done, in sentences."""
        if self.report is None:
            return (
                "Rejected: both sides keep what they have, until somebody edits one of these tasks."
                if answer == "reject"
                else f"Item {self.item.id} is closed; nothing had to be changed."
            )
        said = [each.sentence() for each in self.report.operations] + [*self.report.notes, *self.report.errors]
        if self.item.answer is None:
            said.append(f"Your answer to item {self.item.id} is kept; the next run carries it out.")
        return " ".join(said) or f"Item {self.item.id} is closed; nothing had to be changed."


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def resolve(
    settings: PairSettings,
    state: State,
    item: InboxItem,
    answer: str,
    options: Options,
    *,
    alike: Sequence[InboxItem] = (),
    now: Callable[[], datetime] = _utc_now,
) -> Settled:
    """Answer an open item with one of `SIDES`, a plan with one of `PLANS`. Raises UsageError and StateError.

    Those that are `alike` get the same answer, and one run carries out all; which of them are settled is left alone.
    """
    from bridge.app import synced

    store = state.pair(settings.name)
    item = await _again(store, item)  # another window, or a run, may have settled it since it was shown
    _refuse_what_does_not_fit(item, answer)
    if answer == "reject":
        await _reject(store, item)
        return Settled(await _again(store, item), None)
    fresh = [item, *[each for each in [await _again(store, other) for other in alike] if each.answer is None]]
    work = [each for each in fresh if each.kind == "halt" or asks_for_work(each, answer)]
    await store.close_items([each.id or 0 for each in fresh if each not in work], answer)
    if not work:
        return Settled(await _again(store, item), None)
    if answer == "always":
        await _raise_limit(store, item)
    await store.put_items([decided(each, answer) for each in work])
    report = await synced(settings, state, options, now=now)
    return Settled(await _again(store, item), report)


def _refuse_what_does_not_fit(item: InboxItem, answer: str) -> None:
    if item.answer is not None:
        raise UsageError(f"Item {item.id} is settled already ({item.answer}). Nothing was done.")
    if (item.kind == "halt") != (answer in PLANS):
        wanted = "--approve, --reject or --always" if item.kind == "halt" else "--keep liondesk, calendar or both"
        raise UsageError(f"Item {item.id} is answered with {wanted}. Nothing was done.")
    if answer == "always" and not item.content.get("limit"):
        raise UsageError(
            f"Item {item.id} was not stopped by a limit that could be raised: answer with --approve or --reject. "
            "Nothing was done."
        )


async def _again(store: SqlStore, item: InboxItem) -> InboxItem:
    return await store.item(item.id or 0) or item


async def _reject(store: SqlStore, item: InboxItem) -> None:
    known = (await store.facts()).get(REJECTED)
    digests = list(known) if isinstance(known, list) else []
    operations = item.content["operations"]
    digests += [each["digest"] for each in operations] if isinstance(operations, list) else []
    await store.set_facts({REJECTED: digests[-REMEMBERED:]})
    await store.close_items([item.id or 0], "reject")


async def _raise_limit(store: SqlStore, item: InboxItem) -> None:
    known = (await store.facts()).get(LIMITS)
    raised = dict(known) if isinstance(known, Mapping) else {}
    limit, measure = str(item.content["limit"]), int(str(item.content["measure"]))
    await store.set_facts({LIMITS: {**raised, limit: max(measure, int(raised.get(limit, 0)))}})
