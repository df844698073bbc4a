"""Foreign properties survive a hundred edits unchanged (law 7): on generated resources, and on those apps wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.core.model import Override, Series, Status, Task
from bridge.vtodo import ContactCard, Context, Form, read, write
from bridge.vtodo.lines import Component, Line, parse

DATA = Path(__file__).parent / "data"
SAMPLES = {path.stem: path.read_bytes().decode() for path in sorted(DATA.glob("*.ics"))}
ROUNDS = 100
NOW = datetime(2026, 3, 3, 18, tzinfo=UTC)
CONTEXT = Context(
    ZoneInfo("America/Los_Angeles"),
    {"1": "Call", "2": "E-mail, letter"},
    timedelta(0),
    timedelta(minutes=15),
    contacts=MappingProxyType({"7": ContactCard("Bill Gates", ("555",)), "8": ContactCard("Ada")}),
)
EVENTS = replace(CONTEXT, component="event")
OURS = frozenset(
    [
        "SUMMARY",
        "DESCRIPTION",
        "X-ALT-DESC",
        "CATEGORIES",
        "CONTACT",
        "STATUS",
        "COMPLETED",
        "PERCENT-COMPLETE",
        "DTSTART",
        "DUE",
        "DTEND",
        "DURATION",
        "RRULE",
        "EXDATE",
        "RDATE",
        "RECURRENCE-ID",
        "DTSTAMP",
        "LAST-MODIFIED",
        "SEQUENCE",
        "X-LIONDESK-REMINDER",
        "X-LIONDESK-COMPLETED",
        "X-LIONDESK-DUE",
    ]
)


def foreign(text: str, kind: str) -> list[list[str]]:
    """Every line of each component of a resource that is not the bridge's to write, in its order, byte for byte."""
    found: list[list[str]] = []
    for calendar in parse(text).components("VCALENDAR"):
        found.append([item.raw for item in calendar.items if isinstance(item, Line)])
        found += [list(_foreign(component)) for component in calendar.components(kind)]
    return found


def _foreign(component: Component) -> Iterator[str]:
    for item in component.items:
        if isinstance(item, Line) and item.name not in OURS:
            yield item.raw
        elif isinstance(item, Component):
            # An alarm of an app's at the due moment moves with it, and one that shows the text shows the new one.
            yield from (
                line.raw
                for line in item.items
                if isinstance(line, Line)
                and not (item.name == "VALARM" and line.name == "DESCRIPTION")
                and not (line.name == "TRIGGER" and "DATE-TIME" in line.raw)
            )


def edits(task: Task) -> Iterator[Task]:
    """One edit after the other, each of what the bridge owns, for ever."""
    day = timedelta(days=1)
    steps = (
        {"summary": "Another; text, with\nall"},
        {"due": task.due + day},
        {"notes": "Notes \\n and more"},
        {"status": Status.COMPLETE, "completed_at": NOW},
        {"category_id": "2"},
        {"contact_id": "7"},
        {"due": task.due - day, "summary": task.summary},
        {"status": Status.INCOMPLETE, "completed_at": None},
        {"category_id": "1", "notes": ""},
        {"contact_id": "8"},
        {"due": task.due},
        {"contact_id": None, "category_id": None},
    )
    now = task
    for step in cycle(steps):
        now = replace(now, **step)  # type: ignore[arg-type] # names and values are Task's own
        yield now


def after_a_hundred(text: str, context: Context) -> str:
    series = read(text, context)
    assert isinstance(series, Series), series
    assert series.master is not None
    changing = edits(series.master)
    for number, task in zip(range(ROUNDS), changing, strict=False):
        series = read(text, context)
        assert isinstance(series, Series)
        master = task if series.rule is None else replace(task, status=Status.INCOMPLETE, completed_at=None)
        shift = task.due - (series.master.due if series.master else task.due)
        overrides = {
            slot + shift: replace(each, task=replace(each.task, notes=task.notes, due=each.task.due + shift))
            for slot, each in series.overrides.items()
        }
        wanted = replace(series, master=master, overrides=overrides, exdates=frozenset())
        text = write(wanted, context, NOW + timedelta(hours=number), text)
    return text


@pytest.mark.parametrize("name", SAMPLES)
def test_what_an_app_wrote_is_there_after_a_hundred_edits(name: str) -> None:
    before = SAMPLES[name]
    assert foreign(after_a_hundred(before, CONTEXT), "VTODO") == foreign(before, "VTODO")


@pytest.mark.parametrize("name", SAMPLES)
def test_reading_and_writing_it_a_hundred_times_changes_no_byte(name: str) -> None:
    text = SAMPLES[name]
    for number in range(ROUNDS):
        series = read(text, CONTEXT)
        assert isinstance(series, Series)
        text = write(series, CONTEXT, NOW + timedelta(hours=number), text)
    assert text == SAMPLES[name]


