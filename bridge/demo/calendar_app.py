"""Another calendar app, as the demo plays it: plain HTTP and icalendar, none of the bridge's own code."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin
from urllib.request import ProxyHandler, Request, build_opener
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from icalendar import Calendar, Component, Todo

_LIST = b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'


@dataclass(frozen=True, slots=True)
class CalendarApp:
    """An app that has subscribed to the collection at `url`. `now` answers aware UTC; due moments are of `zone`."""

    url: str
    user: str
    zone: ZoneInfo
    now: Callable[[], datetime]

    def add(self, uid: str, summary: str, due: datetime) -> None:
        """A new task."""
        todo = Todo()
        todo.add("UID", uid)
        todo.add("DTSTAMP", self.now())
        todo.add("SUMMARY", summary)
        todo.add("DTSTART", due.replace(tzinfo=self.zone))
        todo.add("DUE", due.replace(tzinfo=self.zone))
        calendar = Calendar()
        calendar.add("PRODID", "-//liondesk-bridge demo//a calendar app//EN")
        calendar.add("VERSION", "2.0")
        calendar.add_component(todo)
        calendar.add_missing_timezones()
        self._put(urljoin(self.url, f"{uid}.ics"), calendar)

    def move(self, summary: str, due: datetime) -> None:
        """A single task is moved."""
        href, calendar, todo = self._find(summary)
        for name in ("DTSTART", "DUE"):
            del todo[name]
            todo.add(name, due.replace(tzinfo=self.zone))
        self._put(href, calendar)

    def tick(self, summary: str, occurrence: datetime) -> None:
        """One occurrence of a series is completed: as an exception of its own, the way most apps do it."""
        href, calendar, master = self._find(summary)
        moment = occurrence.replace(tzinfo=self.zone)
        done = master.copy(recursive=True)
        for name in ("RRULE", "EXDATE", "DTSTART", "DUE", "STATUS"):
            done.pop(name, None)
        done.add("RECURRENCE-ID", moment)
        done.add("DTSTART", moment)
        done.add("DUE", moment)
        done.add("STATUS", "COMPLETED")
        done.add("COMPLETED", self.now())
        done.add("PERCENT-COMPLETE", 100)
        calendar.add_component(done)
        self._put(href, calendar)

    def rename(self, summary: str, to: str) -> None:
        """A task gets another text."""
        href, calendar, todo = self._find(summary)
        del todo["SUMMARY"]
        todo.add("SUMMARY", to)
        self._put(href, calendar)

    def delete(self, summary: str) -> None:
        """A task is deleted."""
        href, _, _ = self._find(summary)
        self._request("DELETE", href)

    def texts(self) -> Mapping[str, str]:
        """The text of every resource, by its URL."""
        return {href: self._request("GET", href).decode() for href in self._hrefs()}

    def _find(self, summary: str) -> tuple[str, Calendar, Component]:
        for href, text in self.texts().items():
            calendar = Calendar.from_ical(text)
            for todo in calendar.walk("VTODO"):
                if todo["SUMMARY"] == summary and "RECURRENCE-ID" not in todo:
                    return href, calendar, todo
        raise LookupError(f"the calendar holds no {summary!r}")

    def _hrefs(self) -> Iterator[str]:
        listing = self._request("PROPFIND", self.url, _LIST, Depth="1")
        answer = ET.fromstring(listing)  # noqa: S314 - from our own server
        for href in answer.iterfind("{DAV:}response/{DAV:}href"):
            url = urljoin(self.url, href.text or "")
            if not url.endswith("/"):
                yield url

    def _put(self, href: str, calendar: Calendar) -> None:
        for todo in calendar.walk("VTODO"):
            todo.pop("LAST-MODIFIED", None)
            todo.add("LAST-MODIFIED", self.now())
        self._request("PUT", href, calendar.to_ical(), **{"Content-Type": "text/calendar; charset=utf-8"})

    def _request(self, method: str, url: str, body: bytes | None = None, **headers: str) -> bytes:
        credentials = base64.b64encode(f"{self.user}:demo".encode()).decode()
        headers["Authorization"] = f"Basic {credentials}"
        request = Request(url, body, headers, method=method)  # noqa: S310 - the demo's own address, on loopback
        with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
            content: bytes = answer.read()
        return content
