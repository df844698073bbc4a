"""History: every run, one run's changes with before and after, a task's own story; and taking any of it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bridge.history import sentence
from bridge.inbox import TASK, value_of
from bridge.records import Entry, RunRecord
from bridge.report import FIELD_WORDS, PairReport
from bridge.sync.pair import Options, Undo
from bridge.web.overview import problems_of
from bridge.web.pages import back, ground_of, page, posted, zone_of
from bridge.wording import moment, value_words

PAGE = 50
"""How many runs, or changes of a task, one page lists."""

LINES = 200
"""How many changes of one run a page lists; a first run may have made ten thousand."""


@dataclass(frozen=True, slots=True)
class Line:
    """One change. `fields` are name, before and after; `undoable` where it can be taken back by itself."""

    number: int
    run: str
    when: str
    says: str
    done: bool
    fields: tuple[tuple[str, str, str], ...]


async def history(request: Request) -> Response:
    """GET /history: the newest runs, or with `task` its story."""
    ground = ground_of(request)
    wanted, before = request.query_params.get("task", "").strip(), request.query_params.get("before") or None
    names = [pair.name for pair in ground.configuration().pairs]
    if wanted:
        found = []
        for name in names:
            zone = await zone_of(ground, name)
            if lines := [_line(each, zone) for each in await ground.state.pair(name).story(wanted, PAGE)]:
                found.append((name, lines))
        return await page(request, "story.html", task=wanted, stories=found, most=PAGE)
    runs: list[tuple[str, RunRecord]] = []
    for name in names:
        runs += [(name, each) for each in await ground.state.pair(name).runs(PAGE, before)]
    runs.sort(key=lambda each: each[1].started_at, reverse=True)
    zones = {name: await zone_of(ground, name) for name in names}
    shown = [(name, run, _when(run.started_at, zones[name]), _came(run)) for name, run in runs[:PAGE]]
    older = shown[-1][1].run if len(shown) == PAGE else ""
    return await page(request, "history.html", runs=shown, older=older)


async def one(request: Request) -> Response:
    """GET /history/run?pair=&run=: all that one run did."""
    ground, name, run = ground_of(request), request.query_params.get("pair", ""), request.query_params.get("run", "")
    _known(request, name)
    entries = await ground.state.pair(name).entries(run)
    if not entries:
        raise HTTPException(HTTPStatus.NOT_FOUND, "That run wrote nothing, or is not kept any more.")
    zone = await zone_of(ground, name)
    asked = request.query_params.get("from", "")
    first = min(int(asked), len(entries) - 1) if asked.isdecimal() else 0
    lines = [_line(each, zone) for each in entries[first : first + LINES]]
    count = len(entries)
    return await page(request, "run.html", pair=name, run=run, lines=lines, first=first, count=count, most=LINES)


async def undo(request: Request) -> Response:
    """GET /history/undo?pair=&run=[&only=]: what taking it back would do."""
    name, wanted = request.query_params.get("pair", ""), _undo(request.query_params)
    _known(request, name)
    report = await ground_of(request).sync_now(name, Options(dry_run=True, undo=wanted))
    if report is None:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "The program is stopping.")
    shown = [(each.digest, each.sentence()) for each in report.operations if each.state == "planned"]
    said = {words for _, words in shown}
    others = [line for line in report.sentences() if line not in said]
    return await page(
        request,
        "undo.html",
        pair=name,
        run=wanted.run,
        only=wanted.only,
        shown=shown,
        others=others,
        problems=problems_of(report),
        most=LINES,
    )


async def take_back(request: Request) -> Response:
    """POST /history/undo: exactly what was shown, or a word on why not."""
    form = await posted(request)
    name, wanted = form.get("pair", ""), _undo(form)
    _known(request, name)
    seen = frozenset(form.get("digests", "").split())
    options = Options(undo=wanted, chosen=seen, allow_mass_change=True)
    report = await ground_of(request).sync_now(name, options)
    return back("/history", _came_of(report))


def _undo(fields: Mapping[str, str]) -> Undo:
    only = fields.get("only", "")
    return Undo(fields.get("run", ""), int(only) if only.isdecimal() else None)


def _came_of(report: PairReport | None) -> str:
    if report is None:
        return "The program is stopping; nothing was done."
    done = sum(each.state == "done" for each in report.operations)
    left = [each.sentence() for each in report.operations if each.state != "done"]
    made = {0: "Nothing had to be changed.", 1: "1 change was made."}.get(done, f"{done} changes were made.")
    return " ".join([made, *left[:3], *report.errors, *([report.halt] if report.halt else [])])


def _known(request: Request, name: str) -> None:
    if name not in ground_of(request).pairs():
        raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no pair {name}.")


def _line(entry: Entry, zone: ZoneInfo) -> Line:
    operation = entry.operation
    fields: object = operation.detail.get("fields")
    told = []
    for wire, (old, new) in fields.items() if isinstance(fields, Mapping) else ():
        name = TASK.get(str(wire), str(wire))
        words = FIELD_WORDS.get(str(wire), str(wire))
        told.append((words, value_words(value_of(name, old)), value_words(value_of(name, new))))
    return Line(
        operation.id or 0, entry.run, _when(entry.at, zone), sentence(entry), operation.state == "done", tuple(told)
    )


def _when(at: datetime, zone: ZoneInfo) -> str:
    return moment(at.astimezone(zone).replace(tzinfo=None), beside=datetime.min)


def _came(run: RunRecord) -> str:
    made = {0: "no change", 1: "1 change"}.get(run.done, f"{run.done} changes")
    rest: Sequence[str] = [f"{run.others} not made"] if run.others else []
    cut = ["cut off"] if run.ended_at is None else []
    return ", ".join([made, *rest, *cut])
