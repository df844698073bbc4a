"""One run at a time for a pair, across processes."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import timedelta

from bridge.sandbox.faults import Fault
from bridge.store import open_state
from bridge.sync.turn import PATIENCE_S
from tests.cli.desk import Desk, day, program
from tests.servers import ics


def new_tasks(desk: Desk, count: int) -> None:
    for index in range(count):
        desk.app.put(f"{index}.ics", ics(f"task-{index}", f"Task {index}", due=f"{day(3 + index):%Y%m%dT%H%M%S}"))


def texts(desk: Desk) -> list[str]:
    return sorted(row.values.description for row in desk.rows())


def test_four_processes_at_once_make_each_task_once(desk: Desk) -> None:
    new_tasks(desk, 10)
    desk.world.faults.append(Fault(kind="delay", method="POST", times=100, delay_s=0.05))
    running = [program("sync", cwd=desk.folder) for _ in range(4)]
    told = [each.communicate(timeout=90) for each in running]
    assert [each.returncode for each in running] == [0] * 4, told
    assert texts(desk) == sorted(f"Task {index}" for index in range(10))


def test_a_process_that_was_killed_in_the_middle_keeps_nobody_waiting(desk: Desk) -> None:
    new_tasks(desk, 6)
    desk.world.faults.append(Fault(kind="delay", method="POST", times=100, delay_s=1))
    dying = program("sync", cwd=desk.folder)
    deadline = time.monotonic() + 30
    while not desk.rows() and time.monotonic() < deadline:
        time.sleep(0.02)
    dying.send_signal(signal.SIGKILL)
    dying.communicate()
    desk.world.faults.clear()
    began = time.monotonic()
    desk.sync()
    assert time.monotonic() - began < PATIENCE_S
    desk.world.advance(timedelta(hours=1))
    desk.sync()
    assert len(set(texts(desk))) == len(texts(desk))


def test_a_quiet_run_takes_no_turn(desk: Desk) -> None:
    desk.post("Call Bill Gates", day(3))
    desk.sync()
    with open_state(f"sqlite:///{desk.folder / 'state.db'}") as state:
        number = asyncio.run(state.pair("alice").turn()).number
        desk.sync()
        assert asyncio.run(state.pair("alice").turn()).number == number
