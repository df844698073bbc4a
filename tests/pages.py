"""Parts of pages that are made from the code: `python -m tests.pages`, or `make docs`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bridge.core.idioms import IDIOMS
from bridge.core.model import Shape
from bridge.core.schools import APPS
from tests.apps.fragments import known_of

DOCS = Path(__file__).resolve().parents[1] / "docs"
TRANSLATION, CALENDAR_APPS = DOCS / "translation.md", DOCS / "calendar-apps.md"
BEGIN, END = "<!-- idioms -->\n", "<!-- end of idioms -->"
APPS_BEGIN, APPS_END = "<!-- apps -->\n", "<!-- end of apps -->"
EDITS = re.compile(r"<!-- edits: ([a-z-]+) -->\n(?:\|[^\n]*\n)*")
REQUESTS = {
    "PATCH 1": "one occurrence edited",
    "PATCH 2": "this and the following edited",
    "PATCH 3": "done or open again",
    "PATCH plain": "the task edited",
    "DELETE 1": "one occurrence deleted",
    "DELETE 2": "this and the following deleted",
    "DELETE 3": "all deleted",
    "POST plain": "a new task",
    "nothing": "nothing",
}
"""A request in plain words."""


def idioms() -> str:
    """The table of idioms: each file, and the first line of its docstring."""
    lines = ["| file | what an app writes |", "|---|---|"]
    for idiom in IDIOMS:
        module = sys.modules[idiom.__module__]
        told = (module.__doc__ or "").partition("\n")[0]
        lines.append(f"| `{module.__name__.rpartition('.')[2]}.py` | {told} |")
    return "\n".join(lines) + "\n"


def translation() -> str:
    """docs/translation.md with its table of idioms as it must be."""
    before, _, rest = TRANSLATION.read_text("utf-8").partition(BEGIN)
    return before + BEGIN + idioms() + END + rest.partition(END)[2]


def apps() -> str:
    """The table of apps and shapes, as `check` and `status` know them."""
    lines = ["| app | `overrides` | `rolling` | `separate` |", "|---|---|---|---|"]
    seen: dict[str, tuple[str, ...]] = {}
    for app in APPS:
        seen.setdefault(app.name, tuple("yes" if shape in app.shapes else "no" for shape in Shape))
    lines += [
        f"| {name} | {' | '.join(fits)} |" for name, fits in sorted(seen.items(), key=lambda each: each[0].lower())
    ]
    return "\n".join(lines) + "\n"


def edits(key: str) -> str:
    """The table of what an app was seen to write, with what LionDesk is told."""
    lines = ["| what it does | what LionDesk is told |", "|---|---|"]
    for known in known_of(key):
        about = re.sub(r" \([^()]*\d[^()]*\)\.$", ".", known["about"])
        asked = dict.fromkeys(REQUESTS[each.partition(" at ")[0].strip()] for each in known["asks"].split(","))
        lines.append(f"| {about} | {', '.join(asked)} |")
    return "\n".join(lines) + "\n"


def calendar_apps() -> str:
    """docs/calendar-apps.md with its tables as they must be."""
    text = CALENDAR_APPS.read_text("utf-8")
    before, _, rest = text.partition(APPS_BEGIN)
    text = before + APPS_BEGIN + apps() + APPS_END + rest.partition(APPS_END)[2]
    return EDITS.sub(lambda found: f"<!-- edits: {found[1]} -->\n{edits(found[1])}", text)


if __name__ == "__main__":
    CALENDAR_APPS.write_text(calendar_apps(), encoding="utf-8")
    TRANSLATION.write_text(translation(), encoding="utf-8")
