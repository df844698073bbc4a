"""When a pair runs next: at its pace, sooner while people are busy, later when nobody is, later still when it fails.

Pure. All spans are timedeltas, all moments aware.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

BUSY = timedelta(minutes=15)
"""How long after a change somebody counts as being at work."""

QUIET = timedelta(hours=12)
"""After so long without any change nobody is waiting for the next run."""

JITTER = 0.1
"""How much of a wait is left to chance, so that many pairs do not ask one server at the same moment."""

LONGEST_BACK_OFF = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a pair runs: as a rule, at most, and at least."""

    every: timedelta
    soonest: timedelta
    latest: timedelta


def wait(pace: Pace, now: datetime, changed_at: datetime | None, failures: int, chance: float) -> timedelta:
    """How long to wait before the next run.

    `changed_at` is when a run last found something to do, None where none has yet. `failures` are those in a row, each
    of which doubles the wait. `chance` is from -1 to 1.
    """
    if failures:
        # 2 ** 20 is beyond any bound: a side may be down for a year.
        span: timedelta = min(pace.every * 2 ** min(failures - 1, 20), max(LONGEST_BACK_OFF, pace.latest))
    elif changed_at is None:
        span = pace.every
    elif now - changed_at < BUSY:
        span = pace.soonest
    else:
        span = pace.latest if now - changed_at > QUIET else pace.every
    return span + span * (JITTER * chance)
