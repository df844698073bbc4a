"""ISO 8601 in and out: the three forms of due_at, and stamps."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bridge.sandbox.switches import Switches

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?")


def moment(text: str, zone: ZoneInfo) -> datetime:
    """An aware UTC moment from any documented form; without an offset it is on the wall clock of `zone`. ValueError."""
    if not _ISO.fullmatch(text):
        raise ValueError(f"{text!r} is not a date and time in ISO 8601")
    read = datetime.fromisoformat(text)
    if not 1970 <= read.year <= 2200:
        raise ValueError(f"the year of {text!r} is out of bounds")
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)


def wall_clock(text: str, zone: ZoneInfo) -> datetime:
    """The naive time on the wall clock of `zone`, to the second; naive text is taken as it is, even inside a gap."""
    aware = moment(text, zone)
    plain = datetime.fromisoformat(text)
    local = aware.astimezone(zone).replace(tzinfo=None) if plain.tzinfo else plain
    return local.replace(microsecond=0, fold=0)


def due_text(due: datetime, zone: ZoneInfo, switches: Switches) -> str:
    """A naive due time as this reading of question 3 writes it."""
    spec = "milliseconds" if switches.due_at_milliseconds == "yes" else "seconds"
    match switches.due_at:
        case "naive":
            return due.isoformat(timespec=spec)
        case "utc":
            return due.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec) + "Z"
        case "offset":
            return due.replace(tzinfo=zone).isoformat(timespec=spec)


def stamp(at: datetime, switches: Switches) -> datetime:
    """A stamp with the precision of this reading of question 8."""
    return at.replace(microsecond=0) if switches.modified_at == "seconds" else at


def stamp_text(at: datetime) -> str:
    """A stamp as every example shows it: UTC with milliseconds and Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
