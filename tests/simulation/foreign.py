"""Calendar text as an app sees it. icalendar's own types know no property by its name, so these are untyped."""

from __future__ import annotations

from typing import Any

import icalendar


def parsed(ics: str | bytes) -> Any:
    """A resource, to look at and to edit."""
    return icalendar.Calendar.from_ical(ics)
