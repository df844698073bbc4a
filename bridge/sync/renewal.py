"""What existing tasks have of the pair's settings: written anew once where `start`, `alarm` or `contacts` changed.

A setting is changed because the tasks that are there are not right: an editor refuses them, nobody sees whom to call.
So the run after such a change reads all, and writes what is open as it is configured now; the next one is quiet again.
A full run also gives tasks the contacts that they lack, and categories the names that LionDesk gave them since. What a
person chose in the calendar instead stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from bridge import vtodo
from bridge.core.model import Series, Side, Slot
from bridge.core.occurrences import linked_by_slot
from bridge.core.plan import PutResource, Why, Work
from bridge.sync.contacts import contacted, rows_of
from bridge.sync.pair import Options, Pair
from bridge.vtodo import Form

FACT = "form"
RENAMED = "renamed"
"""Under which names a pair remembers by which settings the calendar is written, and categories to rename there."""


async def prepared(pair: Pair, options: Options) -> tuple[Pair, Options]:
    """The pair and the options of a run that renews, where one is due."""
    if not pair.writes_calendar:
        return pair, options
    facts = await pair.store.facts()
    kept, renamed = facts.get(FACT), facts.get(RENAMED)
    then = _form(kept) if isinstance(kept, dict) else _now(pair)
    if then != _now(pair) or renamed:
        options = replace(options, full=True)
    if not options.full:
        return pair, options
    names = {str(name): str(key) for name, key in renamed.items()} if isinstance(renamed, dict) else {}
    return replace(pair, context=replace(pair.context, was=then, renamed=names)), options


def renewed(pair: Pair, works: Iterable[Work], texts: Mapping[str, str]) -> tuple[Work, ...]:
    """The works with a write for each resource that nothing else is written to and that is not as it would be now."""
    return tuple(_renewed(pair, work, texts) for work in works) if pair.context.was is not None else tuple(works)


async def note(pair: Pair, *, done: bool) -> None:
    """Keep by which settings the calendar is written, once everything is."""
    facts = await pair.store.facts()
    now = _fact(_now(pair))
    if done and pair.writes_calendar and (facts.get(FACT) != now or facts.get(RENAMED)):
        await pair.store.set_facts({FACT: now, RENAMED: {}})


def _renewed(pair: Pair, work: Work, texts: Mapping[str, str]) -> Work:
    pairing = work.pairing
    if not work.quiet or work.series is None or not pairing.rows:
        return work
    places: list[tuple[str, str, Slot | None]] = [(each.href, each.etag, each.slot) for each in pairing.parts]
    if pairing.href is not None and pairing.etag is not None:
        places.append((pairing.href, pairing.etag, None))
    puts = (_put(pair, work, href, etag, slot, texts.get(href)) for href, etag, slot in places)
    return replace(work, calendar=tuple(put for put in puts if put is not None))


def _put(pair: Pair, work: Work, href: str, etag: str, part: Slot | None, text: str | None) -> PutResource | None:
    """The write of one resource, None where it is as it would be written now. `part`: the slot that it shows alone."""
    own = vtodo.read(text, pair.context, href) if text is not None else None
    if text is None or not isinstance(own, Series):
        return None
    why, link = Why(Side.LIONDESK, "renewed"), work.pairing.link.uid
    put = PutResource(own, href, etag, why, own.master.summary if own.master else "", part, {}, link, part)
    shown = own
    if pair.contact is not None:
        shown = contacted(own, rows_of(work, linked_by_slot(work.pairing.rows), put), pair.context.zone)
    return None if vtodo.write(shown, pair.context, pair.now(), text) == text else put


def _now(pair: Pair) -> Form:
    return Form(pair.context.lead, pair.context.alarm, pair.contact is not None)


def _fact(form: Form) -> dict[str, object]:
    alarm = form.alarm.total_seconds() if form.alarm is not None else None
    return {"start": form.lead.total_seconds(), "alarm": alarm, "contacts": form.contacts}


def _form(fact: Mapping[str, object]) -> Form:
    start, alarm = fact.get("start"), fact.get("alarm")
    return Form(
        timedelta(seconds=float(str(start))),
        timedelta(seconds=float(str(alarm))) if alarm is not None else None,
        bool(fact.get("contacts")),
    )
