"""A text as either side holds it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.texts import is_cut, same, with_rest
from bridge.liondesk.fields import held

LONG = " ".join(f"word{number}" for number in range(400))
CUT = LONG[:2000]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a\r\nb", "a\nb", True),
        ("a\rb\n", "a\nb", True),
        ("a\x00b\x07", "ab", True),
        ("a\ud800b", "a\ufffdb", True),
        (CUT, LONG, True),
        (LONG, CUT, True),
        (CUT[:1999] + "\u2026", LONG, True),
        (CUT[:1960], LONG, True),
        (("00000\r\n" * 300)[:2000], "00000\r\n" * 300, True),
        (CUT[:1900], LONG, False),
        ("x" + CUT[:1999], LONG, False),
        ("", LONG, False),
        ("a" * 1990, "a" * 2000, False),
    ],
)
def test_two_forms_of_one_text_are_the_same(one: str, other: str, expected: bool) -> None:
    assert same(one, other) is expected


@given(st.text(max_size=30), st.integers(0, 120))
def test_whatever_liondesk_keeps_of_a_text_is_the_same_text(piece: str, times: int) -> None:
    text = (piece or "x") * times * 20
    assert same(held(text), text)


REST = LONG[2000:]


@pytest.mark.parametrize(
    ("edited", "whole"),
    [
        ("URGENT " + CUT, "URGENT " + LONG),
        (CUT[:100] + CUT[300:], LONG[:100] + LONG[300:]),
        ("URGENT " + CUT[:1993], "URGENT " + LONG),
        (("URGENT " + CUT)[:1999] + "\u2026", "URGENT " + LONG),
        ("Sold.", "Sold."),
        ("", ""),
        (CUT[:1000], CUT[:1000]),
        (CUT[:-30] + "another end", CUT[:-30] + "another end"),
    ],
)
def test_what_liondesk_never_had_stays_below_its_edit_unless_the_end_was_rewritten(edited: str, whole: str) -> None:
    assert with_rest(edited, CUT, LONG) == whole


def test_a_text_that_liondesk_has_whole_is_its_own() -> None:
    assert with_rest("new", "old", "old") == "new"
    assert not is_cut("old", "old and more")
