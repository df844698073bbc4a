"""Tasks that were sent to LionDesk and whose answer was lost: never sent again blindly.

What arrived as it was sent is found and linked (`core/pairing/arrived`). What LionDesk has that is only like it is a
question to a person. Where nothing is like it, it is sent again once a late answer cannot come any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.core.model import LinkedRow, Row, Side
from bridge.core.occurrences import linked_by_slot
from bridge.core.pairing import Pairing, Posted, rows_for
from bridge.records import InboxItem
from bridge.report import Skipped
from bridge.sync.observe import Observation
from bridge.sync.pair import Pair
from bridge.wording import moment, quoted

CLOCKS_APART = timedelta(minutes=5)
"""By how much LionDesk's clock may be behind this machine's."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """The pairings that a run may go on with; those that wait, as items for the user; questions to a person."""

    pairings: tuple[Pairing, ...]
    waiting: tuple[Skipped, ...] = ()
    questions: tuple[InboxItem, ...] = ()


def doubted(pair: Pair, pairings: Sequence[Pairing], observation: Observation, answers: Mapping[str, str]) -> Doubts:
    """Holds back what must not be sent again yet, with what may be it. `answers` are people's, by link."""
    posted = observation.sides.posted
    if not posted:
        return Doubts(tuple(pairings))
    left: dict[str, Pairing] = {each.link.uid: each for each in pairings}
    waiting: list[Skipped] = []
    questions: list[InboxItem] = []
    for uid in posted.keys() & left.keys():
        pairing = left[uid]
        missing = _missing(pairing, posted[uid])
        sent_at = _sent_at(observation, uid)
        if not missing or sent_at is None:
            continue
        like = [each for each in left.values() if each.link.uid != uid and _like(each, missing, sent_at)]
        answer = answers.get(uid)
        if like and answer == "liondesk":
            left[uid] = _adopting(pairing, missing, like[0], pair)
            del left[like[0].link.uid]
        elif like and answer is None and pair.records is not None:
            questions.append(_question(pair, pairing, missing, like, sent_at))
            for each in (pairing, *like):
                left.pop(each.link.uid, None)
        elif answer is None and pair.now() < sent_at + pair.safe_wait:
            waiting.append(_waits(pairing, missing, sent_at + pair.safe_wait))
            del left[uid]
    return Doubts(tuple(left.values()), tuple(waiting), tuple(questions))


def _missing(pairing: Pairing, posted: Sequence[Posted]) -> list[Posted]:
    """What was sent and has no row yet."""
    rows = linked_by_slot(pairing.rows)
    return [each for each in posted if (each.slot not in rows if each.rule is None else not rows)]


def _sent_at(observation: Observation, uid: str) -> datetime | None:
    stored = observation.stored.get(uid)
    at = (stored.pending or {}).get("posted_at") if stored is not None else None
    return datetime.fromisoformat(at) if isinstance(at, str) else None


def _like(pairing: Pairing, missing: Sequence[Posted], sent_at: datetime) -> bool:
    """Whether these rows, which nobody knows yet, may be what was sent, though they say something else."""
    if pairing.series is not None or pairing.link.rows or not pairing.rows:
        return False
    row = pairing.rows[0].row
    late = row.created_at is None or row.created_at >= sent_at - CLOCKS_APART
    return late and any(_resembles(row, each) for each in missing)


def _resembles(row: Row, posted: Posted) -> bool:
    if (row.rule is None) != (posted.rule is None):
        return False
    ours, theirs = _words(posted.task.summary), _words(row.task.summary)
    if ours == theirs:
        return True
    same = len(ours & theirs) * 2 >= max(len(ours), len(theirs))
    return same and row.task.due.date() == posted.task.due.date()


def _words(text: str) -> frozenset[str]:
    return frozenset("".join(sign if sign.isalnum() else " " for sign in text.casefold()).split())


def _adopting(pairing: Pairing, missing: Sequence[Posted], like: Pairing, pair: Pair) -> Pairing:
    """The pairing with the rows that a person said are its own."""
    rows = [each.row for each in like.rows]
    series = pairing.series
    if missing[0].rule is None or series is None:
        found: tuple[LinkedRow, ...] = (LinkedRow(missing[0].slot, rows[0]),)
    else:
        found = rows_for(series, rows, pair.context.zone)
    return replace(pairing, rows=tuple(sorted((*pairing.rows, *found), key=lambda each: each.slot)))


def _question(
    pair: Pair, pairing: Pairing, missing: Sequence[Posted], like: Sequence[Pairing], sent_at: datetime
) -> InboxItem:
    found = [f"{quoted(each.rows[0].row.task.summary)}, due {moment(each.rows[0].row.task.due)}" for each in like]
    content: dict[str, object] = {
        "summary": missing[0].task.summary,
        "slot": missing[0].slot.isoformat(),
        "sent_at": sent_at.isoformat(),
        "found": found,
    }
    uid = pairing.link.uid
    key = f"{uid} {sent_at.isoformat()}"
    return InboxItem(None, "doubtful", key, uid, content, waits=True, opened_at=pair.now())


def _waits(pairing: Pairing, missing: Sequence[Posted], until: datetime) -> Skipped:
    task = missing[0].task
    again = moment(until.astimezone().replace(tzinfo=None), beside=datetime.min)
    why = (
        "It was sent to LionDesk, and the answer was lost. Should it not appear there, it is sent again by the first "
        f"run after {again}."
    )
    return Skipped(Side.CALENDAR, quoted(task.summary), why, pairing.href or pairing.link.uid)
