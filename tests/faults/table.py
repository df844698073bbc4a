"""The fault table: which request, what becomes of it, and how the run that meets it must end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from bridge.core.model import Side
from tests.servers import ics
from tests.system.stage import Stage, master, override

WEEKLY = "FREQ=WEEKLY;COUNT=4;BYDAY=MO"

After: TypeAlias = Literal["again", "at once", "listed"]
"""again: the next runs end in agreement. at once: this very run does. listed: a person answers an item of the inbox."""


@dataclass(frozen=True)
class Request:
    """One kind of request. `edit` is what a person does so that the run sends it; `inside` tells it by its body."""

    name: str
    side: Side
    method: str
    path: str
    edit: Callable[[Stage], None]
    writes: bool
    inside: bytes = b""


@dataclass(frozen=True)
class Row:
    """A line of the table: `code` is the exit code of the run that meets the fault."""

    request: Request
    kind: str
    status: int
    code: int
    after: After

    @property
    def name(self) -> str:
        """The line as a person calls it."""
        fault = f"{self.kind} {self.status}" if self.kind in ("status", "html") else self.kind
        return f"{self.request.side}: {self.request.name}, {fault}"


def _series(stage: Stage) -> str:
    return next(name for name, each in stage.resources().items() if "RRULE" in master(each))


def _tick(stage: Stage) -> None:
    name = _series(stage)
    calendar = stage.resources()[name]
    override(calendar, datetime(2026, 3, 9, 9), STATUS="COMPLETED")
    stage.put(name, calendar)


def _rename_one(stage: Stage) -> None:
    name = _series(stage)
    calendar = stage.resources()[name]
    override(calendar, datetime(2026, 3, 9, 9), SUMMARY="Call the lawyer")
    stage.put(name, calendar)


def _rename_all(stage: Stage) -> None:
    name = _series(stage)
    calendar = stage.resources()[name]
    master(calendar)["SUMMARY"] = "Call the new client"
    stage.put(name, calendar)


def _make(stage: Stage) -> None:
    stage.app.put("sign.ics", ics("sign", "Buy a sign"))


def _make_series(stage: Stage) -> None:
    stage.app.put("walk.ics", ics("walk", "Walk through", "RRULE:FREQ=DAILY;COUNT=3"))


def _delete_series(stage: Stage) -> None:
    stage.app.delete(_series(stage))


def _make_in_liondesk(stage: Stage) -> None:
    stage.post("Sign the deed", "2026-03-11T10:00:00")


def _rename_in_liondesk(stage: Stage) -> None:
    stage.patch(stage.rows()[1], description="Call the lawyer")


def _delete_in_liondesk(stage: Stage) -> None:
    stage.delete(stage.rows()[0], 3)


_TASKS = r"/api/v1/scheduled/tasks(/.*)?"
LIONDESK = (
    Request("list of changes", Side.LIONDESK, "GET", _TASKS, _tick, writes=False),
    Request("POST", Side.LIONDESK, "POST", _TASKS, _make, writes=True),
    Request("POST of a series", Side.LIONDESK, "POST", _TASKS, _make_series, writes=True),
    Request("PATCH type 3", Side.LIONDESK, "PATCH", _TASKS, _tick, writes=True),
    Request("PATCH type 1", Side.LIONDESK, "PATCH", _TASKS, _rename_one, writes=True),
    Request("PATCH type 2", Side.LIONDESK, "PATCH", _TASKS, _rename_all, writes=True),
    Request("DELETE type 3", Side.LIONDESK, "DELETE", _TASKS, _delete_series, writes=True),
)
CALENDAR = (
    Request("list of changes", Side.CALENDAR, "REPORT", "", _tick, writes=False, inside=b"sync-collection"),
    Request("PUT, new", Side.CALENDAR, "PUT", "", _make_in_liondesk, writes=True),
    Request("PUT, changed", Side.CALENDAR, "PUT", "", _rename_in_liondesk, writes=True),
    Request("DELETE", Side.CALENDAR, "DELETE", "", _delete_in_liondesk, writes=True),
    Request("resource read back", Side.CALENDAR, "GET", "", _make_in_liondesk, writes=False),
)

STATUSES = (401, 403, 404, 409, 412, 423, 429, 500, 503, 507)
CUTS = ("close_before", "close_after", "half_body", "late")


def faults(request: Request) -> Iterator[tuple[str, int]]:
    """Everything that can become of it."""
    # A server that says of what it has that it is not there is no fault but a lie: a DELETE believes it.
    lie = 404 if request.side is Side.CALENDAR and request.method == "DELETE" else 0
    yield from (("status", status) for status in STATUSES if status != lie)
    changes = request.side is Side.CALENDAR and request.writes
    yield from (("html", status) for status in (200, 502) if not (changes and status == 200))
    # Of the answer to a PUT only the status counts: half of it is as good as all.
    yield from ((kind, 0) for kind in CUTS if not (changes and kind == "half_body"))
    if request.side is Side.CALENDAR and not changes:
        yield "redirect", 0
    if request.side is Side.CALENDAR and request.method == "REPORT":
        yield "errors_inside", 0


def ends(request: Request, kind: str, status: int) -> tuple[int, After]:
    """How a run ends that meets this fault: its exit code, and what is true afterwards."""
    refused = kind == "status" and status in (403, 404, 409, 412)
    match request:
        case Request(side=Side.LIONDESK, writes=False):
            return (3 if status in (401, 403) else 5), "again"
        case Request(side=Side.LIONDESK) if kind == "status" and status == 429:
            return 0, "at once"  # nothing was done, and it is sent once more
        case Request(side=Side.LIONDESK):
            # What LionDesk will not delete comes back to the calendar.
            return 1, "listed" if refused and request.method != "DELETE" else "again"
        case Request(method="REPORT"):
            return _list_of_the_calendar(kind, status)
        case Request(writes=True) if status == 401:
            return 3, "again"
        case Request(writes=True) if refused and request.name != "PUT, new":
            return 1, "listed"
        case _:
            return 1, "again"


def _list_of_the_calendar(kind: str, status: int) -> tuple[int, After]:
    if kind == "errors_inside":
        return 0, "at once"  # what the list does not tell is asked for singly
    if kind == "redirect" or status in (401, 404):
        return 3, "again"
    if kind == "status" and status in (403, 409, 412, 423, 507):
        return 0, "at once"  # the token is taken for expired, and all is listed
    return 5, "again"


def rows() -> Iterator[Row]:
    """The table."""
    for request in (*LIONDESK, *CALENDAR):
        for kind, status in faults(request):
            yield Row(request, kind, status, *ends(request, kind, status))
