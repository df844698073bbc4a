"""The XML bodies that are sent (RFC 4791, RFC 6578, RFC 4918)."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_NAMESPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'

XML = {"Content-Type": 'application/xml; charset="utf-8"'}
DEPTH_0 = {**XML, "Depth": "0"}
DEPTH_1 = {**XML, "Depth": "1"}
ICS = {"Content-Type": "text/calendar; charset=utf-8"}

COLLECTION = (
    "<D:resourcetype/><D:displayname/><D:current-user-principal/><D:current-user-privilege-set/><D:sync-token/>"
    "<D:resource-id/><CS:getctag/><C:calendar-home-set/><C:supported-calendar-component-set/>"
)
"""The properties that discovery asks for."""

STATE = "<D:sync-token/><D:resource-id/><CS:getctag/>"
LISTING = "<D:resourcetype/><D:getetag/>"


def propfind(properties: str) -> str:
    """PROPFIND for these property elements."""
    return f"{_HEAD}<D:propfind {_NAMESPACES}><D:prop>{properties}</D:prop></D:propfind>"


def sync_collection(token: str, *, data: bool) -> str:
    """The sync-collection REPORT (RFC 6578, 3.2); `data` asks for the items' text where the server gives it here."""
    wanted = "<D:getetag/>" + ("<C:calendar-data/>" if data else "")
    return (
        f"{_HEAD}<D:sync-collection {_NAMESPACES}><D:sync-token>{escape(token)}</D:sync-token>"
        f"<D:sync-level>1</D:sync-level><D:prop>{wanted}</D:prop></D:sync-collection>"
    )


def multiget(paths: Iterable[str]) -> str:
    """The calendar-multiget REPORT (RFC 4791, 7.9)."""
    listed = "".join(f"<D:href>{escape(path)}</D:href>" for path in paths)
    return (
        f"{_HEAD}<C:calendar-multiget {_NAMESPACES}><D:prop><D:getetag/><C:calendar-data/></D:prop>{listed}"
        "</C:calendar-multiget>"
    )


def by_uid(uid: str, component: str) -> str:
    """A calendar-query REPORT for one UID (RFC 4791, 7.8.6)."""
    return (
        f"{_HEAD}<C:calendar-query {_NAMESPACES}><D:prop><D:getetag/></D:prop><C:filter>"
        f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="{escape(component)}"><C:prop-filter name="UID">'
        f'<C:text-match collation="i;octet">{escape(uid)}</C:text-match></C:prop-filter></C:comp-filter>'
        "</C:comp-filter></C:filter></C:calendar-query>"
    )


def mkcalendar(name: str, component: str) -> str:
    """MKCALENDAR with a displayname and one component (RFC 4791, 5.3.1)."""
    return (
        f"{_HEAD}<C:mkcalendar {_NAMESPACES}><D:set><D:prop><D:displayname>{escape(name)}</D:displayname>"
        f'<C:supported-calendar-component-set><C:comp name="{escape(component)}"/>'
        "</C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"
    )
