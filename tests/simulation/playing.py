"""Plays a history and checks, whenever all is quiet again, what both sides must show."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType

from tests.simulation import claims
from tests.simulation.claims import Told
from tests.simulation.drawing import History, Round, Setting
from tests.simulation.faults import Kind
from tests.simulation.foreign import parsed
from tests.simulation.people import Action, acts
from tests.simulation.stage import Ran, Stage, new_stage

MOST_RUNS = 8
"""Both sides must be quiet by then: a truncation waits one run, and what came of it is mended in another."""


@dataclass
class Played:
    """What came of a history. `trace` tells it in words, `violations` what must not be."""

    trace: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    runs: int = 0
    edits: int = 0
    requests: int = 0
    faults: int = 0


def play(history: History, state: Path | None = None) -> Played:
    """The whole history, up to the first violation. `state`: the file of the bridge's state, None to keep it in memory."""
    setting = history.setting
    stage = new_stage(
        setting.switches,
        content_tokens=setting.content_tokens,
        rewrites=setting.rewrites,
        policy=setting.policy,
        state=state,
        shape=setting.shape,
    )
    played = Played()
    played.trace.append(
        f"under {dict(setting.switches) or 'the default switches'}, {setting.policy} wins, {setting.shape}"
    )
    for each in history.rounds:
        try:
            _round(stage, each, played, setting)
        except Exception:  # noqa: BLE001 # any escape is a finding
            played.violations.append("an exception escaped:\n" + traceback.format_exc(limit=-4))
        if played.violations:
            break
    return played


def _round(stage: Stage, each: Round, played: Played, setting: Setting) -> None:
    before = claims.now(stage)
    told = Told(setting.policy, setting.switches.get("writer_clocks") != "differ")
    for action in each.actions:
        if action.what == "sync":
            told.note(_run(stage, played, {}))
            told.synced = True
            continue
        words = acts(stage, action)
        if words is not None:
            played.trace.append(f"  {words}")
            played.edits += 1
            told.actions.append(action)
    after = claims.now(stage)
    foreign = foreign_properties(stage)
    meanwhile = {call: partial(_meanwhile, stage, action, played, told) for call, action in each.meanwhile}
    for planned in each.faults or (((),) if meanwhile else ()):
        told.note(_run(stage, played, dict(planned), meanwhile))
        told.faulty, meanwhile = True, {}
    _settle(stage, played, told)
    final = claims.now(stage)
    found = claims.check(before, after, final, told, plain=not setting.switches)
    kept = foreign_properties(stage)
    alive = {claims.name(seen) for seen in final.liondesk.values()}
    if told.did("delete", "delete tail", "delete all"):
        alive = set()  # a resource goes with its task, whatever else is called like it
    lost = {mark for mark, task in foreign.items() if mark not in kept and task in alive}
    if lost:
        found.append(f"properties of the user are lost: {sorted(lost)}")
    played.violations += found


def _meanwhile(stage: Stage, action: Action, played: Played, told: Told) -> None:
    """Somebody edits while a run is on its way: it counts as if a run had been before, and its text must survive."""
    words = acts(stage, action)
    if words is not None:
        played.trace.append(f"  (meanwhile) {words}")
        played.edits += 1
        told.actions.append(action)
        told.synced = True
        told.seen = claims.now(stage)
        told.texts += {"text": [f"e{action.n}"], "notes": [f"n{action.n}"]}.get(action.what.partition(" ")[2], [])


def _run(
    stage: Stage,
    played: Played,
    planned: Mapping[int, Kind],
    meanwhile: Mapping[int, Callable[[], None]] = MappingProxyType({}),
) -> Ran:
    ran = stage.sync(planned, meanwhile)
    played.runs += 1
    played.requests += len(ran.liondesk)
    played.faults += stage.faults.injected
    wrong = f" with {dict(planned)}" if planned else ""
    state = "" if ran.report is not None else " (it did not end)"
    played.trace.append(f"  run{wrong}{state}: LionDesk gets {ran.kinds}, the calendar {list(ran.calendar)}")
    if ran.report is not None:
        played.trace += [f"    {each.sentence()}" for each in ran.report.operations]
        played.trace += [
            f"    conflict: {each.field} {each.liondesk!r} / {each.calendar!r}, kept {each.kept}"
            for each in ran.report.conflicts
        ]
        played.trace += [f"    skipped: {each.item}: {each.why}" for each in ran.report.skipped]
    return ran


def _settle(stage: Stage, played: Played, told: Told) -> None:
    quiet = 0
    for _ in range(MOST_RUNS):
        ran = _run(stage, played, {})
        told.note(ran)
        quiet = quiet + 1 if ran.quiet else 0
        if quiet == 2:
            return
    played.violations.append(f"it is not quiet after {MOST_RUNS} runs")


def foreign_properties(stage: Stage) -> dict[str, str]:
    """What apps wrote for themselves, with the task it is at."""
    return dict(each for ics in stage.collected.bodies.values() for each in _foreign(ics))


@lru_cache(maxsize=5000)
def _foreign(ics: str) -> tuple[tuple[str, str], ...]:
    found = []
    for todo in parsed(ics).walk("VTODO"):
        for name in ("X-FOO", "X-BAR"):
            lines = todo.get(name, [])
            task = str(todo.get("SUMMARY", "")).split(" ", 1)[0]
            found += [(str(line), task) for line in (lines if isinstance(lines, list) else [lines])]
    return tuple(found)
