"""All cases at once in one pair and one calendar: what every app had, then what every app wrote, a run after each step.

So the cases also show that none disturbs another. What happened to each is told apart by the token in its texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import icalendar
import recurring_ical_events

from tests.apps.forms import FIRST, ZONE
from tests.apps.fragments import Case
from tests.system.stage import Shown, Stage

STEPS = 2


@dataclass
class Played:
    """What became of a case.

    `known` is how many occurrences there were before, `asked` what LionDesk was asked, `opened` what the calendar shows
    open, `told` what the runs could not do, `later` what a run wrote when all should rest.
    """

    known: int = 0
    asked: list[str] = field(default_factory=list)
    rows: list[Shown] = field(default_factory=list)
    opened: list[tuple[str, datetime]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)


def token_of(text: str) -> str:
    """The token that a text begins with."""
    return text.partition(" ")[0]


async def play(stage: Stage, cases: Sequence[Case]) -> Mapping[str, Played]:
    """What became of every case, by its token."""
    played = {token_of(case.token): Played() for case in cases}
    await _sync(stage, played)
    _write(stage, cases, 0)
    for _ in range(2):
        await _sync(stage, played)
    slots = _slots(stage, played)
    _forget(stage, played)
    for step in range(1, STEPS + 1):
        _write(stage, cases, step)
        await _sync(stage, played)
    await _sync(stage, played)
    for token, request in _asked(stage, slots):
        played[token].asked.append(request)
    etags = {name: stage.app.etag(name) for name in stage.app.names()}
    report = await _sync(stage, defaultdict(Played))
    for operation in report.operations:
        played[token_of(operation.summary)].later.append(operation.sentence())
    texts = {name: stage.app.get(name).text for name in stage.app.names()}
    for name, etag in etags.items():
        if name not in texts or stage.app.etag(name) != etag:
            played["#" + name.split("-")[0]].later.append(f"{name} was written")
    for shown in stage.liondesk_shows():
        played[token_of(shown[0])].rows.append(shown)
    for name, text in texts.items():
        each = played["#" + name.split("-")[0]] if name[0].isdigit() else None
        for shown in _occurrences(text, played):
            (each or played[token_of(shown[0])]).opened += [shown[:2]] if not shown[2] else []
    return played


async def _sync(stage: Stage, played: Mapping[str, Played]) -> Any:
    report = await stage.sync(allow_mass_change=True)
    for operation in report.operations:
        if operation.state == "failed":
            played[token_of(operation.summary)].told.append(operation.sentence())
    for conflict in report.conflicts:
        played[token_of(conflict.summary)].conflicts.append(conflict.sentence())
    return report


def _write(stage: Stage, cases: Iterable[Case], step: int) -> None:
    stage.tick()
    for write in (write for case in cases for write in case.writes if write.step == step):
        if write.text is None and write.resource in stage.app.names():
            stage.app.delete(write.resource)
        elif write.text is None:
            continue  # the bridge was there first
        else:
            stage.app.put(write.resource, write.text)


def _slots(stage: Stage, played: Mapping[str, Played]) -> dict[str, tuple[str, int]]:
    """Each row's case and number, before any edit."""
    slots: dict[str, tuple[str, int]] = {}
    for row in stage.rows():
        token = token_of(row.values.description)
        number = (row.values.due.replace(tzinfo=None) - FIRST.replace(hour=0)) // timedelta(weeks=1)
        slots[str(row.id)] = (token, number)
        played[token].known = number + 1
    return slots


def _forget(stage: Stage, played: Mapping[str, Played]) -> None:
    """Only what follows counts."""
    stage.log = len(stage.world.log)
    for each in played.values():
        each.told.clear()
        each.conflicts.clear()


def _asked(stage: Stage, slots: Mapping[str, tuple[str, int]]) -> Iterable[tuple[str, str]]:
    """The writes that LionDesk received: the case, and `PATCH 3 at 0`."""
    for each in stage.world.log[stage.log :]:
        if each.method not in ("POST", "PATCH", "DELETE") or "/scheduled/tasks" not in each.path:
            continue
        body = each.body if isinstance(each.body, dict) else {}
        kind = str(body.get("update_type") or str(each.query).partition("delete_type=")[2][:1] or "plain")
        row = each.path.rpartition("/")[2]
        if row in slots:
            token, number = slots[row]
            yield token, f"{each.method} {kind} at {number}"
        else:
            values = [found.values.description for found in stage.world.ledger.rows.values() if str(found.id) == row]
            yield token_of(str(body.get("description") or "".join(values))), f"{each.method} {kind}"


def _occurrences(text: str, played: Mapping[str, Played]) -> list[Shown]:
    """What a resource shows, as another library expands it, as far as LionDesk has rows."""
    calendar = icalendar.Calendar.from_ical(text)
    todos = calendar.walk("VTODO")
    if not any("RRULE" in todo for todo in todos):
        return [_shown(todo) for todo in todos]
    rows = played[token_of(str(todos[0].get("SUMMARY", "")))].rows
    through = max((due for _, due, _ in rows), default=datetime(2026, 6, 1))
    query = recurring_ical_events.of(calendar, components=["VTODO"], skip_bad_series=False)
    found = query.between(datetime(2026, 1, 1, tzinfo=ZONE), (through + timedelta(days=1)).replace(tzinfo=ZONE))
    deferred = any(_cancelled(todo) for todo in todos if "RRULE" in todo)
    there = (todo for todo in found if deferred or not _cancelled(todo))
    return [each for todo in there if (each := _shown(todo))[1] <= through]


def _cancelled(todo: Any) -> bool:
    return str(todo.get("STATUS", "")) == "CANCELLED"


def _shown(todo: Any) -> Shown:
    due = (todo.get("DUE") or todo.get("DTSTART")).dt
    if not isinstance(due, datetime):
        wall = datetime.combine(due, datetime.min.time())
    else:
        wall = due.astimezone(ZONE).replace(tzinfo=None) if due.tzinfo else due
    done = str(todo.get("STATUS", "")) == "COMPLETED" or ("STATUS" not in todo and "COMPLETED" in todo)
    return str(todo.get("SUMMARY", "")), wall, done
