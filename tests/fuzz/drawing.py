"""Foreign input as Hypothesis draws it: values, spoiled texts, and how many examples a property is tried on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TIMES = int(os.environ.get("FUZZ", "1"))
READ: Counter[str] = Counter()
"""How many examples were read, by what they are."""

SAMPLES = tuple(
    path.read_bytes().decode("utf-8", "replace")
    for path in sorted((Path(__file__).parents[1] / "vtodo" / "data").glob("*.ics"))
)

odd = st.sampled_from(
    ["", "\x00", "\ud83d", "NaN", "-1", "0", "9" * 400, "2026-02-30", "99991231T235959Z", "é" * 300, "<html>", "\u202e"]
)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**30), 2**63])
leaves = st.none() | st.booleans() | numbers | st.text(max_size=20) | odd
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
"""Whatever JSON can say, and a little more."""


def fuzzed(what: str, examples: int, *strategies: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A property of foreign input, on so many examples or FUZZ times as many, each counted."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        def counted(**drawn: Any) -> None:
            READ[what] += 1
            test(**drawn)

        tried = settings(
            max_examples=examples * TIMES,
            derandomize=TIMES == 1,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        bound: Callable[..., None] = tried(given(*strategies)(wraps(test)(counted)))  # type: ignore[no-untyped-call]
        return bound

    return decorate


@st.composite
def spoiled(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text in which some lines were dropped, doubled, moved, cut or written over."""
    lines = draw(texts).splitlines(keepends=True) or [""]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 5)):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines[at])
            case 3:
                cut = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:cut] + draw(odd | st.text(max_size=5)) + lines[at][cut:]
            case 4:
                lines[at] = lines[at].partition(":")[0] + ":" + draw(odd | st.text(max_size=20)) + "\r\n"
            case _:
                lines[at] = draw(st.sampled_from(lines)).partition(":")[0] + ":" + lines[at].partition(":")[2]
    return "".join(lines)
