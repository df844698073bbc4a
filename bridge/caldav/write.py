"""Conditional writes: PUT and DELETE with If-None-Match and If-Match (RFC 9110, 13.1), read back after each.

What comes of a write is a value. Only what ends the run is raised: CredentialsError, and Unreachable from a read
before the write. A write is sent once; an answer that never came, or a 5xx, is `Unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import urlsplit

from bridge.caldav import hrefs, multistatus, requests
from bridge.caldav.answer import Answer, Lost
from bridge.caldav.fetch import get
from bridge.caldav.listing import same_etag
from bridge.caldav.multistatus import Garbled, Precondition
from bridge.caldav.place import Place
from bridge.core.model import Unreadable
from bridge.errors import ConfigurationError, Unreachable
from bridge.ports import Refused, Removed, Resource, Stale, Stored, Unknown

Written: TypeAlias = Stored | Stale | Refused | Unknown

_UID_TAKEN = frozenset({"no-uid-conflict", "unique-scheduling-object-resource"})
"""RFC 4791, 5.3.2.1 and RFC 6638, 3.2.4.1."""

_CERTAINLY_NOT_DONE = frozenset({429, 501, 505, 507})
"""Statuses outside 4xx, or retryable ones, with which the server says that it did nothing."""


_A_PAGE = "a web page came in place of the calendar server's answer: a proxy or a log-in page stands in between"
"""Some servers confirm with a page, so only what is there afterwards tells."""


async def create(place: Place, uid: str, ics: str) -> Written:
    """See `ports.Calendar.create`. A resource with this UID under another href comes back as `Stale`."""
    path = urlsplit(place.url).path + hrefs.name_for(uid)
    if place.quirks.ignores_if_none_match:
        current = await get(place.wire, place.url, path)
        if current is not None:
            return _stale(current)
    answer = await _put(place, path, ics, {"If-None-Match": "*"})
    if isinstance(answer, Refused | Unknown):
        return answer
    if answer.ok:
        return await _read_back(place, path)
    reasons = multistatus.preconditions(answer)
    if answer.status in (403, 409, 412) and _uid_taken(reasons):
        return await _same_uid(place, uid, reasons) or _refused(answer)
    if answer.status == 412 and not reasons:
        return await _precondition_failed(place, path, None, answer)
    return _outcome(answer)


async def update(place: Place, path: str, etag: str, ics: str) -> Written:
    """See `ports.Calendar.update`. An empty `etag` is never sent: it would match nothing, or anything."""
    if not etag:
        return await _current_instead(place, path)
    answer = await _put(place, path, ics, {"If-Match": etag})
    if isinstance(answer, Refused | Unknown):
        return answer
    if answer.ok:
        written = await _read_back(place, path)
        if answer.is_page and isinstance(written, Stored) and same_etag(written.resource.etag, etag):
            return Unknown(_A_PAGE)
        return written
    if answer.status in (404, 409, 410, 412) and not multistatus.preconditions(answer):
        return await _precondition_failed(place, path, etag, answer)
    return _outcome(answer)


async def delete(place: Place, path: str, etag: str) -> Removed | Stale | Refused | Unknown:
    """See `ports.Calendar.delete`."""
    refused = _not_ours(place, path)
    if refused is not None:
        return refused
    if place.quirks.ignores_if_match_on_delete or not etag:
        current = await get(place.wire, place.url, path)
        if current is None:
            return Removed()
        if not isinstance(current, Resource) or not etag or not same_etag(current.etag, etag):
            return _stale(current)
    answer = await place.wire.write("DELETE", hrefs.join(place.url, path), "", {"If-Match": etag})
    match answer:
        case Lost():
            return Unknown(answer.why)
        case Answer() if answer.ok and answer.is_page and await _current(place, path) is not None:
            return Unknown(_A_PAGE)
        case Answer() if answer.ok or answer.status in (404, 410):
            return Removed()
        case Answer() if answer.status in (409, 412):
            outcome = await _precondition_failed(place, path, etag, answer)
            return Removed() if outcome == Stale(None) else outcome
        case Answer():
            return _outcome(answer)


async def _put(place: Place, path: str, ics: str, condition: Mapping[str, str]) -> Answer | Refused | Unknown:
    refused = _not_ours(place, path)
    if refused is not None:
        return refused
    size, largest = len(ics.encode()), place.quirks.largest_put
    if largest is not None and size > largest:
        return Refused(413, f"The item is {size} bytes long, and this server takes no more than {largest}.")
    answer = await place.wire.write("PUT", hrefs.join(place.url, path), ics, {**requests.ICS, **condition})
    return Unknown(answer.why) if isinstance(answer, Lost) else answer


def _not_ours(place: Place, path: str) -> Refused | None:
    if hrefs.is_member(place.url, path):
        return None
    return Refused(403, f"{path} lies outside the calendar and is left alone.")


async def _current(place: Place, path: str) -> Resource | Unreadable | Unknown | None:
    """What is there now; `Unknown` where that cannot be found out."""
    try:
        return await get(place.wire, place.url, path)
    except (Unreachable, ConfigurationError) as error:
        return Unknown(str(error))


async def _read_back(place: Place, path: str) -> Written:
    """What the server holds after a PUT that it confirmed: servers rewrite, and some let two writers both win."""
    match await _current(place, path):
        case Resource() as current:
            return Stored(current)
        case Unknown() as unknown:
            return Unknown(f"The calendar took the item, but did not show what it made of it. {unknown.why}")
        case Unreadable() as unreadable:
            return Unknown(f"The calendar took the item, but cannot show it: {unreadable.why}.")
        case None:
            return Stale(None)  # taken, and at once removed by somebody else


async def _precondition_failed(place: Place, path: str, etag: str | None, answer: Answer) -> Stale | Refused | Unknown:
    """A 412 without a reason, or its like: stale, if the resource really is another one than we meant."""
    match await _current(place, path):
        case Resource() as current if etag is not None and same_etag(current.etag, etag):
            # The very version we meant: it was something in the data, not the precondition.
            return _refused(answer)
        case None if etag is None or answer.status == 409:
            return _refused(answer)
        case Unknown() as unknown:
            return unknown
        case Resource() | Unreadable() | None as current:
            return _stale(current)


async def _current_instead(place: Place, path: str) -> Written:
    current = await _current(place, path)
    return current if isinstance(current, Unknown) else _stale(current)


def _stale(current: Resource | Unreadable | None) -> Stale | Refused:
    if isinstance(current, Unreadable):
        return Refused(412, f"Something is at {current.item} already, and {current.why}.")
    return Stale(current)


def _uid_taken(reasons: tuple[Precondition, ...]) -> bool:
    return any(reason.name in _UID_TAKEN for reason in reasons)


async def _same_uid(place: Place, uid: str, reasons: tuple[Precondition, ...]) -> Stale | None:
    """The resource of this calendar that has this UID already; None where it is in another one, or not to be found."""
    hinted = [hrefs.path_of(place.url, reason.href) for reason in reasons if reason.href]
    try:
        for path in hinted or await _find(place, uid):
            if path is not None and hrefs.is_member(place.url, path):
                current = await get(place.wire, place.url, path)
                if isinstance(current, Resource):
                    return Stale(current)
    except (Unreachable, ConfigurationError):
        return None
    return None


async def _find(place: Place, uid: str) -> list[str | None]:
    component = "VEVENT" if place.identity.component == "event" else "VTODO"
    answer = await place.wire.read("REPORT", place.url, requests.by_uid(uid, component), requests.DEPTH_1)
    found = multistatus.parse(answer) if answer.status == 207 else Garbled("")
    if isinstance(found, Garbled):
        return []
    return [hrefs.path_of(place.url, entry.href) for entry in found.entries if not entry.missing]


def _outcome(answer: Answer) -> Refused | Unknown:
    if answer.status >= 500 and answer.status not in _CERTAINLY_NOT_DONE:
        return Unknown(f"the calendar server answered {multistatus.explain(answer)}")
    return _refused(answer)


def _refused(answer: Answer) -> Refused:
    return Refused(answer.status, f"The calendar server refuses: {multistatus.explain(answer)}")
