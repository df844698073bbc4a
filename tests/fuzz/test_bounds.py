"""Monsters: each is read or refused by a process that may use a gigabyte and half a minute, and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIMITS = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
"""
CALENDAR = """
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
from bridge.core.model import Series, Unreadable
from bridge.core.recurrence import slots
from bridge.vtodo import Context, read
ZONE = ZoneInfo("America/Los_Angeles")
def told(ics):
    found = read(ics, Context(ZONE, {}, timedelta(), None), "x.ics")
    if isinstance(found, Series):
        slots(found, ZONE, datetime(2029, 1, 1))
        return "understood"
    return found.why
def calendar(*todos):
    body = "".join(f"BEGIN:VTODO\\r\\nUID:u\\r\\n{todo}END:VTODO\\r\\n" for todo in todos)
    return f"BEGIN:VCALENDAR\\r\\nVERSION:2.0\\r\\n{body}END:VCALENDAR\\r\\n"
MASTER = "DTSTART:20260302T090000\\r\\nDUE:20260302T090000\\r\\nSUMMARY:Call\\r\\n"
def override(day):
    at = datetime(1950, 1, 1, 9) + timedelta(days=day)
    return f"RECURRENCE-ID:{at:%Y%m%dT%H%M%S}\\r\\nDUE:{at:%Y%m%dT%H%M%S}\\r\\nSUMMARY:Call\\r\\n"
def ruled(rule, start="20260302T090000"):
    return calendar(f"DTSTART:{start}\\r\\nDUE:{start}\\r\\nRRULE:{rule}\\r\\nSUMMARY:Call\\r\\n")
"""
XML = """
from bridge.caldav import multistatus
from bridge.caldav.answer import Answer
from bridge.caldav.multistatus import Garbled
def told(content):
    found = multistatus.parse(Answer(207, {}, content, "http://dav.example/cal/"))
    return found.why if isinstance(found, Garbled) else f"{len(found.entries)} entries"
HEAD = b'<?xml version="1.0"?>'
OPEN, CLOSE = b'<D:multistatus xmlns:D="DAV:">', b'</D:multistatus>'
"""
JSON = """
from bridge.liondesk.answers import error_words, read_payload
def told(content):
    try:
        return f"{len(error_words(content))} words, {type(read_payload(content).value).__name__}"
    except ValueError as error:
        return str(error)
"""
TOML = """
import tempfile
from pathlib import Path
from bridge.config import load
from bridge.errors import ConfigurationError
def told(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(text)
        try:
            load(path)
        except ConfigurationError as error:
            return str(error)
"""
LAUGHS = (
    "'<!DOCTYPE x [<!ENTITY a0 \"ha\">' + ''.join(f'<!ENTITY a{n} \"' + f'&a{n - 1};' * 10 + '\">' "
    "for n in range(1, 12)) + ']>'"
)

CASES = {
    "an .ics of 50 MB": (
        CALENDAR,
        "calendar(MASTER + 'DESCRIPTION:' + 'x' * 50_000_000 + '\\r\\n')",
        "larger than 5 MB",
    ),
    "50 MB without a line end": (CALENDAR, "'x' * 50_000_000", "larger than 5 MB"),
    "50 MB of line ends": (CALENDAR, "'\\r\\n' * 25_000_000", "larger than 5 MB"),
    "100,000 overrides": (CALENDAR, "calendar(MASTER, *map(override, range(100_000)))", "larger than 5 MB"),
    "19,000 overrides": (CALENDAR, "calendar(MASTER, *map(override, range(19_000)))", "understood"),
    "100,000 components in each other": (CALENDAR, "'BEGIN:VTODO\\r\\n' * 100_000", "too many parts"),
    "100,000 EXDATEs": (
        CALENDAR,
        "calendar(MASTER + 'RRULE:FREQ=DAILY\\r\\n' + 'EXDATE:20260303T090000\\r\\n' * 100_000)",
        "understood",
    ),
    "a line folded 400,000 times": (CALENDAR, "calendar(MASTER + 'DESCRIPTION:' + 'x\\r\\n ' * 400_000)", ""),
    "a rule for ever from 1900": (CALENDAR, "ruled('FREQ=DAILY', '19000101T090000')", "understood"),
    "a rule that never comes": (CALENDAR, "ruled('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30')", ""),
    "a rule that hardly comes": (CALENDAR, "ruled('FREQ=DAILY;INTERVAL=999999;BYMONTH=2;BYMONTHDAY=29')", ""),
    "a rule with a position that is none": (CALENDAR, "ruled('FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300')", ""),
    "a rule of seconds": (CALENDAR, "ruled('FREQ=SECONDLY')", ""),
    "a count without end": (CALENDAR, "ruled('FREQ=DAILY;COUNT=999999999999')", "understood"),
    "a billion laughs": (XML, f"HEAD + ({LAUGHS}).encode() + OPEN + b'&a11;' + CLOSE", "entity"),
    "a file of this machine as an entity": (
        XML,
        "HEAD + b'<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>' + OPEN + b'&a;' + CLOSE",
        "document type",
    ),
    "elements a million deep": (XML, "HEAD + OPEN + b'<a>' * 1_000_000", ""),
    "a text of 60 MB": (XML, "HEAD + OPEN + b'<a>' + b'x' * 60_000_000 + b'</a>' + CLOSE", ""),
    "300,000 responses": (
        XML,
        "HEAD + OPEN + b'<D:response><D:href>/cal/a.ics</D:href></D:response>' * 300_000 + CLOSE",
        "300000 entries",
    ),
    "arrays a million deep": (JSON, "b'[' * 1_000_000", "garbled"),
    "a number of a million digits": (JSON, "b'9' * 1_000_000", "garbled"),
    "rows of 60 MB": (JSON, "b'[' + b'\"' + b'x' * 60_000_000 + b'\"]'", "list"),
    "brackets without end": (TOML, "'a = ' + '[' * 1_000_000", "Nothing was done"),
    "a configuration of 20 MB": (TOML, "'a = \"' + 'x' * 20_000_000 + '\"'", "Nothing was done"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no setrlimit")
@pytest.mark.parametrize("case", CASES)
def test_a_monster_is_read_or_refused_within_bounds(case: str) -> None:
    head, monster, says = CASES[case]
    code = f"{LIMITS}{head}\nprint(told({monster}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert says in done.stdout
