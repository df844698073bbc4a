"""What apps without overrides do to a series beside editing it: they complete its current occurrence by moving it on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.calendar_app import Open, opened_series, put_moment
from tests.simulation.foreign import parsed
from tests.simulation.stage import ZONE, Stage
from tests.simulation.views import slots_of


def _roll(stage: Stage, n: int, a: int, b: int, c: int) -> str | None:
    """Tasks.org, which knows no EXDATE; an app that does; Apple Reminders, which writes a completed copy beside it."""
    series = opened_series(stage, a)
    if series is None or series.master is None:
        return None
    master = series.master
    ahead = _slots(stage, master, knows_exdate=c % 3 > 0)
    if len(ahead) < 2:
        return None
    if c % 3 == 2:
        _copied(series, n)
    for name in ("DTSTART", "DUE"):
        if name in master:
            put_moment(master, name, ahead[1], master)
    if "COUNT" in master["RRULE"] and b % 2:
        master["RRULE"]["COUNT"] = [master["RRULE"]["COUNT"][0] - 1]
    series.save(master)
    return f"completes {series.href} by rolling it to {ahead[1]}{', with a copy' if c % 3 == 2 else ''}"


def _slots(stage: Stage, master: Any, *, knows_exdate: bool) -> list[datetime]:
    """The current occurrence and the next one, as the app reckons it."""
    current = next(iter(slots_of(_without_exdate(master), ZONE, stage.today + timedelta(days=800))), None)
    form = master if knows_exdate else _without_exdate(master)
    slots = slots_of(form, ZONE, stage.today + timedelta(days=800))
    return [] if current is None else [current, *[slot for slot in slots if slot > current][:1]]


def _without_exdate(master: Any) -> Any:
    bare = master.copy()
    bare.pop("EXDATE", None)
    return bare


def _copied(series: Open, n: int) -> None:
    copy = Open(series.stage, f"/cal/copy-{n}.ics", parsed(series.calendar.to_ical()))
    done = copy.master
    assert done is not None
    for name in ("RRULE", "EXDATE", "STATUS"):
        done.pop(name, None)
    done["UID"] = f"copy-{n}"
    done.add("STATUS", "COMPLETED")
    done.add("COMPLETED", series.stage.world.clock.now())
    copy.save()


ROLLS: dict[str, Callable[[Stage, int, int, int, int], str | None]] = {"roll": _roll}
