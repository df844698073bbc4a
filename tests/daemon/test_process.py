"""The daemon as its user and an init system have it: started, stopped, told to read its file again."""

from __future__ import annotations

import json
import re
import resource
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from bridge.sandbox.faults import Fault
from tests.cli.desk import TOKEN, day, program
from tests.running import Daemon, free_port
from tests.servers import ics


def test_it_keeps_both_sides_the_same_until_it_is_told_to_stop(daemon: Daemon) -> None:
    daemon.start()
    daemon.desk.post("Call Bill Gates", day(3))
    daemon.until(lambda: len(daemon.desk.app.names()) == 1)
    daemon.until(lambda: daemon.answers("/readyz"))
    metrics = httpx.get(daemon.page + "/metrics").text
    assert 'liondesk_bridge_runs_total{outcome="agreed",pair="alice"}' in metrics
    code, log = daemon.stop()
    assert code == 0
    runs = [line for line in log if line["event"] == "run"]
    assert runs
    assert {"pair", "run", "outcome", "requests", "operations", "elapsed_s"} <= runs[0].keys()
    assert all(TOKEN not in json.dumps(line) for line in log)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_in_the_middle_of_a_write_loses_and_doubles_nothing(daemon: Daemon, number: int) -> None:
    for index in range(12):
        daemon.desk.app.put(f"{index}.ics", _task(index))
    daemon.desk.world.faults.append(Fault(kind="delay", method="POST", times=100, delay_s=0.6))
    daemon.start()
    daemon.until(lambda: len(daemon.desk.rows()) >= 1)
    began = time.monotonic()
    code, _ = daemon.stop(number)
    assert (code, time.monotonic() - began < 10) == (0, True)
    daemon.desk.world.faults.clear()
    daemon.start()
    daemon.until(lambda: len(daemon.desk.rows()) >= 12)
    time.sleep(2.5)
    texts = sorted(row.values.description for row in daemon.desk.rows())
    assert texts == sorted(f"Task {index}" for index in range(12))
    daemon.stop()


def test_sighup_reads_the_configuration_again_and_a_wrong_one_changes_nothing(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.answers("/readyz"))
    assert daemon.process is not None
    right = daemon.desk.config.read_text()
    daemon.desk.config.write_text(right + "nonsense = 1\n")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.desk.post("While it is wrong", day(3))
    daemon.until(lambda: len(daemon.desk.app.names()) == 1)
    other = daemon.desk.server.new_calendar()
    second = daemon.desk.pair("bob", calendar=other.url).replace('name = "bob"', 'name = "bob"\nevery = "1s"', 1)
    daemon.desk.config.write_text(right + second)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: len(other.names()) == 1)
    _, log = daemon.stop()
    assert [line["event"] for line in log if "configuration" in str(line["event"])] == [
        "configuration not reloaded",
        "configuration reloaded",
    ]


def test_systemd_is_told_when_it_is_ready_and_when_it_stops(daemon: Daemon, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(20)
        daemon.start(NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert told.recv(64) == b"READY=1"
        daemon.stop()
        assert told.recv(64) == b"STOPPING=1"


def test_a_side_that_is_down_is_tried_less_often_and_found_again(daemon: Daemon) -> None:
    daemon.desk.world.faults.append(Fault(kind="close_before", times=10_000))
    daemon.start()
    daemon.until(lambda: 'failures_in_a_row{pair="alice"} 1.0' in httpx.get(daemon.page + "/metrics").text)
    assert daemon.answers("/healthz")
    daemon.desk.world.faults.clear()
    daemon.desk.post("Call Bill Gates", day(3))
    daemon.until(lambda: len(daemon.desk.app.names()) == 1)
    assert daemon.stop()[0] == 0


def test_a_port_that_is_taken_is_named_before_anything_starts(daemon: Daemon) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(daemon.page.rpartition(":")[2])))
        taken.listen()
        process = program("daemon", cwd=daemon.desk.folder)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "The page cannot be served at" in err
    assert daemon.desk.app.names() == []


def test_a_person_is_told_once_of_each_need(daemon: Daemon) -> None:
    heard: list[bytes] = []
    port = free_port()
    with socket.socket() as hook:
        hook.bind(("127.0.0.1", port))
        hook.listen()
        hook.settimeout(20)
        text = daemon.desk.config.read_text()
        daemon.desk.config.write_text(f'[notify]\nwebhook = "http://127.0.0.1:{port}/secret-hook"\n' + text)
        daemon.desk.config.chmod(0o600)
        daemon.desk.world.faults.append(Fault(kind="status", status=401, times=10_000))
        daemon.start()
        connection, _ = hook.accept()
        with connection:
            connection.settimeout(5)
            data = b""
            while b"needs" not in data:
                data += connection.recv(65536)
            heard.append(data)
            connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        runs = 'liondesk_bridge_failures_in_a_row{pair="alice"} 3.0'
        daemon.until(lambda: runs in httpx.get(daemon.page + "/metrics").text)
        hook.settimeout(0.2)
        with pytest.raises(TimeoutError):
            hook.accept()
    body = json.loads(heard[0].partition(b"\r\n\r\n")[2])
    assert body["pair"] == "alice"
    assert len(body["needs"]) == 1
    assert "LionDesk refuses the token" in body["needs"][0]
    _, log = daemon.stop()
    assert all("secret-hook" not in json.dumps(line) for line in log)


def _task(index: int) -> str:
    return ics(f"task-{index}", f"Task {index}", due=f"{day(3 + index):%Y%m%dT%H%M%S}")


def test_an_address_that_others_reach_needs_a_password(
    daemon: Daemon,
) -> None:
    text = daemon.desk.config.read_text().replace("127.0.0.1:", "0.0.0.0:", 1)
    daemon.desk.config.write_text(text)
    process = program("daemon", cwd=daemon.desk.folder)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "`password`" in err
    assert [path.name for path in daemon.desk.folder.iterdir()] == ["config.toml"]


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux can fill the disk of one process")
def test_a_full_disk_is_survived_and_what_came_meanwhile_is_done_once(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.answers("/readyz"))
    assert daemon.process is not None
    _, most = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (4096, most))
    daemon.desk.app.put("new.ics", ics("new", "Order signs", due=f"{day(5):%Y%m%dT%H%M%S}"))
    failed = re.compile(r'failures_in_a_row\{pair="alice"\} [1-9]')
    daemon.until(lambda: failed.search(httpx.get(daemon.page + "/metrics").text) is not None)
    assert daemon.answers("/healthz")
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (most, most))
    daemon.until(lambda: len(daemon.desk.rows()) == 1)
    daemon.until(lambda: failed.search(httpx.get(daemon.page + "/metrics").text) is None)
    time.sleep(2.5)
    assert [row.values.description for row in daemon.desk.rows()] == ["Order signs"]
    assert daemon.stop()[0] == 0
