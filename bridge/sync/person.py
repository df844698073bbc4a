"""What people told the bridge itself, brought into a run: wishes, questions that wait, and what was left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bridge.core.changes import Delta
from bridge.core.model import Link, Side, Slot
from bridge.core.pairing import Pairing
from bridge.core.plan import DeleteResource, Why, Work
from bridge.core.policies import Dispute, Policy, Question
from bridge.core.reconcile import Agreement, reconcile
from bridge.core.wishes import GONE, Alone, Form, Gone, Lapsed, Want, Wish, as_left_alone, granted
from bridge.records import InboxItem
from bridge.sync.answers import answers_of
from bridge.sync.halting import REJECTED
from bridge.sync.pair import Options, Pair, Undo
from bridge.sync.undo import going_on, taken_back
from bridge.wording import quoted

ALONE = "left_alone"
"""Under which name a pair remembers the links that live on one side only since a run was taken back."""
DECIDED = "you decided so"

Key: TypeAlias = tuple[str, Slot, str]
"""Link, occurrence and field of a dispute."""


@dataclass(frozen=True, slots=True)
class Person:
    """What people have told. `asked` are the questions that wait, by link; `decided` answers that a policy gives.

    `wishes` have the number of the item whose answer they are, None for those of this run alone; `left` says what of a
    run that is taken back has to stay. `doubts` are answers on what may have been created already, by link.
    """

    wishes: tuple[tuple[int | None, Wish], ...] = ()
    asked: Mapping[str, tuple[Question, ...]] = field(default_factory=lambda: MappingProxyType({}))
    decided: Mapping[Key, Side] = field(default_factory=lambda: MappingProxyType({}))
    alone: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    left: tuple[str, ...] = ()
    undo: Undo | None = None
    doubts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def texts(self) -> dict[str, str]:
        """Resources that come back as they were, by UID."""
        wants = ((wish.uid, wish.want) for _, wish in self.wishes)
        return {uid: want.text for uid, want in wants if isinstance(want, Form) and want.text is not None}

    @property
    def links(self) -> frozenset[str]:
        """The links to look at, whether or not anybody touched them."""
        return frozenset(wish.uid for _, wish in self.wishes) | {uid for uid, _, _ in self.decided}

    def policy(self, policy: Policy) -> Policy:
        """The pair's policy, where nobody decided otherwise."""

        def decided(dispute: Dispute) -> tuple[Side | None, str]:
            side = self.decided.get((dispute.uid, dispute.slot, dispute.field))
            return (side, DECIDED) if side is not None else policy(dispute)

        return decided if self.decided else policy


NOBODY = Person()


async def person_of(pair: Pair, options: Options) -> Person:
    """What is known of people's answers when a run begins."""
    facts = await pair.store.facts()
    known = Person(alone=frozenset(_texts(facts.get(ALONE))), rejected=frozenset(_texts(facts.get(REJECTED))))
    if pair.records is None:
        return known
    undo = going_on(facts, options.undo)
    if undo is not None:
        undoing = await taken_back(pair, pair.records, undo)
        wishes = tuple((None, wish) for wish in undoing.wishes)
        known = replace(known, wishes=wishes, left=undoing.left, undo=undo)
    items = await pair.records.open_items()
    if not items:
        return known
    answers = answers_of(items, pair.context)
    known = replace(known, wishes=(*known.wishes, *answers.wishes), asked=_asked(items))
    return replace(known, decided=answers.decided, doubts=answers.doubts)


def _asked(items: Sequence[InboxItem]) -> dict[str, tuple[Question, ...]]:
    """The questions that nobody has answered yet."""
    asked: dict[str, tuple[Question, ...]] = {}
    for item in items:
        name = item.content.get("field")
        if item.kind != "conflict" or not item.waits or name == "recurrence_rule" or "decision" in item.content:
            continue
        slot = datetime.fromisoformat(str(item.content["slot"]))
        question = Question(slot, str(name), bool(item.content.get("following")))
        asked[item.uid] = (*asked.get(item.uid, ()), question)
    return asked


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


