"""How each pair's last run ended, quiet runs and failed ones, too: what `status` shows.

The journal holds runs that wrote something; this holds one entry per pair, replaced by every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.ports import Store
from bridge.report import Outcome, PairReport

_FACT = "last_run"


@dataclass(frozen=True, slots=True)
class LastRun:
    """The entry. Moments are aware UTC. `open` are the operations that were not done, `done` counts the others.

    `open`, `conflicts` and `skipped` are as in `sync --json`, each with its `sentence` beside.
    """

    run: str
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    exit_code: int
    done: int
    open: tuple[Mapping[str, object], ...]
    conflicts: tuple[Mapping[str, object], ...]
    skipped: tuple[Mapping[str, object], ...]
    halt: str | None
    errors: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """JSON-ready, under the names of `sync --json`."""
        return {
            "run": self.run,
            "started_at": moment_text(self.started_at),
            "ended_at": moment_text(self.ended_at),
            "outcome": self.outcome.value,
            "exit_code": self.exit_code,
            "done": self.done,
            "open": [dict(each) for each in self.open],
            "conflicts": [dict(each) for each in self.conflicts],
            "skipped": [dict(each) for each in self.skipped],
            "halt": self.halt,
            "errors": list(self.errors),
        }


def moment_text(moment: datetime) -> str:
    """An aware moment as `sync --json` writes it: ISO 8601 in UTC with a Z, in whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


async def remember(store: Store, report: PairReport, run: str, started_at: datetime, ended_at: datetime) -> None:
    """Keep how a run ended. A dry run is none. Raises StateError."""
    if report.dry_run:
        return
    entry = LastRun(
        run=run,
        started_at=started_at,
        ended_at=ended_at,
        outcome=report.outcome,
        exit_code=report.code,
        done=sum(each.state == "done" for each in report.operations),
        open=tuple(
            {**each.as_json(), "sentence": each.sentence()} for each in report.operations if each.state != "done"
        ),
        conflicts=tuple({**each.as_json(), "sentence": each.sentence()} for each in report.conflicts),
        skipped=tuple({**each.as_json(), "sentence": each.sentence()} for each in report.skipped),
        halt=report.halt,
        errors=report.errors,
    )
    await store.set_facts({_FACT: entry.as_json()})


async def recall(store: Store) -> LastRun | None:
    """How the last run ended, or that it was cut off; None where there was none. Raises StateError."""
    ended = _read((await store.facts()).get(_FACT))
    for journalled in await store.last_runs():
        started = datetime.fromisoformat(str(journalled["started_at"]))
        if journalled["ended_at"] is None and (ended is None or started > ended.ended_at):
            return _cut_off(str(journalled["run"]), started)
    return ended


def _cut_off(run: str, started_at: datetime) -> LastRun:
    """A run that has begun to write and never said how it ended."""
    why = "Its last run was cut off before it ended. What it had written is kept; the next run goes on from there."
    return LastRun(run, started_at, started_at, Outcome.PARTIAL, 1, 0, (), (), (), None, (why,))


def _read(kept: object) -> LastRun | None:
    """The entry; None where there is none, or a newer version wrote what nobody here can read."""
    if not isinstance(kept, dict):
        return None
    try:
        return LastRun(
            run=str(kept["run"]),
            started_at=datetime.fromisoformat(kept["started_at"]),
            ended_at=datetime.fromisoformat(kept["ended_at"]),
            outcome=Outcome(kept["outcome"]),
            exit_code=int(kept["exit_code"]),
            done=int(kept["done"]),
            open=tuple(kept["open"]),
            conflicts=tuple(kept["conflicts"]),
            skipped=tuple(kept["skipped"]),
            halt=kept["halt"],
            errors=tuple(kept["errors"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
