"""Idiom 12, the UTC form: an app that knows no time zones writes every date in UTC.

Seen in Nextcloud Tasks, todoman and python-caldav. A task at nine is at nine all year: the rule runs on the owner's
clock, and the right time is written back (calendar-apps.md, 2.5 and section 5, 12).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.pairing import Pairing


def utc_times(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """A recurring series in UTC is one on the owner's wall clock."""
    return tuple(_understood(pairing) for pairing in pairings)


def _understood(pairing: Pairing) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if new is None or new.rule is None or new.zone != "UTC":
        return pairing
    link = pairing.link if old is None else replace(pairing.link, series=replace(old, zone=None))
    return replace(pairing, link=link, series=replace(new, zone=None), held=pairing.held or new)
