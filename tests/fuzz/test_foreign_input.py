"""Whatever comes from outside is understood or refused in the documented way: nothing else is raised."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bridge.caldav import multistatus
from bridge.caldav.answer import Answer
from bridge.caldav.listing import Listing
from bridge.caldav.multistatus import Garbled, Multistatus
from bridge.caldav.observe import Mark
from bridge.caldav.place import Place
from bridge.caldav.quirks import recognise
from bridge.caldav.settings import CalendarSettings, Identity
from bridge.config import load
from bridge.core.model import Row, Series, Unreadable
from bridge.core.recurrence import BadRule, expand, format_rule, parse_rule, slots
from bridge.errors import ConfigurationError
from bridge.liondesk import cursor
from bridge.liondesk.answers import error_words, read_payload, retry_after
from bridge.liondesk.paging import read_page
from bridge.liondesk.rows import is_deleted, key, patch_body, read_row, row_id
from bridge.verify.shown import ends, of_resource
from bridge.vtodo import Context, read, write
from tests.fuzz.drawing import SAMPLES, fuzzed, odd, spoiled, values

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 3, 3, 18, tzinfo=UTC)
CONTEXT = Context(ZONE, {"1": "Call", "2": "E-mail, letter"}, timedelta(minutes=15), timedelta(minutes=15))
ROW: dict[str, object] = {
    "id": "12",
    "scheduled_event_id": "7",
    "description": "Call client",
    "notes": "About the roof",
    "due_at": "2026-03-09T09:00:00",
    "is_all_day": False,
    "recurrence_rule": "FREQ=WEEKLY;COUNT=4",
    "status": "incomplete",
    "reminder_type": "0",
    "category_id": "1",
    "contact_id": "1",
    "assigned_user_id": "1",
    "notify_assignee": False,
    "created_at": "2026-03-01T20:00:00.000Z",
    "modified_at": "2026-03-01T20:00:00.000Z",
}

# -- LionDesk ----------------------------------------------------------------------------------------------------------


@fuzzed("rows", 400, st.dictionaries(st.sampled_from([*ROW]), values, min_size=1, max_size=4))
def test_a_row_with_any_values_is_a_row_or_is_named_with_its_reason(changes: dict[str, Any]) -> None:
    raw = {**ROW, **changes}
    row = read_row(raw, ZONE)
    assert isinstance(row, Row | Unreadable)
    if isinstance(row, Row):
        assert patch_body(row.raw, {}, ZONE).items() <= {**raw, "update_type": 0}.items()


@fuzzed("rows", 200, values)
def test_an_item_of_a_list_may_be_anything(item: Any) -> None:
    assert isinstance(read_row(item, ZONE), Row | Unreadable)
    assert isinstance(row_id(item), str | None)
    assert isinstance(key(item), str)
    assert isinstance(is_deleted(item), bool)


@fuzzed("answers of LionDesk", 200, values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=80))
def test_an_answer_is_data_or_garbled(content: bytes) -> None:
    assert isinstance(error_words(content), str)
    try:
        payload = read_payload(content)
        read_page(payload.value)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either is right, and it has words


@fuzzed("Retry-After headers", 200, st.text(max_size=30) | odd | st.datetimes().map(str))
def test_a_retry_after_is_a_wait_or_nothing(text: str) -> None:
    wait = retry_after(text, NOW)
    assert wait is None or wait >= 0


# -- the calendar ------------------------------------------------------------------------------------------------------

LISTED = """<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:response>
<D:href>/cal/a.ics</D:href>
<D:propstat>
<D:prop>
<D:getetag>"1"</D:getetag>
<C:calendar-data>BEGIN:VCALENDAR</C:calendar-data>
<D:resourcetype><D:collection/></D:resourcetype>
</D:prop>
<D:status>HTTP/1.1 200 OK</D:status>
</D:propstat>
</D:response>
<D:response>
<D:href>../../etc/passwd</D:href>
<D:status>HTTP/1.1 404 Not Found</D:status>
</D:response>
<D:error><C:no-uid-conflict><D:href>/cal/b.ics</D:href></C:no-uid-conflict></D:error>
<D:sync-token>http://example.org/1</D:sync-token>
</D:multistatus>
"""
HREFS = ("/cal/a.ics", "http://evil.example/cal/x.ics", "//evil.example/x", "/cal/../x.ics", "/cal/%2e%2e/x", "c:d.ics")


def answered(content: bytes) -> Answer:
    return Answer(207, {}, content, "http://dav.example/cal/")


def place() -> Place:
    identity = Identity("", "http://dav.example/cal/", "cal")
    return Place(None, identity, recognise({}, None))  # type: ignore[arg-type] # nothing is sent


@fuzzed("multistatus answers", 400, spoiled(st.just(LISTED)), st.sampled_from(HREFS) | st.text(max_size=20))
def test_a_multistatus_is_read_or_garbled_and_lists_nothing_outside(text: str, href: str) -> None:
    text = text.replace("../../etc/passwd", href.replace("&", "").replace("<", ""))
    for content in (text.encode("utf-8", "replace"), text.replace("multistatus", "error").encode("utf-8", "replace")):
        answer = answered(content)
        found = multistatus.parse(answer)
        assert isinstance(found, Multistatus | Garbled)
        assert isinstance(multistatus.explain(answer), str)
        if isinstance(found, Multistatus):
            listing = Listing()
            listing.add(place(), found.entries)
            assert all(path.startswith("/cal/") and ".." not in path for path in listing.etags)


@fuzzed("resources", 400, spoiled(st.sampled_from(SAMPLES)))
def test_a_resource_is_understood_or_named_and_can_be_written_where_it_was_understood(ics: str) -> None:
    series = read(ics, CONTEXT, "x.ics")
    assert isinstance(series, Series | Unreadable)
    try:
        of_resource(ics, ZONE, frozenset({"Call"}), datetime(2026, 12, 31), lasting=False)
        ends(ics)
    except ValueError as error:
        assert str(error) is not None  # noqa: PT017 - the verifier's own answer to what it cannot read
    if isinstance(series, Series):
        shown = slots(series, ZONE, datetime(2026, 12, 31))
        assert len(shown) < 200_000
        assert write(series, CONTEXT, NOW, ics) == ics


@fuzzed("resources", 200, st.text() | st.sampled_from(SAMPLES).map(lambda text: text[: len(text) // 2]))
def test_any_text_at_all_may_stand_in_a_calendar(ics: str) -> None:
    assert isinstance(read(ics, CONTEXT, "x.ics"), Series | Unreadable)


PARTS = st.sampled_from(
    [
        *(f"FREQ={freq}" for freq in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "SECONDLY", "NEVER")),
        *("INTERVAL=0", "INTERVAL=1", "INTERVAL=999999999999", "COUNT=0", "COUNT=5", "COUNT=99999999999", "WKST=SU"),
        *(
            "UNTIL=20270101",
            "UNTIL=20260301T000000Z",
            "UNTIL=99991231T235959Z",
            "UNTIL=0",
            "RSCALE=HEBREW",
            "SKIP=OMIT",
        ),
        *("BYDAY=MO,FR", "BYDAY=-1MO", "BYDAY=53MO", "BYDAY=XX", "BYMONTH=2", "BYMONTHDAY=30", "BYMONTHDAY=-31"),
        *("BYSETPOS=-1", "BYSETPOS=366", "BYYEARDAY=366", "BYWEEKNO=53", "BYHOUR=9", "BYMINUTE=0,30", "BYSECOND=60"),
        *("DTSTART:20260309T090000", "RRULE:", "EXDATE:20260309", "X-A=B", "=", ";;", "COUNT", "BYDAY="),
    ]
)
RULES = st.lists(PARTS | odd, max_size=6).map(";".join) | st.text(max_size=40)


@fuzzed("rules", 600, RULES, st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1)))
def test_a_rule_is_read_or_refused_and_its_expansion_ends(text: str, anchor: datetime) -> None:
    try:
        rule = parse_rule(text, ZONE)
    except BadRule as error:
        assert str(error)  # noqa: PT017 - the words for the user
        return
    found = list(islice(expand(rule, anchor, min(anchor + timedelta(days=3660), datetime(9000, 1, 1))), 5000))
    assert found == sorted(set(found))
    assert isinstance(format_rule(rule, all_day=False, zone=ZONE), str)


# -- what this program wrote itself, and others may have spoiled -------------------------------------------------------


def dumped(value: Any) -> str:
    return json.dumps(value)


CURSOR = {
    "version": 1,
    "habits": {},
    "mark": "2026-03-01T20:00:00+00:00",
    "marked_at": "2026-03-01T20:00:00+00:00",
    "since": "2026-03-01T20:00:00+00:00",
    "floor": None,
    "unheld": [],
    "sample": {},
}
MARK = {"tie": "t", "kind": "token", "value": "x", "age": 0}
KEPT = {"settings": CalendarSettings("http://dav.example/").fingerprint, "url": "http://dav.example/", "name": "n"}


def changed(whole: dict[str, Any]) -> st.SearchStrategy[str]:
    fields = st.dictionaries(st.sampled_from([*whole]) | st.text(max_size=5), values, max_size=3)
    return fields.map(lambda new: dumped({**whole, **new})) | values.map(dumped) | st.text(max_size=40)


@fuzzed("cursors", 300, changed(CURSOR))
def test_a_spoiled_cursor_of_liondesk_reads_the_whole_list(text: str) -> None:
    found, habits = cursor.load(text)
    again = cursor.dump(found, habits)
    assert cursor.dump(*cursor.load(again)) == again
    assert {type(each) for each in asdict(habits).values()} == {bool}


@fuzzed("cursors", 300, changed(MARK), changed(KEPT))
def test_a_spoiled_cursor_or_identity_of_the_calendar_is_none(mark: str, kept: str) -> None:
    found = Mark.from_text(mark, "t")
    assert found is None or isinstance(found.to_text(), str)
    if found is not None:
        assert isinstance(found.value, str)
        assert isinstance(found.age, int)
    identity = Identity.from_text(kept, CalendarSettings("http://dav.example/"))
    if identity is not None:
        assert isinstance(identity.url, str)
        assert isinstance(identity.tie, str)


EXAMPLE = (ROOT / "config.example.toml").read_text("utf-8")
SHORT = """state = "sqlite:///state.db"
[web]
listen = "127.0.0.1:8440"
[[pair]]
name = "alice"
every = "5m"
keep_completed = "30d"
conflict = "newest"
[pair.limits]
deletes = 5
[pair.liondesk]
token = { env = "LIONDESK_TOKEN" }
time_zone = "America/Los_Angeles"
[pair.calendar]
url = "https://dav.example.org/"
username = "alice"
password = { command = ["pass", "show", "dav"] }
start = "1h"
"""


@fuzzed("configurations", 300, spoiled(st.sampled_from([SHORT, EXAMPLE])) | st.text(max_size=60))
def test_a_configuration_is_read_or_refused_in_words(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        path.chmod(0o600)
        try:
            load(path)
        except ConfigurationError as error:
            assert "Nothing was done" in str(error)  # noqa: PT017 - either is right
