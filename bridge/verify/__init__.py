"""A second reader: both sides from nothing, compared with each other and with what both last agreed on.

It shares no code with what decides what to write: the calendar's recurrences are expanded by recurring-ical-events from
the bytes that the server holds, so that a mistake in the one is not made again by the other. It writes nothing.
"""

from __future__ import annotations

from bridge.verify.proof import Difference, Kind, Verdict, verify

__all__ = ["Difference", "Kind", "Verdict", "verify"]
