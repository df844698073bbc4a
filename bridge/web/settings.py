"""Settings as they are, to be seen and not edited: what a pair costs, which apps write into it, feeds, the log-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from bridge.config import PairSettings
from bridge.core.model import Shape
from bridge.credentials import log_in_of
from bridge.errors import BridgeError
from bridge.sync.writers import remembered, sentences
from bridge.web.feeds import Feed, feeds_of
from bridge.web.ground import Shown
from bridge.web.pages import ago, ground_of, page

A_DAY = timedelta(days=1)
SPANS = {"all": "all tasks", "year": "30 days back, a year ahead", "month": "a week back, a month ahead"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know, and whether it asks for a person."""

    name: str
    says: str
    attention: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One pair's settings."""

    name: str
    facts: tuple[Fact, ...]
    feeds: tuple[Feed, ...]


async def settings(request: Request) -> Response:
    """GET /settings."""
    ground = ground_of(request)
    shown, seen = ground.pairs(), []
    for pair in ground.configuration().pairs:
        store = ground.state.pair(pair.name)
        kept = await store.facts()
        apps = remembered(kept, ground.now())
        shape = Shape(pair.calendar.shape)
        warnings = sentences(apps, shape)
        facts = (
            Fact("Runs", _pace(pair)),
            Fact("Costs", _cost(pair, shown.get(pair.name))),
            Fact("Direction", _DIRECTIONS[pair.direction]),
            Fact("Conflicts", _CONFLICTS[pair.conflict]),
            Fact("Completed tasks", _completed(pair)),
            Fact("Shape", f"{pair.calendar.shape}, as {_KINDS[pair.calendar.component]}"),
            Fact("Apps that write here", ", ".join(sorted({app.name for app in apps})) or "none was seen lately"),
            *(Fact("Does not get along", words, attention=True) for words in warnings),
            _login(pair, request),
        )
        seen.append(Seen(pair.name, facts, await feeds_of(store)))
    configuration = ground.configuration()
    return await page(
        request,
        "settings.html",
        pairs=seen,
        file=str(configuration.path),
        warnings=configuration.warnings,
        spans=SPANS,
        base=str(request.base_url),
    )


_DIRECTIONS = {
    "both": "edits go both ways",
    "to-calendar": "LionDesk's edits go to the calendar; edits there stay there",
    "to-liondesk": "the calendar's edits go to LionDesk; edits there stay there",
}
_CONFLICTS = {
    "newest": "the newer edit wins, the other is kept in the inbox",
    "liondesk": "LionDesk wins, the calendar's edit is kept in the inbox",
    "calendar": "the calendar wins, LionDesk's edit is kept in the inbox",
    "ask": "you are asked",
}
_KINDS = {
    "todo": "tasks (VTODO)",
    "event": "events (VEVENT)",
    "auto": "tasks where the calendar takes them, else events",
}


def _pace(pair: PairSettings) -> str:
    soonest, latest = min(pair.soonest, pair.every), max(pair.latest, pair.every)
    return (
        f"every {_span(pair.every)}; {_span(soonest)} after a change, {_span(latest)} when nothing has changed for long"
    )


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0 and seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"


def _cost(pair: PairSettings, shown: Shown | None) -> str:
    runs = A_DAY // pair.every
    report = shown.report if shown is not None else None
    if report is None or not report.requests:
        return f"about {runs} runs a day"
    each = sum(report.requests.values())
    return f"about {runs} runs a day; the last one asked {each} times"


def _completed(pair: PairSettings) -> str:
    return (
        "stay in the calendar for ever"
        if pair.keep_completed is None
        else f"leave the calendar after {_span(pair.keep_completed)}; LionDesk keeps them"
    )


def _login(pair: PairSettings, request: Request) -> Fact:
    oauth = pair.liondesk.oauth
    if oauth is None:
        return Fact("LionDesk", f"a token from {str(pair.liondesk.token)[len('<secret from ') : -1]}")
    again = f"liondesk-bridge login {pair.name}"
    try:
        tokens = log_in_of(pair, oauth).kept()
    except BridgeError as error:
        return Fact("LionDesk", str(error), attention=True)
    if tokens is None:
        return Fact("LionDesk", f"Nobody has logged in yet: {again}", attention=True)
    now = ground_of(request).now()
    renewal = "is renewed by itself" if tokens.refresh else f"log in again then: {again}"
    return Fact("LionDesk", f"logged in; the access ends {ago(tokens.expires_at, now)} and {renewal}")
