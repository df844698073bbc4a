"""Which days a rule names in one of its years, months, weeks or days: the table of RFC 5545, 3.3.10.

Days are proleptic ordinals (`date.toordinal`): whole numbers that are cheap to count with. Of what the RFC leaves open:

- Weeks belong to the year that numbers them, so the Monday of week 1 may lie in December (ISO 8601, on WKST).
- A number before a weekday counts within the month where the rule is MONTHLY or has BYMONTH, else within the year, also
  where BYMONTHDAY or BYYEARDAY make BYDAY a limit.
- BYMONTHDAY in a YEARLY rule without BYMONTH means every month, as the table's "expand" says.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LAST_DAY = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule's parts as numbers, with what DTSTART says where they are silent. Weekdays count from Monday, 0."""

    frequency: str
    interval: int
    months: frozenset[int]
    weeks: frozenset[int]
    year_days: frozenset[int]
    month_days: frozenset[int]
    weekdays: frozenset[int]
    numbered: frozenset[tuple[int, int]]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]
    positions: tuple[int, ...]
    week_start: int

    @property
    def by_weekday(self) -> bool:
        """Whether BYDAY is said, or implied."""
        return bool(self.weekdays or self.numbered)

    @property
    def times(self) -> int:
        """How many occurrences one day has."""
        return len(self.hours) * len(self.minutes) * len(self.seconds)

    def time(self, number: int) -> time:
        """The time of day of that occurrence of a day, counted from 0."""
        rest, second = divmod(number, len(self.seconds))
        hour, minute = divmod(rest, len(self.minutes))
        return time(self.hours[hour], self.minutes[minute], self.seconds[second])


@lru_cache(maxsize=1024)
def pattern_of(parts: tuple[tuple[str, str], ...], anchor: datetime) -> Pattern:
    """The pattern of a rule that begins at `anchor` (naive)."""
    said = dict(parts)
    frequency = said["FREQ"]
    days = [day for day in said.get("BYDAY", "").split(",") if day]
    weekdays = {_WEEKDAYS.index(day) for day in days if len(day) == 2}
    months, month_days = set(_numbers(said, "BYMONTH")), set(_numbers(said, "BYMONTHDAY"))
    if frequency == "WEEKLY" and not days:
        weekdays = {anchor.weekday()}
    if frequency == "MONTHLY" and not days and not month_days:
        month_days = {anchor.day}
    if frequency == "YEARLY" and not days and not month_days and "BYYEARDAY" not in said:
        if "BYWEEKNO" in said:
            weekdays = {anchor.weekday()}
        else:
            month_days, months = {anchor.day}, months or {anchor.month}
    return Pattern(
        frequency=frequency,
        interval=int(said.get("INTERVAL", "1")),
        months=frozenset(months),
        weeks=frozenset(_numbers(said, "BYWEEKNO")),
        year_days=frozenset(_numbers(said, "BYYEARDAY")),
        month_days=frozenset(month_days),
        weekdays=frozenset(weekdays),
        numbered=frozenset((int(day[:-2]), _WEEKDAYS.index(day[-2:])) for day in days if len(day) > 2),
        hours=_numbers(said, "BYHOUR") or (anchor.hour,),
        minutes=_numbers(said, "BYMINUTE") or (anchor.minute,),
        # The 60th second is a leap second's; clocks that know none show it as the 59th (RFC 5545, 3.3.12).
        seconds=tuple(sorted({min(second, 59) for second in _numbers(said, "BYSECOND") or (anchor.second,)})),
        positions=_numbers(said, "BYSETPOS"),
        week_start=_WEEKDAYS.index(said.get("WKST", "MO")),
    )


def _numbers(said: dict[str, str], name: str) -> tuple[int, ...]:
    return tuple(sorted(int(number) for number in said.get(name, "").split(",") if number))


def periods(pattern: Pattern, anchor: datetime, last: datetime) -> Iterator[Sequence[int]]:
    """The days that the rule names, in order, period by period from the one of `anchor` until past `last`.

    Where periods do not matter, since no BYSETPOS counts within them, all days may come as one.
    """
    first, final = anchor.toordinal(), last.toordinal()
    match pattern.frequency:
        case "DAILY":
            return _daily(pattern, first, final)
        case "WEEKLY":
            return _weekly(pattern, first, final)
        case "MONTHLY":
            first, final = anchor.year * 12 + anchor.month - 1, last.year * 12 + last.month - 1
            return (_in_month(pattern, *divmod(each, 12)) for each in range(first, final + 1, pattern.interval))
        case _:
            if not pattern.weeks:
                return (_in_year(pattern, year) for year in range(anchor.year, last.year + 1, pattern.interval))
            years = range(_week_year(anchor, pattern.week_start), last.year + 2, pattern.interval)
            return (_in_week_year(pattern, year) for year in years)


# -- days and weeks ----------------------------------------------------------------------------------------------------


