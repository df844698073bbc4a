"""What the page stands on: the daemon, the state and the sides, each as the function that the page needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from bridge.config import Configuration
from bridge.records import InboxItem
from bridge.report import PairReport
from bridge.store import State
from bridge.sync.pair import Options, Pair


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair as the daemon has it. Moments are aware UTC, None where there was or is none."""

    paused: bool
    running: bool
    next_at: datetime | None
    ended_at: datetime | None
    agreed_at: datetime | None
    failures: int
    report: PairReport | None


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything the page can see and do. `configuration` and `pairs` answer as things stand now.

    `sync_now`, `pause`, `resume` take a pair's name; `resolve` answers an item of the inbox and those alike,
    carries that out and says what was done (raises BridgeError); `reload` reads the configuration again and says what
    is wrong with it, None where nothing is; `opened` is a pair wired to both sides; `metrics` is what Prometheus reads.
    """

    configuration: Callable[[], Configuration]
    state: State
    pairs: Callable[[], Mapping[str, Shown]]
    sync_now: Callable[[str, Options], Awaitable[PairReport | None]]
    resolve: Callable[[str, InboxItem, str, Sequence[InboxItem]], Awaitable[str]]
    pause: Callable[[str], Awaitable[None]]
    resume: Callable[[str], Awaitable[None]]
    reload: Callable[[], str | None]
    opened: Callable[[str], AbstractAsyncContextManager[Pair]]
    metrics: Callable[[], bytes]
    now: Callable[[], datetime]
