"""Hypothesis strategies of recurrence rules as text, over all that RFC 5545 allows for days and more."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.core.oracle import WEEK

_INTERVALS = ("1", "2", "3", "4", "5", "7", "13", "100", "1000000")
_IN_MONTH = [f"{number}{day}" for number in (1, 2, 5, -1, -2, -5) for day in WEEK]
_IN_YEAR = [f"{number}{day}" for number in (1, 2, 5, 20, 52, 53, -1, -5, -53) for day in WEEK]
_MONTH_DAYS = [*range(1, 32), *range(-31, 0), 29, 30, 31, -1]
_YEAR_DAYS = [1, 59, 60, 61, 365, 366, -1, -306, -307, -365, -366, *range(2, 365, 7)]
_WEEKS = [1, 52, 53, -1, -52, -53, *range(2, 52, 5)]


def _some(pool: Sequence[object], most: int = 3) -> st.SearchStrategy[str]:
    chosen = st.lists(st.sampled_from(pool), min_size=1, max_size=most, unique=True)
    return chosen.map(lambda values: ",".join(map(str, values)))


@st.composite
def rules(draw: st.DrawFn, *, times: bool = True, ends: bool = True) -> str:
    """Any rule; `times`: with BYHOUR and BYMINUTE, `ends`: with COUNT."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = {"FREQ": frequency}

    def maybe(name: str, values: st.SearchStrategy[str]) -> None:
        if draw(st.booleans()):
            parts[name] = draw(values)

    maybe("INTERVAL", st.sampled_from(_INTERVALS))
    maybe("BYMONTH", _some(range(1, 13)))
    if frequency == "YEARLY":
        maybe("BYWEEKNO", _some(_WEEKS))
        maybe("BYYEARDAY", _some(_YEAR_DAYS))
    if frequency != "WEEKLY":
        maybe("BYMONTHDAY", _some(_MONTH_DAYS))
    plain = frequency in ("DAILY", "WEEKLY") or "BYWEEKNO" in parts
    maybe("BYDAY", _some(WEEK if plain else [*WEEK, *(_IN_MONTH if frequency == "MONTHLY" else _IN_YEAR)], 4))
    if times and draw(st.integers(0, 7)) == 0:
        parts["BYHOUR"] = draw(_some(range(24)))
        maybe("BYMINUTE", _some(range(60)))
    if any(name.startswith("BY") for name in parts):
        maybe("BYSETPOS", _some([1, -1, 2, 3, -2, 10], 2))
    maybe("WKST", st.sampled_from(WEEK))
    if ends:
        maybe("COUNT", st.integers(1, 20).map(str))
    return ";".join(f"{name}={value}" for name, value in parts.items())