def _daily(pattern: Pattern, first: int, final: int) -> Iterator[Sequence[int]]:
    days = range(first, final + 1, pattern.interval)
    if not (pattern.months or pattern.month_days or pattern.weekdays or pattern.positions):
        return iter((days,))
    return ((day,) for day in days if _allowed(pattern, day))


def _allowed(pattern: Pattern, day: int) -> bool:
    """Whether a day passes the limits that every frequency knows."""
    if pattern.weekdays and (day - 1) % 7 not in pattern.weekdays:
        return False
    if not (pattern.months or pattern.month_days):
        return True
    at = date.fromordinal(day)
    if pattern.months and at.month not in pattern.months:
        return False
    length = monthrange(at.year, at.month)[1]
    return not pattern.month_days or bool(pattern.month_days & {at.day, at.day - length - 1})


def _weekly(pattern: Pattern, first: int, final: int) -> Iterator[Sequence[int]]:
    begin = first - ((first - 1) - pattern.week_start) % 7
    if len(pattern.weekdays) == 1 and not (pattern.months or pattern.positions):
        (weekday,) = pattern.weekdays
        return iter((range(begin + (weekday - pattern.week_start) % 7, final + 1, 7 * pattern.interval),))
    steps = sorted((weekday - pattern.week_start) % 7 for weekday in pattern.weekdays)
    weeks = ([week + step for step in steps] for week in range(begin, final + 1, 7 * pattern.interval))
    if not pattern.months:
        return weeks
    return ([day for day in week if day <= _LAST_DAY and _allowed(pattern, day)] for week in weeks)


# -- months and years --------------------------------------------------------------------------------------------------


def _in_month(pattern: Pattern, year: int, month: int) -> Sequence[int]:
    if pattern.months and month + 1 not in pattern.months:
        return ()
    scope = _month(year, month + 1)
    named = [] if not pattern.month_days else [_named(pattern.month_days, scope)]
    named += [_weekdays_in(pattern, scope)] if pattern.by_weekday else []
    return sorted(set.intersection(*named))


def _in_year(pattern: Pattern, year: int) -> Sequence[int]:
    months = [_month(year, month) for month in sorted(pattern.months or range(1, 13))]
    whole = range(_new_year(year), _new_year(year + 1))
    named: list[set[int]] = []
    if pattern.year_days:
        named.append(_named(pattern.year_days, whole))
    if pattern.month_days:
        named.append({day for month in months for day in _named(pattern.month_days, month)})
    if pattern.by_weekday:
        named.append({day for scope in (months if pattern.months else [whole]) for day in _weekdays_in(pattern, scope)})
    if pattern.months and not (pattern.month_days or pattern.by_weekday):
        named.append({day for month in months for day in month})
    return sorted(set.intersection(*named))


def _in_week_year(pattern: Pattern, year: int) -> Sequence[int]:
    """The days of numbered weeks; BYDAY, BYYEARDAY, BYMONTHDAY and BYMONTH choose among them."""
    begin, following = _first_week(year, pattern.week_start), _first_week(year + 1, pattern.week_start)
    weeks = range(begin, following, 7)
    chosen = sorted({number - 1 if number > 0 else len(weeks) + number for number in pattern.weeks})
    days = (day for number in chosen if 0 <= number < len(weeks) for day in range(weeks[number], weeks[number] + 7))
    return [day for day in days if day <= _LAST_DAY and _allowed(pattern, day) and _of_year(pattern, day)]


def _of_year(pattern: Pattern, day: int) -> bool:
    if not pattern.year_days:
        return True
    year = date.fromordinal(day).year
    return day in _named(pattern.year_days, range(_new_year(year), _new_year(year + 1)))


def _named(numbers: Iterable[int], scope: range) -> set[int]:
    """The days with these numbers within a month or year, counted from 1, or from its end."""
    places = (number - 1 if number > 0 else len(scope) + number for number in numbers)
    return {scope[place] for place in places if 0 <= place < len(scope)}


def _weekdays_in(pattern: Pattern, scope: range) -> set[int]:
    """The days of BYDAY within a month or year."""
    found = {
        day
        for weekday in pattern.weekdays
        for day in range(scope.start + (weekday - scope.start + 1) % 7, scope.stop, 7)
    }
    for number, weekday in pattern.numbered:
        days = range(scope.start + (weekday - scope.start + 1) % 7, scope.stop, 7)
        found |= _named((number,), days)
    return found


def _month(year: int, month: int) -> range:
    first = date(year, month, 1).toordinal()
    return range(first, first + monthrange(year, month)[1])


def _new_year(year: int) -> int:
    """The ordinal of 1 January, also of the year 10000, where `date` has ended."""
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 + 1


def _first_week(year: int, week_start: int) -> int:
    """Where week 1 begins: the week that 4 January is in."""
    fourth = _new_year(year) + 3
    return fourth - (fourth - 1 - week_start) % 7


def _week_year(moment: datetime, week_start: int) -> int:
    """The year that numbers the week of a moment."""
    day, year = moment.toordinal(), moment.year
    if day < _first_week(year, week_start):
        return year - 1
    return year + 1 if day >= _first_week(year + 1, week_start) else year
