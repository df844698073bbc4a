"""Time zones of a resource (RFC 5545, 3.6.5 and 3.8.3.1): TZIDs in all their spellings, and VTIMEZONE for new ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from bridge.vtodo.lines import Component, Nonsense

_UTC_NAMES = {"UTC", "Z", "GMT", "ETC/UTC", "ETC/GMT", "ETC/UCT", "ETC/ZULU", "ZULU", "UCT"}
_SIMPLE_RULE = re.compile(
    r"(?:(?:BYMONTH|BYDAY|BYMONTHDAY|COUNT|UNTIL|WKST)=[^;]*|INTERVAL=1|FREQ=YEARLY)", re.IGNORECASE
)
_PROBES = tuple(
    datetime(year, month, day, 12) for year in range(2023, 2031) for month in range(1, 13) for day in (1, 15)
)


def is_utc(zone: tzinfo) -> bool:
    """Whether a zone is UTC by name."""
    return zone is UTC or (isinstance(zone, ZoneInfo) and zone.key.upper() in _UTC_NAMES)


def same_zone(one: tzinfo, other: tzinfo) -> bool:
    """Whether two zones are the same by name."""
    if one is other or (is_utc(one) and is_utc(other)):
        return True
    return isinstance(one, ZoneInfo) and isinstance(other, ZoneInfo) and one.key == other.key


@dataclass(slots=True)
class Zones:
    """The zones that a resource may name. `owner` is the pair's."""

    owner: ZoneInfo
    calendar: Component
    _known: dict[str, tzinfo | None] = field(default_factory=dict)

    def resolve(self, tzid: str) -> tzinfo:
        """The zone of a TZID. Raises Nonsense where nobody knows it."""
        zone = self.find(tzid)
        if zone is None:
            raise Nonsense(f"uses a time zone that is not defined anywhere: {tzid[:60]!r}")
        return zone

    def find(self, tzid: str) -> tzinfo | None:
        """The zone of a TZID: the one of that IANA or Windows name, else the one that its VTIMEZONE describes."""
        if tzid not in self._known:
            self._known[tzid] = _named(tzid) or self._described(tzid)
        return self._known[tzid]

    def _described(self, tzid: str) -> tzinfo | None:
        for zone in self.calendar.components("VTIMEZONE"):
            name = zone.first("TZID")
            if name is None or name.value != tzid:
                continue
            location = zone.first("X-LIC-LOCATION")
            named = _named(location.value) if location else None
            return named or _computed(zone.text(), self.owner)
        return None


def _named(tzid: str) -> tzinfo | None:
    """By name: IANA, Windows, or IANA at the end of a vendor's path (`/freeassociation.sourceforge.net/...`)."""
    tzid = tzid.strip().strip('"')
    if tzid.upper() in _UTC_NAMES:
        return UTC
    if tzid in WINDOWS_TO_OLSON:
        return _iana(WINDOWS_TO_OLSON[tzid])
    pieces = [piece for piece in tzid.split("/") if piece]
    candidates = (_iana("/".join(pieces[-count:])) for count in (3, 2, 1) if len(pieces) >= count)
    return next(filter(None, candidates), None)


@lru_cache(maxsize=256)
def _iana(key: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError):  # not there, not a key, a folder
        return None


@lru_cache(maxsize=64)
def _computed(vtimezone: str, owner: ZoneInfo) -> tzinfo | None:
    """The zone that a VTIMEZONE describes: the known one that agrees with it these years, else one of its own."""
    lines = re.sub(r"\r?\n[ \t]", "", vtimezone).splitlines()
    rules = [line.partition(":")[2] for line in lines if re.match(r"RRULE[;:]", line, re.IGNORECASE)]
    if not all(_SIMPLE_RULE.fullmatch(part) for rule in rules for part in rule.strip().split(";")):
        return None  # no real zone changes its offset by such a rule, and computing it may take for ever
    try:
        component = Timezone.from_ical(vtimezone)
        if not isinstance(component, Timezone):
            return None
        zone = component.to_tz(lookup_tzid=False)
        offsets = [moment.replace(tzinfo=zone).utcoffset() for moment in _PROBES]
    except Exception:  # noqa: BLE001 - foreign text in two libraries that raise anything; the caller names the zone
        return None
    if None in offsets:
        return None
    known = (owner, *filter(None, map(_iana, sorted(set(WINDOWS_TO_OLSON.values())))))
    agrees = (
        candidate
        for candidate in known
        if all(moment.replace(tzinfo=candidate).utcoffset() == at for moment, at in zip(_PROBES, offsets, strict=True))
    )
    return next(agrees, zone)


