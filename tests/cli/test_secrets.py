"""No command shows a token or a password, however much it is asked to tell, whatever goes wrong; nor does the state."""

from __future__ import annotations

import base64

import pytest

from bridge.sandbox.faults import Fault
from tests.cli.desk import TOKEN, Desk, day
from tests.servers import ics

SECRETS = ("secret", TOKEN, base64.b64encode(b"alice:secret").decode())
COMMANDS = (
    ("check",),
    ("sync", "-vv"),
    ("sync", "--log-format", "json", "-vv"),
    ("sync", "--json"),
    ("status", "--json"),
    ("history",),
    ("conflicts",),
    ("verify", "--json"),
    ("export",),
)
TROUBLES = (
    Fault(kind="status", status=401, times=99),
    Fault(kind="status", status=500, times=99),
    Fault(kind="html", status=200, times=99),
    Fault(kind="status", method="POST|PATCH", status=403, times=99),
)


@pytest.mark.parametrize(
    "trouble", [None, *TROUBLES], ids=lambda each: f"{each.kind} {each.status}" if each else "none"
)
def test_no_output_and_no_state_holds_a_secret(desk: Desk, trouble: Fault | None) -> None:
    desk.post("Call client", day(3), "FREQ=WEEKLY;COUNT=4")
    desk.app.put("sign.ics", ics("sign", "Buy a sign"))
    desk.config.write_text('state = "sqlite:///state.db"\n' + desk.config.read_text())
    if trouble is not None:
        desk.world.faults.append(trouble)
    for command in COMMANDS:
        ran = desk.run(*command)
        assert ran.code != 2, ran
        assert "Traceback" not in ran.err
        assert not any(secret in ran.out + ran.err for secret in SECRETS), (command, ran)
    for file in desk.folder.glob("state.db*"):
        assert not any(secret.encode() in file.read_bytes() for secret in SECRETS), file
