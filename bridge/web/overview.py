"""The first page: each pair in a sentence, what waits for its person, and what they can do at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bridge.config import PairSettings
from bridge.report import Outcome, PairReport
from bridge.sync.pair import Options
from bridge.web.ground import Shown
from bridge.web.pages import ago, back, ground_of, page, posted, waiting_in

LISTED = 100
"""How many of the things that were left alone a card lists."""

PATIENCE_S = 8.0
"""How long a person waits for "sync now" before the page goes on without it."""


@dataclass(frozen=True, slots=True)
class Card:
    """One pair as the page shows it. `tone` is for the eye; `says` holds all of it in words."""

    name: str
    liondesk: str
    calendar: str
    tone: Tone
    says: str
    next_run: str
    paused: bool
    running: bool
    waiting: int
    problems: tuple[str, ...]
    open: tuple[str, ...]


async def overview(request: Request) -> Response:
    """GET /."""
    ground = ground_of(request)
    shown = ground.pairs()
    cards = []
    for settings in ground.configuration().pairs:
        if settings.name in shown:
            tasks = await ground.state.pair(settings.name).count()
            waiting = await waiting_in(ground, settings.name)
            cards.append(card(settings, shown[settings.name], tasks, waiting, ground.now()))
    return await page(request, "overview.html", cards=cards, aloud=" ".join(map(_aloud, cards)), most=LISTED)


async def act(request: Request) -> Response:
    """POST /pairs/sync, /pairs/pause or /pairs/resume, with the pair's name in the form."""
    form = await posted(request)
    ground, name, what = ground_of(request), form.get("pair", ""), request.path_params["what"]
    if name not in ground.pairs():
        raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no pair {name}.")
    match what:
        case "sync":
            try:
                report = await asyncio.wait_for(ground.sync_now(name, Options()), PATIENCE_S)
            except TimeoutError:
                return back("/", f"{name} is syncing; this page tells when it is done.")
            done = sum(each.state == "done" for each in report.operations) if report is not None else 0
            words = {0: "nothing had to be changed", 1: "1 change was made"}.get(done, f"{done} changes were made")
            agreed = report is not None and report.outcome is Outcome.AGREED
            return back("/", f"{name}: {words}." if agreed else f"{name}: see below.")
        case "pause":
            await ground.pause(name)
            return back("/", f"{name} is paused: it does not run until you resume it.")
        case "resume":
            await ground.resume(name)
            return back("/", f"{name} runs again.")
        case _:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is nothing like that to do with a pair.")


async def reload(request: Request) -> Response:
    """POST /reload: the configuration is read again."""
    await posted(request)
    wrong = ground_of(request).reload()
    return back("/", wrong or "The configuration was read again.")


def card(settings: PairSettings, shown: Shown, tasks: int, waiting: int, now: datetime) -> Card:
    """A pair in words; so many of its items wait for the person."""
    tone, says = _state(shown, tasks, now)
    report = shown.report
    problems = problems_of(report) if report is not None else ()
    left = [each for each in report.operations if each.state != "done"] if report is not None else []
    return Card(
        settings.name,
        _place(settings.liondesk.url),
        f"{settings.calendar.calendar} at {_place(settings.calendar.url)}",
        tone,
        says,
        _next(shown, now),
        shown.paused,
        shown.running,
        waiting,
        problems,
        (
            *(each.sentence() for each in left),
            *(each.sentence() for each in (report.skipped if report is not None else ())),
        ),
    )


def problems_of(report: PairReport) -> tuple[str, ...]:
    """What went wrong or was stopped, in sentences. Open questions are not among it: the inbox has them."""
    return (*report.errors, *([report.halt] if report.halt and not report.questions else []))


def _aloud(card: Card) -> str:
    """What a screen reader says of a pair when it changed: nothing that changes by itself, as moments do."""
    waiting = f", {card.waiting} waiting for your answer" if card.waiting else ""
    return f"{card.name}: {'paused' if card.paused else _TONES[card.tone]}{waiting}."


Tone: TypeAlias = Literal["good", "busy", "off", "attention", "bad"]
_TONES: Mapping[Tone, str] = {
    "good": "both sides agree",
    "busy": "syncing",
    "off": "paused",
    "attention": "needs you",
    "bad": "does not get through",
}


def _state(shown: Shown, tasks: int, now: datetime) -> tuple[Tone, str]:
    held = "1 task" if tasks == 1 else f"{tasks} tasks"
    agreed = f"Agreed {ago(shown.agreed_at, now)}; {held}." if shown.agreed_at is not None else ""
    if shown.running:
        return "busy", f"Syncing now. {agreed}".strip()
    tone, says = _outcome(shown, agreed, held)
    if shown.paused:
        return ("off" if tone in ("good", "busy") else tone), f"Paused. {says}".strip()
    return tone, says or "Has not run yet."


def _outcome(shown: Shown, agreed: str, held: str) -> tuple[Tone, str]:
    if shown.report is None:
        return "good" if agreed else "busy", agreed
    match shown.report.outcome:
        case Outcome.AGREED:
            return "good", agreed
        case Outcome.HALTED if shown.report.questions:
            return "attention", f"All but what waits for you is the same on both sides; {held}."
        case Outcome.HALTED:
            return "attention", f"Stopped before its first write: you must look. {agreed}".strip()
        case Outcome.PARTIAL:
            return "attention", f"Some changes were not made. {agreed}".strip()
        case Outcome.UNREACHABLE:
            return "bad", f"A side cannot be reached. {agreed}".strip()
        case Outcome.FAILED:
            return "bad", f"The last run failed. {agreed}".strip()


def _next(shown: Shown, now: datetime) -> str:
    if shown.paused or shown.next_at is None:
        return ""
    again = "Tried again" if shown.failures else "Next run"
    return f"{again} {'at once' if shown.next_at <= now else ago(shown.next_at, now)}."


def _place(url: str) -> str:
    return urlsplit(url).hostname or url
