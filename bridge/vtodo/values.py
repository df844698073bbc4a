"""Values on the wire: text (RFC 5545, 3.3.11), dates (3.3.4, 3.3.5), lists of them, durations (3.3.6).

A date is read into a `Stamp`: how it was spelt, and what that is on the owner's wall clock (naive, law 10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from icalendar import vDuration
from icalendar.parser import Parameters

from bridge.vtodo.lines import Component, Line, Nonsense
from bridge.vtodo.zones import Zones, is_utc, same_zone

_ESCAPED = re.compile(r'\\([\\;,:"nN])')
_UNSAFE = re.compile(r"([\\;,])")
_ENTRY = re.compile(r"(?:\\.|[^\\,])+", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
_RANGE = re.compile(r";\s*RANGE\s*=\s*THISANDFUTURE", re.IGNORECASE)

EARLIEST, LATEST = 1900, 2999
"""The years a task can have: conversions between zones stay far from where datetime ends."""


# -- text --------------------------------------------------------------------------------------------------------------


def unescape(value: str) -> str:
    """TEXT as it means. icalendar's own takes an escaped backslash before an n for a line break."""
    return clean(_ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value))


def escape(text: str) -> str:
    """TEXT as it is written."""
    return _UNSAFE.sub(r"\\\1", clean(text)).replace("\n", "\\n")


def clean(text: str) -> str:
    """Text as iCalendar can hold it: line ends are LF, no control characters, no half characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))


def text_of(component: Component, name: str) -> str | None:
    """A TEXT property, None where it is absent. Raises Nonsense."""
    line = component.first(name)
    return None if line is None else unescape(line.parts()[1])


def entries(value: str) -> list[str]:
    """The entries of a comma list, still escaped; empty ones left out."""
    return [entry for entry in _ENTRY.findall(value) if entry.strip()]


# -- dates -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dated:
    """A DATE."""


@dataclass(frozen=True, slots=True)
class Utc:
    """A DATE-TIME in UTC."""


@dataclass(frozen=True, slots=True)
class Floating:
    """A DATE-TIME without a zone: the owner's."""


@dataclass(frozen=True, slots=True)
class Zoned:
    """A DATE-TIME with TZID, spelt as the resource spells it."""

    tzid: str
    zone: tzinfo


Form: TypeAlias = Dated | Utc | Floating | Zoned


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date as it stands. `local` is naive, as written in its own form; `wall` is naive, on the owner's clock."""

    local: datetime
    wall: datetime
    form: Form

    @property
    def all_day(self) -> bool:
        """Whether it is a DATE."""
        return isinstance(self.form, Dated)

    @property
    def day(self) -> datetime:
        """Midnight of the day it means where a day is asked for: midnight in UTC also spells that date."""
        spelt = self.local if self.local == midnight(self.local) else self.wall
        return midnight(spelt)


