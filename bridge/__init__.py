"""A two-way bridge between LionDesk tasks and CalDAV calendars."""
