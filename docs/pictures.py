"""Takes docs/page-*.png from the page of a real `liondesk-bridge demo` (`make pictures`), in Debian's Chromium.

A picture is what a visitor of the demo sees, at 1100 by 700; its colours are few, so a palette keeps each file small.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 1100, 700
LARGEST = 100_000
"""Bytes: a README that loads fast."""


@contextmanager
def demo() -> Iterator[str]:
    """The address of the page of a demo that runs until the end of the block."""
    command = [sys.executable, "-u", "-m", "bridge", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:  # noqa: S603 # our own program
        assert process.stdout is not None  # noqa: S101 # it was asked for
        try:
            found = next(found for line in process.stdout if (found := re.search(r"the page\s+(\S+)", line)))
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.read()


def taken(page: Page, name: str) -> None:
    """One picture."""
    path = FOLDER / f"page-{name}.png"
    page.screenshot(path=path)
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path.name} has {path.stat().st_size} bytes; {LARGEST} are allowed.")


def pictures(address: str) -> None:
    """All of them. The visitor looks at the question first, and at what was done last."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not there. Install it (Debian and Ubuntu: apt install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--disable-gpu"])
        for scheme in ("light", "dark"):
            context = browser.new_context(
                base_url=address,
                viewport={"width": WIDTH, "height": HEIGHT},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page = context.new_page()
            page.goto("/")
            question = page.get_by_role("link", name="1 thing waits for your answer")
            expect(question).to_be_visible(timeout=30_000)
            if scheme == "light":
                taken(page, "overview")
                page.goto("/agenda")
                taken(page, "agenda")
                page.goto("/history")
                page.get_by_role("link", name="Look").first.click()
                taken(page, "run")
            else:
                question.click()
                taken(page, "inbox")
        browser.close()


if __name__ == "__main__":
    with demo() as page_address:
        pictures(page_address)
