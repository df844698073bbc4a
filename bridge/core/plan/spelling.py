"""What a work writes into the calendar, in the pair's shape: the fewest requests that differ from what stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.core.model import Link, Part, Row, Series, Shape, Side, Slot, Status
from bridge.core.occurrences import linked_by_slot, says
from bridge.core.pairing import Pairing
from bridge.core.plan.operations import DeleteResource, PutResource, Why, Work
from bridge.core.plan.ranging import unranged
from bridge.core.shapes import Piece, Terms, part_uid, spelled

Writes = tuple[PutResource | DeleteResource, ...]


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the works of a run are spelled. `changing`: the pair has another shape than in its last run."""

    zone: ZoneInfo
    horizon: datetime
    changing: bool = False


def spelled_out(work: Work, spelling: Spelling, retired: frozenset[Slot] = frozenset()) -> Work:
    """The work with its calendar requests in the pair's shape.

    `retired` are slots whose time in the calendar is over. Where LionDesk's answer cannot be foreseen, `again` tells
    the same of what it answered.
    """
    if work.pairing.shape is Shape.ROLLING:
        work = unranged(work)
    pairing = work.pairing
    if not concerned(work):
        return work
    if work.series is None:
        return replace(work, calendar=_all_gone(work))
    slots = work.expected.keys() if work.expected else {each.slot for each in pairing.rows}
    within = frozenset(work.relinked.get(slot, slot) for slot in slots if slot <= spelling.horizon)
    known = frozenset(each.slot for each in pairing.rows)
    return replace(work, calendar=again(work, spelling, within | (known & slots), retired))


def concerned(work: Work) -> bool:
    """Whether a work's series is anything but one resource that says all of it."""
    pairing = work.pairing
    if pairing.parts or any(_several(each.series, each.shape) for each in work.split):
        return True
    return _several(work.series, pairing.shape)


def _several(series: Series | None, shape: Shape) -> bool:
    return series is not None and shape is not Shape.OVERRIDES and (series.rule is not None or bool(series.overrides))


def again(work: Work, spelling: Spelling, slots: frozenset[Slot], retired: frozenset[Slot] = frozenset()) -> Writes:
    """The calendar requests of a work whose rows are at these slots."""
    assert work.series is not None
    pairing = work.pairing
    rows = {work.relinked.get(slot, slot): row for slot, row in linked_by_slot(pairing.rows).items()}
    tails: list[PutResource | DeleteResource] = []
    for tail in work.split:
        if tail.series is not None:
            theirs = dict(linked_by_slot(tail.rows))
            pieces = spelled(pairing.shape, tail.series, _terms(spelling, tail, theirs, slots | theirs.keys(), retired))
            why = Why(Side.LIONDESK, "split")
            tails += _Writing(tail.link, None, (), why, None, retired).writes(pieces)
    gone = {each.row.id for tail in work.split for each in tail.rows}
    told = {slot: row for slot, row in rows.items() if slot in slots and row.id not in gone}
    head = next((each for each in work.calendar if isinstance(each, PutResource) and not _of_tail(each, work)), None)
    pieces = spelled(pairing.shape, work.series, _terms(spelling, pairing, told, slots, retired))
    default = Why(Side.LIONDESK, "spelled anew") if spelling.changing else Why(Side.CALENDAR, "in shape")
    why = head.why if head is not None and head.why.verb != "put in order" else default
    main = pairing.resource
    held = None
    if main is not None and pairing.href is not None and pairing.etag is not None:
        held = Part(datetime.min, main, pairing.href, pairing.etag)
    own = _Writing(pairing.link, held, pairing.parts, why, head, retired).writes(pieces)
    return (*tails, *own)


def _terms(
    spelling: Spelling, pairing: Pairing, rows: dict[Slot, Row], slots: Iterable[Slot], retired: frozenset[Slot]
) -> Terms:
    at = frozenset(slots)
    return Terms(spelling.zone, spelling.horizon, rows, at, retired, pairing.followed, spelling.changing)


def _of_tail(put: PutResource, work: Work) -> bool:
    return any(each.link.uid == put.series.uid for each in work.split)


def _all_gone(work: Work) -> Writes:
    """Every resource of a series that is not to be shown any more."""
    pairing = work.pairing
    gone = next((each for each in work.calendar if isinstance(each, DeleteResource)), None)
    why = gone.why if gone is not None else Why(Side.CALENDAR, "deleted")
    parts = (DeleteResource(each.series, each.href, each.etag, why, pairing.link.uid) for each in pairing.parts)
    return (*work.calendar, *parts)


