"""The daemon wired: the configuration's pairs on a schedule, one state, the page, and the machine around it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bridge.app import opened, synced
from bridge.config import Configuration, PairSettings, load
from bridge.daemon import PairStatus, Service
from bridge.daemon.cadence import Pace
from bridge.daemon.metrics import Metrics
from bridge.daemon.notices import Memory, Notices, Send, by_mail, by_webhook
from bridge.daemon.service import Listener
from bridge.daemon.supervisor import notify, watch
from bridge.deciding import resolve
from bridge.errors import BridgeError, ConfigurationError
from bridge.last_run import recall
from bridge.records import InboxItem
from bridge.report import Outcome, PairReport
from bridge.store import State
from bridge.sync.pair import Options, Pair
from bridge.telemetry import log
from bridge.web import Ground, create_app
from bridge.web.ground import Shown

if TYPE_CHECKING:
    import uvicorn

PAUSED, TOLD = "paused", "told"
"""Under which names a pair's state remembers that it is paused, and what its person was told."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Unattended:
    """One daemon. `load` its configuration anew by `reload`; `serve` it until `stop`."""

    def __init__(
        self,
        configuration: Configuration,
        state: State,
        *,
        now: Callable[[], datetime] = _utc_now,
        listeners: Sequence[Listener] = (),
    ) -> None:
        """`state` is open and stays so; `now` is aware; `listeners` hear of every run."""
        self.configuration, self.state, self._now = configuration, state, now
        self.metrics = Metrics(lambda: self.service.pairs, now)
        self.service = Service(self._run, listeners=[self.metrics.heard, self._heard, *listeners], now=now)
        self._ending = asyncio.Event()

    def stop(self) -> None:
        """End, gracefully."""
        self._ending.set()

    def reload(self) -> str | None:
        """Read the configuration again: what is wrong with it, None where nothing is. A wrong one changes nothing."""
        try:
            fresh = load(self.configuration.path)
        except BridgeError as error:
            log(logging.ERROR, "configuration not reloaded", error=str(error))
            return str(error)
        if fresh.state != self.configuration.state or fresh.web != self.configuration.web:
            log(logging.WARNING, "state and [web] are read when the daemon starts: restart it to take them over")
        self.configuration = fresh
        self.service.take(_paces(fresh))
        log(logging.INFO, "configuration reloaded", pairs=[pair.name for pair in fresh.pairs])
        return None

    async def serve(self, ready: Callable[[str], None] = lambda _: None) -> None:
        """Run every pair and the page until `stop`. `ready` is told the page's address.

        Raises ConfigurationError when the page's address is taken.
        """
        listening = _listening(self.configuration.web.listen)
        with listening:
            server = _server(self.ground())
            page = asyncio.create_task(server.serve([listening]))
            self.service.start(_paces(self.configuration), await self._remembered())
            watching = asyncio.create_task(watch(self._now, self.service.clock_jumped))
            ready(_address(listening))
            notify("READY=1")
            await asyncio.wait([asyncio.create_task(self._ending.wait()), page], return_when=asyncio.FIRST_COMPLETED)
            notify("STOPPING=1")
            watching.cancel()
            server.should_exit = True
            await self.service.stop()
            await asyncio.gather(page, watching, return_exceptions=True)

    def ground(self) -> Ground:
        """What the page stands on."""
        return Ground(
            configuration=lambda: self.configuration,
            state=self.state,
            pairs=self._shown,
            sync_now=self.service.sync_now,
            resolve=self._resolve,
            pause=self._pause,
            resume=self._resume,
            reload=self.reload,
            opened=self._opened,
            metrics=self.metrics.text,
            now=self._now,
        )

    # -- pairs -----------------------------------------------------------------------------------------------------

    def _settings(self, name: str) -> PairSettings:
        return next(pair for pair in self.configuration.pairs if pair.name == name)

    async def _run(self, name: str, options: Options) -> PairReport:
        run = options.run or f"{self._now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
        return await synced(self._settings(name), self.state, replace(options, run=run), now=self._now)

    @asynccontextmanager
    async def _opened(self, name: str) -> AsyncIterator[Pair]:
        async with opened(self._settings(name), self.state, dry_run=True, now=self._now) as pair:
            yield pair

    def _shown(self) -> Mapping[str, Shown]:
        return {
            name: Shown(
                each.paused, each.running, each.next_at, each.ended_at, each.agreed_at, each.failures, each.report
            )
            for name, each in self.service.pairs.items()
        }

    async def _resolve(self, name: str, item: InboxItem, answer: str, alike: Sequence[InboxItem]) -> str:
        run = f"{self._now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
        settings, options = self._settings(name), Options(run=run)
        settled = await self.service.alone(
            name, lambda: resolve(settings, self.state, item, answer, options, alike=alike, now=self._now)
        )
        return settled.told(answer)

    async def _pause(self, name: str) -> None:
        self.service.pause(name)
        await self.state.pair(name).set_facts({PAUSED: True})

    async def _resume(self, name: str) -> None:
        await self.state.pair(name).set_facts({PAUSED: False})
        self.service.resume(name)

    async def _remembered(self) -> Mapping[str, PairStatus]:
        """What the state knows of each pair from before this process."""
        known = {}
        for name, pace in _paces(self.configuration).items():
            store = self.state.pair(name)
            last = await recall(store)
            paused = bool((await store.facts()).get(PAUSED))
            agreed = last.ended_at if last is not None and last.outcome is Outcome.AGREED else None
            known[name] = PairStatus(name, pace, paused=paused, agreed_at=agreed)
        return known

    # -- people ----------------------------------------------------------------------------------------------------

    async def _heard(self, pair: str, report: PairReport, _ended: datetime) -> None:
        sends: list[Send] = []
        wanted = self.configuration.notify
        if wanted.webhook is not None:
            sends.append(by_webhook(wanted.webhook.reveal))
        if wanted.mail is not None:
            sends.append(by_mail(wanted.mail))
        if sends:
            waiting = [each for each in await self.state.pair(pair).open_items() if each.waits]
            await Notices(sends, Memory(self._told, self._tell)).heard(pair, report, waiting)

    async def _told(self, pair: str) -> Sequence[str]:
        kept = (await self.state.pair(pair).facts()).get(TOLD)
        return [str(each) for each in kept] if isinstance(kept, list) else []

    async def _tell(self, pair: str, needs: Sequence[str]) -> None:
        await self.state.pair(pair).set_facts({TOLD: list(needs)})


