"""Idiom 12, the UTC forms: an app that knows no time zones writes every date in UTC, perhaps beside a TZID.

Seen in Nextcloud Tasks (both), todoman and python-caldav. A task at nine is at nine all year: the rule runs on the
owner's clock. Where TZID and Z contradict each other Z was meant, and other readers take it for a local time: the right
time is written back (calendar-apps.md, 2.5 and section 5, 12).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.core.pairing import Pairing


def utc_times(pairings: tuple[Pairing, ...], _zone: ZoneInfo) -> tuple[Pairing, ...]:
    """A recurring series in UTC is one on the owner's wall clock; misspelt dates are to be spelt out."""
    return tuple(_understood(_spelt_out(pairing)) for pairing in pairings)


def _spelt_out(pairing: Pairing) -> Pairing:
    new = pairing.series
    if new is None or not new.misspelt:
        return pairing
    return replace(pairing, series=replace(new, misspelt=False), held=pairing.held or new)


def _understood(pairing: Pairing) -> Pairing:
    old, new = pairing.link.series, pairing.series
    if new is None or new.rule is None or new.zone != "UTC":
        return pairing
    link = pairing.link if old is None else replace(pairing.link, series=replace(old, zone=None))
    return replace(pairing, link=link, series=replace(new, zone=None), held=pairing.held or new)
