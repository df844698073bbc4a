"""docs/daemon.md tells of the daemon as it is: settings, pages, addresses that exist, and a unit that systemd takes."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.config import load
from tests.config.test_reading import PAIR

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "daemon.md").read_text("utf-8")
WEB = ROOT / "bridge" / "web"
UNITS = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
SETTINGS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_settings_shown_are_read_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("\n".join([*SETTINGS, PAIR]))
    path.chmod(0o600)
    found = load(path)
    assert found.web.listen == "192.168.1.20:8440"
    assert found.web.password is not None
    assert found.notify.mail is not None
    assert found.notify.webhook is not None
    assert found.warnings == ()


def test_each_setting_that_is_named_is_one_of_the_example() -> None:
    example = (ROOT / "config.example.toml").read_text("utf-8")
    named = {"every", "soonest", "latest", "state", "listen", "password", "webhook", "mail", "allow_plain"}
    assert {each for each in named if f"`{each}`" not in PAGE} == set()
    assert {each for each in named if not re.search(rf"\b{each} =", example)} == set()


def test_the_table_names_the_pages_of_the_navigation_in_their_order() -> None:
    navigation = re.findall(r'\("/\w*", "(\w+)"\)', (WEB / "templates" / "base.html").read_text("utf-8"))
    table = PAGE.split("| page | shows |", 1)[1].split("\n\n", 1)[0]
    assert re.findall(r"^\| (\w+) \|", table, re.MULTILINE) == navigation


def test_the_addresses_for_machines_are_served() -> None:
    routes = re.findall(r'Route\("(/\w+)"', (WEB / "app.py").read_text("utf-8"))
    named = set(re.findall(r"`(/\w+)`", PAGE))
    assert named == {"/healthz", "/readyz", "/metrics"}
    assert named <= set(routes)


def test_the_unit_waits_for_readiness_and_leaves_time_to_stop() -> None:
    (text,) = UNITS
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    assert unit["Service"]["Type"] == "notify"
    assert unit["Service"]["ExecStart"].endswith("liondesk-bridge daemon")
    assert int(unit["Service"]["TimeoutStopSec"]) > 10
    assert int(unit["Service"]["WatchdogSec"]) >= 60


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    (text,) = UNITS
    if analyze is None:
        pytest.skip("systemd is not there; the unit is parsed by another test")
    path = tmp_path / "liondesk-bridge.service"
    path.write_text(re.sub(r"ExecStart=\S+", f"ExecStart={sys.executable}", text))
    ran = subprocess.run(
        [analyze, "--user", "--man=no", "verify", str(path)],
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "liondesk-bridge.service" not in ran.stderr, ran.stderr
