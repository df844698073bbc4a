"""Edits in place: what is wanted is said, what is not the bridge's stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.core.model import Override, Rule, Series, Status, Task
from bridge.vtodo import Context, write

MARCH_2 = datetime(2026, 3, 2, 9)
MARCH_9 = datetime(2026, 3, 9, 9)
MARCH_16 = datetime(2026, 3, 16, 9)
WEEKLY = Rule((("FREQ", "WEEKLY"), ("BYDAY", "MO")), count=6)

FOREIGN = """X-APPLE-SORT-ORDER;X-TITLE="a b":1;2,3\\n4
x-lower-case:kept
ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:AAAA
ORGANIZER;CN="Doe, Jane":mailto:jane@example.org
RELATED-TO;RELTYPE=PARENT:other
PRIORITY:5
CLASS:PRIVATE
COMMENT:one
PERCENT-COMPLETE:40
COMMENT:two
GEO:37.386013;-122.082932
X-LONG:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
 bbbbbb
STATUS:IN-PROCESS
"""
ALARM = """BEGIN:VALARM
ACTION:DISPLAY
UID:alarm
TRIGGER:-PT5M
DESCRIPTION:Mine
END:VALARM
BEGIN:VALARM
ACTION:AUDIO
TRIGGER;VALUE=DATE-TIME:20260302T160000Z
END:VALARM
"""
DATES = "DTSTART;TZID=America/Los_Angeles:20260302T090000\nDUE;X-Q=1;TZID=America/Los_Angeles:20260302T090000\n"
MASTER = "DTSTAMP:20260223T170000Z\nSUMMARY;LANGUAGE=en:Call client\n" + DATES + "RRULE:FREQ=WEEKLY;COUNT=6;BYDAY=MO\n"

Make = Callable[..., str]
Understand = Callable[[str], Series]


def master_of(series: Series) -> Task:
    assert series.master is not None
    return series.master


def edited(series: Series, **values: object) -> Series:
    """The series with other values in its master."""
    return replace(series, master=replace(master_of(series), **values))  # type: ignore[arg-type] # as the tests give them


def changes(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines gone and lines come, bookkeeping left out."""

    def own(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith(("DTSTAMP", "LAST-MODIFIED", "SEQUENCE"))]

    gone, come = own(before), own(after)
    for line in list(gone):
        if line in come:
            gone.remove(line)
            come.remove(line)
    return gone, come


@pytest.fixture
def foreign(resource: Make) -> str:
    """A series full of what the bridge does not own."""
    return resource(MASTER + FOREIGN + ALARM)


TZID = ";TZID=America/Los_Angeles"


