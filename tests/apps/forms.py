"""The forms in which one edit comes: how moments are spelt, which of the two dates there are, how the rule ends.

Every series is the same: Mondays at nine in Los Angeles from 2 March 2026 on, six of them, or without end. The clocks
change on 8 March, between the first and the second. Occurrences are named by their number, from 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Los_Angeles")
FIRST = datetime(2026, 3, 2, 9)
OCCURRENCES = 6
UTC_BEFORE = timedelta(hours=8)
"""How far the owner's clock is behind UTC on 2 March: what an app adds that counts weeks in UTC."""

SPELLINGS = ("tzid", "utc", "floating", "date", "hybrid", "windows", "vendor")
DATES = ("both", "due", "start")
ENDS = ("count", "until", "endless")
_TZIDS = {
    "tzid": "America/Los_Angeles",
    "hybrid": "America/Los_Angeles",
    "windows": "Pacific Standard Time",
    "vendor": "/freeassociation.sourceforge.net/America/Los_Angeles",
}
_SHIFT = re.compile(r"([+-])(\d+)([dhs])")
_UNITS = {"d": "days", "h": "hours", "s": "seconds"}


@dataclass(frozen=True, slots=True)
class Form:
    """One form. `spelling` is one of SPELLINGS, `dates` of DATES, `end` of ENDS."""

    spelling: str
    dates: str
    end: str

    def __post_init__(self) -> None:
        """No typing errors in fragments."""
        assert self.spelling in SPELLINGS
        assert self.dates in DATES
        assert self.end in ENDS

    def __str__(self) -> str:
        """As it stands in the name of a case."""
        return f"{self.spelling}-{self.dates}-{self.end}"

    @property
    def all_day(self) -> bool:
        """Whether the series has days, not moments."""
        return self.spelling == "date"

    def moment(self, number: int, shifts: str = "") -> datetime:
        """An occurrence on the owner's clock, moved by `+1d`, `-2h`, `-1s`; all-day ones by days alone."""
        moment = FIRST + timedelta(weeks=number)
        for sign, count, unit in _SHIFT.findall(shifts):
            if unit == "d" or not self.all_day:
                moment += timedelta(**{_UNITS[unit]: int(sign + count)})
        return moment.replace(hour=0) if self.all_day else moment

    def line(self, name: str, numbers: str, shifts: str, spelling: str | None) -> str:
        """A date property of one or several occurrences (`2,3`), spelt as the form says or in another way.

        An all-day series has days in every spelling but two: `midnight` is a moment, `bare` a day without VALUE=DATE.
        """
        if self.all_day:
            spelling = spelling if spelling in ("midnight", "bare") else "date"
        elif spelling in (None, "midnight", "bare"):
            spelling = self.spelling
        moments = [self.moment(int(number), shifts) for number in numbers.split(",")]
        parameters = f";TZID={_TZIDS[spelling]}" if spelling in _TZIDS else ""
        parameters += ";VALUE=DATE" if spelling == "date" else ""
        return f"{name}{parameters}:{','.join(spelt(moment, spelling) for moment in moments)}"

    def anchors(self, number: int, shifts: str = "", spelling: str | None = None) -> list[str]:
        """DTSTART, DUE or both, as the form has them."""
        names = {"both": ("DTSTART", "DUE"), "due": ("DUE",), "start": ("DTSTART",)}[self.dates]
        return [self.line(name, str(number), shifts, spelling) for name in names]

    def rule(self, change: str = "") -> str:
        """The rule's text. `-1` lowers COUNT, `to N` ends with occurrence N, `from N` counts from occurrence N on."""
        days = "FREQ=WEEKLY{};BYDAY=MO"
        last = OCCURRENCES - 1
        count = OCCURRENCES
        end = self.end
        if change.startswith("-"):
            count += int(change)
        elif change.startswith("to "):
            last = int(change[3:])
            count, end = last + 1, "until" if end == "endless" else end
        elif change.startswith("from "):
            count -= int(change[5:])
        match end:
            case "count":
                return days.format(f";COUNT={count}")
            case "until":
                return days.format(f";UNTIL={spelt(self.moment(last), 'date' if self.all_day else 'utc')}")
            case _:
                return days.format("")


def spelt(moment: datetime, spelling: str) -> str:
    """A moment on the owner's clock as text: a DATE, UTC, or local."""
    if spelling in ("date", "bare"):
        return f"{moment:%Y%m%d}"
    if spelling in ("utc", "hybrid"):
        return f"{moment.replace(tzinfo=ZONE).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if spelling == "drifted":  # weeks counted in UTC: an hour late once the clocks have changed
        return f"{moment + UTC_BEFORE:%Y%m%dT%H%M%SZ}"
    return f"{moment:%Y%m%dT%H%M%S}"
