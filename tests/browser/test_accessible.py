"""axe finds nothing on any page, on a desk and a phone, in light and dark; and what each looks like is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Desk, fits, pictured
from tests.browser.test_paths import paused, press
from tests.cli.desk import day
from tests.running import Daemon, daemon_between
from tests.servers import DavServer, ics
from tests.web.test_deciding import asking, conflict

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PASSWORD = "correct horse battery"
PAGES = {
    "overview": "/",
    "agenda": "/agenda",
    "preview": "/preview",
    "inbox": "/inbox",
    "history": "/history",
    "story": "/history?task=Bill",
    "no story": "/history?task=nobody",
    "settings": "/settings",
    "said": "/?said=alice%3A+1+change+was+made.",
    "error": "/nowhere",
    "forbidden": "/history/run?pair=nobody&run=1",
}


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, radicale: DavServer) -> Iterator[Daemon]:
    """A daemon with something to show on every page: a question, a plan, a halt's worth of history, a feed."""
    with daemon_between(tmp_path_factory.mktemp("furnished"), radicale) as daemon:
        asking(daemon)
        text = daemon.desk.config.read_text()
        daemon.desk.config.write_text(text.replace("[web]", f'[web]\npassword = "{PASSWORD}"', 1))
        for index, task in enumerate(("Call Bill Gates", "Sign the lease", "Order signs")):
            daemon.desk.post(task, day(3 + index), "FREQ=WEEKLY;COUNT=3" if index == 2 else None)
        daemon.desk.app.put("x.ics", re.sub(r"(?m)^D(TSTART|UE).*\r\n", "", ics("someday", "Write a book")))
        daemon.start()
        daemon.until(lambda: len(daemon.desk.app.names()) == 4 and daemon.answers("/readyz"))
        yield daemon


def logged_in(page: Page) -> Page:
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Log in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    return page


@pytest.fixture(scope="module")
def paths(furnished: Daemon, chromium: Browser) -> dict[str, str]:
    """The pages by name, after a person left something to see on each."""
    desk = Desk(chromium, furnished)
    page = logged_in(desk.window())
    paused(page)
    conflict(furnished)
    press(page, "Sync now")
    expect(page.get_by_role("link", name="1 thing waits for your answer")).to_be_visible()
    row = next(row for row in furnished.desk.rows() if row.values.description == "Sign the lease")
    furnished.desk.world.update(1, row.id, {"status": "complete", "update_type": 3}, "page")
    page.goto("/settings")
    press(page, "Make a feed")
    page.goto("/history")
    run = page.get_by_role("link", name="Look").last.get_attribute("href")
    assert run is not None
    found = {**PAGES, "run": run, "undo": run.replace("/run?", "/undo?")}
    desk.contexts[0].close()
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_axe_finds_nothing_on_any_page(
    furnished: Daemon, chromium: Browser, paths: dict[str, str], axe: str, size: str, scheme: str
) -> None:
    desk = Desk(chromium, furnished)
    page = desk.window(size, scheme)
    found = examined(page, axe, f"login {size} {scheme}")
    logged_in(page)
    for name, path in paths.items():
        page.goto(path)
        found |= examined(page, axe, f"{name} {size} {scheme}")
    desk.contexts[0].close()
    assert found == {}
    assert desk.wrong == []


def examined(page: Page, axe: str, name: str) -> dict[str, list[str]]:
    """What axe finds on this page, by the page's name."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    fits(page)
    for summary in page.locator("summary").all():
        summary.click()
    pictured(page, name)
    page.evaluate(axe)
    result = page.evaluate("tags => axe.run(document, {runOnly: tags})", RULES)
    assert len(result["passes"]) > 10, "axe has looked at something"
    found = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in result["violations"]]
    return {name: found} if found else {}