@pytest.mark.parametrize(
    ("values", "gone", "come"),
    [
        ({"summary": "Call, now"}, ["SUMMARY;LANGUAGE=en:Call client"], ["SUMMARY;LANGUAGE=en:Call\\, now"]),
        ({"notes": "a\nb"}, [], ["DESCRIPTION:a\\nb"]),
        ({"category_id": "2"}, [], ["CATEGORIES:E-mail\\, letter"]),
        (
            {"due": datetime(2026, 3, 3, 10)},
            [f"DTSTART{TZID}:20260302T090000", "DUE;X-Q=1;TZID=America/Los_Angeles:20260302T090000"],
            [f"DTSTART{TZID}:20260303T100000", "DUE;X-Q=1;TZID=America/Los_Angeles:20260303T100000"],
        ),
        (
            {"due": datetime(2026, 3, 2), "all_day": True},
            [f"DTSTART{TZID}:20260302T090000", "DUE;X-Q=1;TZID=America/Los_Angeles:20260302T090000"],
            ["DTSTART;VALUE=DATE:20260302", "DUE;X-Q=1;VALUE=DATE:20260302"],
        ),
        (
            {"status": Status.COMPLETE, "completed_at": datetime(2026, 3, 2, 18, 15, tzinfo=UTC)},
            ["PERCENT-COMPLETE:40", "STATUS:IN-PROCESS"],
            ["PERCENT-COMPLETE:100", "STATUS:COMPLETED", "COMPLETED:20260302T181500Z"],
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_an_edit_touches_its_own_lines_and_no_others(
    foreign: str,
    understood: Understand,
    context: Context,
    now: datetime,
    values: dict[str, object],
    gone: list[str],
    come: list[str],
) -> None:
    wanted = edited(understood(foreign), **values)
    text = write(wanted, context, now, foreign)
    found_gone, found_come = changes(foreign, text)
    zone = text[text.find("BEGIN:VTIMEZONE") : text.find("END:VTIMEZONE")].splitlines()
    assert found_gone == gone
    assert [line for line in found_come if line not in (*zone, "END:VTIMEZONE")] == come
    assert understood(text) == replace(wanted, modified_at=now)
    assert write(wanted, context, now, text) == text


def test_what_says_the_same_is_given_back_byte_for_byte(
    foreign: str, understood: Understand, context: Context, now: datetime
) -> None:
    assert write(understood(foreign), context, now, foreign) == foreign
    lf = foreign.replace("\r\n", "\n")
    assert write(understood(lf), context, now, lf) == lf
    assert "\r" not in write(edited(understood(lf), summary="x"), context, now, lf)


def test_only_a_changed_component_is_stamped_and_its_sequence_raised(
    sample: Callable[[str], str], understood: Understand, context: Context, now: datetime
) -> None:
    before = sample("jtx-complete-occurrence.after")
    after = write(edited(understood(before), summary="New"), context, now, before)
    assert after.count("LAST-MODIFIED:20260303T180000Z") == after.count("DTSTAMP:20260303T180000Z") == 1
    assert [line for line in after.splitlines() if line.startswith("SEQUENCE")] == ["SEQUENCE:2", "SEQUENCE:1"]


def test_without_sequence_only_a_significant_change_begins_one(
    foreign: str, understood: Understand, context: Context, now: datetime
) -> None:
    series = understood(foreign)
    assert "SEQUENCE" not in write(edited(series, summary="x"), context, now, foreign)
    assert "SEQUENCE:1\r\n" in write(edited(series, due=MARCH_9), context, now, foreign)


def test_reopening_removes_what_said_done(
    resource: Make, understood: Understand, context: Context, now: datetime
) -> None:
    done = resource(MASTER + "STATUS:COMPLETED\nCOMPLETED:20260302T181500Z\nPERCENT-COMPLETE:100\nPRIORITY:1")
    text = write(edited(understood(done), status=Status.INCOMPLETE, completed_at=None), context, now, done)
    assert "STATUS:NEEDS-ACTION" in text
    assert not any(said in text for said in ("COMPLETED:", "PERCENT-COMPLETE"))
    assert "PRIORITY:1" in text


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("CATEGORIES:Family,call,Work", "3", ["CATEGORIES:Family,Meeting,Work"]),
        ("CATEGORIES:Family,call,Work", None, ["CATEGORIES:Family,Work"]),
        ("CATEGORIES:Call", None, []),
        ("CATEGORIES:Call,Meeting", "3", ["CATEGORIES:Meeting"]),
        (
            "CATEGORIES:Family\\, all\nCATEGORIES;X-A=1:Call",
            "2",
            ["CATEGORIES:Family\\, all", "CATEGORIES;X-A=1:E-mail\\, letter"],
        ),
        ("CATEGORIES:Family", "1", ["CATEGORIES:Call", "CATEGORIES:Family"]),
        ("CATEGORIES:CALL", "1", ["CATEGORIES:CALL"]),
        ("CATEGORIES:Call", "unknown", ["CATEGORIES:Call"]),
    ],
)
def test_the_users_own_categories_stay(
    resource: Make, understood: Understand, context: Context, now: datetime, before: str, wanted: str, after: list[str]
) -> None:
    text = resource(MASTER + before)
    written = write(edited(understood(text), category_id=wanted), context, now, text)
    assert sorted(line for line in written.splitlines() if line.startswith("CATEGORIES")) == sorted(after)


def test_notes_that_change_take_their_html_twins_along(
    resource: Make, understood: Understand, context: Context, now: datetime
) -> None:
    text = resource(MASTER + 'DESCRIPTION;ALTREP="data:text/html,old":old\nX-ALT-DESC;FMTTYPE=text/html:old')
    written = write(edited(understood(text), notes="new"), context, now, text)
    assert "DESCRIPTION:new\r\n" in written
    assert "old" not in written


# -- overrides ---------------------------------------------------------------------------------------------------------


def with_override(series: Series, slot: datetime, override: Override) -> Series:
    return replace(series, overrides={**series.overrides, slot: override})


def overrides_in(text: str) -> list[str]:
    return ["BEGIN:VTODO" + part for part in text.split("BEGIN:VTODO")[1:] if "RECURRENCE-ID" in part]


@pytest.mark.parametrize(
    ("dates", "recurrence_id"),
    [
        (DATES, "RECURRENCE-ID;TZID=America/Los_Angeles:20260309T090000"),
        ("DTSTART:20260302T170000Z\nDUE:20260302T170000Z\n", "RECURRENCE-ID:20260309T160000Z"),
        ("DTSTART:20260302T090000\nDUE:20260302T090000\n", "RECURRENCE-ID:20260309T090000"),
        (
            "DUE;TZID=Pacific Standard Time:20260302T090000\n",
            "RECURRENCE-ID;TZID=Pacific Standard Time:20260309T090000",
        ),
        ("DTSTART:20260302T080000\nDUE:20260302T090000\n", "RECURRENCE-ID:20260309T080000"),
        ("DTSTART:20260302T080000\nDURATION:PT1H\n", "RECURRENCE-ID:20260309T080000"),
    ],
)
def test_a_new_override_is_the_masters_copy_in_the_masters_form(
    resource: Make, understood: Understand, context: Context, now: datetime, dates: str, recurrence_id: str
) -> None:
    text = resource(f"SUMMARY:Call client\n{dates}RRULE:FREQ=WEEKLY;COUNT=6\nEXDATE:20260323T090000\n{FOREIGN}{ALARM}")
    series = understood(text)
    moved = replace(master_of(series), due=datetime(2026, 3, 10, 14), summary="Bring contract")
    wanted = with_override(series, MARCH_9, Override(moved))
    written = write(wanted, context, now, text)
    (override,) = overrides_in(written)
    assert recurrence_id + "\r\n" in override
    assert not any(own in override for own in ("RRULE", "EXDATE"))
    assert "PRIORITY:5" in override
    assert "TRIGGER:-PT5M" in override, "an alarm that moves with the task is copied"
    assert "VALUE=DATE-TIME:20260302T160000Z" not in override, "one that rings at a moment of the master's is not"
    assert understood(written) == replace(wanted, modified_at=now)
    assert text[text.index("SUMMARY") : text.index("END:VTODO")] in written, "the master is as it was"


def test_a_completed_override_has_no_alarm(
    foreign: str, understood: Understand, context: Context, now: datetime
) -> None:
    series = understood(foreign)
    done = replace(master_of(series), due=MARCH_9, status=Status.COMPLETE, completed_at=now)
    (override,) = overrides_in(write(with_override(series, MARCH_9, Override(done)), context, now, foreign))
    assert "VALARM" not in override
    assert "STATUS:COMPLETED\r\n" in override
    assert "COMPLETED:20260303T180000Z\r\n" in override
    assert "PERCENT-COMPLETE:100\r\n" in override


@pytest.mark.parametrize("ranged", [True, False])
def test_an_override_can_be_cancelled_or_reach_into_the_future(
    foreign: str, understood: Understand, context: Context, now: datetime, ranged: bool
) -> None:
    series = understood(foreign)
    task = replace(master_of(series), due=MARCH_9)
    wanted = with_override(series, MARCH_9, Override(task, cancelled=not ranged, this_and_future=ranged))
    written = write(wanted, context, now, foreign)
    assert understood(written).overrides == wanted.overrides
    plain = with_override(series, MARCH_9, Override(replace(task, summary="y")))
    again = write(plain, context, now, written)
    assert understood(again).overrides == plain.overrides


def test_an_override_that_is_not_wanted_goes_and_the_rest_stays(
    sample: Callable[[str], str], understood: Understand, context: Context, now: datetime
) -> None:
    text = sample("thunderbird-edit-occurrence.after")
    written = write(replace(understood(text), overrides={}), context, now, text)
    assert written == text[: text.rindex("BEGIN:VTODO")] + "END:VCALENDAR\r\n"


def test_moving_the_series_carries_its_overrides_along(
    sample: Callable[[str], str], understood: Understand, context: Context, now: datetime
) -> None:
    text = sample("thunderbird-edit-occurrence.after")
    series = understood(text)
    hour = timedelta(hours=1)
    wanted = replace(
        edited(series, due=MARCH_2 + hour),
        overrides={slot + hour: override for slot, override in series.overrides.items()},
        exdates=frozenset({MARCH_16 + hour}),
    )
    written = write(wanted, context, now, text)
    assert understood(written) == replace(wanted, modified_at=now)
    assert f"RECURRENCE-ID{TZID}:20260309T100000\r\n" in written
    assert "X-MOZ-GENERATION:1" in overrides_in(written)[0], "it is the same component, moved"


def test_a_series_that_becomes_all_day_respells_all_its_dates(
    sample: Callable[[str], str], understood: Understand, context: Context, now: datetime
) -> None:
    text = sample("thunderbird-complete-occurrence.after")
    series = understood(text)
    day = datetime(2026, 3, 2)
    done = replace(series.overrides[MARCH_2].task, due=day, all_day=True)
    wanted = replace(
        edited(series, due=day, all_day=True),
        overrides={day: Override(done)},
        exdates=frozenset({datetime(2026, 3, 9)}),
        rule=replace(WEEKLY, count=None, until=datetime(2026, 4, 6, 23, 59, 59)),
    )
    written = write(wanted, context, now, text)
    assert understood(written) == replace(wanted, modified_at=now)
    lines = ("RECURRENCE-ID;VALUE=DATE:20260302", "EXDATE;VALUE=DATE:20260309", "UNTIL=20260406")
    assert all(line in written for line in lines)
    back = write(series, context, now, written)
    assert understood(back) == replace(series, modified_at=now)


def test_exdates_that_stand_keep_their_spelling(
    resource: Make, understood: Understand, context: Context, now: datetime
) -> None:
    text = resource(
        MASTER + "EXDATE:20260309T160000Z,20260316T160000Z\nEXDATE;VALUE=DATE:20260330\nEXDATE;VALUE=DATE:20260330"
    )
    series = understood(text)
    more = write(replace(series, exdates=series.exdates | {datetime(2026, 3, 23, 9)}), context, now, text)
    assert changes(text, more)[0] == []
    assert f"EXDATE{TZID}:20260323T090000\r\n" in more
    less = write(replace(series, exdates=series.exdates - {MARCH_16}), context, now, text)
    assert "EXDATE:20260309T160000Z\r\n" in less
    assert less.count("EXDATE;VALUE=DATE:20260330\r\n") == 2


def test_one_resource_becomes_single_and_a_series_again(
    foreign: str, understood: Understand, context: Context, now: datetime
) -> None:
    series = understood(foreign)
    single = write(replace(series, rule=None), context, now, foreign)
    assert "RRULE" not in single.split("BEGIN:VTODO")[1]
    assert understood(write(series, context, now, single)) == replace(series, modified_at=now)


def test_a_rule_that_changes_loses_its_parameters(
    resource: Make, understood: Understand, context: Context, now: datetime
) -> None:
    text = resource(MASTER.replace("RRULE:", "RRULE;X-EVOLUTION-ENDDATE=20260413T160000Z:"))
    series = understood(text)
    assert write(series, context, now, text) == text
    written = write(replace(series, rule=replace(WEEKLY, count=None, until=MARCH_16)), context, now, text)
    assert "RRULE:FREQ=WEEKLY;UNTIL=20260316T160000Z;BYDAY=MO\r\n" in written


def test_evolutions_double_override_is_mended_and_its_master_put_back(
    resource: Make, understood: Understand, context: Context, now: datetime
) -> None:
    rid = f"SUMMARY:Call client\nRECURRENCE-ID{TZID}:20260309T090000\n{DATES.replace('20260302', '20260309')}"
    text = resource(f"{rid}STATUS:COMPLETED\nCOMPLETED:20260302T181500Z", f"{rid}STATUS:NEEDS-ACTION")
    orphan = understood(text)
    assert write(orphan, context, now, text) == text, "overrides alone are no reason to write"
    whole = replace(orphan, master=Task("Call client", MARCH_2), rule=WEEKLY)
    written = write(whole, context, now, text)
    assert understood(written) == replace(whole, modified_at=now)
    assert "BEGIN:VTIMEZONE" in written
    reopened = Override(replace(orphan.overrides[MARCH_9].task, status=Status.INCOMPLETE, completed_at=None))
    single = write(replace(orphan, overrides={MARCH_9: reopened}), context, now, text)
    assert len(overrides_in(single)) == 1
    assert understood(single).overrides == {MARCH_9: reopened}


def test_a_bare_override_that_is_edited_speaks_for_itself(
    resource: Make, understood: Understand, context: Context, now: datetime
) -> None:
    text = resource(
        f"{MASTER}DESCRIPTION:notes\nCATEGORIES:Call", "RECURRENCE-ID:20260309T090000\nSTATUS:COMPLETED\nX-A:1"
    )
    series = understood(text)
    task = replace(series.overrides[MARCH_9].task, notes="", due=datetime(2026, 3, 10, 9))
    wanted = replace(series, overrides={MARCH_9: Override(task)})
    written = write(wanted, context, now, text)
    assert understood(written).overrides == wanted.overrides
    renamed = write(edited(series, summary="Renamed"), context, now, text)
    assert understood(renamed).overrides[MARCH_9].task.summary == "Call client"


@pytest.mark.parametrize(
    ("present", "wanted", "after"),
    [("", "2", "2"), ("1", "2", "2"), ("1", None, "1"), ("1", "0", None)],
)
def test_the_reminder_travels_with_other_changes_and_none_is_silence(
    resource: Make,
    understood: Understand,
    context: Context,
    now: datetime,
    present: str,
    wanted: str | None,
    after: str | None,
) -> None:
    text = resource(MASTER + (f"X-LIONDESK-REMINDER:{present}" if present else ""))
    written = write(edited(understood(text), reminder_type=wanted, summary="y"), context, now, text)
    found = [line.partition(":")[2] for line in written.splitlines() if line.startswith("X-LIONDESK-REMINDER")]
    assert found == ([after] if after else [])
    alone = write(edited(understood(text), reminder_type=wanted), context, now, text)
    assert (alone == text) is (not present or wanted is None), "a dropped one is no reason to write"
