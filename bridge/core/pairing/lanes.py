"""Series that look alike, told apart where LionDesk shows no events: by when and for which days they were made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby

from bridge.core.model import Row, Slot
from bridge.core.recurrence import expand
from bridge.core.recurrence.shifted import on_their_days

_UNKNOWN = datetime.min.replace(tzinfo=UTC)


def lanes(rows: Iterable[Row]) -> list[list[Row]]:
    """Rows that share everything that the rows of one series share, by series.

    One request makes its rows at one time, in their order, one a day or more; a run of such rows stays together.
    A later run goes on where an earlier one stopped: a tail that got new ids, rows that the horizon made.
    """
    found: list[list[Row]] = []
    for run in _runs(rows):
        home = next((lane for lane in _nearest(found, run) if _goes_on(lane, run)), None)
        if home is None:
            found.append(list(run))
        else:
            home += run
    return found


def made(row: Row) -> tuple[datetime, int, str]:
    """The order in which LionDesk made rows."""
    return row.created_at or _UNKNOWN, len(row.id), row.id


def _runs(rows: Iterable[Row]) -> list[list[Row]]:
    runs: list[list[Row]] = []
    for _, together in groupby(sorted(rows, key=made), key=lambda row: (row.created_at, row.rule)):
        runs.append([])
        for row in together:
            if runs[-1] and row.task.due <= runs[-1][-1].task.due:
                runs.append([])
            runs[-1].append(row)
    return runs


def _nearest(found: Sequence[list[Row]], run: Sequence[Row]) -> list[list[Row]]:
    """The lanes, those first that stop the latest before the run begins."""
    first = run[0].task.due
    return sorted(found, key=lambda lane: abs(first - lane[-1].task.due))


def _goes_on(lane: Sequence[Row], run: Sequence[Row]) -> bool:
    """Whether a run, made later, may be of the series in a lane: under its rule, on its days, not too many."""
    rule = lane[0].rule
    if rule is None or rule != run[0].rule or (rule.count is not None and len(lane) + len(run) > rule.count):
        return False
    dues: list[Slot] = [row.task.due for row in (*lane, *run)]
    grid = expand(on_their_days(rule, dues[0], dues), dues[0], dues[-1])
    return lane[-1].task.due < run[0].task.due and set(grid).issuperset(dues)
