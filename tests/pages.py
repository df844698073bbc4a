"""Parts of pages that are made from the code: `python -m tests.pages`, or `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from bridge.core.idioms import IDIOMS

TRANSLATION = Path(__file__).resolve().parents[1] / "docs" / "translation.md"
BEGIN, END = "<!-- idioms -->\n", "<!-- end of idioms -->"


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


if __name__ == "__main__":
    TRANSLATION.write_text(translation(), encoding="utf-8")
