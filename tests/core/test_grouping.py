"""Series without `scheduled_event_id` (API question 2): known by what their rows share, in any account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.pairing.grouping import groups_of
from tests.core.accounts import KINDS, RULES, Edit, Made, account, edits, series, switches

ALONE = ("complete", "rename", "move", "note", "delete", "a month passes")
"""Edits that leave a series one."""

Drawn = tuple[list[Made], list[Edit]]


def accounts(made: st.SearchStrategy[list[Made]], kinds: Sequence[str]) -> st.SearchStrategy[Drawn]:
    """Some series, and edits of them."""
    return made.flatmap(lambda several: st.tuples(st.just(several), edits(len(several), kinds)))


def grouped(drawn: Drawn, reading: Mapping[str, object]) -> list[list[int]]:
    """Of each group, of which series its rows are."""
    told = account(*drawn, reading)
    return [[told.of[row.id] for row in group] for group in groups_of(told.rows())]


def merged(groups: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    return [group for group in groups if len(set(group)) > 1]


unlike = st.lists(
    series, min_size=1, max_size=4, unique_by=lambda each: (each.text, each.contact, each.hour, each.rule)
)


@settings(max_examples=120)
@given(accounts(unlike, KINDS), switches)
def test_series_of_which_anything_is_unlike_are_never_taken_for_one(drawn: Drawn, reading: dict[str, object]) -> None:
    """Another text, contact, time or rule: whatever people did to their rows, under every reading."""
    assert merged(grouped(drawn, reading)) == []


@settings(max_examples=80)
@given(
    accounts(
        st.lists(st.sampled_from((0, 1, 7)), min_size=2, max_size=3, unique=True).flatmap(
            lambda days: st.sampled_from(RULES).map(
                lambda rule: [Made("Call", None, 9, day, rule) for day in days],
            )
        ),
        ALONE,
    ),
    switches,
)
def test_series_that_only_begin_on_another_day_are_never_taken_for_one(
    drawn: Drawn, reading: dict[str, object]
) -> None:
    """The same text, contact, time and rule: when their rows were made tells them apart.

    Where one row of each was made to look the same, these two are a series of their own as far as anybody can see.
    """
    made, edited = drawn
    edited = [each for each in edited if each.series == 0 or each.kind not in ("rename", "move", "note")]
    assert merged(grouped((made, edited), reading)) == []


@settings(max_examples=80)
@given(accounts(unlike, ALONE), switches)
def test_no_series_falls_apart_when_rows_are_edited_singly(drawn: Drawn, reading: dict[str, object]) -> None:
    """Rows moved, renamed, completed or deleted, first ones too, and the horizon moved on."""
    told = account(*drawn, reading)
    groups = groups_of(told.rows())
    for number in range(len(drawn[0])):
        ruled = [[row for row in group if told.of[row.id] == number and row.rule is not None] for group in groups]
        assert len([group for group in ruled if len(group) > 1]) <= 1


@settings(max_examples=80)
@given(
    st.sampled_from(RULES),
    st.lists(
        st.builds(
            Edit, st.sampled_from(("complete", "delete", "a month passes")), st.integers(0, 1), st.integers(0, 8)
        ),
        max_size=5,
    ),
    switches,
)
def test_two_series_that_are_the_same_are_two_and_each_keeps_its_own_rows(
    rule: str, edited: list[Edit], reading: dict[str, object]
) -> None:
    """Side by side, alike in everything: when their rows were made, and in which order, is all that tells."""
    twins = [Made("Call", "1", 9, 0, rule)] * 2
    assert merged(grouped((twins, edited), reading)) == []


@settings(max_examples=50)
@given(series, st.integers(1, 4), st.sampled_from(("rename", "move", "note")), switches)
def test_a_row_that_left_its_event_and_its_rule_is_known_by_when_it_was_made(
    made: Made, place: int, kind: str, reading: dict[str, object]
) -> None:
    """Nothing of the series is left in it but the contact; its neighbours were made in the same moment."""
    lost = {**reading, "single_edit_rule": "lost", "single_edit_event": "new"}
    for event in ("hidden", "shown"):
        assert grouped(([made], [Edit(kind, 0, place)]), {**lost, "event_id": event}) in ([[0] * n] for n in range(20))
