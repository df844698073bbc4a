"""Items that a run leaves alone are listed by every later run, too, until they are mended or gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bridge.core.model import Side
from bridge.report import Skipped

FACT = "skipped"
"""Under which name a pair remembers them."""


def still_skipped(
    remembered: object, seen: Mapping[Side, frozenset[str] | None], now: Iterable[Skipped]
) -> tuple[Skipped, ...]:
    """Those that this run found, and those from before that it had no reason to look at again.

    `seen` holds the row ids and hrefs that this run looked at; None where it looked at the whole side.
    """
    found = tuple(now)
    keys = {(each.side, each.key) for each in found}
    kept = []
    for each in _read(remembered):
        looked = seen[each.side]
        if looked is not None and each.key not in looked and (each.side, each.key) not in keys:
            kept.append(each)
    return (*kept, *found)


def as_fact(skipped: Iterable[Skipped]) -> list[dict[str, object]]:
    """JSON-ready."""
    return [{**each.as_json(), "key": each.key} for each in skipped]


def _read(remembered: object) -> list[Skipped]:
    if not isinstance(remembered, list):
        return []
    return [
        Skipped(Side(str(each["side"])), str(each["item"]), str(each["why"]), str(each["key"]))
        for each in remembered
        if isinstance(each, dict)
    ]
