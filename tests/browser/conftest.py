"""Debian's Chromium before the page of a real daemon. What it shows is kept as pictures in build/browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests import npm
from tests.running import Daemon

PICTURES = Path(__file__).parents[2] / "build" / "browser"
SIZES = {"desk": (1100, 700), "phone": (390, 844)}
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
FLAGS = ["--disable-gpu", "--disable-background-networking", "--disable-sync", "--disable-component-update"]
_STATUS = "Failed to load resource"
"""What the console says of a page whose status is an error; the pages of errors are looked at, too."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file's tests. While it is there no other event loop runs in this thread."""
    executable = shutil.which("chromium")
    if executable is None:
        npm.missing("Chromium is not there", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Desk:
    """Opens windows on the page of one daemon, and hears what goes wrong in them."""

    browser: Browser
    daemon: Daemon
    wrong: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def window(self, size: str = "desk", scheme: str = "light", *, script: bool = True) -> Page:
        """A window of a person of its own, on the first page."""
        width, height = SIZES[size]
        context = self.browser.new_context(
            base_url=self.daemon.page,
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: self._asked(request.url))
        context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        context.on("console", self._said)
        self.contexts.append(context)
        page = context.new_page()
        page.goto("/")
        return page

    def _asked(self, url: str) -> None:
        if urlsplit(url).netloc not in ("", urlsplit(self.daemon.page).netloc):
            self.wrong.append(f"asked {url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_STATUS):
            self.wrong.append(message.text)


@pytest.fixture
def desk(chromium: Browser, daemon: Daemon) -> Iterator[Desk]:
    """A person before a daemon that is not started yet. No script fails, no policy blocks, nobody else is asked."""
    desk = Desk(chromium, daemon)
    yield desk
    for context in desk.contexts:
        context.close()
    assert desk.wrong == []


@pytest.fixture(scope="session")
def axe(pytestconfig: pytest.Config) -> str:
    """The script of axe-core."""
    cache = pytestconfig.cache
    assert cache is not None
    folder = npm.install(Path(__file__).parent, ["package.json"], Path(cache.mkdir("axe")) / "core")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def pictured(page: Page, name: str) -> None:
    """Keeps what the page shows."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}.png", full_page=True)


def fits(page: Page) -> None:
    """Nothing is wider than the window: nobody has to scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, page.url
