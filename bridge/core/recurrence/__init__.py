"""Recurrence rules as values: read, written, expanded, compared and cut (RFC 5545, 3.3.10 and 3.8.5.3)."""

from bridge.core.recurrence.algebra import cut_before, last_slot, same_occurrences, tail_from, with_until
from bridge.core.recurrence.expansion import CLOCKS_APART, expand, slots, through_zone
from bridge.core.recurrence.text import BadRule, format_rule, latest_instant, parse_rule

__all__ = [
    "CLOCKS_APART",
    "BadRule",
    "cut_before",
    "expand",
    "format_rule",
    "last_slot",
    "latest_instant",
    "parse_rule",
    "same_occurrences",
    "slots",
    "tail_from",
    "through_zone",
    "with_until",
]