class _Writing:
    """The requests for one link: pieces that are wanted, against the resources that stand."""

    def __init__(  # all that a request says
        self,
        link: Link,
        main: Part | None,
        parts: Sequence[Part],
        why: Why,
        head: PutResource | None,
        retired: frozenset[Slot],
    ) -> None:
        """`head` is what a report says of the change as a whole."""
        self.uid, self.main, self.left = link.uid, main, list(parts)
        self.why, self.head, self.retired = why, head, retired
        self.slots: set[Slot | None] = set()
        self.creations: list[PutResource] = []
        self.updates: list[PutResource] = []

    def writes(self, pieces: Sequence[Piece]) -> Writes:
        """Creations first, deletions last: nothing ever stands nowhere."""
        self.slots = {each.slot for each in pieces}
        whole = next((each for each in pieces if each.slot is None), None)
        if whole is not None and self.main is None:
            self.main = self._riser()
        heir = self._heir(pieces) if whole is None and self.main is not None else None
        for piece in pieces:
            if piece is not heir and piece.slot is not None:
                self._put(piece, self._own(piece.slot))
        if whole is not None or heir is not None:
            self._put(whole or heir, self.main)  # type: ignore[arg-type] # one of them is there
        elif self.main is not None:
            self.left.append(self.main)
        deletions = tuple(self._delete(each) for each in self.left)
        return (*self.creations, *self.updates, *deletions)

    def _riser(self) -> Part | None:
        """The stand-alone resource that was the series' own, and is again."""
        found = next((each for each in self.left if each.series.rule or each.series.uid == self.uid), None)
        if found is not None:
            self.left.remove(found)
        return found

    def _heir(self, pieces: Sequence[Piece]) -> Piece | None:
        """The piece that takes the main resource over: the last one left, else where the master stood, else a first."""
        taken = {each.slot for each in self.left}
        free = [each for each in pieces if each.slot not in taken]
        assert self.main is not None
        begins = self.main.series.master.due if self.main.series.master is not None else None
        first = next((each for each in free if _open(each)), None)
        chosen = next((each for each in free if each.heir), None)
        return chosen or next((each for each in free if each.slot == begins), None) or first or next(iter(free), None)

    def _own(self, slot: Slot) -> Part | None:
        """The resource that shows this slot already: an app's before the bridge's."""
        mine = [each for each in self.left if each.slot == slot]
        mine.sort(key=lambda each: each.series.uid == part_uid(self.uid, slot))
        if mine:
            self.left.remove(mine[0])
        return mine[0] if mine else None

    def _put(self, piece: Piece, held: Part | None) -> None:
        part = held is self.main and piece.slot is not None and not piece.heir  # a change of role alone is no request
        if held is not None and _same(piece.series, held.series) and not self._contact(piece) and not part:
            return
        own = self.uid if piece.slot is None or piece.heir else part_uid(self.uid, piece.slot)
        uid = held.series.uid if held is not None else own
        task = piece.series.master
        head = self.head if self.head is not None and self._told(piece, self.head) else None
        put = PutResource(
            replace(piece.series, uid=uid),
            held.href if held else None,
            held.etag if held else None,
            self.why,
            task.summary if task is not None else "",
            piece.slot or (head.slot if head is not None else None),
            head.changes if head is not None else {},
            self.uid,
            piece.slot,
        )
        (self.updates if held else self.creations).append(put)

    def _told(self, piece: Piece, head: PutResource) -> bool:
        """Whether this piece is the one that the change was made of."""
        return head.slot == piece.slot or (piece.slot is None and head.slot not in self.slots)

    def _contact(self, piece: Piece) -> bool:
        """Whether LionDesk gave this one another contact, which no series tells."""
        if self.head is None or "contact_id" not in self.head.changes:
            return False
        return piece.slot is None or piece.slot == self.head.slot

    def _delete(self, held: Part) -> DeleteResource:
        why = Why(Side.LIONDESK, "retired") if held.slot in self.retired else self.why
        return DeleteResource(held.series, held.href, held.etag, why, self.uid)


def _open(piece: Piece) -> bool:
    task = piece.series.master
    return task is not None and task.status is Status.INCOMPLETE


def _same(wanted: Series, held: Series) -> bool:
    """Whether a resource says what it is to say."""
    if wanted.master is None or held.master is None:
        return False
    structure = (wanted.rule, wanted.exdates, wanted.rdates, wanted.zone, wanted.misspelt)
    if structure != (held.rule, held.exdates, held.rdates, held.zone, held.misspelt):
        return False
    return dict(wanted.overrides) == dict(held.overrides) and says(held.master, wanted.master)
