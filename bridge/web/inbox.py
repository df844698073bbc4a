"""The inbox: what waits for a person and what was decided for them, both values side by side, answered in one click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bridge.core.model import Side
from bridge.errors import BridgeError, UsageError
from bridge.inbox import ALWAYS, always, options, sentences
from bridge.records import InboxItem
from bridge.report import FIELD_WORDS, WIRE
from bridge.web.pages import ago, back, ground_of, page, posted, zone_of

WORDS = {
    "--keep liondesk": ("liondesk", "Keep LionDesk's"),
    "--keep calendar": ("calendar", "Keep the calendar's"),
    "--keep both": ("both", "Keep both"),
    "--approve": ("approve", "Do it"),
    "--reject": ("reject", "Never do it"),
    "--always": ("always", "Do it, and allow as many from now on"),
}
"""What the page calls the answers that `resolve` takes."""
MOST = 100
"""How many items one page shows; answering some brings the others up."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as the page shows it. `values` are LionDesk's and the calendar's, where there are two."""

    pair: str
    id: int
    kind: str
    waits: bool
    says: str
    more: tuple[str, ...]
    values: tuple[str, str] | None
    since: str
    answers: tuple[tuple[str, str], ...]
    field: str
    field_words: str
    alike: int


async def inbox(request: Request) -> Response:
    """GET /inbox."""
    ground = ground_of(request)
    found = [
        (pair.name, item)
        for pair in ground.configuration().pairs
        for item in await ground.state.pair(pair.name).open_items()
    ]
    found.sort(key=lambda each: (not each[1].waits, each[1].id or 0))
    chosen = []
    for pair in ground.configuration().pairs:
        kept = always(await ground.state.pair(pair.name).facts())
        chosen += [(pair.name, field, _field_words(field), side.value) for field, side in kept.items()]
    zones = {pair.name: await zone_of(ground, pair.name) for pair in ground.configuration().pairs}
    asked = [_asked(pair, item, found, zones[pair], ground.now()) for pair, item in found[:MOST]]
    return await page(request, "inbox.html", items=asked, left_out=len(found) - len(asked), chosen=chosen)


async def answer(request: Request) -> Response:
    """POST /inbox: one item, all that are alike, or for good."""
    form = await posted(request)
    ground, name = ground_of(request), form.get("pair", "")
    if name not in ground.pairs():
        raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no pair {name}.")
    store, said = ground.state.pair(name), form.get("answer", "")
    item = await store.item(int(form["id"])) if form.get("id", "").isdecimal() else None
    if item is None:
        return back("/inbox", "That was answered meanwhile; nothing was done twice.")
    if said not in {key for key, _ in _answers(item)}:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "That is no answer to this item.")
    if "always" in form and item.kind == "conflict" and said in ("liondesk", "calendar"):
        kept = {field: side.value for field, side in always(await store.facts()).items()}
        await store.set_facts({ALWAYS: {**kept, str(item.content["field"]): Side(said).value}})
    same = [each for each in await store.open_items() if _alike(each, item)] if "alike" in form else []
    others = [each for each in same if each.id != item.id]
    try:
        told = await ground.resolve(name, item, said, others)
    except UsageError as error:
        now = await store.item(item.id or 0)
        late = now is None or now.answer is not None
        return back("/inbox", "That was answered meanwhile; nothing was done twice." if late else str(error))
    except BridgeError as error:
        return back("/inbox", str(error))
    if not others:
        return back("/inbox", told)
    halted = any(each.kind == "halt" for each in await store.open_items())
    more = " That is much at once: approve the plan below, and it is done." if halted else ""
    return back("/inbox", f"{len(others) + 1} items were answered.{more}")


async def forget(request: Request) -> Response:
    """POST /inbox/ask-again: a side that was chosen for good is chosen no more."""
    form = await posted(request)
    ground, name = ground_of(request), form.get("pair", "")
    if name not in ground.pairs():
        raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no pair {name}.")
    store = ground.state.pair(name)
    kept = {field: side.value for field, side in always(await store.facts()).items()}
    kept.pop(form.get("field", ""), None)
    await store.set_facts({ALWAYS: kept})
    return back("/inbox", "From now on the pair's own setting decides again.")


def _asked(pair: str, item: InboxItem, found: Sequence[tuple[str, InboxItem]], zone: ZoneInfo, now: datetime) -> Asked:
    first, *rest = sentences(item, zone)
    sides = item.kind == "conflict" and item.content.get("field") != "existence"
    field = str(item.content.get("field") or "")
    alike = sum(1 for where, each in found if where == pair and _alike(each, item))
    return Asked(
        pair,
        item.id or 0,
        item.kind,
        item.waits,
        first,
        () if sides else tuple(rest),
        (_value(rest[0]), _value(rest[1])) if sides else None,
        ago(item.opened_at, now),
        _answers(item),
        field if sides else "",
        _field_words(field),
        alike,
    )


def _answers(item: InboxItem) -> tuple[tuple[str, str], ...]:
    return tuple(WORDS[each] for each in options(item))


def _alike(one: InboxItem, other: InboxItem) -> bool:
    """Items that the same answer suits: the same kind, of conflicts the same field, and both wait or both do not."""
    of = [(each.kind, each.waits, each.content.get("field"), each.content.get("action")) for each in (one, other)]
    return of[0] == of[1] and one.kind != "halt"


def _field_words(field: str) -> str:
    return FIELD_WORDS.get(WIRE.get(field, field), field)


def _value(line: str) -> str:
    return line.partition(": ")[2]
