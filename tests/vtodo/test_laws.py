"""What holds for every series and every text (translation.md, laws 5, 7 and 10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.core.model import Override, Rule, Series, Status, Task
from bridge.vtodo import Context, read, write
from bridge.vtodo.values import clean

SAMPLES = {path.stem: path.read_bytes().decode() for path in sorted((Path(__file__).parent / "data").glob("*.ics"))}
ZONES = [
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Berlin",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "UTC",
]
CATEGORIES = {"1": "Call", "2": "E-mail, letter", "3": "Größe; \\n"}
NOW = datetime(2026, 3, 3, 18, tzinfo=UTC)
LOS_ANGELES = Context(ZoneInfo("America/Los_Angeles"), CATEGORIES, timedelta(0), timedelta(minutes=15))
DAY = timedelta(days=1)
quick = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def without_bookkeeping(series: object) -> Series:
    assert isinstance(series, Series), series
    return replace(series, modified_at=None, prodid="")


# -- round trips -------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200).map(clean)
leads = st.sampled_from([timedelta(0), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=30)])
weekdays = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@st.composite
def tasks(draw: st.DrawFn, due: datetime, *, all_day: bool) -> Task:
    done = draw(st.booleans())
    return Task(
        summary=draw(texts),
        due=due.replace(hour=0, minute=0) if all_day else due,
        all_day=all_day,
        status=Status.COMPLETE if done else Status.INCOMPLETE,
        notes=draw(texts),
        category_id=draw(st.sampled_from([None, *CATEGORIES])),
        completed_at=NOW if done else None,
    )


@st.composite
def rules(draw: st.DrawFn, due: datetime, *, all_day: bool) -> Rule | None:
    own = weekdays[due.weekday()]
    both = sorted({own, draw(st.sampled_from(weekdays))}, key=weekdays.index)
    parts = draw(
        st.sampled_from(
            [
                None,
                (("FREQ", "DAILY"),),
                (("FREQ", "WEEKLY"), ("BYDAY", ",".join(both))),
                (("FREQ", "WEEKLY"), ("INTERVAL", "2"), ("BYDAY", own)),
                (("FREQ", "WEEKLY"), ("INTERVAL", "3"), ("BYDAY", ",".join(both)), ("WKST", "SU")),
                (("FREQ", "MONTHLY"),),
                (("FREQ", "MONTHLY"), ("BYDAY", f"-1{own}")),
                (("FREQ", "YEARLY"), ("INTERVAL", "4")),
            ]
        )
    )
    if parts is None:
        return None
    last = (due + DAY * 70).replace(hour=23, minute=59, second=59) if all_day else (due + DAY * 70).replace(hour=12)
    count, until = draw(st.sampled_from([(None, None), (5, None), (None, last)]))
    return Rule(parts, count, until)


@st.composite
def series(draw: st.DrawFn) -> Series:
    minutes = draw(st.integers(0, 6 * 365 * 24 * 60))
    all_day = draw(st.booleans())
    due = datetime(2024, 1, 1) + timedelta(minutes=minutes)
    due = due.replace(hour=0, minute=0) if all_day else due
    slots = [due + DAY * n for n in range(6)]
    overrides = {}
    for slot in draw(st.sets(st.sampled_from(slots), max_size=3)):
        own = draw(st.booleans())
        moved = slot + timedelta(hours=draw(st.integers(-48, 48)))
        task = draw(tasks(moved, all_day=own))
        cancelled = draw(st.booleans()) and task.status is Status.INCOMPLETE
        overrides[slot] = Override(task, cancelled=cancelled, this_and_future=draw(st.booleans()))
    return Series(
        uid=draw(texts.map(str.strip).filter(bool)),
        master=draw(tasks(due, all_day=all_day)),
        rule=draw(rules(due, all_day=all_day)),
        exdates=frozenset(draw(st.sets(st.sampled_from(slots), max_size=2))),
        rdates=frozenset(draw(st.sets(st.sampled_from(slots), max_size=2))),
        overrides=overrides,
    )


contexts = st.builds(Context, st.sampled_from(ZONES).map(ZoneInfo), st.just(CATEGORIES), leads, st.just(timedelta(0)))


@quick
@given(series(), contexts)
def test_what_is_written_new_reads_the_same_and_is_quiet(wanted: Series, context: Context) -> None:
    text = write(wanted, context, NOW)
    assert without_bookkeeping(read(text, context)) == wanted
    assert write(wanted, context, NOW + DAY, text) == text


@quick
@given(series(), series(), contexts)
def test_any_series_can_be_edited_into_any_other(first: Series, second: Series, context: Context) -> None:
    """One edit says what is wanted, whatever stood there, and a second finds nothing to do."""
    second = replace(second, uid=first.uid)
    text = write(second, context, NOW, write(first, context, NOW))
    found = without_bookkeeping(read(text, context))
    kept = replace(second, overrides={k: replace(v, task=blind(v.task)) for k, v in second.overrides.items()})
    assert found.master is not None
    assert second.master is not None
    seen = replace(found, overrides={k: replace(v, task=blind(v.task)) for k, v in found.overrides.items()})
    assert replace(seen, master=blind(found.master)) == replace(kept, master=blind(second.master))
    assert write(second, context, NOW + DAY, text) == text


def blind(task: Task) -> Task:
    """The moment of completion is not compared: a task that was done before keeps the moment it was done."""
    return replace(task, completed_at=None)


@quick
@given(series(), contexts, st.sampled_from(["\n", "\r\n"]))
def test_overrides_alone_are_written_and_read_as_overrides(wanted: Series, context: Context, eol: str) -> None:
    timed = {slot: o for slot, o in wanted.overrides.items() if not o.task.all_day}
    if not timed:
        return
    orphan = replace(wanted, master=None, rule=None, exdates=frozenset(), rdates=frozenset(), overrides=timed)
    text = write(orphan, context, NOW).replace("\r\n", eol)
    assert without_bookkeeping(read(text, context)) == orphan
    assert write(orphan, context, NOW + DAY, text) == text


# -- nothing is lost ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_what_an_app_wrote_comes_back_byte_for_byte_when_nothing_is_wanted(name: str) -> None:
    found = read(SAMPLES[name], LOS_ANGELES)
    assert isinstance(found, Series)
    assert write(found, LOS_ANGELES, NOW, SAMPLES[name]) == SAMPLES[name]


FOREIGN = (
    "X-A;B=c:d;e,f\\n",
    'ATTENDEE;CN="A;B":mailto:a@b',
    "x-lower:1",
    "PRIORITY:high",
    "REQUEST-STATUS:2.0;Success",
    "X-EMPTY:",
)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_edit_keeps_the_order_and_bytes_of_what_is_not_the_bridges(name: str) -> None:
    foreign = "".join(f"{line}\r\n" for line in FOREIGN)
    text = SAMPLES[name].replace("\r\n", "\n").replace("\n", "\r\n").replace("END:VTODO", f"{foreign}END:VTODO")
    found = read(text, LOS_ANGELES)
    assert isinstance(found, Series)
    assert found.master is not None
    task = replace(found.master, summary="New", notes="New", category_id="2", due=found.master.due + DAY)
    task = replace(task, status=Status.COMPLETE, completed_at=NOW)
    rule = Rule((("FREQ", "DAILY"),))
    wanted = replace(found, master=task, rule=rule, exdates=frozenset({task.due + DAY}), modified_at=NOW)
    written = write(wanted, LOS_ANGELES, NOW, text)
    again = read(written, LOS_ANGELES)
    assert isinstance(again, Series)
    assert replace(again, overrides={}, master=blind(task)) == replace(wanted, overrides={}, master=blind(task))
    ours = (
        "SUMMARY",
        "DESCRIPTION",
        "CATEGORIES",
        "DUE",
        "DTSTART",
        "STATUS",
        "COMPLETED",
        "PERCENT-COMPLETE",
        "RRULE",
        "EXDATE",
        "DTSTAMP",
        "LAST-MODIFIED",
        "SEQUENCE",
    )

    def others(text: str) -> list[str]:
        _, *todos = text.split("BEGIN:VTODO")
        return [line for todo in todos for line in todo.split("\r\n") if not line.startswith(ours)]

    # Apple's alarm is the due moment itself, and goes with it.
    before = [line.replace("DATE-TIME:20260302T170000Z", "DATE-TIME:20260303T170000Z") for line in others(text)]
    before = [line.replace("DATE-TIME:20260309T160000Z", "DATE-TIME:20260310T160000Z") for line in before]
    assert others(written) == before


# -- time --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [2025, 2026, 2031])
def test_nine_o_clock_is_nine_o_clock_on_every_day_of_the_year(zone: str, year: int) -> None:
    """The slots of a year, as EXDATEs in the resource's zone, read as they were written (law 10)."""
    context = replace(LOS_ANGELES, zone=ZoneInfo(zone))
    due = datetime(year, 1, 1, 9)
    slots = frozenset(due + DAY * n for n in range(365))
    wanted = Series("u", Task("x", due), Rule((("FREQ", "DAILY"),)), exdates=slots)
    assert without_bookkeeping(read(write(wanted, context, NOW), context)).exdates == slots


