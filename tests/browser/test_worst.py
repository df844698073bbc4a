"""The worst that the page has to show: ten thousand changes, a storm of conflicts, a halt, a dead token, odd texts."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Desk, fits, pictured
from tests.browser.test_paths import agreed, go, paused, press
from tests.cli.desk import day
from tests.filling import fill_liondesk
from tests.servers import ics
from tests.web.test_deciding import asking

MANY = 10_000
STORM = 60
LONG_MS = 150_000
"""How long a machine that is busy with other things may take for ten thousand rows, the sandbox's part included."""
UNBROKEN = "Donaudampfschifffahrtsgesellschaftskapitaenswitwe" * 6
HEBREW = "להתקשר לביל גייטס 425"
ARABIC = "اتصل بسوزان"
MARKUP = "<script>alert(1)</script> & \"quotes\" 'too'"


def test_ten_thousand_changes_are_previewed_and_the_form_that_runs_them_is_not_too_large(desk: Desk) -> None:
    daemon = desk.daemon
    daemon.start()
    daemon.until(lambda: daemon.answers("/readyz"))
    page = desk.window()
    paused(page)
    fill_liondesk(daemon.desk.world, MANY, series_every=None)
    page.goto("/preview", timeout=LONG_MS)
    expect(page.get_by_text(f"would make these {MANY} changes")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(201)
    expect(page.get_by_text("9800 more, all or none of them")).to_be_visible()
    page.get_by_text("What they are").click()
    expect(page.locator("details li")).to_have_count(9800)
    page.get_by_text("What they are").click()
    for box in page.get_by_role("checkbox").all()[1:3]:
        box.uncheck()
    page.get_by_label("9800 more, all or none of them").uncheck()
    press(page, "Run what is ticked")
    expect(page.get_by_text("At most 5000 changes can be left out.")).to_be_visible()
    assert daemon.desk.app.names() == []
    go(page, "Agenda")
    expect(page.get_by_text("Nothing is due in the coming two weeks.")).to_be_visible()


def test_a_storm_of_conflicts_is_decided_at_once(desk: Desk) -> None:
    daemon = desk.daemon
    asking(daemon)
    agreed(daemon, *(f"Call client {number}" for number in range(STORM)))
    page = desk.window("phone", "dark")
    paused(page)
    world, app = daemon.desk.world, daemon.desk.app
    for row in daemon.desk.rows():
        body = {key: value for key, value in world.shown(row).items() if value is not None}
        world.update(
            1, row.id, {**body, "description": f"{row.values.description}, LionDesk", "update_type": 1}, "page"
        )
    for name in app.names():
        text = re.sub("LAST-MODIFIED:[0-9TZ]+", "LAST-MODIFIED:20300101T000000Z", app.get(name).text)
        app.put(name, re.sub(r"SUMMARY:(Call client \d+)", r"SUMMARY:\1\\, calendar", text))
    press(page, "Sync now")
    expect(page.get_by_role("link", name=f"{STORM} things wait for your answer")).to_be_visible()
    page.get_by_role("link", name="things wait").click()
    expect(page.locator("section.item")).to_have_count(STORM)
    fits(page)
    pictured(page, "storm phone dark")
    item = page.locator("section.item").first
    item.get_by_label(f"The same for all {STORM} alike").check()
    item.get_by_role("button", name="Keep the calendar's").click()
    expect(page.get_by_role("status")).to_contain_text(f"{STORM} items were answered.")
    expect(page.get_by_role("status")).to_contain_text("approve the plan below")
    page.locator("button[value=approve]").click()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert all(row.values.description.endswith(", calendar") for row in daemon.desk.rows())


def test_a_halted_plan_is_found_read_and_approved(desk: Desk) -> None:
    daemon = desk.daemon
    agreed(daemon, *(f"Call client {number}" for number in range(30)))
    page = desk.window("phone")
    paused(page)
    for name in daemon.desk.app.names()[:20]:
        daemon.desk.app.delete(name)
    press(page, "Sync now")
    expect(page.get_by_text("Stopped before its first write: you must look.")).to_be_visible()
    fits(page)
    pictured(page, "halt overview phone")
    page.get_by_role("link", name="1 thing waits for your answer").click()
    page.get_by_text("All 20 lines").click()
    expect(page.locator("details li", has_text="Would delete")).to_have_count(20)
    fits(page)
    pictured(page, "halt inbox phone")
    page.locator("button[value=approve]").click()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert len(daemon.desk.rows()) == 10


def test_an_expired_token_is_told_with_what_to_do_and_tried_again(desk: Desk) -> None:
    daemon = desk.daemon
    agreed(daemon, "Call Bill Gates")
    page = desk.window("phone", "dark")
    paused(page)
    daemon.desk.world.expire_tokens(1)
    press(page, "Sync now")
    card = page.get_by_role("region", name="alice")
    expect(card.locator(".problem")).to_contain_text("token")
    expect(card.locator(".state")).to_contain_text("failed")
    fits(page)
    pictured(page, "expired token phone dark")
    go(page, "Preview")
    expect(page.locator(".problem")).to_contain_text("token")
    go(page, "Agenda")
    expect(page.get_by_role("row", name="Call Bill Gates")).to_be_visible()


def test_odd_texts_stay_in_their_place_and_turn_nothing_around_them(desk: Desk) -> None:
    daemon = desk.daemon
    daemon.desk.app.put("odd.ics", ics("odd", MARKUP, due=f"{day(2):%Y%m%dT%H%M%S}"))
    agreed_texts = (UNBROKEN, HEBREW, ARABIC)
    for index, text in enumerate(agreed_texts):
        daemon.desk.post(text, day(2, 10 + index))
    daemon.start()
    daemon.until(lambda: len(daemon.desk.app.names()) == len(daemon.desk.rows()) == 4)
    page = desk.window("phone")
    for name in ("Agenda", "History"):
        go(page, name)
        fits(page)
        pictured(page, f"odd texts {name} phone")
    go(page, "Agenda")
    expect(page.get_by_text(MARKUP)).to_be_visible()
    assert page.evaluate("[...document.querySelectorAll('bdi')].some(each => each.textContent.includes('425'))")
    go(page, "History")
    page.get_by_role("link", name="Look").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What this run did")
    fits(page)
    pictured(page, "odd texts run phone")
    expect(page.locator("bdi", has_text=ARABIC)).not_to_have_count(0)
