"""The calendar side: one collection on a CalDAV server, behind `bridge.ports.Calendar`.

Importing this costs next to nothing: python-caldav and its HTTP library come with the first `open_calendar`.
"""

from bridge.caldav.client import CalDavCalendar, NotYetMade, open_calendar
from bridge.caldav.probe import Probe, check
from bridge.caldav.settings import CalendarSettings

__all__ = ["CalDavCalendar", "CalendarSettings", "NotYetMade", "Probe", "check", "open_calendar"]
