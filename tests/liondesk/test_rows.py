"""Every form in which LionDesk may show a row is read, and every value it showed goes back as it came."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.core.model import Row, Rule, Status, Task, Unreadable
from bridge.core.recurrence import parse_rule
from bridge.liondesk.fields import held
from bridge.liondesk.rows import create_body, key, patch_body, read_row, row_id

ANGELES = ZoneInfo("America/Los_Angeles")
BERLIN = ZoneInfo("Europe/Berlin")
NINE = datetime(2026, 3, 9, 9)
WRITEABLE = {
    "contact_id",
    "assigned_user_id",
    "due_at",
    "recurrence_rule",
    "is_all_day",
    "notify_assignee",
    "reminder_type",
    "category_id",
    "description",
    "status",
    "notes",
}


def raw(**values: object) -> dict[str, object]:
    """A row as the documentation shows it, with an id, and with these values; ... takes a field away."""
    row: dict[str, object] = {
        "id": "12",
        "crm_user_id": "1",
        "contact_id": "2",
        "assigned_user_id": "2",
        "due_at": "2026-03-09T09:00:00",
        "reminder_type": "1",
        "category_id": "1",
        "description": "New Lead Alert",
        "status": "incomplete",
        "notes": "Received alert",
        "created_at": "2016-07-01T12:12:11.000Z",
        "modified_at": "2018-01-09T12:24:09.000Z",
    }
    return {name: value for name, value in (row | values).items() if value is not ...}


def read(zone: ZoneInfo = ANGELES, **values: object) -> Row:
    row = read_row(raw(**values), zone)
    assert isinstance(row, Row), row
    return row


# -- reading -----------------------------------------------------------------------------------------------------------


def test_the_documented_row_is_read_whole() -> None:
    assert read() == Row(
        id="12",
        task=Task(
            summary="New Lead Alert",
            due=NINE,
            status=Status.INCOMPLETE,
            notes="Received alert",
            category_id="1",
            contact_id="2",
            reminder_type="1",
        ),
        created_at=datetime(2016, 7, 1, 12, 12, 11, tzinfo=UTC),
        modified_at=datetime(2018, 1, 9, 12, 24, 9, tzinfo=UTC),
        raw=MappingProxyType(raw()),
    )


@pytest.mark.parametrize("value", ["12", 12, " 12 "], ids=repr)
def test_ids_are_text_whether_sent_as_text_or_as_numbers(value: object) -> None:
    row = read(id=value, category_id=value, contact_id=value, reminder_type=value, scheduled_event_id=value)
    assert {row.id, row.event_id, row.task.category_id, row.task.contact_id, row.task.reminder_type} == {"12"}


@pytest.mark.parametrize("nothing", [None, "", ...], ids=repr)
def test_ids_that_are_missing_are_none(nothing: object) -> None:
    row = read(category_id=nothing, contact_id=nothing, reminder_type=nothing, scheduled_event_id=nothing)
    assert (row.event_id, row.task.category_id, row.task.contact_id, row.task.reminder_type) == (None,) * 4


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ("1", True),
        ("0", False),
        ("true", True),
        ("False", False),
        (None, False),
        ("", False),
        (..., False),
    ],
    ids=repr,
)
def test_booleans_come_in_three_forms_or_not_at_all(value: object, meaning: bool) -> None:
    assert read(is_all_day=value).task.all_day is meaning


@pytest.mark.parametrize(
    "shown",
    [
        "2026-03-09T09:00:00",
        "2026-03-09T09:00:00.000",
        "2026-03-09T09:00",
        "2026-03-09 09:00:00",
        "2026-03-09T16:00:00Z",
        "2026-03-09T16:00:00.000Z",
        "2026-03-09T16:00:00z",
        "2026-03-09T09:00:00-07:00",
        "2026-03-09T09:00:00.123-07:00",
        "2026-03-09T09:00:00-0700",
        "2026-03-09T17:00:00+01:00",
        "2026-03-09T21:30:00+05:30",
    ],
)
def test_due_at_is_the_owners_wall_clock_in_every_form(shown: str) -> None:
    assert read(due_at=shown).task.due == NINE


@pytest.mark.parametrize(
    ("shown", "zone"),
    [
        ("2026-03-09", ANGELES),
        ("2026-03-09T00:00:00", ANGELES),
        ("2026-03-09T12:00:00", ANGELES),
        ("2026-03-09T07:00:00.000Z", ANGELES),
        ("2026-03-09T00:00:00Z", ANGELES),
        ("2026-03-09T00:00:00-07:00", ANGELES),
        ("2026-03-09T00:00:00+00:00", ANGELES),
        ("2026-03-08T23:00:00Z", BERLIN),
        ("2026-03-09T00:00:00Z", BERLIN),
    ],
)
def test_an_all_day_task_is_due_at_midnight_of_the_day_that_is_meant(shown: str, zone: ZoneInfo) -> None:
    task = read(zone, due_at=shown, is_all_day=1).task
    assert (task.due, task.all_day) == (datetime(2026, 3, 9), True)


def test_the_hour_that_comes_twice_is_read_without_a_fold() -> None:
    for shown in ("2026-11-01T08:30:00Z", "2026-11-01T09:30:00Z"):
        assert read(due_at=shown).task.due == datetime(2026, 11, 1, 1, 30)
        assert read(due_at=shown).task.due.fold == 0


@pytest.mark.parametrize("nothing", [None, "", ...], ids=repr)
def test_notes_that_are_missing_are_empty(nothing: object) -> None:
    assert read(notes=nothing).task.notes == ""


@pytest.mark.parametrize(
    "shown",
    [
        "FREQ=WEEKLY;BYDAY=MO;COUNT=5",
        "freq=weekly;count=5;byday=MO",
        "COUNT=5;FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;WKST=MO",
        "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5",
        "DTSTART:20260309T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5",
        "DTSTART;TZID=America/Los_Angeles:20260309T090000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5\r\n",
        "DTSTART:20260309T160000Z\nFREQ=WEEKLY;BYDAY=MO;COUNT=5",
    ],
)
def test_a_rule_is_the_same_in_every_form(shown: str) -> None:
    assert read(recurrence_rule=shown).rule == Rule((("FREQ", "WEEKLY"), ("BYDAY", "MO")), 5)


@pytest.mark.parametrize("nothing", [None, "", "  ", ...], ids=repr)
def test_no_rule_is_a_single_task(nothing: object) -> None:
    assert read(recurrence_rule=nothing).rule is None


@pytest.mark.parametrize(
    ("shown", "moment"),
    [
        ("2018-01-09T12:24:09.123Z", datetime(2018, 1, 9, 12, 24, 9, 123_000, tzinfo=UTC)),
        ("2018-01-09T12:24:09Z", datetime(2018, 1, 9, 12, 24, 9, tzinfo=UTC)),
        ("2018-01-09 12:24:09", datetime(2018, 1, 9, 12, 24, 9, tzinfo=UTC)),
        ("2018-01-09T04:24:09-08:00", datetime(2018, 1, 9, 12, 24, 9, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (..., None),
        (1515500649, None),
    ],
    ids=repr,
)
def test_stamps_are_utc_with_or_without_milliseconds_or_unknown(shown: object, moment: datetime | None) -> None:
    assert read(modified_at=shown).modified_at == moment


def test_a_complete_task_was_completed_when_it_was_last_changed_as_far_as_liondesk_tells() -> None:
    row = read(status="complete")
    assert row.task.status is Status.COMPLETE
    assert row.task.completed_at == row.modified_at
    assert read().task.completed_at is None


def test_deleted_is_said_of_the_row_not_of_the_task() -> None:
    assert read(status="deleted").deleted
    assert not read().deleted


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"id": ...}, "no id"),
        ({"id": ""}, "no id"),
        ({"id": True}, "no id"),
        ({"id": {"$oid": "x"}}, "no id"),
        ({"description": ...}, "no description"),
        ({"description": None}, "no description"),
        ({"description": 7}, "description is no text"),
        ({"due_at": ...}, "no due_at"),
        ({"due_at": None}, "no due_at"),
        ({"due_at": ""}, "no due_at"),
        ({"due_at": "next Monday"}, "'next Monday'"),
        ({"due_at": "2026-02-30T09:00:00"}, "2026-02-30"),
        ({"due_at": "0000-00-00T00:00:00"}, "0000-00-00"),
        ({"due_at": "2026-03-09T25:00:00"}, "25:00"),
        ({"due_at": "2026-W11-1"}, "W11"),
        ({"due_at": "0001-01-01T00:00:00Z"}, "calendar"),
        ({"due_at": 1773072000}, "1773072000"),
        ({"due_at": ["2026-03-09"]}, "no date"),
        ({"status": ...}, "status"),
        ({"status": "open"}, "'open'"),
        ({"status": 3}, "status"),
        ({"status": {}}, "status"),
        ({"is_all_day": "perhaps"}, "'perhaps'"),
        ({"is_all_day": 2}, "neither yes nor no"),
        ({"is_all_day": []}, "neither yes nor no"),
        ({"notes": 5}, "notes is no text"),
        ({"category_id": [1]}, "category_id is no id"),
        ({"recurrence_rule": "every other week"}, "every other week"),
        ({"recurrence_rule": "FREQ=SOMETIMES"}, "SOMETIMES"),
        ({"recurrence_rule": 5}, "recurrence_rule is no text"),
    ],
)
def test_absurd_rows_are_listed_with_words_and_never_raise(values: dict[str, object], why: str) -> None:
    found = read_row(raw(**values), ANGELES)
    assert isinstance(found, Unreadable)
    assert why in found.why
    assert found.item == ("12" if "id" not in values else key(raw(**values)))
    assert '"New Lead Alert"' in found.why or "description" in values


@pytest.mark.parametrize("item", [None, 7, "text", [], [1]])
def test_what_is_no_object_is_unreadable(item: object) -> None:
    assert isinstance(read_row(item, ANGELES), Unreadable)
    assert row_id(item) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=3,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a busy machine drawing is slow, and nothing else is
@given(st.dictionaries(st.sampled_from(sorted(raw(is_all_day=1, recurrence_rule=""))), json_values))
def test_no_row_whatever_it_holds_raises(values: dict[str, object]) -> None:
    assert isinstance(read_row(raw(**values), ANGELES), Row | Unreadable)


# -- patching ----------------------------------------------------------------------------------------------------------

FORMS: list[dict[str, object]] = [
    {},
    {"id": 12, "contact_id": 2, "assigned_user_id": 2, "category_id": 1, "reminder_type": 1},
    {"contact_id": None, "category_id": None, "notes": None},
    {"notes": "", "recurrence_rule": "", "category_id": ""},
    {"is_all_day": True, "notify_assignee": False},
    {"is_all_day": 0, "notify_assignee": 1},
    {"is_all_day": "1", "notify_assignee": "0"},
    {"due_at": "2026-03-09T16:00:00Z"},
    {"due_at": "2026-03-09T16:00:00.000Z"},
    {"due_at": "2026-03-09T09:00:00-07:00"},
    {"due_at": "2026-03-09", "is_all_day": 1},
    {"recurrence_rule": "FREQ=DAILY;INTERVAL=1;COUNT=5"},
    {"recurrence_rule": "RRULE:FREQ=DAILY"},
    {"recurrence_rule": "DTSTART:20260309T090000\nRRULE:FREQ=DAILY"},
    {"description": "x" * 3000, "notes": "a\u0000b"},
    {"priority": "high", "scheduled_event_id": "7"},
]


@pytest.mark.parametrize("form", FORMS)
def test_a_patch_of_nothing_sends_every_writeable_value_as_it_was_shown(form: dict[str, object]) -> None:
    shown = raw(**form)
    assert patch_body(shown, {}, ANGELES) == {name: value for name, value in shown.items() if name in WRITEABLE}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "changes",
    [
        {"summary": "Call"},
        {"notes": "Called twice"},
        {"status": Status.COMPLETE},
        {"category_id": "3"},
        {"category_id": None},
        {"due": datetime(2026, 7, 1, 10), "all_day": False},
        {"due": datetime(2026, 7, 1), "all_day": True},
        {"due": datetime(2026, 12, 24, 18, 30), "all_day": False, "summary": "Eve", "status": Status.INCOMPLETE},
    ],
)
def test_changes_are_read_back_as_meant_and_nothing_else_moves(
    form: dict[str, object], changes: dict[str, object]
) -> None:
    shown = raw(**form)
    body = patch_body(shown, changes, ANGELES)
    after = read_row(shown | body, ANGELES)
    assert isinstance(after, Row)
    assert {name: getattr(after.task, name) for name in changes} == changes
    wire = {"summary": "description", "due": "due_at", "all_day": "is_all_day"}
    touched = {wire.get(name, name) for name in changes} | ({"recurrence_rule"} if "due" in changes else set())
    assert all(body[name] == shown[name] for name in shown if name in WRITEABLE - touched)
    before = read_row(shown, ANGELES)
    assert isinstance(before, Row)
    assert after.rule == before.rule


@pytest.mark.parametrize(
    ("shown", "sent"),
    [
        ("2026-03-09T09:00:00", "2026-07-01T10:00:00"),
        ("2026-03-09T09:00:00.000", "2026-07-01T10:00:00.000"),
        ("2026-03-09T16:00:00Z", "2026-07-01T17:00:00Z"),
        ("2026-03-09T16:00:00.000Z", "2026-07-01T17:00:00.000Z"),
        ("2026-01-09T09:00:00-08:00", "2026-07-01T10:00:00-07:00"),
        ("2026-01-09T09:00:00.000-0800", "2026-07-01T10:00:00.000-0700"),
        ("2026-03-09", "2026-07-01T10:00:00"),
    ],
)
def test_a_new_due_time_takes_the_form_of_the_old_one(shown: str, sent: str) -> None:
    assert patch_body(raw(due_at=shown), {"due": datetime(2026, 7, 1, 10)}, ANGELES)["due_at"] == sent


@pytest.mark.parametrize(
    ("shown", "sent"),
    [
        ("2026-03-09", "2026-07-01"),
        ("2026-03-09T00:00:00", "2026-07-01T00:00:00"),
        ("2026-03-09T07:00:00Z", "2026-07-01T07:00:00Z"),
        ("2026-01-09T08:00:00.000Z", "2026-07-01T07:00:00.000Z"),
        ("2026-03-09T00:00:00Z", "2026-07-01T00:00:00Z"),
        ("2026-01-09T00:00:00-08:00", "2026-07-01T00:00:00-07:00"),
        ("2026-03-09T00:00:00+00:00", "2026-07-01T00:00:00+00:00"),
    ],
)
def test_a_new_day_takes_the_form_of_the_old_one(shown: str, sent: str) -> None:
    body = patch_body(raw(due_at=shown, is_all_day=1), {"due": datetime(2026, 7, 1)}, ANGELES)
    assert body["due_at"] == sent


def test_the_night_without_half_past_two_means_the_offset_before_the_gap() -> None:
    body = patch_body(raw(due_at="2026-03-09T16:00:00Z"), {"due": datetime(2026, 3, 8, 2, 30)}, ANGELES)
    assert body["due_at"] == "2026-03-08T10:30:00Z"


@pytest.mark.parametrize(("shown", "sent"), [(True, False), (1, 0), ("1", "0"), ("true", "false")], ids=repr)
def test_a_changed_boolean_takes_the_form_of_the_old_one(shown: object, sent: object) -> None:
    body = patch_body(raw(is_all_day=shown), {"all_day": False}, ANGELES)
    assert body["is_all_day"] == sent
    assert type(body["is_all_day"]) is type(sent)


def test_a_boolean_never_shown_takes_the_form_of_its_neighbour() -> None:
    assert patch_body(raw(notify_assignee=0), {"all_day": True}, ANGELES)["is_all_day"] == 1
    assert patch_body(raw(), {"all_day": True}, ANGELES)["is_all_day"] is True


def test_ids_are_numbers_where_numbers_are_shown() -> None:
    assert patch_body(raw(category_id=1), {"category_id": "3"}, ANGELES)["category_id"] == 3
    assert patch_body(raw(id=12, category_id=None), {"category_id": "3"}, ANGELES)["category_id"] == 3
    assert patch_body(raw(), {"category_id": "3"}, ANGELES)["category_id"] == "3"


@pytest.mark.parametrize("nothing", [None, ""], ids=repr)
def test_without_a_rule_the_field_is_left_out(nothing: object) -> None:
    assert "recurrence_rule" not in patch_body(raw(recurrence_rule="FREQ=DAILY"), {"rule": nothing}, ANGELES)


def test_a_new_rule_is_sent_bare() -> None:
    rule = parse_rule("FREQ=WEEKLY;COUNT=3", ANGELES)
    for shown in ("FREQ=DAILY", "RRULE:FREQ=DAILY", "DTSTART:20260309T090000\nRRULE:FREQ=DAILY"):
        assert patch_body(raw(recurrence_rule=shown), {"rule": rule}, ANGELES)["recurrence_rule"] == (
            "FREQ=WEEKLY;COUNT=3"
        )


def test_a_moved_task_does_not_repeat_its_old_start_before_the_rule() -> None:
    shown = raw(recurrence_rule="DTSTART:20260309T090000\nRRULE:FREQ=DAILY")
    assert patch_body(shown, {"due": datetime(2026, 3, 9, 10)}, ANGELES)["recurrence_rule"] == "RRULE:FREQ=DAILY"


def test_a_field_that_is_none_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError, match="color"):
        patch_body(raw(), {"color": "red"}, ANGELES)
    aware = datetime(2026, 3, 9, tzinfo=UTC)
    for changes in ({"due": "tomorrow"}, {"due": aware}, {"all_day": "1"}, {"summary": None}, {"category_id": 3}):
        with pytest.raises(TypeError):
            patch_body(raw(), changes, ANGELES)


# -- creating ----------------------------------------------------------------------------------------------------------


def test_a_new_task_takes_the_documented_form() -> None:
    task = Task("Call", NINE, notes="Twice", category_id="3")
    body = create_body(task, None, {"assigned_user_id": "2", "notify_assignee": False}, ANGELES)
    assert body == {
        "assigned_user_id": "2",
        "notify_assignee": False,
        "due_at": "2026-03-09T09:00:00",
        "is_all_day": False,
        "category_id": "3",
        "description": "Call",
        "status": "incomplete",
        "notes": "Twice",
    }


def test_a_new_series_has_its_rule_with_until_in_utc() -> None:
    rule = parse_rule("FREQ=DAILY;UNTIL=20260401T090000", ANGELES)
    assert create_body(Task("Call", NINE), rule, {}, ANGELES)["recurrence_rule"] == "FREQ=DAILY;UNTIL=20260401T160000Z"


def test_a_new_task_takes_the_forms_of_the_accounts_other_rows() -> None:
    like = raw(id=12, category_id=1, due_at="2026-01-09T17:00:00.000Z", is_all_day=0)
    body = create_body(Task("Call", NINE, category_id="3"), None, {}, ANGELES, like)
    assert (body["due_at"], body["is_all_day"], body["category_id"]) == ("2026-03-09T16:00:00.000Z", 0, 3)
    day = create_body(Task("Call", datetime(2026, 3, 9), all_day=True), None, {}, ANGELES, like)
    assert (day["due_at"], day["is_all_day"]) == ("2026-03-09T07:00:00.000Z", 1)


# -- text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("short", "short"),
        ("x" * 2000, "x" * 2000),
        ("x" * 2001, "x" * 2000),
        ("🏠" * 2001, "🏠" * 2000),
        ("x" * 1999 + "e\u0301", "x" * 1999),
        ("x" * 1998 + "e\u0301y", "x" * 1998 + "e\u0301"),
        ("x" * 1998 + "👩\u200d👧", "x" * 1998),
        ("x" * 1999 + "👍🏽", "x" * 1999),
        ("x" * 1999 + "🇩🇪", "x" * 1999),
        ("x" * 1998 + "🇩🇪🇺🇸", "x" * 1998 + "🇩🇪"),
        ("x" * 1999 + "\r\nz", "x" * 1999),
        ("e" + "\u0301" * 3000, "e" + "\u0301" * 1999),
        ("a\x00b\x07c\x1b", "abc"),
        ("line\r\nline\ttab\n", "line\r\nline\ttab\n"),
        ("lone\ud83dsurrogate", "lonesurrogate"),
    ],
)
def test_text_is_cut_where_a_reader_would_cut_it(text: str, kept: str) -> None:
    assert held(text) == kept


@given(st.text(alphabet=st.characters(), max_size=50).map(lambda text: text * 60))
def test_held_text_fits_can_be_sent_and_is_not_cut_again(text: str) -> None:
    once = held(text)
    assert len(once) <= 2000
    assert held(once) == once
    once.encode()


def test_a_text_that_was_cut_within_a_character_is_shown_whole_and_goes_back_as_it_came() -> None:
    """JavaScript cuts UTF-16: half an emoji is left, which JSON can say and UTF-8 cannot."""
    shown = raw(description="Call \ud83d", notes="x" * 1999 + "\ud83d")
    row = read_row(shown, ANGELES)
    assert isinstance(row, Row)
    assert row.task.summary == "Call \ufffd"
    assert row.task.notes == "x" * 1999 + "\ufffd"
    body = patch_body(shown, {"due": NINE}, ANGELES)
    assert (body["description"], body["notes"]) == (shown["description"], shown["notes"])
