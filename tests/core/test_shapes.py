"""What is spelled shows what it was spelled from: gathered again, every occurrence has its values."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.model import LinkedRow, Override, Part, Row, Rule, Series, Shape, Slot, Status, Task
from bridge.core.occurrences import linked_by_slot, present, value_at
from bridge.core.recurrence import expand, parse_rule
from bridge.core.shapes import Piece, Terms, gathered, part_uid, slot_of_uid, spelled

ZONE = ZoneInfo("America/Los_Angeles")
ANCHOR = datetime(2026, 3, 2, 9)
RULES = (
    "FREQ=WEEKLY;COUNT=6;BYDAY=MO",
    "FREQ=WEEKLY;BYDAY=MO",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=7",
    "FREQ=DAILY;UNTIL=20260312T160000Z",
    "FREQ=MONTHLY;BYMONTHDAY=2,31;COUNT=5",
    "FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=1;COUNT=4",
)
FAR = datetime(2026, 7, 1)

kinds = st.sampled_from(["plain", "plain", "done", "named", "moved", "gone"])


@st.composite
def series(draw: st.DrawFn) -> Series:
    """A series with what may happen to each of its first occurrences."""
    rule = parse_rule(draw(st.sampled_from(RULES)), ZONE)
    master = Task("Call", ANCHOR)
    overrides: dict[Slot, Override] = {}
    gone: set[Slot] = set()
    for slot in list(expand(rule, ANCHOR, FAR))[:8]:
        task = replace(master, due=slot)
        match draw(kinds):
            case "done":
                overrides[slot] = Override(replace(task, status=Status.COMPLETE))
            case "named":
                overrides[slot] = Override(replace(task, summary="Call the lawyer"))
            case "moved":
                overrides[slot] = Override(replace(task, due=slot + timedelta(hours=5)))
            case "gone":
                gone.add(slot)
            case _:
                pass
    return Series("u", master, rule, frozenset(gone), overrides=MappingProxyType(overrides))


def rows_of(shown: Series, until: datetime = FAR) -> dict[Slot, Row]:
    """LionDesk's rows of the same."""
    rule = shown.rule or Rule((("FREQ", "WEEKLY"),))
    tasks = {slot: value_at(shown, slot) for slot in sorted(present(shown, ZONE, until))}
    linked = [
        LinkedRow(slot, Row(str(number), task, rule, "7"))
        for number, (slot, task) in enumerate(tasks.items())
        if task is not None
    ]
    return dict(linked_by_slot(linked))


def terms(shown: Series, *, changing: bool = False) -> Terms:
    rows = rows_of(shown)
    return Terms(ZONE, FAR, rows, frozenset(rows), changing=changing)


def stand(pieces: tuple[Piece, ...]) -> Series | None:
    """What these resources say together once they stand in the calendar."""
    main = next((each.series for each in pieces if each.slot is None), None)
    parts = [
        Part(each.slot, replace(each.series, uid=part_uid("u", each.slot)), f"/{each.slot}", "1")
        for each in pieces
        if each.slot is not None
    ]
    return gathered(main, parts, ZONE)


def values(shown: Series | None) -> dict[Slot, Task]:
    if shown is None:
        return {}
    found = {slot: value_at(shown, slot) for slot in present(shown, ZONE, FAR)}
    return {slot: task for slot, task in found.items() if task is not None}


@given(series(), st.sampled_from(Shape))
def test_gathered_again_every_occurrence_has_its_values(before: Series, shape: Shape) -> None:
    assert values(stand(spelled(shape, before, terms(before)))) == values(before)


@given(series(), st.sampled_from(Shape))
def test_what_is_gathered_is_spelled_as_it_stands(before: Series, shape: Shape) -> None:
    """Law 5 in every shape."""
    once = spelled(shape, before, terms(before))
    after = stand(once)
    again = () if after is None else spelled(shape, replace(after, uid="u"), terms(before))
    assert {each.slot: each.series for each in again} == {each.slot: each.series for each in once}


@given(series(), st.sampled_from(Shape), st.sampled_from(Shape))
def test_from_any_shape_to_any_other_and_back(before: Series, one: Shape, other: Shape) -> None:
    stands: Series | None = before
    for shape in (one, other, one):
        if stands is not None:
            stands = stand(spelled(shape, replace(stands, uid="u"), terms(before, changing=True)))
    assert values(stands) == values(before)


@given(series())
def test_a_rolling_master_begins_at_the_next_plain_occurrence_and_ends_by_until(before: Series) -> None:
    pieces = spelled(Shape.ROLLING, before, terms(before))
    plain = sorted(present(before, ZONE, FAR) - before.overrides.keys())
    for piece in pieces:
        assert not piece.series.overrides
        assert not piece.series.rdates
        if piece.slot is None:
            assert piece.series.master is not None
            assert piece.series.rule is not None
            assert piece.series.rule.count is None
            assert len(plain) < 2 or piece.series.master.due == plain[0]


def test_what_is_left_of_a_series_with_one_text_of_its_own_rolls_by_that_text() -> None:
    """Whoever reads it anew, with no master there, can't know that most of it was called otherwise once."""
    rule = parse_rule("FREQ=WEEKLY;COUNT=5;BYDAY=MO", ZONE)
    master = Task("Call", ANCHOR)
    own = {
        slot: Override(
            replace(master, due=slot, status=Status.COMPLETE)
            if number < 2
            else replace(master, due=slot, summary="Meet")
        )
        for number, slot in enumerate(expand(rule, ANCHOR, FAR))
    }
    before = Series("u", master, rule, overrides=MappingProxyType(own))
    pieces = spelled(Shape.ROLLING, before, terms(before))
    (main,) = [each for each in pieces if each.slot is None]
    assert main.series.master == replace(master, summary="Meet", due=sorted(own)[2])
    assert values(stand(pieces)) == values(before)


@pytest.mark.parametrize("slot", [ANCHOR, datetime(2026, 12, 31, 23, 59, 59)])
@pytest.mark.parametrize("uid", ["liondesk-event-7", "app-1", "a b", "x-20260302-090000"])
def test_a_parts_uid_names_its_series_and_its_slot(uid: str, slot: Slot) -> None:
    assert slot_of_uid(part_uid(uid, slot)) == (uid, slot)


@pytest.mark.parametrize("uid", ["app-1", "liondesk-event-7-20260302T090000", "-20260302-090000", "x-20261302-090000"])
def test_other_uids_name_no_part(uid: str) -> None:
    assert slot_of_uid(uid) is None