def midnight(moment: datetime) -> datetime:
    """00:00 of that day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def convert(moment: datetime, source: tzinfo, target: tzinfo) -> datetime:
    """A naive wall clock in one zone, seen in another. A time in the gap has the offset before it. Raises Nonsense."""
    if same_zone(source, target):
        return moment
    try:
        return moment.replace(tzinfo=source).astimezone(target).replace(tzinfo=None, fold=0)
    except Exception:  # noqa: BLE001 - a VTIMEZONE from anywhere computes here, through libraries that raise anything
        raise Nonsense("has a time zone that cannot be computed") from None


def stamp(value: str, parameters: Parameters, zones: Zones) -> Stamp:
    """Read one DATE or DATE-TIME in any form seen in the wild. Raises Nonsense.

    A DATE needs no VALUE=DATE; where TZID and Z contradict each other, Z wins.
    """
    match = _DATE.fullmatch(value.strip().upper())
    if match is None:
        raise Nonsense(f"has a date that cannot be read: {value[:40]!r}")
    year, month, day, hour, minute, second, zulu = match.groups()
    try:
        local = datetime(int(year), int(month), int(day))
        if hour is not None:
            local = local.replace(hour=int(hour), minute=int(minute), second=min(int(second), 59))
    except ValueError:
        raise Nonsense(f"has a date that does not exist: {value[:40]!r}") from None
    if not EARLIEST <= local.year <= LATEST:
        raise Nonsense(f"has a date that is out of all bounds: {value[:40]!r}")
    if hour is None or str(parameters.get("VALUE", "")).upper() == "DATE":
        return Stamp(midnight(local), midnight(local), Dated())
    tzid = _RANGE.sub("", _parameter(parameters, "TZID")).strip()
    if zulu:
        return _zulu(local, tzid, zones)
    if not tzid:
        return Stamp(local, local, Floating())
    zone = zones.resolve(tzid)
    return Stamp(local, convert(local, zone, zones.owner), Utc() if is_utc(zone) else Zoned(tzid, zone))


def _zulu(utc: datetime, tzid: str, zones: Zones) -> Stamp:
    wall = convert(utc, UTC, zones.owner)
    zone = zones.find(tzid) if tzid else None
    if zone is None or is_utc(zone):
        return Stamp(utc, wall, Utc())
    return Stamp(convert(utc, UTC, zone), wall, Zoned(tzid, zone))


def _parameter(parameters: Parameters, name: str) -> str:
    value = parameters.get(name, "")
    return value if isinstance(value, str) else ",".join(map(str, value))


def stamp_of(component: Component, name: str, zones: Zones) -> Stamp | None:
    """A date property, None where it is absent or empty. Raises Nonsense."""
    line = component.first(name)
    if line is None or not line.value:
        return None
    parameters, value = line.parts()
    return stamp(value, parameters, zones)


def stamps(line: Line, zones: Zones) -> list[tuple[str, Stamp]]:
    """The dates of an EXDATE or RDATE line, each with its spelling; of a period, its start. Raises Nonsense."""
    parameters, value = line.parts()
    found = [entry.strip() for entry in value.split(",") if entry.strip()]
    return [(entry, stamp(entry.partition("/")[0], parameters, zones)) for entry in found]


def moment_of(component: Component, name: str, zones: Zones) -> datetime | None:
    """A fact of the world (COMPLETED, LAST-MODIFIED) in aware UTC; None where it is absent or unreadable."""
    try:
        found = stamp_of(component, name, zones)
        if found is None:
            return None
        if isinstance(found.form, Utc):
            return found.local.replace(tzinfo=UTC)
        return convert(found.wall, zones.owner, UTC).replace(tzinfo=UTC)
    except Nonsense:
        return None


def contradicts(line: Line) -> bool:
    """Whether a date is in UTC beside a TZID (Nextcloud Tasks), or has RANGE within it (libical). Never raises."""
    raw = line.raw.rstrip().upper()
    if "TZID" not in raw or not (raw.endswith("Z") or "RANGE" in raw):
        return False
    try:
        parameters, value = line.parts()
    except Nonsense:
        return False
    tzid = _parameter(parameters, "TZID").strip().upper()
    return _RANGE.search(tzid) is not None or (tzid not in ("", "UTC") and value.rstrip().upper().endswith("Z"))


def is_ranged(line: Line) -> bool:
    """Whether a RECURRENCE-ID says THISANDFUTURE, be it within its TZID (libical). Raises Nonsense."""
    parameters, _ = line.parts()
    within = _RANGE.search(_parameter(parameters, "TZID")) is not None
    return within or _parameter(parameters, "RANGE").upper() == "THISANDFUTURE"


def spell(wall: datetime, form: Form, owner: ZoneInfo) -> str:
    """A naive moment on the owner's clock, as this form writes it. Raises Nonsense where no year holds it."""
    match form:
        case Dated():
            return f"{_checked(wall):%Y%m%d}"
        case Utc():
            return f"{_checked(convert(wall, owner, UTC)):%Y%m%dT%H%M%S}Z"
        case Floating():
            return f"{_checked(wall):%Y%m%dT%H%M%S}"
        case Zoned(zone=zone):
            return f"{_checked(convert(wall, owner, zone)):%Y%m%dT%H%M%S}"
        case _:
            assert_never(form)


def _checked(moment: datetime) -> datetime:
    if not EARLIEST <= moment.year <= LATEST:
        raise Nonsense(f"has a date that is out of all bounds: {moment:%Y-%m-%d}")
    return moment


def spelling(form: Form, others: Parameters | None = None) -> Parameters:
    """The parameters that go with a form, after those (`others`) that say something else."""
    parameters = Parameters({k: v for k, v in (others or {}).items() if k.upper() not in ("TZID", "VALUE")})
    match form:
        case Dated():
            parameters["VALUE"] = "DATE"
        case Zoned(tzid=tzid):
            parameters["TZID"] = tzid
        case Utc() | Floating():
            pass
        case _:
            assert_never(form)
    return parameters


def duration_of(component: Component) -> timedelta | None:
    """DURATION, None where it is absent. Raises Nonsense."""
    line = component.first("DURATION")
    if line is None:
        return None
    try:
        duration: timedelta = vDuration.from_ical(line.value)  # type: ignore[no-untyped-call] # typed in name only
    except (ValueError, OverflowError, TypeError):
        raise Nonsense(f"has a duration that cannot be read: {line.value[:40]!r}") from None
    if abs(duration) > timedelta(days=36600):
        raise Nonsense("has a duration that is out of all bounds")
    return duration