@pytest.mark.parametrize(
    ("zone", "gap", "utc"),
    [
        ("America/Los_Angeles", datetime(2026, 3, 8, 2, 30), "20260308T103000Z"),
        ("Europe/Berlin", datetime(2026, 3, 29, 2, 30), "20260329T013000Z"),
        ("Europe/London", datetime(2026, 3, 29, 1, 30), "20260329T013000Z"),
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 15), "20261003T154500Z"),
        ("Pacific/Auckland", datetime(2026, 9, 27, 2, 30), "20260926T143000Z"),
    ],
)
def test_a_time_that_the_night_lacks_has_the_offset_before_the_gap(zone: str, gap: datetime, utc: str) -> None:
    """RFC 5545, 3.3.5. In its own zone the time stays as the owner said it; in UTC it is the moment it means."""
    context = replace(LOS_ANGELES, zone=ZoneInfo(zone))
    own, abroad = Series("u", Task("x", gap)), Series("u", Task("x", gap), zone="UTC")
    text = write(own, context, NOW)
    assert f"DUE;TZID={zone}:{gap:%Y%m%dT%H%M%S}" in text
    assert without_bookkeeping(read(text, context)) == own
    text = write(abroad, context, NOW)
    assert f"DUE:{utc}" in text
    assert write(abroad, context, NOW, text) == text, "a moment that cannot be said is not written again and again"


