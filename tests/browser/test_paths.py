"""What a person does on the page, clicked and typed in a browser, from the first look to the last."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, pictured
from tests.cli.desk import day
from tests.running import Daemon
from tests.servers import ics
from tests.web.test_deciding import asking, conflict

PASSWORD = "correct horse battery"


def agreed(daemon: Daemon, *texts: str) -> None:
    """Both sides show these tasks."""
    for index, text in enumerate(texts):
        daemon.desk.post(text, day(3 + index))
    daemon.start()
    daemon.until(lambda: len(daemon.desk.app.names()) == len(texts) and daemon.answers("/readyz"))


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def paused(page: Page) -> None:
    press(page, "Pause")
    expect(page.get_by_role("status").filter(has_text="is paused")).to_be_visible()


def go(page: Page, name: str) -> None:
    """By the navigation."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def in_conflict(desk: Desk) -> Page:
    """One question waits, and nothing runs by itself."""
    asking(desk.daemon)
    agreed(desk.daemon, "Call Bill Gates")
    page = desk.window()
    paused(page)
    conflict(desk.daemon)
    press(page, "Sync now")
    expect(page.get_by_role("link", name="1 thing waits for your answer")).to_be_visible()
    return page


def test_a_conflict_is_found_on_the_first_page_and_decided_with_both_values_in_view(desk: Desk) -> None:
    page = in_conflict(desk)
    expect(page.get_by_role("link", name="Inbox 1 waiting for you")).to_be_visible()
    page.get_by_role("link", name="1 thing waits for your answer").click()
    item = page.get_by_role("region", name="Both sides changed the text")
    expect(item).to_contain_text("'Call Bill Gates (LionDesk)'")
    expect(item).to_contain_text("'Call Bill Gates (calendar)'")
    item.get_by_role("button", name="Keep the calendar's").click()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert [row.values.description for row in desk.daemon.desk.rows()] == ["Call Bill Gates (calendar)"]
    expect(page.get_by_role("link", name="Inbox", exact=True)).to_be_visible()


def test_two_tabs_that_decide_the_same_decide_it_once(desk: Desk) -> None:
    one = in_conflict(desk)
    two = one.context.new_page()
    for tab in (one, two):
        tab.goto("/inbox")
    one.get_by_role("button", name="Keep LionDesk's").click()
    expect(one.get_by_text("Nothing waits for you")).to_be_visible()
    two.get_by_role("button", name="Keep the calendar's").click()
    expect(two.get_by_role("status")).to_have_text("That was answered meanwhile; nothing was done twice.")
    assert [row.values.description for row in desk.daemon.desk.rows()] == ["Call Bill Gates (LionDesk)"]


def test_a_run_is_previewed_one_change_left_out_and_the_rest_taken_back(desk: Desk) -> None:
    agreed(desk.daemon, "Call Bill Gates", "Sign the lease")
    page = desk.window()
    paused(page)
    for row in desk.daemon.desk.rows():
        desk.daemon.desk.world.update(1, row.id, {"status": "complete", "update_type": 3}, "page")
    go(page, "Preview")
    expect(page.get_by_text("would make these 2 changes")).to_be_visible()
    page.get_by_label("Sign the lease").uncheck()
    press(page, "Run what is ticked")
    expect(page.get_by_role("status")).to_contain_text("1 change was made.")
    assert completed(desk.daemon) == 1
    go(page, "History")
    page.get_by_role("link", name="Look").first.click()
    expect(page.get_by_role("heading", name="What this run did")).to_be_visible()
    expect(page.get_by_text("Completed 'Call Bill Gates'").first).to_be_visible()
    page.get_by_role("link", name="Take the whole run back").click()
    expect(page.get_by_text("Nothing has been done yet.")).to_be_visible()
    assert completed(desk.daemon) == 1
    press(page, "Do exactly this")
    expect(page.get_by_role("status")).to_contain_text("made")
    assert completed(desk.daemon) == 0
    page.get_by_label("A task's own story").fill("bill")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What happened to “bill”")
    expect(page.get_by_text("Completed 'Call Bill Gates'").first).to_be_visible()


