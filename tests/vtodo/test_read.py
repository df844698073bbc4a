"""What each way of spelling a task means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bridge.core.model import Rule, Series, Status, Unreadable
from bridge.vtodo import Context, read

MARCH_9 = datetime(2026, 3, 9, 9)
CUSTOM = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:DAYLIGHT
TZOFFSETFROM:-0800
TZOFFSETTO:-0700
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0700
TZOFFSETTO:-0800
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
"""
ODD = """BEGIN:VTIMEZONE
TZID:Ship's clock
BEGIN:STANDARD
TZOFFSETFROM:-0642
TZOFFSETTO:-0642
DTSTART:19700101T000000
END:STANDARD
END:VTIMEZONE
"""

Make = Callable[..., str]
Understand = Callable[[str], Series]


@pytest.mark.parametrize(
    ("lines", "due", "all_day", "zone"),
    [
        ("DUE;TZID=America/Los_Angeles:20260309T090000", MARCH_9, False, None),
        ("DUE;TZID=Pacific Standard Time:20260309T090000", MARCH_9, False, None),
        ("DUE;TZID=/freeassociation.sourceforge.net/America/Los_Angeles:20260309T090000", MARCH_9, False, None),
        ("DUE;TZID=/freeassociation.sourceforge.net/Tzfile/America/Los_Angeles:20260309T090000", MARCH_9, False, None),
        ('DUE;TZID="America/Los_Angeles;RANGE=THISANDFUTURE":20260309T090000', MARCH_9, False, None),
        ("DUE;TZID=Customized Time Zone:20260309T090000", MARCH_9, False, None),
        ("DUE;TZID=Ship's clock:20260309T091800", MARCH_9, False, None),
        ("DUE;TZID=America/Los_Angeles:20260309T160000Z", MARCH_9, False, None),
        ("DUE;TZID=Nowhere/Known:20260309T160000Z", MARCH_9, False, "UTC"),
        ("DUE:20260309T160000Z", MARCH_9, False, "UTC"),
        ("DUE;TZID=UTC:20260309T160000", MARCH_9, False, "UTC"),
        ("due:20260309t160000z", MARCH_9, False, "UTC"),
        ("DUE:20260309T090000", MARCH_9, False, None),
        ("DUE;TZID=Europe/Berlin:20260309T170000", MARCH_9, False, "Europe/Berlin"),
        ("DUE;TZID=W. Europe Standard Time:20260309T170000", MARCH_9, False, "Europe/Berlin"),
        ("DUE;VALUE=DATE:20260309", datetime(2026, 3, 9), True, None),
        ("DUE:20260309", datetime(2026, 3, 9), True, None),
        ("DUE;VALUE=DATE:20260309T000000", datetime(2026, 3, 9), True, None),
        ("DTSTART:20260309T080000\nDUE:20260309T090000", MARCH_9, False, None),
        ("DTSTART:20260309T090000", MARCH_9, False, None),
        ("DTSTART:20260309T080000\nDURATION:PT1H", MARCH_9, False, None),
        ("DTSTART;VALUE=DATE:20260308\nDURATION:P1D", datetime(2026, 3, 9), True, None),
        ("DTSTART:20260309T080000\nDUE;VALUE=DATE:20260309", datetime(2026, 3, 9), True, None),
    ],
)
def test_every_form_of_a_date_is_a_moment_on_the_owners_clock(
    resource: Make, understood: Understand, lines: str, due: datetime, all_day: bool, zone: str | None
) -> None:
    series = understood(resource(f"SUMMARY:x\n{lines}", zone=CUSTOM + ODD))
    assert series.master is not None
    assert (series.master.due, series.master.all_day, series.zone) == (due, all_day, zone)