# -- no text is an exception -------------------------------------------------------------------------------------------

GARBAGE = [
    "DUE:20260309T250000",
    "DUE;TZID=:20260309T090000",
    "DUE;TZID=a,b:20260309T090000",
    "DUE;VALUE=DATE-TIME;TZID=America:20260309T090000",
    "DUE;TZID=../../etc/passwd:20260309T090000",
    "DUE;TZID=\x00:20260309T090000",
    "DUE:",
    "DUE",
    "DUE:29991231T235959",
    "DTSTART:29991231T235959Z",
    "DTSTART:19000101T000000Z",
    "DTSTART;VALUE=DATE:19000101",
    "DURATION:-P99999D",
    "DURATION:P1W",
    "RRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z",
    "RRULE:FREQ=DAILY;COUNT=0",
    "RRULE:",
    "RRULE:FREQ=WEEKLY;BYDAY=MO;INTERVAL=2;WKST=SU",
    "EXDATE:20260316T160000Z,,20260317",
    "EXDATE;VALUE=PERIOD:x/y",
    "RDATE;VALUE=PERIOD:20260311T153000Z/PT1H",
    "RECURRENCE-ID:20260316",
    "RECURRENCE-ID:29991231T000000",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20260316T090000",
    "STATUS:CANCELLED",
    'STATUS;X=":',
    "COMPLETED:20269999",
    "CATEGORIES:\\,,\\",
    "CATEGORIES;LANGUAGE=de:Call,Call",
    'SUMMARY;ALTREP="x":\\',
    "UID:other",
    "SEQUENCE:99999999999999999999",
    "SEQUENCE:²",
    "BEGIN:VTODO",
    "END:VTODO",
    "BEGIN:VALARM",
    "END:VCALENDAR",
    "BEGIN",
    " folded",
    "",
    "TZID:America/Los_Angeles",
    "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=5MO;BYMONTHDAY=31",
    "TZOFFSETTO:+9999",
    "X-LIC-LOCATION:Europe/Berlin",
]


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A sample with lines taken out, doubled, exchanged and put in."""
    lines = draw(st.sampled_from(sorted(SAMPLES.values()))).splitlines()
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["out", "twice", "garbage", "instead", "characters", "end"])):
            case "out":
                lines[at : at + 1] = []
            case "twice":
                lines.insert(at, lines[at])
            case "garbage":
                lines.insert(at, draw(st.sampled_from(GARBAGE)))
            case "instead":
                lines[at] = draw(st.sampled_from(GARBAGE))
            case "characters":
                cut = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:cut] + draw(st.text(max_size=5)) + lines[at][cut + 1 :]
            case _:
                del lines[max(at, 1) :]
        lines = lines or [""]
    return "\r\n".join(lines) + "\r\n"


@settings(quick, max_examples=500)
@given(mutations())
def test_whatever_befell_a_resource_it_is_read_or_unreadable_and_an_edit_of_it_reads_back(text: str) -> None:
    found = read(text, LOS_ANGELES)
    if not isinstance(found, Series):
        assert found.why
        return
    assert write(found, LOS_ANGELES, NOW, text) == text
    if found.master is None:
        return
    due = datetime(2027, 5, 3, 9) if not found.master.all_day else datetime(2027, 5, 3)
    task = replace(found.master, summary="edited", notes="", due=due, category_id="3", status=Status.COMPLETE)
    single = replace(found, master=task, rule=None, exdates=frozenset({due + DAY}), rdates=frozenset(), overrides={})
    written = read(write(single, LOS_ANGELES, NOW, text), LOS_ANGELES)
    assert isinstance(written, Series)
    assert written.master is not None
    # Of two STATUS lines the one that says more is read; either way it says that this is over.
    seen = replace(written, modified_at=found.modified_at, cancelled=found.cancelled, master=blind(written.master))
    assert seen == replace(single, master=blind(task))


@settings(quick, max_examples=300)
@given(st.text() | st.lists(st.sampled_from([*GARBAGE, "BEGIN:VCALENDAR", "UID:u", "DUE:20260309"])).map("\n".join))
def test_no_text_is_an_exception(text: str) -> None:
    read(text, LOS_ANGELES)
