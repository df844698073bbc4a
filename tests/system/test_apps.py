"""What every app writes, in every form that it writes it in: the edit means what its author meant (tests/data).

All of them at once in one calendar: what they had before, a run; what they wrote, a run after each step; then a run
that must rest.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping

import pytest

from bridge.sandbox.serve import serving
from bridge.store import open_state
from tests.apps.fragments import Case, cases
from tests.apps.playing import Played, play, token_of
from tests.servers import DavServer
from tests.system.stage import new_stage, worlds

CASES = cases(every="APPS" in os.environ)
"""With APPS=all in every form (some minutes), else in so many that every trait of a form is there."""
SERVERS = ("radicale", "xandikos")
SPREAD = 5
"""On Xandikos one case in so many is played: the server's part in an edit is small."""


def on(server: str) -> list[Case]:
    """The cases that are played on a server."""
    mine = [case for case in CASES if server in case.servers]
    alone = {case.token for case in mine if case.servers == (server,)}
    return mine if server == "radicale" else [c for at, c in enumerate(mine) if at % SPREAD == 0 or c.token in alone]


@pytest.fixture(scope="module")
def outcome(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Mapping[str, Played]]:
    """What became of every case on a server, played when it is first asked for."""
    known: dict[str, Mapping[str, Played]] = {}

    def on_server(name: str) -> Mapping[str, Played]:
        if name not in known:
            server: DavServer = request.getfixturevalue(name)
            folder = tmp_path_factory.mktemp("apps")
            for world in worlds():
                with serving(world) as url, open_state(f"sqlite:///{folder}/state.db", now=world.clock.now) as state:
                    known[name] = asyncio.run(play(new_stage(folder, world, url, server, state), on(name)))
        return known[name]

    return on_server


@pytest.mark.parametrize(
    ("server", "case"),
    [pytest.param(server, case, id=f"{server}-{case.name}") for server in SERVERS for case in on(server)],
)
def test_an_edit_means_what_its_author_meant(
    outcome: Callable[[str], Mapping[str, Played]], server: str, case: Case
) -> None:
    """The requests, LionDesk's rows, what is open in the calendar, and that it is quiet then."""
    played = outcome(server)[token_of(case.token)]
    assert played.told == []
    assert played.asked == list(case.asks)
    assert played.rows == case.rows(played.known)
    assert sorted(played.opened) == sorted((text, due) for text, due, done in played.rows if not done)
    assert len(played.conflicts) == case.conflicts, played.conflicts
    assert played.later == []