# -- wishes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Granted:
    """The pairings with what is wished; the wants by link, the pairings before, and what could not be had.

    `items` are the links that each answer of the inbox is about, `lapsed` the answers that came too late.
    """

    pairings: tuple[Pairing, ...]
    wants: Mapping[str, tuple[Want, str]] = field(default_factory=lambda: MappingProxyType({}))
    before: Mapping[str, Pairing] = field(default_factory=lambda: MappingProxyType({}))
    items: Mapping[int, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    lapsed: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


def grant(pairings: Sequence[Pairing], person: Person, zone: ZoneInfo) -> Granted:
    """Each wish as an edit of its pairing."""
    if not person.wishes:
        return Granted(tuple(pairings), notes=person.left)
    now = {each.link.uid: each for each in pairings}
    wants: dict[str, tuple[Want, str]] = {}
    items: dict[int, frozenset[str]] = {}
    lapsed: dict[int, str] = {}
    notes = list(person.left)
    for number, wish in person.wishes:
        pairing = now.get(wish.uid) or (Pairing(Link(wish.uid)) if isinstance(wish.want, Form) else None)
        outcome = Lapsed(GONE) if pairing is None else granted(pairing, wish.want, zone)
        if isinstance(outcome, Lapsed):
            notes.append(f"{quoted(wish.summary)} was left as it is. {outcome.why}")
            if number is not None:
                lapsed[number] = outcome.why
            continue
        now[wish.uid] = outcome
        wants[wish.uid] = (wish.want, wish.verb)
        if number is not None:
            items[number] = items.get(number, frozenset()) | {wish.uid}
    before = {each.link.uid: each for each in pairings}
    return Granted(tuple(now.values()), wants, before, items, frozenset(lapsed), tuple(notes))


def agreed(pairing: Pairing, person: Person, granted: Granted, policy: Policy, zone: ZoneInfo) -> Agreement | None:
    """What both sides have to take over, from each other and from what people told; None where nothing is left."""
    want = granted.wants.get(pairing.link.uid)
    if want is not None and isinstance(want[0], Alone) and want[0].side is Side.LIONDESK:
        return Agreement(pairing, None, to_liondesk=Delta(gone=True))
    return reconcile(pairing, person.policy(policy), zone, person.asked.get(pairing.link.uid, ()))


def as_wished(work: Work, granted: Granted) -> Work:
    """The work with the reason that a person has for it, and with what no comparison finds: the calendar's own copy."""
    uid = work.pairing.link.uid
    if uid not in granted.wants:
        return work
    want, verb = granted.wants[uid]
    why, before = Why(Side.CALENDAR, verb), granted.before.get(uid)
    if isinstance(want, Alone) and want.side is Side.CALENDAR and before is not None:
        return Work(before, None, calendar=_gone(before, why))
    if isinstance(want, Gone) and work.series is None and before is not None:
        work = replace(work, calendar=_gone(before, why))
    return replace(
        work,
        liondesk=tuple(replace(each, why=why) for each in work.liondesk),
        calendar=tuple(replace(each, why=why) for each in work.calendar),
    )


def _gone(pairing: Pairing, why: Why) -> tuple[DeleteResource, ...]:
    gone = [DeleteResource(each.series, each.href, each.etag, why) for each in pairing.parts]
    if pairing.series is not None and pairing.href is not None and pairing.etag is not None:
        gone.append(DeleteResource(pairing.resource or pairing.series, pairing.href, pairing.etag, why))
    return tuple(gone)


def quiet_alone(pairing: Pairing, person: Person) -> Work | None:
    """The work for what lives on one side only, as long as nobody edits it: none, though its new rows are kept."""
    if pairing.link.uid not in person.alone or not as_left_alone(pairing):
        return None
    return Work(pairing, pairing.series)


async def keep_alone(
    pair: Pair, person: Person, granted: Granted, written: frozenset[str], failed: frozenset[str]
) -> None:
    """Which links live on one side only from now on: those that nobody edited, and those made so by this run."""
    made = {uid for uid, (want, _) in granted.wants.items() if isinstance(want, Alone) and uid not in failed}
    kept = (person.alone - written) | made
    if kept != person.alone:
        await pair.store.set_facts({ALONE: sorted(kept)})
