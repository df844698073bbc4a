"""What the machine around the daemon does: systemd, which waits for a sign of life, and clocks that jump."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import monotonic

from bridge.telemetry import log

LOOK_EVERY_S = 15.0
A_JUMP = timedelta(seconds=60)
"""A wall clock that moved so much more or less than time went by was set, or the machine slept."""


def notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell systemd (sd_notify(3): a datagram to $NOTIFY_SOCKET). Whether there was anybody to tell."""
    address = environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        try:
            there.connect("\0" + address[1:] if address.startswith("@") else address)
            there.sendall(state.encode())
        except OSError as error:
            log(logging.WARNING, "systemd cannot be told", state=state, error=str(error))
            return False
    return True


async def watch(
    now: Callable[[], datetime],
    jumped: Callable[[], None],
    every_s: float = LOOK_EVERY_S,
    clock: Callable[[], float] = monotonic,
) -> None:
    """Until cancelled: a sign of life for systemd's watchdog, and a word when the wall clock jumped. `now` is aware."""
    wall, steady = now(), clock()
    while True:
        await asyncio.sleep(every_s)
        notify("WATCHDOG=1")
        went_by = timedelta(seconds=clock() - steady)
        shown = now() - wall
        wall, steady = now(), clock()
        if abs(shown - went_by) > A_JUMP:
            log(logging.WARNING, "clock jumped", by_s=round((shown - went_by).total_seconds()))
            jumped()
