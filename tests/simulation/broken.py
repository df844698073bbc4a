"""Engines that are broken on purpose, each in one way: the simulator must find every one of them (tests/simulation/power.py)."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from bridge.core.changes import Delta
from bridge.core.merging import Agreement
from bridge.core.model import Side
from bridge.core.plan import PatchRow


@dataclass(frozen=True, slots=True)
class Broken:
    """One engine: what is wrong with it, where, and what stands there instead, made from what stood there.

    It has the signature of what it stands for, whatever that is.
    """

    name: str
    where: str
    made: Callable[[Any], Any]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within, the engine is broken."""
        module, _, path = self.where.partition(":")
        holder: Any = importlib.import_module(module)
        *owners, name = path.split(".")
        for owner in owners:
            holder = getattr(holder, owner)
        with patch.object(holder, name, self.made(getattr(holder, name))):
            yield


def _sent_as(wrong: Mapping[int, int]) -> Callable[[Any], Any]:
    """The type that is sent instead."""

    def made(original: Any) -> Any:
        async def send(self: Any, row_id: str, *given: Any) -> Any:
            *before, kind = given
            return await original(self, row_id, *before, wrong.get(kind, kind))

        return send

    return made


def _answers(value: object) -> Callable[[Any], Any]:
    """Whatever it is asked."""
    return lambda _original: lambda *_given, **_named: value


def _delta(change: Callable[[Delta], Delta]) -> Callable[[Any], Any]:
    """One side's changes, seen wrongly."""
    return lambda original: lambda *given: change(original(*given))


def _agreement(change: Callable[[Agreement], Agreement]) -> Callable[[Any], Any]:
    return lambda original: lambda self: change(original(self))


def _cursor_first(original: Any) -> Any:
    async def commit(pair: Any, observation: Any, planned: Any, receipts: Any) -> None:
        await pair.store.set_cursor(Side.LIONDESK, observation.liondesk_cursor)
        await pair.store.set_cursor(Side.CALENDAR, observation.calendar_cursor)
        await original(pair, observation, planned, receipts)

    return commit


def _blindly(original: Any) -> Any:
    """Whatever ETag the resource has by now."""

    async def update(self: Any, href: str, _etag: str, ics: str) -> Any:
        here = self.collected
        return await original(self, href, here.etag(href) if href in here.bodies else "", ics)

    return update


def _unread(original: Any) -> Any:
    """The rows as they were observed, in place of reading them again."""

    async def work(self: Any, work: Any) -> Any:
        seen = {each.row.id: each.row for each in work.pairing.rows}
        self.fresh = {**self.fresh, **seen}
        return await original(self, work)

    return work


def _settled_anyway(original: Any) -> Any:
    def outcome(answer: Any) -> Any:
        state, message = original(answer)
        return ("done" if state == "unknown" else state), message

    return outcome


def _without_contact(original: Any) -> Any:
    def body(raw: Any, changes: Any, zone: Any) -> Any:
        return {name: value for name, value in original(raw, changes, zone).items() if name != "contact_id"}

    return body


def _anew(original: Any) -> Any:
    def write(series: Any, context: Any, now: Any, _previous: Any = None, *rest: Any) -> Any:
        return original(series, context, now, None, *rest)

    return write


def _other_side(original: Any) -> Any:
    def oldest(dispute: Any) -> Any:
        winner, because = original["newest"](dispute)
        return winner.other, because

    return {**original, "newest": oldest}


def _late_tail(delta: Delta) -> Delta:
    """As if this and the following began a day later."""
    if delta.tail is None or delta.tail.restructured or delta.tail.whole:
        return delta
    return replace(delta, tail=replace(delta.tail, at=delta.tail.at + timedelta(days=1)))


def _less_status(original: Any) -> Any:
    def mend(*given: Any, **named: Any) -> Any:
        return tuple(
            each
            for each in original(*given, **named)
            if not (isinstance(each, PatchRow) and set(each.changes) == {"status"})
        )

    return mend


def _nobody(_original: Any) -> Any:
    async def announce(_self: Any, _work: Any) -> None:
        return None

    return announce


def _blind_to(field: str) -> Callable[[Any], Any]:
    """Edits of this field are overlooked."""

    def made(original: Any) -> Any:
        def differences(*given: Any) -> Any:
            return {name: value for name, value in original(*given).items() if name != field}

        return differences

    return made


BROKEN: Sequence[Broken] = (
    Broken("type 3 is sent as 1", "bridge.liondesk.client:LionDeskApi.update", _sent_as({3: 1})),
    Broken("type 2 is sent as 1", "bridge.liondesk.client:LionDeskApi.update", _sent_as({2: 1})),
    Broken(
        "a deletion of one is sent for all that follow", "bridge.liondesk.client:LionDeskApi.delete", _sent_as({1: 2})
    ),
    Broken("mending is skipped", "bridge.sync.execute:mend", _answers(())),
    Broken("mending forgets the status", "bridge.sync.execute:mend", _less_status),
    Broken("mending is not announced", "bridge.sync.execute:Executor._announce_mending", _nobody),
    Broken("If-Match is dropped", "tests.simulation.calendar_side:MemoryCalendar.update", _blindly),
    Broken("rows are not read again before they are written", "bridge.sync.execute:Executor._work", _unread),
    Broken("the cursors move before the base", "bridge.sync.run:_commit", _cursor_first),
    Broken(
        "an override that vanished re-opens",
        "bridge.core.reconcile:restored",
        lambda _original: lambda _old, new, _zone: new,
    ),
    Broken(
        "EXDATE is ignored",
        "bridge.core.reconcile:calendar_delta",
        _delta(lambda delta: replace(delta, drops=frozenset())),
    ),
    Broken("this and the following begin too late", "bridge.core.reconcile:calendar_delta", _delta(_late_tail)),
    Broken(
        "rows deleted in LionDesk stay in the calendar",
        "bridge.core.reconcile:liondesk_delta",
        _delta(lambda delta: replace(delta, drops=frozenset(), drop_from=None)),
    ),
    Broken("the older edit wins", "tests.simulation.stage:POLICIES", _other_side),
    Broken("a deletion beats an edit", "bridge.core.merging:_dropped", _answers(value=False)),
    Broken(
        "conflicts are told to nobody",
        "bridge.core.merging:Merging.agreement",
        _agreement(lambda agreement: replace(agreement, conflicts=())),
    ),
    Broken("what got no answer is settled", "bridge.sync.execute:outcome", _settled_anyway),
    Broken("a PATCH forgets the contact", "bridge.liondesk.rows:patch_body", _without_contact),
    Broken("resources are written anew", "bridge.vtodo.writing:write_series", _anew),
    Broken(
        "notes written in the calendar are overlooked", "bridge.core.changes.calendar:differences", _blind_to("notes")
    ),
    Broken(
        "LionDesk's moves of a series are overlooked",
        "bridge.core.reconcile:liondesk_delta",
        _delta(lambda delta: replace(delta, tail=None)),
    ),
)
