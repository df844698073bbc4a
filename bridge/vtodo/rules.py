"""RRULE on the wire, where it speaks of DTSTART (RFC 5545, 3.8.5.3), and in a Series, where it speaks of due moments.

Where the two stand apart by the lead, UNTIL moves by it, and so do the weekdays where the lead crosses midnight.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time, timedelta

from bridge.core.model import Rule
from bridge.core.recurrence import BadRule, format_rule, parse_rule
from bridge.vtodo.lines import Nonsense
from bridge.vtodo.values import Floating, Stamp, Zoned, convert, midnight
from bridge.vtodo.zones import Zones

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNTIL_DAY = re.compile(r"(UNTIL=\d{8})T(?:000000|235959)Z?", re.IGNORECASE)
_UNTIL_LOCAL = re.compile(r"UNTIL=\d{8}(?:T\d{6})?\s*(?:;|$)", re.IGNORECASE)
_END_OF_DAY = time(23, 59, 59)


def rule_from_wire(text: str, anchor: Stamp, lead: timedelta, zones: Zones) -> Rule:
    """The rule on the due moments' clock. `anchor` is DTSTART, or DUE where there is none. Raises Nonsense.

    An UNTIL without a zone is on DTSTART's clock. With a DTSTART that is a DATE, UNTIL names a day however it is spelt.
    """
    if anchor.all_day:
        text = _UNTIL_DAY.sub(r"\1", text)
    try:
        rule = parse_rule(text, zones.owner)
    except BadRule as error:
        raise Nonsense(f"recurs by a rule that cannot be read: {error}") from None
    if rule.until is not None:
        until = (_at_home(rule.until, anchor, zones) if _UNTIL_LOCAL.search(text) else rule.until) + lead
        if anchor.all_day:
            until = datetime.combine(until.date(), _END_OF_DAY)
        rule = replace(rule, until=until)
    days = _days(anchor.wall, lead)
    start, due = (_WEEKDAYS[moment.weekday()] for moment in (anchor.wall, anchor.wall + lead))
    named = dict(rule.parts).get("BYDAY", "").split(",")
    if days and (start in named or due not in named):
        return turned(rule, days, zones) or rule
    return rule


def rule_to_wire(rule: Rule, anchor: Stamp, lead: timedelta, zones: Zones) -> str:
    """The text of RRULE for a series whose DTSTART (or lone DUE) is `anchor`: UNTIL in UTC, or in the form of DTSTART.

    RFC 5545, 3.3.10: a DATE where DTSTART is one, without a zone where DTSTART has none.
    """
    days = _days(anchor.wall, lead)
    rule = (turned(rule, -days, zones) if days else None) or rule
    if rule.until is not None:
        rule = replace(rule, until=rule.until - lead)
    return format_rule(rule, all_day=anchor.all_day, zone=None if isinstance(anchor.form, Floating) else zones.owner)


def _at_home(until: datetime, anchor: Stamp, zones: Zones) -> datetime:
    """An UNTIL on the clock of DTSTART, on the owner's; beside a DTSTART in UTC it is the owner's already."""
    return convert(until, anchor.form.zone, zones.owner) if isinstance(anchor.form, Zoned) else until


def lead_for(rule: Rule | None, due: datetime, lead: timedelta, zones: Zones, *, all_day: bool) -> timedelta:
    """The lead that a new task can have: whole days when all-day, and none that a recurrence rule cannot follow."""
    if all_day:
        days = -(-lead // timedelta(days=1))
        follows = rule is None or turned(rule, -days, zones) is not None
        return timedelta(days=days) if follows else timedelta(0)
    return lead if rule is None else min(lead, due - midnight(due))


def turned(rule: Rule, days: int, zones: Zones) -> Rule | None:
    """The rule moved by whole days, None where no rule says that exactly. Weeks turn, and WKST turns with them."""
    parts = dict(rule.parts)
    named = [day for day in parts.get("BYDAY", "").split(",") if day]
    simple = set(parts) <= {"FREQ", "INTERVAL", "BYDAY", "WKST"} and parts["FREQ"] in ("DAILY", "WEEKLY")
    if not simple or not set(named) <= set(_WEEKDAYS):
        return None
    if named:
        parts["BYDAY"] = ",".join(_turned(day, days) for day in named)
    if parts["FREQ"] == "WEEKLY" and "INTERVAL" in parts:
        parts["WKST"] = _turned(parts.get("WKST", "MO"), days)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    return replace(rule, parts=parse_rule(text, zones.owner).parts)


def _turned(day: str, days: int) -> str:
    return _WEEKDAYS[(_WEEKDAYS.index(day) + days) % 7]


def _days(anchor: datetime, lead: timedelta) -> int:
    return ((anchor + lead).date() - anchor.date()).days
