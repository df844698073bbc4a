"""The tour: first sync, edits on both sides, sync, proof, and then both sides for the visitor to play with."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TextIO

from bridge.demo.open_house import EVERY, open_house, prepare_question
from bridge.demo.stage import USER, Stage, staged
from bridge.demo.table import draw
from bridge.report import PairReport
from bridge.wording import moment

_FIRST_LINES = 5
_MEETING = "Office meeting"
_LUNCH = "Lunch with Susan Lindqvist, Pacific Escrow"
_APPRAISAL = "Review appraisal with Ben Castellano"
_CALLS = "Call five past clients"
_BUDGET = "Call Tom Whitaker about his budget"
_SIGN = "Bring the sign back from 418 Alder Court"


class Tour:
    """One tour. Its words go to `out`."""

    def __init__(self, stage: Stage, out: TextIO, *, painted: bool) -> None:
        self._stage = stage
        self._out = out
        self._painted = painted
        self.runs: list[tuple[datetime, PairReport]] = []

    # -- the script ----------------------------------------------------------------------------------------------------

    def script(self) -> bool:
        """The tour itself; whether all went as it should: both sides agree, and the last run wrote nothing."""
        self._heading("Ann Agent's LionDesk, and an empty calendar. Both run on this machine, just for this.")
        self._say(f"LionDesk      {self._stage.liondesk_url}/")
        self._say(f"the calendar  {self._stage.app.url}")
        self._heading("The first sync brings her tasks to the calendar.")
        self._tell(self._run(), _FIRST_LINES)
        self._heading("Now Ann's assistant works in the calendar, and Ann in LionDesk.")
        self._edit_calendar()
        self._edit_liondesk()
        self._heading("The second sync carries the edits across.")
        self._tell(self._run())
        self._heading("What both sides show now, two weeks of it:")
        start = self._stage.now.replace(hour=0, minute=0) - timedelta(days=2)
        sides = (
            self._stage.liondesk_shows(start, start + timedelta(days=16)),
            self._stage.calendar_shows(start, start + timedelta(days=16)),
        )
        draw(*sides, self._out, painted=self._painted)
        return self._prove() and sides[0] == sides[1]

    def _prove(self) -> bool:
        self._heading("A third sync, to prove that nothing is left to do.")
        before = self._stage.writes()
        report = self._run()
        quiet = not report.operations and report.code == 0 and self._stage.writes() == before
        if not quiet:
            self._tell(report)
            self._say("Something was left to do, which should not be. Please report this.")
            return False
        asked = sum(report.requests.values())
        self._say(f"Both sides agree: {asked} requests looked at all of it, and nothing was written anywhere.")
        return True

    def _edit_calendar(self) -> None:
        app, stage = self._stage.app, self._stage
        meeting = next(row for row in stage.rows(_MEETING) if row.values.status == "incomplete")
        app.tick(_MEETING, meeting.slot)
        self._say(f"In the calendar: ticked '{_MEETING}' of {moment(meeting.slot)}, one of a weekly series.")
        lunch = stage.rows(_LUNCH)[0].values.due
        later = lunch + timedelta(hours=1)
        app.move(_LUNCH, later)
        self._say(f"In the calendar: moved '{_LUNCH}' from {moment(lunch)} to {moment(later, beside=lunch)}.")
        app.delete(_APPRAISAL)
        self._say(f"In the calendar: deleted '{_APPRAISAL}'.")
        due = stage.now.replace(hour=17, minute=0, second=0, microsecond=0) + timedelta(days=2)
        app.add(f"demo-{uuid.uuid4()}", _SIGN, due)
        self._say(f"In the calendar: added '{_SIGN}', due {moment(due)}.")

    def _edit_liondesk(self) -> None:
        stage = self._stage
        calls = stage.rows(_CALLS)[1]
        earlier = calls.values.due - timedelta(minutes=30)
        stage.edit(calls, 2, due_at=earlier.isoformat())
        start = moment(calls.values.due)
        end = moment(earlier, beside=calls.values.due)
        self._say(f"In LionDesk: moved '{_CALLS}' and all that follow from {start} to {end}.")
        stage.tick(stage.rows(_BUDGET)[0])
        self._say(f"In LionDesk: completed '{_BUDGET}'.")

    # -- open house ----------------------------------------------------------------------------------------------------

    def open_house(self) -> None:
        """Serve the page and sync every few seconds, until somebody interrupts."""
        text = prepare_question(self._stage)
        asyncio.run(open_house(self._stage, self._stage.folder, lambda page: self._welcome(page, text), self._tell))
        self._out.write("\n  Ended; nothing is left running or lying about.\n")

    def _welcome(self, page: str, text: str | None) -> None:
        self._heading("Everything is open now. Change something on one side, and see it arrive on the other.")
        self._say(f"the page      {page}  what was done and why, what comes next, what waits for you")
        self._say(f"LionDesk      {self._stage.liondesk_url}/  in a browser: complete, edit, delete, create")
        self._say(f"the calendar  {self._stage.app.url}")
        self._say(f"              in an app for CalDAV tasks, such as Thunderbird: user {USER}, any password")
        if text is not None:
            self._say(f"Both have just given '{text}' another text: the page's inbox asks you which is right.")
        self._say(f"The bridge looks every {EVERY}. Ctrl-C ends all of it and leaves nothing behind.")
        self._out.write("\n")
        self._out.flush()

    # -- words ---------------------------------------------------------------------------------------------------------

    def as_json(self) -> dict[str, object]:
        """The reports of the tour's runs, each as `sync --json` has it."""
        return {
            "version": 1,
            "runs": [
                {"started_at": f"{started:%Y-%m-%dT%H:%M:%SZ}", "pairs": [report.as_json()]}
                for started, report in self.runs
            ],
        }

    def _run(self) -> PairReport:
        started = datetime.now(UTC)
        report = self._stage.sync()
        self.runs.append((started, report))
        return report

    def _tell(self, report: PairReport, most: int | None = None) -> None:
        lines = [*report.sentences(), *report.errors]
        for line in lines[:most]:
            self._say(line)
        if most is not None and len(lines) > most:
            self._say(f"... and {len(lines) - most} more.")

    def _heading(self, text: str) -> None:
        bold = f"\033[1m{text}\033[0m" if self._painted else text
        self._out.write(f"\n{bold}\n")
        self._out.flush()

    def _say(self, text: str) -> None:
        self._out.write(f"  {text}\n")
        self._out.flush()


def run(*, once: bool, as_json: bool, painted: Callable[[TextIO], bool]) -> int:
    """The tour, and unless `once` the open house after it; the exit code.

    With `as_json` the words go to standard error. Ctrl-C during the tour is the caller's, afterwards the proper end.
    """
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    out = sys.stderr if as_json else sys.stdout
    try:
        with staged() as stage:
            tour = Tour(stage, out, painted=painted(out))
            code = 0 if tour.script() else 1
            if as_json:
                sys.stdout.write(json.dumps(tour.as_json(), indent=2, ensure_ascii=False) + "\n")
                sys.stdout.flush()
            if not once:
                tour.open_house()
        return code
    finally:
        signal.signal(signal.SIGTERM, previous)