MASTER = "SUMMARY:x\nDTSTART;TZID=America/Los_Angeles:20260302T083000\nDUE;TZID=America/Los_Angeles:20260302T090000\n"
MASTER += "RRULE:FREQ=WEEKLY;COUNT=6;BYDAY=MO"
ALL_DAY = "SUMMARY:x\nDTSTART;VALUE=DATE:20260302\nDUE;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY;COUNT=6;BYDAY=MO"


@pytest.mark.parametrize(
    ("recurrence_id", "ranged"),
    [
        (";TZID=America/Los_Angeles:20260309T083000", False),
        (":20260309T153000Z", False),
        (":20260309T083000", False),
        (";VALUE=DATE:20260309", False),
        (":20260309", False),
        (";TZID=Europe/Berlin:20260309T163000", False),
        (";RANGE=THISANDFUTURE;TZID=America/Los_Angeles:20260309T083000", True),
        (';TZID="America/Los_Angeles;RANGE=THISANDFUTURE":20260309T083000', True),
    ],
)
def test_a_slot_is_the_recurrence_id_plus_the_lead_however_it_is_spelt(
    resource: Make, understood: Understand, recurrence_id: str, ranged: bool
) -> None:
    override = f"SUMMARY:y\nRECURRENCE-ID{recurrence_id}\nDUE:20260310T140000"
    series = understood(resource(override, MASTER))
    assert list(series.overrides) == [MARCH_9]
    assert series.overrides[MARCH_9].task.due == datetime(2026, 3, 10, 14)
    assert series.overrides[MARCH_9].this_and_future is ranged


@pytest.mark.parametrize(
    "recurrence_id",
    [";VALUE=DATE:20260309", ":20260309", ":20260309T000000", ":20260309T000000Z", ":20260309T070000Z"],
)
def test_in_an_all_day_series_a_time_means_its_date(resource: Make, understood: Understand, recurrence_id: str) -> None:
    exdate = f"EXDATE{recurrence_id.replace('0309', '0316')}"
    series = understood(resource(f"{ALL_DAY}\n{exdate}", f"SUMMARY:y\nRECURRENCE-ID{recurrence_id}"))
    assert list(series.overrides) == [datetime(2026, 3, 9)]
    assert series.overrides[datetime(2026, 3, 9)].task.all_day
    assert series.exdates == {datetime(2026, 3, 16)}


@pytest.mark.parametrize(
    "lines",
    [
        "EXDATE;TZID=America/Los_Angeles:20260309T083000,20260316T083000",
        "EXDATE:20260309T153000Z,20260316T153000Z",
        "EXDATE:20260309T083000\nEXDATE:20260316T153000Z",
        "EXDATE;VALUE=DATE:20260309,20260316",
        "EXDATE:20260309, 20260316,",
    ],
)
def test_exdates_in_all_forms_exclude_the_same_slots(resource: Make, understood: Understand, lines: str) -> None:
    assert understood(resource(f"{MASTER}\n{lines}")).exdates == {MARCH_9, datetime(2026, 3, 16, 9)}


def test_rdates_add_slots_and_a_period_adds_its_start(resource: Make, understood: Understand) -> None:
    lines = "RDATE;VALUE=PERIOD:20260311T153000Z/PT1H\nRDATE:20260312T083000"
    series = understood(resource(f"{MASTER}\n{lines}"))
    assert series.rdates == {datetime(2026, 3, 11, 9), datetime(2026, 3, 12, 9)}


@pytest.mark.parametrize(
    ("lines", "done"),
    [
        ("STATUS:COMPLETED", True),
        ("STATUS:completed", True),
        ("COMPLETED:20260302T181500Z", True),
        ("PERCENT-COMPLETE:100", True),
        ("STATUS:COMPLETED\nPERCENT-COMPLETE:0\nPERCENT_COMPLETE:100", True),
        ("COMPLETED;VALUE=DATE:20260302", True),
        ("STATUS:NEEDS-ACTION\nCOMPLETED:20260302T181500Z", False),
        ("STATUS:NEEDS-ACTION\nPERCENT-COMPLETE:0\nCOMPLETED:20260302T181500Z", False),
        ("STATUS:IN-PROCESS\nPERCENT-COMPLETE:50", False),
        ("STATUS:CANCELLED", False),
        ("PERCENT-COMPLETE:99", False),
        ("", False),
    ],
)
def test_done_is_idiom_20(resource: Make, understood: Understand, lines: str, done: bool) -> None:
    series = understood(resource(f"SUMMARY:x\nDUE:20260309T090000\n{lines}"))
    assert series.master is not None
    assert series.master.status is (Status.COMPLETE if done else Status.INCOMPLETE)


