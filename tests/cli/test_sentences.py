"""What a run says of each change, read as a user reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bridge.core.model import Rule, Side, Status
from bridge.report import ConflictReport, OperationReport, Outcome, PairReport, Skipped
from bridge.wording import moment, one_line, rule_words

AT = datetime(2026, 3, 9, 9)
WEEKLY = Rule((("FREQ", "WEEKLY"), ("BYDAY", "MO")))


def operation(action: str, because: str = "it was moved in the calendar", **more: Any) -> OperationReport:
    side = more.pop("side", Side.LIONDESK)
    defaults: dict[str, Any] = {"state": "done", "occurrence": AT}
    return OperationReport(side, action, "12", "Call Bill Gates", because, **(defaults | more))


@pytest.mark.parametrize(
    ("said", "change"),
    [
        (
            "Moved 'Call Bill Gates' from Mon 9 Mar 09:00 to 10:00",
            operation("update", fields={"due": (AT, AT.replace(hour=10))}, update_type=1, recurring=True),
        ),
        (
            "Moved 'Call Bill Gates' from Mon 9 Mar 09:00 to Tue 10 Mar 09:00",
            operation("update", fields={"due": (AT, AT.replace(day=10))}),
        ),
        (
            "Moved 'Call Bill Gates' from Thu 31 Dec 2026 09:00 to Fri 1 Jan 2027 09:00",
            operation("update", fields={"due": (datetime(2026, 12, 31, 9), datetime(2027, 1, 1, 9))}),
        ),
        (
            "Moved 'Call Bill Gates' and all that follow from Mon 9 Mar 09:00 to 10:00",
            operation("update", fields={"due": (AT, AT.replace(hour=10))}, update_type=2, recurring=True),
        ),
        (
            "Moved 'Call Bill Gates' from Mon 9 Mar 09:00 to Tue 10 Mar",
            operation("update", fields={"due": (AT, datetime(2026, 3, 10)), "all_day": (False, True)}),
        ),
        (
            "Moved 'Call Bill Gates' from Mon 9 Mar 09:00 to 10:00, notes from nothing to 'Gate code 4471'",
            operation("update", fields={"due": (AT, AT.replace(hour=10)), "notes": ("", "Gate code 4471")}),
        ),
        ("Completed 'Call Bill Gates'", operation("update", fields={"status": (Status.INCOMPLETE, Status.COMPLETE)})),
        (
            "Completed 'Call Bill Gates' of Mon 9 Mar 09:00",
            operation("update", fields={"status": (Status.INCOMPLETE, Status.COMPLETE)}, recurring=True, update_type=3),
        ),
        ("Re-opened 'Call Bill Gates'", operation("update", fields={"status": (Status.COMPLETE, Status.INCOMPLETE)})),
        (
            "Renamed 'Call Bill' to 'Call Bill Gates'",
            operation("update", fields={"summary": ("Call Bill", "Call Bill Gates")}),
        ),
        (
            (
                "Changed 'Call Bill Gates' of Mon 9 Mar 09:00 and all that follow: repetition from every week on Mon "
                "to every 2 weeks on Mon,"
            ),
            operation(
                "update",
                fields={"rule": (WEEKLY, Rule((("FREQ", "WEEKLY"), ("INTERVAL", "2"), ("BYDAY", "MO"))))},
                update_type=2,
                recurring=True,
            ),
        ),
        ("Changed 'Call Bill Gates': another category,", operation("update", fields={"category_id": ("1", "2")})),
        ("Changed 'Call Bill Gates': no category any more,", operation("update", fields={"category_id": ("1", None)})),
        ("Created 'Call Bill Gates', due Mon 9 Mar 09:00,", operation("create")),
        ("Created 'Call Bill Gates', repeating from Mon 9 Mar 09:00,", operation("create", recurring=True)),
        ("Deleted 'Call Bill Gates'", operation("delete")),
        (
            "Deleted 'Call Bill Gates' of Mon 9 Mar 09:00",
            operation("delete", delete_type=1, recurring=True),
        ),
        (
            "Deleted 'Call Bill Gates' of Mon 9 Mar 09:00 and all that follow",
            operation("delete", delete_type=2, recurring=True),
        ),
        ("Deleted 'Call Bill Gates' with all that it repeats", operation("delete", delete_type=3, recurring=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_is_one_sentence(said: str, change: OperationReport) -> None:
    assert change.sentence() == f"{said} in LionDesk, because it was moved in the calendar."


def test_an_occurrence_that_left_the_calendar_is_a_deletion_to_a_person() -> None:
    change = operation("update", "it was deleted in LionDesk", side=Side.CALENDAR, recurring=True)
    assert change.sentence() == (
        "Deleted 'Call Bill Gates' of Mon 9 Mar 09:00 in the calendar, because it was deleted in LionDesk."
    )


def test_a_series_that_was_split_ends_where_its_tail_begins() -> None:
    until = Rule(WEEKLY.parts, until=datetime(2026, 3, 30, 9))
    change = operation("update", side=Side.CALENDAR, fields={"rule": (WEEKLY, until)}, recurring=True)
    assert change.sentence().startswith("Ended 'Call Bill Gates' after Mon 30 Mar 09:00 in the calendar, because ")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("planned", "Would complete 'Call Bill Gates' in LionDesk, because it was completed in the calendar."),
        ("failed", "Could not complete 'Call Bill Gates' in LionDesk (it was completed in the calendar). No."),
        ("waiting", "Waits to complete 'Call Bill Gates' in LionDesk (it was completed in the calendar). No."),
    ],
)
def test_what_was_not_done_gives_the_reason_of_the_attempt_not_as_that_of_the_failure(state: str, said: str) -> None:
    fields = {"status": (Status.INCOMPLETE, Status.COMPLETE)}
    message = "" if state == "planned" else "No."
    change = operation("update", "it was completed in the calendar", state=state, fields=fields, message=message)
    assert change.sentence() == said


def test_a_conflict_names_both_values_so_that_nothing_is_lost_unseen() -> None:
    conflict = ConflictReport("12", "Call Bill", AT, "due", AT, AT.replace(hour=11), Side.CALENDAR, "it is newer")
    assert conflict.sentence() == (
        "Both sides changed the time of 'Call Bill' of Mon 9 Mar 09:00: kept Mon 9 Mar 11:00 from the calendar over "
        "Mon 9 Mar 09:00 from LionDesk, because it is newer."
    )


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("has no due date, which LionDesk demands", "It has no due date, which LionDesk demands."),
        ("It is a changed occurrence.", "It is a changed occurrence."),
        ("the server answers 500", "The server answers 500."),
    ],
)
def test_what_was_left_alone_says_why(why: str, said: str) -> None:
    assert Skipped(Side.CALENDAR, "/a/b.ics", why).sentence() == f"Left alone in the calendar: /a/b.ics. {said}"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (WEEKLY, "every week on Mon"),
        (Rule((("FREQ", "DAILY"),), count=5), "every day, 5 times"),
        (Rule((("FREQ", "WEEKLY"), ("INTERVAL", "2"), ("BYDAY", "MO,WE,FR"))), "every 2 weeks on Mon, Wed and Fri"),
        (Rule((("FREQ", "MONTHLY"), ("BYDAY", "1TU"))), "every month on the first Tue"),
        (Rule((("FREQ", "MONTHLY"), ("BYDAY", "-1FR"))), "every month on the last Fri"),
        (Rule((("FREQ", "MONTHLY"), ("BYMONTHDAY", "-1"))), "every month on the last day"),
        (Rule((("FREQ", "MONTHLY"), ("BYMONTHDAY", "15"))), "every month on day 15"),
        (Rule((("FREQ", "YEARLY"),), until=AT), "every year, until Mon 9 Mar 2026 09:00"),
        (Rule((("FREQ", "YEARLY"), ("BYWEEKNO", "20"))), "'FREQ=YEARLY;BYWEEKNO=20'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_is_said_in_words_or_as_it_is_written(rule: Rule, said: str) -> None:
    assert rule_words(rule) == said


def test_a_foreign_text_stays_on_one_line_and_harmless() -> None:
    assert one_line("a\r\nb\x1b[31m\u202ec") == "a b?[31m?c"
    assert one_line("x" * 100) == "x" * 57 + "..."
    assert moment(datetime(2026, 3, 9)) == "Mon 9 Mar"


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.AGREED, 0),
        (Outcome.PARTIAL, 1),
        (Outcome.FAILED, 1),
        (Outcome.HALTED, 4),
        (Outcome.UNREACHABLE, 5),
    ],
)
def test_each_outcome_has_its_exit_code(outcome: Outcome, code: int) -> None:
    assert PairReport("alice", outcome).code == code
