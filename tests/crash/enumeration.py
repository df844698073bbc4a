"""One scenario killed at its points: what must be true afterwards, wherever it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.crash.scenarios import Scenario
from tests.crash.stand import LATER, Stand, stand_for
from tests.servers import DavServer


@dataclass
class Enumerated:
    """What came of a scenario. `points`: how many a run that lives passes; `killed`: at how many it was killed."""

    scenario: str
    points: int
    killed: int = 0
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The scenario in one line."""
        verdict = "each ends in agreement" if not self.wrong else f"{len(self.wrong)} WRONG"
        return f"{self.scenario:46} {self.points:4} points, killed at {self.killed:4}: {verdict}"


async def enumerate_points(
    scenario: Scenario, server: DavServer, folder: Path, step: int = 1, first: int = 1
) -> Enumerated:
    """Kills the run at every `step`-th point from `first` on, until one lives to its end."""
    with stand_for(scenario, server, folder) as stand:
        await scenario.setting(stand.stage)
        stand.put_by()
        lived = stand.run()
        assert (lived.killed, lived.code, lived.errors) == (False, 0, ()), lived
        await _finish(stand)
        wanted = stand.shown()
        assert wanted[0] == wanted[1], "the scenario itself does not end in agreement"
        found = Enumerated(scenario.name, len(lived.points))
        for at in count(first, step):
            stand.put_back()
            killed = stand.run(killed_at=at)
            if not killed.killed:
                break
            found.killed += 1
            for wrong in await _afterwards(stand, wanted):
                found.wrong.append(f"{scenario.name}, killed at point {at} ({killed.points[-1]}): {wrong}")
    return found


async def _finish(stand: Stand) -> None:
    """Run again, once at once and once when what was lost on the way cannot come any more."""
    await stand.run_again(stand.scenario.action)
    stand.stage.world.advance(LATER)
    await stand.run_again("sync")


async def _afterwards(stand: Stand, wanted: tuple[object, object]) -> Iterable[str]:
    """What is wrong after the process was killed and the bridge ran twice more."""
    wrong: list[str] = []
    await _finish(stand)
    shown = stand.shown()
    for side, here, there in zip(("LionDesk", "the calendar"), shown, wanted, strict=True):
        if here != there:
            wrong.append(f"{side} shows {here} in place of {there}")
    verdict = await stand.verified()
    wrong += [each.sentence for each in verdict.differences]
    stand.stage.writes()
    before = _etags(stand)
    quiet = await stand.run_again("sync")
    if (quiet.code, quiet.operations, quiet.errors) != (0, (), ()):
        wrong.append(f"the third run was not quiet: {quiet.sentences()} {quiet.errors}")
    if stand.stage.writes() or _etags(stand) != before:
        wrong.append("the third run wrote")
    return wrong


def _etags(stand: Stand) -> dict[str, str]:
    return {name: stand.stage.app.etag(name) for name in stand.stage.app.names()}
