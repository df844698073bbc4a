"""What every app writes, in every form that it writes it in: the edit means what its author meant (tests/data).

All of them at once in one calendar: what they had before, a run; what they wrote, a run after each step; then a run
that must rest. On Radicale every app in the shape `overrides`, and those of the other school in `rolling`, too.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping

import pytest

from bridge.core.model import Shape
from bridge.core.schools import APPS
from bridge.sandbox.serve import serving
from bridge.store import open_state
from tests.apps.fragments import Case, cases
from tests.apps.playing import Played, play, token_of
from tests.servers import DavServer
from tests.system.stage import new_stage, worlds

EVERY = "APPS" in os.environ
"""With APPS=all in every form (some minutes), else in so many that every trait of a form is there."""

CASES = cases(every=EVERY)
ROLLING = {key for app in APPS for key in app.keys if Shape.OVERRIDES not in app.shapes and Shape.ROLLING in app.shapes}
STAGES = {"radicale": "radicale", "xandikos": "xandikos", "rolling": "radicale"}
"""Where cases are played, and the server there."""

SPREAD = {"radicale": 1, "xandikos": 1 if EVERY else 6, "rolling": 1 if EVERY else 3}
"""One case in so many is played there."""


def on(place: str) -> list[Case]:
    """The cases that are played there: what only one server takes is played on that one."""
    mine = [case for case in CASES if STAGES[place] in case.servers]
    if place == "rolling":
        mine = [case for case in mine if case.rolls and case.app in ROLLING]
    alone = [case.servers == (STAGES[place],) and place != "rolling" for case in mine]
    return [case for at, case in enumerate(mine) if at % SPREAD[place] == 0 or alone[at]]


@pytest.fixture(scope="module")
def outcome(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Mapping[str, Played]]:
    """What became of every case at a place, played when it is first asked for."""
    known: dict[str, Mapping[str, Played]] = {}

    def at_place(name: str) -> Mapping[str, Played]:
        if name not in known:
            server: DavServer = request.getfixturevalue(STAGES[name])
            folder = tmp_path_factory.mktemp("apps")
            shape = "rolling" if name == "rolling" else "overrides"
            for world in worlds():
                with serving(world) as url, open_state(f"sqlite:///{folder}/state.db", now=world.clock.now) as state:
                    stage = new_stage(folder, world, url, server, state, shape=shape)
                    known[name] = asyncio.run(play(stage, on(name)))
        return known[name]

    return at_place


@pytest.mark.parametrize(
    ("place", "case"),
    [pytest.param(place, case, id=f"{place}-{case.name}") for place in STAGES for case in on(place)],
)
def test_an_edit_means_what_its_author_meant(
    outcome: Callable[[str], Mapping[str, Played]], place: str, case: Case
) -> None:
    """The requests, LionDesk's rows, what is open in the calendar, no conflict, and that it is quiet then."""
    played = outcome(place)[token_of(case.token)]
    assert played.told == []
    assert played.asked == list(case.asks)
    assert played.rows == case.rows(played.known)
    assert sorted(played.opened) == sorted((text, due) for text, due, done in played.rows if not done)
    assert played.conflicts == []
    assert played.later == []
