"""Who is asked for gets an e-mail: once, and never in clear where that is not allowed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx

from tests.cli.desk import day
from tests.daemon.post_office import PostOffice, certificate_of, serving_mail
from tests.running import Daemon

PASSWORD = "the-secret-of-the-mail"


def wanting(daemon: Daemon, office: PostOffice, more: str = "") -> None:
    """The daemon writes to Alice by this server, and asks her who is right."""
    there = f'server = "127.0.0.1:{office.port}", sender = "bridge@example.org", to = "alice@example.org"'
    text = daemon.desk.config.read_text().replace('every = "1s"', 'every = "1s"\nconflict = "ask"', 1)
    daemon.desk.config.write_text(f"[notify]\nmail = {{ {there}{more} }}\n{text}")


def needed(daemon: Daemon, text: str) -> None:
    """Both people give this task another text in one interval."""
    desk = daemon.desk
    name = next(name for name in desk.app.names() if f"SUMMARY:{text}" in desk.app.get(name).text)
    row = next(row for row in desk.rows() if row.values.description == text)
    shown = {key: value for key, value in desk.world.shown(row).items() if value is not None}
    kept = desk.app.get(name).text
    edited = re.sub("LAST-MODIFIED:[0-9TZ]+", "LAST-MODIFIED:20300101T000000Z", kept)
    desk.world.update(1, row.id, {**shown, "description": f"{text} (LionDesk)", "update_type": 1}, "page")
    desk.app.put(name, edited.replace(f"SUMMARY:{text}", f"SUMMARY:{text} (calendar)"))


def begun(daemon: Daemon, *texts: str) -> None:
    """It runs, and both sides show these tasks; it is paused so that both people edit in one interval."""
    for index, text in enumerate(texts):
        daemon.desk.post(text, day(3 + index))
    daemon.start()
    daemon.until(lambda: len(daemon.desk.app.names()) == len(texts) and daemon.answers("/readyz"))


def pressed(daemon: Daemon, what: str) -> None:
    with httpx.Client(base_url=daemon.page, follow_redirects=True) as client:
        token = re.search(r'name="csrf" value="([^"]+)"', client.get("/").text)
        assert token is not None
        assert client.post(f"/pairs/{what}", data={"csrf": token[1], "pair": "alice"}).status_code == 200


def runs(daemon: Daemon) -> int:
    text = httpx.get(daemon.page + "/metrics").text
    found = re.findall(r"^liondesk_bridge_runs_total\{.*\} ([0-9.]+)", text, re.MULTILINE)
    return int(sum(map(float, found)))


def more_runs(daemon: Daemon, count: int) -> None:
    wanted = runs(daemon) + count
    daemon.until(lambda: runs(daemon) >= wanted)


def test_a_conflict_is_told_by_mail_once_however_many_runs_find_it(daemon: Daemon) -> None:
    with serving_mail() as office:
        wanting(daemon, office, ", allow_plain = true")
        begun(daemon, "Call Bill Gates")
        assert office.messages == []
        pressed(daemon, "pause")
        needed(daemon, "Call Bill Gates")
        pressed(daemon, "resume")
        daemon.until(lambda: len(office.messages) == 1)
        more_runs(daemon, 3)
        (message,) = office.messages
        assert (message["From"], message["To"]) == ("bridge@example.org", "alice@example.org")
        assert message["Subject"] == "liondesk-bridge needs you for alice"
        assert "Call Bill Gates" in message.get_content()
        daemon.stop()
        daemon.start()
        more_runs(daemon, 2)
        assert len(office.messages) == 1, "a new process remembers what was told"


def test_without_starttls_nothing_is_told_in_clear(daemon: Daemon) -> None:
    with serving_mail() as office:
        wanting(daemon, office, f', username = "alice", password = "{PASSWORD}"')
        begun(daemon, "Call Bill Gates")
        pressed(daemon, "pause")
        needed(daemon, "Call Bill Gates")
        pressed(daemon, "resume")
        daemon.until(lambda: any(line.startswith("QUIT") for line in office.in_clear))
        _, log = daemon.stop()
    assert {line.split()[0].upper() for line in office.in_clear} <= {"EHLO", "QUIT"}
    assert office.messages == []
    assert any(line["event"] == "nobody could be told" for line in log)
    assert PASSWORD not in json.dumps(log)


def test_a_certificate_that_nobody_vouches_for_is_refused(daemon: Daemon, tmp_path: Path) -> None:
    with serving_mail(certificate_of(tmp_path)) as office:
        wanting(daemon, office, f', username = "alice", password = "{PASSWORD}", allow_plain = true')
        begun(daemon, "Call Bill Gates")
        pressed(daemon, "pause")
        needed(daemon, "Call Bill Gates")
        pressed(daemon, "resume")
        daemon.until(lambda: "STARTTLS" in {line.upper() for line in office.in_clear})
        more_runs(daemon, 1)
        _, log = daemon.stop()
    assert (office.messages, office.under_tls) == ([], [])
    assert {line.split()[0].upper() for line in office.in_clear} <= {"EHLO", "STARTTLS"}
    assert any("certificate" in str(line.get("error")) for line in log)


def test_over_starttls_the_password_and_the_message_go_unseen(daemon: Daemon, tmp_path: Path) -> None:
    certificate = certificate_of(tmp_path)
    with serving_mail(certificate) as office:
        wanting(daemon, office, f', username = "alice", password = "{PASSWORD}"')
        daemon.desk.post("Call Bill Gates", day(3))
        daemon.start(SSL_CERT_FILE=str(certificate))
        daemon.until(lambda: len(daemon.desk.app.names()) == 1 and daemon.answers("/readyz"))
        pressed(daemon, "pause")
        needed(daemon, "Call Bill Gates")
        pressed(daemon, "resume")
        daemon.until(lambda: len(office.messages) == 1)
    assert {line.split()[0].upper() for line in office.in_clear} == {"EHLO", "STARTTLS"}
    assert any(line.startswith("AUTH PLAIN") for line in office.under_tls)


def test_answering_one_of_two_questions_writes_nobody(daemon: Daemon) -> None:
    with serving_mail() as office:
        wanting(daemon, office, ", allow_plain = true")
        begun(daemon, "Call Bill Gates", "Sign the lease")
        pressed(daemon, "pause")
        needed(daemon, "Call Bill Gates")
        needed(daemon, "Sign the lease")
        pressed(daemon, "resume")
        daemon.until(lambda: len(office.messages) == 1)
        with httpx.Client(base_url=daemon.page, follow_redirects=True) as client:
            text = client.get("/inbox").text
            fields = {name: re.search(rf'name="{name}" value="([^"]+)"', text) for name in ("csrf", "id")}
            told = {name: found[1] for name, found in fields.items() if found is not None}
            assert client.post("/inbox", data={**told, "pair": "alice", "answer": "calendar"}).status_code == 200
        more_runs(daemon, 3)
        assert len(office.messages) == 1
