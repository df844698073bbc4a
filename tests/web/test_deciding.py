"""Preview, inbox, history and undo, clicked through a real daemon between the sandbox and Radicale."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.cli.desk import day
from tests.running import Daemon
from tests.servers import ics
from tests.web.test_pages import Visitor, agreed


@pytest.fixture
def visitor(daemon: Daemon) -> Iterator[Visitor]:
    visitor = Visitor(daemon)
    yield visitor
    visitor.client.close()


def paused(daemon: Daemon, visitor: Visitor) -> None:
    """Nothing runs by itself any more."""
    visitor.post("/pairs/pause")
    daemon.until(lambda: "Paused." in visitor.text("/"))


def values(page: httpx.Response, name: str) -> list[str]:
    """What the fields of this name hold on a page."""
    return [html.unescape(each) for each in re.findall(rf'name="{name}" value="([^"]*)"', page.text)]


def edited(daemon: Daemon, old: str, new: str) -> None:
    """An app changes a text in the calendar."""
    for name in daemon.desk.app.names():
        text = daemon.desk.app.get(name).text
        if old in text:
            stamp = "LAST-MODIFIED:20300101T000000Z"
            daemon.desk.app.put(name, re.sub("LAST-MODIFIED:[0-9TZ]+", stamp, text).replace(old, new))


def test_what_is_shown_is_what_runs_and_what_is_left_out_stays_out(daemon: Daemon, visitor: Visitor) -> None:
    one, two = daemon.desk.post("Call Bill Gates", day(3)), daemon.desk.post("Sign the lease", day(4))
    daemon.start()
    agreed(daemon, 2)
    paused(daemon, visitor)
    for row in (one, two):
        daemon.desk.world.update(1, row.id, {"status": "complete", "update_type": 3}, "page")
    page = visitor.client.get("/preview")
    assert "would make these 2 changes" in page.text
    assert re.search(r"<th scope=\"row\">status</th><td>open</td><td>done</td>|status</th>", page.text)
    shown = values(page, "shown")
    assert len(shown) == 2
    done = visitor.client.post(
        "/preview", data={"csrf": values(page, "csrf")[0], "pair": "alice", "shown": shown, "wanted": shown[:1]}
    )
    assert "alice: 1 change was made." in done.text
    states = [daemon.desk.app.get(name).text.count("STATUS:COMPLETED") for name in daemon.desk.app.names()]
    assert sorted(states) == [0, 1]
    again = visitor.text("/preview")
    assert "has nothing to do" in again
    assert "You rejected that plan" in again


def test_what_changed_since_it_was_shown_is_not_done(daemon: Daemon, visitor: Visitor) -> None:
    row = daemon.desk.post("Call Bill Gates", day(3))
    daemon.start()
    agreed(daemon, 1)
    paused(daemon, visitor)
    daemon.desk.world.update(1, row.id, {"status": "complete", "update_type": 3}, "page")
    page = visitor.client.get("/preview")
    shown = values(page, "shown")
    body = daemon.desk.world.shown(daemon.desk.world.ledger.rows[row.id])
    later = {**body, "description": "Call Melinda", "update_type": 1}
    daemon.desk.world.update(1, row.id, {key: value for key, value in later.items() if value is not None}, "page")
    done = visitor.client.post(
        "/preview", data={"csrf": values(page, "csrf")[0], "pair": "alice", "shown": shown, "wanted": shown}
    )
    assert "Nothing was changed." in done.text
    assert "It was not in the plan that you saw." in done.text
    assert "STATUS:COMPLETED" not in daemon.desk.app.get(daemon.desk.app.names()[0]).text
    assert "Call Melinda" in visitor.text("/preview")


def conflict(daemon: Daemon, text: str = "Call Bill Gates") -> None:
    """Both people give one task another text in one interval."""
    row = next(row for row in daemon.desk.rows() if row.values.description == text)
    body = daemon.desk.world.shown(daemon.desk.world.ledger.rows[row.id])
    changed = {key: value for key, value in body.items() if value is not None} | {"description": f"{text} (LionDesk)"}
    daemon.desk.world.update(1, row.id, {**changed, "update_type": 1}, "page")
    edited(daemon, f"SUMMARY:{text}", f"SUMMARY:{text} (calendar)")


def test_an_empty_inbox_says_so(daemon: Daemon, visitor: Visitor) -> None:
    daemon.start()
    daemon.until(lambda: daemon.answers("/readyz"))
    assert "Nothing waits for you" in visitor.text("/inbox")
    assert "No run has written anything yet." in visitor.text("/history")
    assert "has nothing to do: both sides agree" in visitor.text("/preview")


def asking(daemon: Daemon, answer: str = "ask") -> None:
    text = daemon.desk.config.read_text()
    daemon.desk.config.write_text(text.replace('every = "1s"', f'every = "1s"\nconflict = "{answer}"', 1))


def test_a_conflict_is_decided_with_both_values_in_view(daemon: Daemon, visitor: Visitor) -> None:
    asking(daemon)
    daemon.desk.post("Call Bill Gates", day(3))
    daemon.start()
    agreed(daemon, 1)
    paused(daemon, visitor)
    conflict(daemon)
    visitor.post("/pairs/sync")
    shown = visitor.text("/inbox")
    assert "Both sides changed the text of 'Call Bill Gates" in shown
    assert "LionDesk 'Call Bill Gates (LionDesk)'" in shown
    assert "Calendar 'Call Bill Gates (calendar)'" in shown
    page = visitor.client.get("/inbox")
    said = visitor.post("/inbox", id=values(page, "id")[0], answer="calendar")
    assert "Call Bill Gates (calendar)" in said.text
    assert [row.values.description for row in daemon.desk.rows()] == ["Call Bill Gates (calendar)"]
    assert "Nothing waits for you" in visitor.text("/inbox")


def test_two_tabs_that_decide_the_same_decide_it_once(daemon: Daemon, visitor: Visitor) -> None:
    asking(daemon)
    daemon.desk.post("Call Bill Gates", day(3))
    daemon.start()
    agreed(daemon, 1)
    paused(daemon, visitor)
    conflict(daemon)
    visitor.post("/pairs/sync")
    number = values(visitor.client.get("/inbox"), "id")[0]
    visitor.post("/inbox", id=number, answer="calendar")
    late = visitor.post("/inbox", id=number, answer="liondesk")
    assert "was answered meanwhile" in late.text
    assert [row.values.description for row in daemon.desk.rows()] == ["Call Bill Gates (calendar)"]


def test_all_alike_are_answered_at_once_and_for_good(daemon: Daemon, visitor: Visitor) -> None:
    asking(daemon)
    texts = ["Call Bill Gates", "Sign the lease", "Order signs"]
    for index, text in enumerate(texts):
        daemon.desk.post(text, day(3 + index))
    daemon.start()
    agreed(daemon, 3)
    paused(daemon, visitor)
    for text in texts:
        conflict(daemon, text)
    visitor.post("/pairs/sync")
    page = visitor.client.get("/inbox")
    assert "The same for all 3 alike" in page.text
    said = visitor.post("/inbox", id=values(page, "id")[0], answer="liondesk", alike="on", always="on")
    assert "3 items were answered." in said.text
    assert "the text is always LionDesk" in html.unescape(re.sub("<[^>]+>", "", said.text))
    conflict(daemon, "Sign the lease (LionDesk)")
    visitor.post("/pairs/sync")
    assert "waits for your answer" not in visitor.text("/inbox")
    assert {row.values.description for row in daemon.desk.rows()} == {
        "Call Bill Gates (LionDesk)",
        "Order signs (LionDesk)",
        "Sign the lease (LionDesk) (LionDesk)",
    }
    visitor.post("/inbox/ask-again", field="summary")
    conflict(daemon, "Order signs (LionDesk)")
    visitor.post("/pairs/sync")
    assert "1 thing waits for your answer" in visitor.text("/inbox")


def test_a_halted_plan_is_shown_whole_and_approved(daemon: Daemon, visitor: Visitor) -> None:
    for index in range(12):
        daemon.desk.post(f"Task {index}", day(3 + index))
    daemon.start()
    agreed(daemon, 12)
    paused(daemon, visitor)
    for name in daemon.desk.app.names()[:8]:
        daemon.desk.app.delete(name)
    visitor.post("/pairs/sync")
    assert "Stopped before its first write: you must look." in visitor.text("/")
    page = visitor.client.get("/inbox")
    assert page.text.count("Would delete") == 8
    visitor.post("/inbox", id=values(page, "id")[0], answer="approve")
    assert len(daemon.desk.rows()) == 4
    assert "Nothing waits for you" in visitor.text("/inbox")


def test_a_run_is_looked_at_and_taken_back_as_it_was_shown(daemon: Daemon, visitor: Visitor) -> None:
    row = daemon.desk.post("Call Bill Gates", day(3))
    daemon.start()
    agreed(daemon, 1)
    paused(daemon, visitor)
    edited(daemon, "Call Bill Gates", "Call Melinda")
    visitor.post("/pairs/sync")
    assert daemon.desk.world.ledger.rows[row.id].values.description == "Call Melinda"
    runs = re.findall(r'href="(/history/run\?[^"]+)"', visitor.client.get("/history").text)
    page = visitor.client.get(html.unescape(runs[0]))
    shown = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))
    assert "text 'Call Bill Gates' 'Call Melinda'" in shown
    links = re.findall(r'href="(/history/undo\?[^"]+)"', page.text)
    plan = visitor.client.get(html.unescape(links[0]))
    assert "This is what would be done. Nothing has been done yet." in plan.text
    assert daemon.desk.world.ledger.rows[row.id].values.description == "Call Melinda"
    fields = {name: values(plan, name)[0] for name in ("run", "digests")}
    done = visitor.post("/history/undo", **fields)
    assert "were made" in done.text or "was made" in done.text
    assert daemon.desk.world.ledger.rows[row.id].values.description == "Call Bill Gates"
    assert "has nothing to do" in visitor.text("/preview")


def test_a_tasks_own_story_is_found_by_its_text(daemon: Daemon, visitor: Visitor) -> None:
    daemon.desk.post("Call Bill Gates", day(3))
    daemon.desk.app.put("other.ics", ics("other", "Order signs", due=f"{day(5):%Y%m%dT%H%M%S}"))
    daemon.start()
    agreed(daemon, 2)
    daemon.until(lambda: len(daemon.desk.rows()) == 2)
    daemon.until(lambda: "Call Bill Gates" in visitor.text("/history?task=Bill"))
    story = visitor.text("/history?task=Bill")
    assert "Created 'Call Bill Gates'" in story
    assert "Order signs" not in story
    assert "No run in the history wrote a task like that." in visitor.text("/history?task=nobody")