NAMES = st.sampled_from(
    [
        "ATTACH",
        "ATTENDEE",
        "CLASS",
        "COMMENT",
        "CREATED",
        "GEO",
        "LOCATION",
        "ORGANIZER",
        "PRIORITY",
        "RELATED-TO",
        "RESOURCES",
        "URL",
        "X-APPLE-SORT-ORDER",
        "X-MOZ-GENERATION",
        "X-OC-HIDESUBTASKS",
        "x-lower",
        "IANA-TOKEN",
        "PERCENT_COMPLETE",
        "LAST-MOD",
    ]
)
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x1F600, exclude_categories=("Cs", "Cc")), max_size=90)
SAFE = st.text(st.sampled_from("abc-XYZ 123"), min_size=1, max_size=12)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A foreign property: parameters, quotes, folds and a value as apps write them, right or wrong."""
    parameters = "".join(
        f";{name}={value if draw(st.booleans()) and ' ' not in value else f'{chr(34)}{value}{chr(34)}'}"
        for name, value in draw(st.lists(st.tuples(st.sampled_from(("X-P", "LANGUAGE", "FMTTYPE")), SAFE), max_size=2))
    )
    value = draw(WORDS).replace("\u2028", "").replace("\u2029", "").replace("\u0085", "")
    line = f"{draw(NAMES)}{parameters}:{value}"
    fold = draw(st.integers(10, 75))
    return "\r\n ".join(line[at : at + fold] for at in range(0, len(line), fold))


@st.composite
def resources(draw: st.DrawFn) -> tuple[str, Context]:
    """A task or an event, single or a series, full of foreign lines between those the bridge owns."""
    context = draw(st.sampled_from((CONTEXT, EVENTS)))
    own = ["SUMMARY:Call", "DTSTART;TZID=America/Los_Angeles:20260302T090000", "DTSTAMP:20260301T000000Z"]
    own += ["DUE;TZID=America/Los_Angeles:20260302T090000"] if context is CONTEXT else []
    own += ["RRULE:FREQ=WEEKLY;COUNT=6"] if draw(st.booleans()) else []
    own += ["DESCRIPTION:Old", "CATEGORIES:garden,Call"] if draw(st.booleans()) else []
    body = draw(st.permutations([*own, *draw(st.lists(lines(), max_size=8))]))
    alarm = ["BEGIN:VALARM", *draw(st.lists(lines(), max_size=3)), "ACTION:DISPLAY", "TRIGGER:-PT7M", "END:VALARM"]
    inner = [*body, *(alarm if draw(st.booleans()) else [])]
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", *draw(st.lists(lines(), max_size=2)), f"BEGIN:{context.kind}", "UID:u"]
    return "\r\n".join([*text, *inner, f"END:{context.kind}", "END:VCALENDAR", ""]), context


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(resources())
def test_whatever_an_app_may_write_is_there_after_a_hundred_edits(drawn: tuple[str, Context]) -> None:
    before, context = drawn
    after = foreign(after_a_hundred(before, context), context.kind)
    assert after == foreign(before, context.kind)


@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(resources(), st.sampled_from((timedelta(0), timedelta(hours=1), timedelta(days=2))))
def test_changed_settings_take_nothing_of_anybodys_away(drawn: tuple[str, Context], lead: timedelta) -> None:
    before, context = drawn
    text = before
    for number in range(ROUNDS):
        was = Form(context.lead, context.alarm)
        context = replace(context, lead=lead if number % 2 == 0 else timedelta(0), was=was)
        series = read(text, context)
        assert isinstance(series, Series)
        due = series.master.due if series.master is not None else None
        text = write(series, context, NOW, text)
        again = read(text, replace(context, was=None))
        assert isinstance(again, Series)
        assert again.master is not None
        assert (again.master.due, again.rule) == (due, series.rule)
    kept = foreign(text, context.kind)
    assert kept == foreign(before, context.kind)


def test_an_override_for_each_occurrence_comes_and_goes_and_leaves_the_rest_as_it_was() -> None:
    before = SAMPLES["thunderbird-edit-occurrence.after"]
    text = before
    series = read(before, CONTEXT)
    assert isinstance(series, Series)
    slots = [datetime(2026, 3, 23, 9), datetime(2026, 3, 30, 9)]
    for number in range(ROUNDS):
        overrides = dict(series.overrides)
        if number % 2 == 0:
            overrides[slots[number % 4 // 2]] = Override(Task("Other", slots[number % 4 // 2]))
        text = write(replace(series, overrides=overrides), CONTEXT, NOW, text)
    assert foreign(text, "VTODO") == foreign(before, "VTODO")