@pytest.mark.parametrize(
    ("spelling", "moment"),
    [
        ("COMPLETED:20260302T181500Z", datetime(2026, 3, 2, 18, 15, tzinfo=UTC)),
        ("COMPLETED:20260302T101500", datetime(2026, 3, 2, 18, 15, tzinfo=UTC)),
        ("COMPLETED;VALUE=DATE:20260302", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("COMPLETED:yesterday", None),
    ],
)
def test_the_moment_of_completion_is_utc_and_garbage_there_is_no_moment(
    resource: Make, understood: Understand, spelling: str, moment: datetime | None
) -> None:
    series = understood(resource(f"SUMMARY:x\nDUE:20260309T090000\nSTATUS:COMPLETED\n{spelling}"))
    assert series.master is not None
    assert series.master.completed_at == moment


def test_of_two_overrides_for_one_slot_the_completed_one_counts(resource: Make, understood: Understand) -> None:
    """Evolution 3.46, 6.3: completing an override row writes it twice, and loses the master."""
    rid = "RECURRENCE-ID;TZID=America/Los_Angeles:20260309T083000"
    dates = "DTSTART:20260309T083000\nDUE:20260309T090000"
    done, still_open = f"SUMMARY:x\n{rid}\n{dates}\nSTATUS:COMPLETED", f"SUMMARY:x\n{rid}\n{dates}\nSTATUS:NEEDS-ACTION"
    for todos in ((done, still_open), (still_open, done)):
        series = understood(resource(*todos))
        assert series.master is None
        assert series.overrides[MARCH_9].task.status is Status.COMPLETE


def test_an_override_that_starts_after_it_is_due_is_due_at_its_slot(resource: Make, understood: Understand) -> None:
    """Thunderbird on a DUE-only master writes DTSTART=RECURRENCE-ID and the master's DUE."""
    rid = "20260316T090000"
    series = understood(
        resource(
            "SUMMARY:x\nDUE:20260302T090000\nRRULE:FREQ=WEEKLY",
            f"SUMMARY:x\nRECURRENCE-ID:{rid}\nDTSTART:{rid}\nDUE:20260302T090000\nSTATUS:COMPLETED",
        )
    )
    assert series.overrides[datetime(2026, 3, 16, 9)].task.due == datetime(2026, 3, 16, 9)


def test_a_bare_override_says_what_the_master_says(resource: Make, understood: Understand) -> None:
    series = understood(
        resource(
            f"{MASTER}\nDESCRIPTION:notes\nCATEGORIES:Call",
            "RECURRENCE-ID:20260309T083000\nSTATUS:COMPLETED\nCOMPLETED:20260302T181500Z",
        )
    )
    task = series.overrides[MARCH_9].task
    assert (task.summary, task.notes, task.category_id, task.due) == ("x", "notes", "1", MARCH_9)


def test_cancelled_is_a_property_of_an_override_and_leaves_a_master_open(
    resource: Make, understood: Understand
) -> None:
    series = understood(resource(f"{MASTER}\nSTATUS:CANCELLED", "RECURRENCE-ID:20260309T083000\nSTATUS:CANCELLED"))
    assert series.overrides[MARCH_9].cancelled
    assert series.master is not None
    assert series.master.status is Status.INCOMPLETE


@pytest.mark.parametrize(
    ("lines", "category"),
    [
        ("CATEGORIES:Family,call", "1"),
        ("CATEGORIES:Family\nCATEGORIES:MEETING,Call", "3"),
        ("CATEGORIES:E-mail\\, letter", "2"),
        ("CATEGORIES:E-mail, letter", None),
        ("CATEGORIES:", None),
        ("", None),
    ],
)
def test_the_category_is_the_first_entry_that_liondesk_knows(
    resource: Make, understood: Understand, lines: str, category: str | None
) -> None:
    series = understood(resource(f"SUMMARY:x\nDUE:20260309T090000\n{lines}"))
    assert series.master is not None
    assert series.master.category_id == category


def test_text_is_unescaped_once(resource: Make, understood: Understand) -> None:
    series = understood(resource("SUMMARY:C:\\\\new\\, a\\; b\nDESCRIPTION:one\\ntwo\\Nthr\n ee\nDUE:20260309T090000"))
    assert series.master is not None
    assert series.master.summary == "C:\\new, a; b"
    assert series.master.notes == "one\ntwo\nthree"


@pytest.mark.parametrize(
    ("rule", "until"),
    [
        ("RRULE:FREQ=WEEKLY;UNTIL=20260406T153000Z;BYDAY=MO", datetime(2026, 4, 6, 9)),
        ("RRULE;X-EVOLUTION-ENDDATE=20260413T160000Z:FREQ=WEEKLY;UNTIL=20260406T153000Z", datetime(2026, 4, 6, 9)),
        ("RRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z", None),
    ],
)
def test_until_moves_with_the_lead_to_the_due_moments_clock(
    resource: Make, understood: Understand, rule: str, until: datetime | None
) -> None:
    lines = MASTER.partition("RRULE")[0] + rule
    found = understood(resource(lines)).rule
    assert found is not None
    assert found.until == until


@pytest.mark.parametrize(
    ("start", "due", "byday", "expected"),
    [
        ("20260301", "20260302", "SU", "MO"),
        ("20260301", "20260302", "MO", "MO"),
        ("20260226", "20260302", "MO,TH", "MO,FR"),
    ],
    ids=["of DTSTART (RFC 5545)", "of DUE (Tasks.org)", "both: the RFC"],
)
def test_weekdays_of_a_rule_are_those_of_the_due_day(
    resource: Make, understood: Understand, start: str, due: str, byday: str, expected: str
) -> None:
    lines = f"SUMMARY:x\nDTSTART;VALUE=DATE:{start}\nDUE;VALUE=DATE:{due}\nRRULE:FREQ=WEEKLY;BYDAY={byday}"
    assert understood(resource(lines)).rule == Rule((("FREQ", "WEEKLY"), ("BYDAY", expected)))


def test_the_newest_last_modified_and_the_writer_are_known(
    sample: Callable[[str], str], understood: Understand
) -> None:
    series = understood(sample("thunderbird-complete-occurrence.after"))
    assert series.modified_at == datetime(2026, 3, 2, 18, 15, tzinfo=UTC)
    assert "Mozilla" in series.prodid


WHOLE = "SUMMARY:x\nDUE:20260309T090000\n"


@pytest.mark.parametrize(
    ("todo", "why"),
    [
        ("SUMMARY:x", "has no due date, which LionDesk demands"),
        ("SUMMARY:x\nRRULE:FREQ=DAILY", "has no due date"),
        ("SUMMARY:x\nDUE:soon", "has a date that cannot be read: 'soon'"),
        ("SUMMARY:x\nDUE:20260230T090000", "does not exist"),
        ("SUMMARY:x\nDUE:00010101T000000Z", "out of all bounds"),
        (
            "SUMMARY:x\nDUE;TZID=Nowhere/Known:20260309T090000",
            "time zone that is not defined anywhere: 'Nowhere/Known'",
        ),
        ("SUMMARY:x\nDUE;TZID=Ever:20260309T090000", "time zone that is not defined anywhere: 'Ever'"),
        (WHOLE + "DTSTART:nonsense", "has a date that cannot be read"),
        (WHOLE + "RRULE:FREQ=SOMETIMES", "recurs by a rule that cannot be read"),
        (WHOLE + "RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "several rules"),
        (WHOLE + "RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY", "several rules"),
        (WHOLE + "RRULE:FREQ=DAILY\nEXDATE:never", "has a date that cannot be read"),
        ("SUMMARY:x\nDTSTART:20260309T090000\nDURATION:long", "has a duration that cannot be read"),
        ("SUMMARY:x\nDTSTART:20260309T090000\nDURATION:P9999999999D", "has a duration"),
        ("BEGIN:VALARM", "is broken"),
    ],
)
def test_what_cannot_be_understood_says_why_in_plain_words(
    resource: Make, context: Context, todo: str, why: str
) -> None:
    ever = "BEGIN:VTIMEZONE\nTZID:Ever\nBEGIN:STANDARD\nDTSTART:19700101T000000\nRRULE:FREQ=SECONDLY\n"
    ever += "RRULE:FREQ=YEARLY;INTERVAL=0\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
    found = read(resource(todo, zone=ever), context, "/cal/x.ics")
    assert isinstance(found, Unreadable)
    assert found.item == "/cal/x.ics"
    assert why in found.why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no calendar"),
        ("<html>Welcome</html>", "is no calendar"),
        ("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "there is no VTODO in it"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:u\r\nDUE:2026", "the text ends within VTODO"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nEND:VCALENDAR\r\n", "END:VCALENDAR has no BEGIN"),
        ("BEGIN:VCALENDAR\nBEGIN:VTODO\nDTSTAMP:20260302T181500Z\nEND:VTODO\nEND:VCALENDAR\n", "has no UID"),
        (
            "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:a\nEND:VTODO\nBEGIN:VTODO\nUID:b\nEND:VTODO\nEND:VCALENDAR\n",
            "of a different UID",
        ),
        ("BEGIN:VCALENDAR\n" + "BEGIN:X\nEND:X\n" * 20_001 + "END:VCALENDAR\n", "too many parts"),
        ("BEGIN:X\n" * 500, "too many parts"),
        ("X" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_a_broken_resource_is_unreadable_and_nothing_else(context: Context, text: str, why: str) -> None:
    found = read(text, context)
    assert isinstance(found, Unreadable)
    assert why in found.why


def test_components_without_uid_are_no_harm(resource: Make, understood: Understand) -> None:
    """jtx Board with some servers leaves empty VTODOs behind."""
    text = resource(WHOLE).replace(
        "END:VCALENDAR", "BEGIN:VTODO\r\nDTSTAMP:20260302T181500Z\r\nEND:VTODO\r\nEND:VCALENDAR"
    )
    assert understood(text).master is not None


def test_garbage_in_what_is_not_the_bridges_makes_nothing_unreadable(resource: Make, understood: Understand) -> None:
    garbage = (
        "PERCENT-COMPLETE:abc\nPRIORITY:high\nCREATED:x\nLAST-MODIFIED:y\nGEO:1\nno colon at all\nX-;:\nSEQUENCE:z"
    )
    series = understood(resource(f"{WHOLE}{garbage}"))
    assert series.modified_at is None
    assert series.master is not None


def test_reading_a_large_resource_is_one_pass(resource: Make, understood: Understand) -> None:
    slots = [MARCH_9 + timedelta(days=day) for day in range(1000)]
    overrides = [f"RECURRENCE-ID:{slot:%Y%m%dT%H%M%S}\nSTATUS:COMPLETED" for slot in slots]
    series = understood(resource("SUMMARY:x\nDTSTART:20260309T090000\nRRULE:FREQ=DAILY", *overrides))
    assert sorted(series.overrides) == slots
