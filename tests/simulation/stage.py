"""One pair in memory: a world, a collection, a state file, and the bridge between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bridge.core.model import Shape
from bridge.core.policies import POLICIES, Conflict
from bridge.errors import BridgeError
from bridge.ports import Store
from bridge.report import PairReport
from bridge.sandbox.world import World
from bridge.store import open_state
from bridge.sync import Options, Pair, run
from bridge.vtodo import Context
from tests.simulation.calendar_side import Collected, MemoryCalendar
from tests.simulation.faults import Died, Faults, Kind
from tests.simulation.liondesk_side import WorldHttp, liondesk_on
from tests.simulation.memory import noting, remembered
from tests.simulation.memory_store import Kept, MemoryStore
from tests.simulation.views import Place, Seen, calendar_view, liondesk_view

ZONE = ZoneInfo("America/Los_Angeles")
CONTEXT = Context(ZONE, {"1": "Call", "2": "Showing"}, timedelta(0), None)
START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
"""Sunday noon in Los Angeles, a week before the clocks change."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: its report, or None where the process died or a side was out of reach; and what each side received.

    `disputed` are the values of both sides that were kept for a person.
    """

    report: PairReport | None
    liondesk: tuple[tuple[str, str, Mapping[str, object]], ...]
    calendar: tuple[tuple[str, str], ...]
    disputed: tuple[tuple[object, object], ...] = ()

    @property
    def quiet(self) -> bool:
        """It ended, and wrote nothing."""
        return self.report is not None and not self.liondesk and not self.calendar

    @property
    def kinds(self) -> list[str]:
        """LionDesk's writes, such as `PATCH 3`."""
        return [f"{method} {kind}" for method, kind, _ in self.liondesk]


@dataclass
class Stage:
    """Everything there is. The bridge's state is `kept` in memory, or in the file `state`."""

    world: World
    collected: Collected
    state: Path | None = None
    policy: str = "newest"
    shape: Shape = Shape.OVERRIDES
    kept: Kept = field(default_factory=Kept)
    faults: Faults = field(default_factory=Faults)

    def tick(self, by: timedelta = timedelta(seconds=7)) -> None:
        """Time goes by."""
        self.world.advance(by)

    @property
    def today(self) -> date:
        """On the owner's wall clock."""
        return self.world.clock.now().astimezone(ZONE).date()

    @property
    def horizon(self) -> date:
        """The last day that has rows."""
        return self.today + timedelta(days=self.world.switches.horizon_days)

    def liondesk(self) -> dict[int, Seen]:
        """What LionDesk shows."""
        return liondesk_view(self.world)

    def calendar(self, beyond: timedelta = timedelta(0)) -> dict[Place, Seen]:
        """What the calendar shows, as far as LionDesk has rows, or beyond that."""
        return calendar_view(self.collected, ZONE, self.horizon + beyond)

    def calendar_at(self, href: str, slot: datetime) -> Seen | None:
        """What the calendar shows for one occurrence."""
        return calendar_view(self.collected, ZONE, slot.date()).get(Place(href, slot))

    def sync(
        self, planned: Mapping[int, Kind] | None = None, meanwhile: Mapping[int, Callable[[], None]] | None = None
    ) -> Ran:
        """One run of a process of its own, with what goes wrong in it and what people do at certain calls of it."""
        self.tick()
        self.faults.start(planned or {}, meanwhile or {})
        http = WorldHttp(self.world, self.faults)
        calendar = MemoryCalendar(self.collected, self.faults)
        noted: list[Conflict] = []
        try:
            with remembered(CONTEXT), noting(noted):
                report = asyncio.run(self._run(http, calendar))
        except Died:
            report = None
        except BridgeError:
            if not planned:
                raise
            report = None
        values = tuple((each.dispute.liondesk, each.dispute.calendar) for each in noted)
        return Ran(report, tuple(http.writes), tuple(calendar.writes), values)

    async def _run(self, http: WorldHttp, calendar: MemoryCalendar) -> PairReport:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)  # of tasks that died with it
        if self.state is None:
            return await self._once(http, calendar, MemoryStore(self.kept, self.faults))
        with open_state(f"sqlite:///{self.state}", now=self.world.clock.now) as state:
            return await self._once(http, calendar, state.pair("alice"))

    async def _once(self, http: WorldHttp, calendar: MemoryCalendar, store: Store) -> PairReport:
        pair = Pair(
            name="alice",
            liondesk=liondesk_on(http, ZONE),
            calendar=calendar,
            store=store,
            context=CONTEXT,
            policy=POLICIES[self.policy],
            now=self.world.clock.now,
            keep_completed=None,
            shape=self.shape,
        )
        return await run(pair, Options(run=f"run-{self.faults.runs}"))


def new_stage(
    switches: Mapping[str, object],
    *,
    content_tokens: bool,
    rewrites: bool,
    policy: str = "newest",
    state: Path | None = None,
    shape: Shape = Shape.OVERRIDES,
) -> Stage:
    """Nobody has written anything yet. `state` is the file of the bridge's state, None to keep it in memory."""
    world = World()
    world.set_clock(START)
    world.add_user("Alice", "Agent", token="alice-token")
    world.add_contact(1, "Bill", "Gates", mobile_phone="555-0100")
    world.add_category("Call")
    world.add_category("Showing")
    world.set_switches(switches)
    return Stage(world, Collected("content" if content_tokens else "counter", rewrites), state, policy, shape)
