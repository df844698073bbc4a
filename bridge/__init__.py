"""A two-way bridge between LionDesk tasks and CalDAV calendars."""

__version__ = "0.1.0"