def _paces(configuration: Configuration) -> Mapping[str, Pace]:
    return {
        pair.name: Pace(pair.every, min(pair.soonest, pair.every), max(pair.latest, pair.every))
        for pair in configuration.pairs
    }


async def attend(configuration: Configuration, state: State, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reads the configuration again. Raises ConfigurationError."""
    daemon = Unattended(configuration, state)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has Ctrl-C alone
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, daemon.stop)
        loop.add_signal_handler(signal.SIGHUP, daemon.reload)
    await daemon.serve(ready)


# -- the page's port ---------------------------------------------------------------------------------------------------


def _listening(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        listening = socket.socket(*found[:3])  # the protocol is named, or asyncio leaves Nagle's algorithm on
    except OSError as error:
        raise _taken(listen, error) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(found[4])
        listening.listen(100)
    except OSError as error:
        listening.close()
        raise _taken(listen, error) from error
    return listening


def _taken(listen: str, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The page cannot be served at {listen}: {error.strerror}. Nothing was started: end the other program that "
        "uses that port (another daemon?), or set another `listen` in [web]."
    )


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _server(ground: Ground) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self):  # type: ignore[no-untyped-def] # noqa: ANN202 - uvicorn's own signature
            yield  # signals are the daemon's, which ends its runs first

    config = uvicorn.Config(
        create_app(ground),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return Server(config)