# -- writing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of clocks. `local` is naive, by the clock before it."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str
    daylight: bool

    @property
    def ordinal(self) -> int:
        """Which of its weekday it is in its month, -1 for the last."""
        return -1 if (self.local + timedelta(days=7)).month != self.local.month else (self.local.day + 6) // 7

    @property
    def yearly(self) -> tuple[object, ...]:
        """What stays the same when this happens every year."""
        local = self.local
        return (self.before, self.after, self.name, local.month, local.weekday(), self.ordinal, local.time())


_LAST_YEAR = 2037
"""What a zone does until then is taken for what it will always do."""


@lru_cache(maxsize=64)
def vtimezone(key: str, year: int) -> tuple[str, ...]:
    """The lines of a VTIMEZONE for an IANA zone, right from that year on: a rule for what recurs, else single dates."""
    zone, year = ZoneInfo(key), min(year, _LAST_YEAR - 5)
    changes = list(_changes(zone, year - 1))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{key}"]
    if not changes or changes[0].local.year >= year:
        start = datetime(year - 1, 1, 1, tzinfo=zone)
        offset = start.utcoffset() or timedelta(0)
        lines += _observance(
            _Change(start.replace(tzinfo=None), offset, offset, start.tzname() or key, bool(start.dst()))
        )
    for group in _groups(changes):
        lines += _observance(group[0], _recurrence(group))
    return (*lines, "END:VTIMEZONE")


def _changes(zone: ZoneInfo, year: int) -> Iterator[_Change]:
    """Every change of the zone's offset from that year on, found by halving the day it falls on."""
    day = datetime(year, 1, 1, tzinfo=UTC)
    while day.year <= _LAST_YEAR:
        following = day + timedelta(days=1)
        before, after = day.astimezone(zone).utcoffset(), following.astimezone(zone).utcoffset()
        if before is not None and after is not None and before != after:
            low, high = day, following
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
            then = high.astimezone(zone)
            local = (high + before).replace(tzinfo=None)
            yield _Change(local, before, after, then.tzname() or zone.key, bool(then.dst()))
        day = following


def _groups(changes: list[_Change]) -> Iterator[list[_Change]]:
    """Changes that belong into one observance: those that happen alike every year to the end, then the rest by kind."""
    alike: dict[tuple[object, ...], list[_Change]] = {}
    for change in changes:
        run = alike.setdefault(change.yearly, [])
        if run and run[-1].local.year != change.local.year - 1:
            run.clear()
        run.append(change)
    endless = [run for run in alike.values() if len(run) > 1 and run[-1].local.year == _LAST_YEAR]
    kinds: dict[tuple[object, ...], list[_Change]] = {}
    for change in changes:
        if not any(change in run for run in endless):
            kinds.setdefault((change.before, change.after, change.name, change.daylight), []).append(change)
    yield from sorted([*endless, *kinds.values()], key=lambda group: group[0].local)


def _recurrence(group: list[_Change]) -> list[str]:
    """What makes an observance of more than its first change; without UNTIL, which some readers take for local time.

    RDATE stays below the length at which a line is folded.
    """
    first, *others = group
    every_year = [change.local.year for change in group] == list(range(first.local.year, _LAST_YEAR + 1))
    if others and every_year and all(change.yearly == first.yearly for change in others):
        weekday = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[first.local.weekday()]
        return [f"RRULE:FREQ=YEARLY;BYMONTH={first.local.month};BYDAY={first.ordinal}{weekday}"]
    dates = [f"{change.local:%Y%m%dT%H%M%S}" for change in others]
    return [f"RDATE:{','.join(dates[at : at + 4])}" for at in range(0, len(dates), 4)]


def _observance(change: _Change, recurrence: Sequence[str] = ()) -> list[str]:
    kind = "DAYLIGHT" if change.daylight else "STANDARD"
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{change.local:%Y%m%dT%H%M%S}",
        *recurrence,
        f"TZOFFSETFROM:{_offset(change.before)}",
        f"TZOFFSETTO:{_offset(change.after)}",
        f"TZNAME:{change.name}",
        f"END:{kind}",
    ]


def _offset(offset: timedelta) -> str:
    seconds = int(offset.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}" + (f"{left:02}" if left else "")