def completed(daemon: Daemon) -> int:
    texts = [daemon.desk.app.get(name).text for name in daemon.desk.app.names()]
    return sum("STATUS:COMPLETED" in text for text in texts)


def test_without_javascript_everything_works_but_what_is_live(desk: Desk) -> None:
    asking(desk.daemon)
    agreed(desk.daemon, "Call Bill Gates")
    page = desk.window(script=False)
    paused(page)
    conflict(desk.daemon)
    press(page, "Sync now")
    go(page, "Inbox")
    press(page, "Keep both")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    for name in ("Agenda", "Preview", "History", "Settings"):
        go(page, name)
    page.goto("/")
    press(page, "Resume")
    expect(page.get_by_role("status").filter(has_text="alice runs again")).to_be_visible()


def test_the_overview_follows_what_happens_and_keeps_the_focus(desk: Desk) -> None:
    asking(desk.daemon)
    agreed(desk.daemon, "Call Bill Gates")
    page = desk.window()
    paused(page)
    page.clock.install()
    page.goto("/")
    expect(page.locator("#aloud")).to_be_empty()
    conflict(desk.daemon)
    assert post(desk.daemon, "/pairs/sync").status_code == 200
    page.get_by_role("button", name="Sync now").focus()
    page.clock.fast_forward(10_500)
    expect(page.get_by_role("link", name="1 thing waits for your answer")).to_be_visible()
    expect(page.get_by_role("link", name="Inbox 1 waiting for you")).to_be_visible()
    expect(page.get_by_role("button", name="Sync now")).to_be_focused()
    expect(page.locator("#aloud")).to_have_text("alice: paused, 1 waiting for your answer.")


def post(daemon: Daemon, path: str) -> httpx.Response:
    """Somebody else presses a button."""
    with httpx.Client(base_url=daemon.page, follow_redirects=True) as other:
        token = re.search(r'name="csrf" value="([^"]+)"', other.get("/").text)
        assert token is not None
        return other.post(path, data={"csrf": token[1], "pair": "alice"})


def test_with_the_keyboard_alone_one_logs_in_and_skips_to_the_page(desk: Desk) -> None:
    text = desk.daemon.desk.config.read_text()
    desk.daemon.desk.config.write_text(text.replace("[web]", f'[web]\npassword = "{PASSWORD}"', 1))
    agreed(desk.daemon, "Call Bill Gates")
    page = desk.window()
    page.goto("/history?task=Bill")
    expect(page.get_by_label("Password")).to_be_focused()
    pictured(page, "login")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What happened to “Bill”")
    page.goto("/agenda")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page.get_by_role("row", name="Call Bill Gates")).to_contain_text("open")
    press(page, "Log out")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_a_feed_is_made_read_by_an_app_and_revoked(desk: Desk) -> None:
    agreed(desk.daemon, "Call Bill Gates")
    page = desk.window()
    go(page, "Settings")
    page.get_by_label("As", exact=True).select_option("tasks")
    press(page, "Make a feed")
    address = page.locator(".feed code").inner_text()
    answer = httpx.get(address)
    assert "SUMMARY:Call Bill Gates" in answer.text
    assert httpx.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    press(page, "Revoke")
    expect(page.get_by_role("status")).to_contain_text("The feed is revoked")
    assert httpx.get(address).status_code == 404


def test_what_a_side_cannot_hold_is_told_on_the_overview_and_stays_open_while_one_reads(desk: Desk) -> None:
    desk.daemon.desk.app.put("x.ics", re.sub(r"(?m)^D(TSTART|UE).*\r\n", "", ics("someday", "Write a book")))
    desk.daemon.start()
    desk.daemon.until(lambda: desk.daemon.answers("/readyz"))
    page = desk.window()
    page.clock.install()
    page.goto("/")
    page.get_by_text("1 thing is left as it is").click()
    expect(page.get_by_text("It has no due date")).to_be_visible()
    before = page.locator("#pairs").evaluate_handle("each => each")
    page.clock.fast_forward(10_500)
    page.wait_for_function("before => !before.isConnected", arg=before)
    expect(page.get_by_text("It has no due date")).to_be_visible()
