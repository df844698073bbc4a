"""Drawn accounts of one user: look-alike series, edited by hand, as LionDesk shows them without events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bridge.core.model import Row
from bridge.liondesk.rows import read_row
from bridge.sandbox.records import TaskRow
from bridge.sandbox.world import World

ZONE = ZoneInfo("America/Los_Angeles")
START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
RULES = ("FREQ=WEEKLY;COUNT=6", "FREQ=WEEKLY;BYDAY=MO", "FREQ=DAILY;INTERVAL=3;COUNT=7")
KINDS = ("complete", "rename", "move", "note", "delete", "rename the rest", "move the rest", "a month passes")
_SENT = ("contact_id", "assigned_user_id", "due_at", "recurrence_rule", "description", "status", "notes")


@dataclass(frozen=True, slots=True)
class Made:
    """A series as somebody made it. Monday, 2 March, is day 0."""

    text: str
    contact: str | None
    hour: int
    day: int
    rule: str


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody did to a row of a series, by its place; what is not there is not done."""

    kind: str
    series: int
    place: int


@dataclass(slots=True)
class Account:
    """What LionDesk holds. `of` tells of each row id which series it once was made for."""

    world: World
    of: dict[str, int] = field(default_factory=dict)
    events: dict[int, int] = field(default_factory=dict)

    def live(self) -> list[TaskRow]:
        """Live rows, those that the horizon made included."""
        self.world.tick()
        rows = [row for row in self.world.ledger.rows.values() if row.values.status != "deleted"]
        return sorted(rows, key=lambda row: (row.slot, row.id))

    def rows(self) -> list[Row]:
        """As the bridge reads them."""
        live = self.live()
        read = [read_row(self.world.shown(row), ZONE) for row in live]
        return [row for row in read if isinstance(row, Row)]

    def note(self, series: int, before: set[int]) -> None:
        """Which series the events and rows are of that an edit made."""
        for row in self.live():
            if row.id in before or row.event_id not in self.events:
                self.events[row.event_id] = self.of.get(str(row.id), self.events.get(row.event_id, series))
        for row in self.live():
            self.of.setdefault(str(row.id), self.events.get(row.event_id, series))


def account(series: Sequence[Made], edits: Sequence[Edit], switches: Mapping[str, object]) -> Account:
    """The account after all of it."""
    world = World()
    world.set_clock(START)
    world.add_user("Alice", "Agent", token="alice-token")
    world.add_contact(1, "Bill", "Gates")
    world.set_switches({"event_id": "hidden", **switches})
    made = Account(world)
    for number, each in enumerate(series):
        world.advance(timedelta(seconds=7))
        due = datetime(2026, 3, 2, each.hour) + timedelta(days=each.day)
        body = {"assigned_user_id": "1", "due_at": f"{due:%Y-%m-%dT%H:%M:%S}", "description": each.text}
        known = {row.id for row in made.live()}
        contact = {} if each.contact is None else {"contact_id": each.contact}
        world.create(1, {**body, **contact, "recurrence_rule": each.rule, "status": "incomplete"}, "page")
        made.note(number, known)
    for edit in edits:
        world.advance(timedelta(seconds=7))
        known = {row.id for row in made.live()}
        _edit(made, edit)
        made.note(edit.series, known)
    return made


def _edit(made: Account, edit: Edit) -> None:
    world = made.world
    rows = [row for row in made.live() if made.of.get(str(row.id)) == edit.series]
    if edit.kind == "a month passes":
        world.advance(timedelta(days=31))
        return
    if edit.place >= len(rows):
        return
    row = rows[edit.place]
    match edit.kind:
        case "complete":
            world.update(1, row.id, {"status": "complete", "update_type": 3}, "page")
        case "delete":
            world.delete(1, row.id, 1, "page")
        case "rename":
            _patch(world, row, 1, description=f"{row.values.description} alone")
        case "note":
            _patch(world, row, 1, notes="bring the deed")
        case "move":
            _patch(world, row, 1, due_at=f"{row.values.due + timedelta(days=1, hours=5):%Y-%m-%dT%H:%M:%S}")
        case "rename the rest":
            _patch(world, row, 2, description=f"{row.values.description} from here")
        case _:
            _patch(world, row, 2, due_at=f"{row.values.due + timedelta(hours=3):%Y-%m-%dT%H:%M:%S}")


def _patch(world: World, row: TaskRow, update_type: int, **changes: str) -> None:
    shown = world.shown(row)
    body = {name: shown[name] for name in _SENT if shown.get(name) is not None} | changes
    world.update(1, row.id, {**body, "update_type": update_type}, "page")


series = st.builds(
    Made,
    text=st.sampled_from(("Call", "Visit")),
    contact=st.sampled_from((None, "1")),
    hour=st.sampled_from((9, 14)),
    day=st.sampled_from((0, 0, 1, 7)),
    rule=st.sampled_from(RULES),
)

switches = st.fixed_dictionaries(
    {
        "single_edit_rule": st.sampled_from(("kept", "lost")),
        "single_edit_event": st.sampled_from(("kept", "new")),
        "tail_ids": st.sampled_from(("kept", "following_new", "new")),
        "tail_event": st.sampled_from(("kept", "new")),
        "rule_form": st.sampled_from(("sent", "normalised", "prefix", "dtstart")),
        "ids": st.sampled_from(("strings", "integers")),
        "modified_at": st.sampled_from(("milliseconds", "seconds")),
    }
)


def edits(of: int, kinds: Sequence[str] = KINDS) -> st.SearchStrategy[list[Edit]]:
    """A few edits of an account with so many series."""
    one = st.builds(Edit, st.sampled_from(kinds), st.integers(0, of - 1), st.integers(0, 8))
    return st.lists(one, max_size=5)
