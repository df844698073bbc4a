"""What the pages show and what feeds hand out, from a real daemon between the sandbox and Radicale."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import icalendar
import pytest

from tests.cli.desk import day
from tests.running import Daemon
from tests.servers import ics


class Visitor:
    """Somebody with a browser."""

    def __init__(self, daemon: Daemon) -> None:
        self.client = httpx.Client(base_url=daemon.page, follow_redirects=True)

    def text(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))

    def post(self, path: str, **fields: str) -> httpx.Response:
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/").text)
        assert found
        return self.client.post(path, data={"csrf": found[1], "pair": "alice", **fields})


@pytest.fixture
def visitor(daemon: Daemon) -> Iterator[Visitor]:
    visitor = Visitor(daemon)
    yield visitor
    visitor.client.close()


def agreed(daemon: Daemon, resources: int) -> None:
    daemon.until(lambda: len(daemon.desk.app.names()) == resources and daemon.answers("/readyz"))


def test_the_overview_says_how_a_pair_stands_and_obeys(daemon: Daemon, visitor: Visitor) -> None:
    daemon.desk.post("Call Bill Gates", day(3))
    daemon.desk.app.put("someday.ics", re.sub(r"(?m)^D(TSTART|UE).*\r\n", "", ics("someday", "Write a book")))
    daemon.start()
    agreed(daemon, 2)
    daemon.until(lambda: "Agreed just now; 1 task." in visitor.text("/"))
    assert "1 thing is left as it is" in visitor.text("/")
    assert "It has no due date" in visitor.text("/")
    assert "alice is paused" in re.sub("<[^>]+>", "", visitor.post("/pairs/pause").text)
    assert "Paused. Agreed" in visitor.text("/")
    daemon.desk.post("Sign the lease", day(4))
    assert "1 change was made" in visitor.post("/pairs/sync").text
    assert len(daemon.desk.app.names()) == 3
    assert "runs again" in visitor.post("/pairs/resume").text


def test_a_pause_outlives_the_process(daemon: Daemon, visitor: Visitor) -> None:
    daemon.start()
    daemon.until(lambda: daemon.answers("/readyz"))
    visitor.post("/pairs/pause")
    daemon.stop()
    daemon.start()
    assert "Paused." in visitor.text("/")


def test_the_agenda_shows_each_occurrence_with_its_state_on_both_sides(daemon: Daemon, visitor: Visitor) -> None:
    daemon.desk.post("Water the plants", day(1), "FREQ=DAILY;COUNT=5")
    daemon.desk.post("Far away", day(40))
    daemon.start()
    agreed(daemon, 2)
    first = daemon.desk.rows()[0]
    daemon.desk.world.update(1, first.id, {"status": "complete", "update_type": 3}, "page")
    daemon.until(lambda: "✓ done" in visitor.text("/agenda"))
    shown = visitor.text("/agenda")
    assert shown.count("Water the plants repeats") == 5
    assert shown.count("✓ done") == 2
    assert shown.count("○ open") == 8
    assert "Far away" not in shown
    assert "Times are those of America/Los_Angeles." in shown


def test_an_empty_agenda_says_so(daemon: Daemon, visitor: Visitor) -> None:
    daemon.start()
    daemon.until(lambda: daemon.answers("/readyz"))
    assert "Nothing is due in the coming two weeks." in visitor.text("/agenda")


def test_settings_are_seen_with_what_they_mean_and_without_secrets(daemon: Daemon, visitor: Visitor) -> None:
    daemon.start()
    daemon.until(lambda: daemon.answers("/readyz"))
    shown = visitor.text("/settings")
    assert "every 1 seconds" in shown
    assert "the newer edit wins, the other is kept in the inbox" in shown
    assert "a token from the configuration file" in shown
    assert "the-secret-token" not in shown
    assert "There is none." in shown


@pytest.mark.parametrize("form", ["todo", "event"])
def test_a_feed_is_made_read_asked_again_and_revoked(daemon: Daemon, visitor: Visitor, form: str) -> None:
    daemon.desk.post("Call Bill Gates", day(3))
    daemon.desk.post("Water the plants", day(1), "FREQ=WEEKLY;COUNT=5")
    daemon.start()
    agreed(daemon, 2)
    made = visitor.post("/feeds/make", form=form, span="year")
    found = re.search(r"(/feeds/[\w-]{40,}\.ics)", made.text)
    assert found
    feed = visitor.client.get(found[1])
    assert feed.headers["content-type"] == "text/calendar; charset=utf-8"
    kind = "VTODO" if form == "todo" else "VEVENT"
    parts = icalendar.Calendar.from_ical(feed.text).walk(kind)
    assert sorted(str(part["SUMMARY"]) for part in parts) == ["Call Bill Gates", "Water the plants"]
    again = visitor.client.get(found[1], headers={"If-None-Match": feed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    daemon.desk.post("Sign the lease", day(4))
    agreed(daemon, 3)
    changed = visitor.client.get(found[1], headers={"If-None-Match": feed.headers["etag"]})
    assert (changed.status_code, "Sign the lease" in changed.text) == (200, True)
    key = found[1].removeprefix("/feeds/").removesuffix(".ics")
    assert "is revoked" in visitor.post("/feeds/revoke", key=key).text
    assert visitor.client.get(found[1]).status_code == 404


def test_what_is_not_there_says_so_in_words(daemon: Daemon, visitor: Visitor) -> None:
    daemon.start()
    answer = visitor.client.get("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert visitor.post("/pairs/sync", pair="bob").status_code == 404
    assert visitor.client.get("/feeds/guessed.ics").status_code == 404
