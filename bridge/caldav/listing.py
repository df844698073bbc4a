"""Lists of hrefs and ETags: by sync-collection (RFC 6578), by PROPFIND, and what a listing is checked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bridge.caldav import hrefs, multistatus, requests
from bridge.caldav.answer import Answer
from bridge.caldav.fetch import resource, strange
from bridge.caldav.multistatus import CALDAV, CTAG, DAV, Entry, Garbled
from bridge.caldav.place import Place
from bridge.core.model import Unreadable
from bridge.errors import Unreachable
from bridge.ports import Resource

_MOST_PAGES = 1000


@dataclass(slots=True)
class Listing:
    """Path -> ETag of what is there, what is gone, and the texts that came along. `token`: where it ends."""

    etags: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    data: dict[str, Resource] = field(default_factory=dict)
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    token: str | None = None

    def add(self, place: Place, entries: Iterable[Entry]) -> None:
        """Take in entries, in their order; of repeated ones the last counts. The collection itself is left out."""
        own = hrefs.same(urlsplit(place.url).path)
        for entry in entries:
            path = hrefs.path_of(place.url, entry.href)
            if path is not None and hrefs.same(path).rstrip("/") == own.rstrip("/"):
                continue
            if path is None or not hrefs.is_member(place.url, path):
                if path is None or not path.endswith("/"):  # a collection inside the calendar is none of our affair
                    self.unreadable[entry.href] = Unreadable(
                        entry.href, "the server lists it among the calendar's items, but it lies outside; left alone"
                    )
                continue
            if f"{DAV}collection" in (entry.names_in(f"{DAV}resourcetype") or ()):
                continue
            self._place(path, entry)

    def _place(self, path: str, entry: Entry) -> None:
        for kept in (self.etags, self.data):
            kept.pop(path, None)
        self.gone.discard(path)
        if entry.missing:
            self.gone.add(path)
            return
        self.etags[path] = (entry.text(f"{DAV}getetag") or "").strip()
        found = resource(entry, path)
        if found is not None:
            self.data[path] = found


@dataclass(frozen=True, slots=True)
class Expired:
    """The server will not answer for this token, or answers what cannot be used: only a full list helps."""

    why: str


@dataclass(frozen=True, slots=True)
class State:
    """What stands for the collection's content as a whole, as far as the server has it."""

    token: str | None
    ctag: str | None
    resource_id: str | None


def same_etag(one: str, other: str) -> bool:
    """Weak comparison (RFC 9110, 8.8.3.2): one server shows the same version weak in GET and strong in PROPFIND."""
    return bool(one) and one.removeprefix("W/") == other.removeprefix("W/")


async def by_token(place: Place, token: str) -> Listing | Expired:
    """All pages of a sync-collection REPORT from `token` on; an empty token lists everything. Raises Unreachable."""
    listing = Listing()
    data = bool(token)  # a first listing is fetched in batches, a delta may bring its texts along
    for _ in range(_MOST_PAGES):
        answer = await place.wire.read(
            "REPORT", place.url, requests.sync_collection(token, data=data), requests.DEPTH_0
        )
        if answer.status != 207:
            return _refused(answer)
        page = multistatus.parse(answer)
        if isinstance(page, Garbled):
            if not data:
                return Expired(page.why)
            data = False  # one item's text may spoil the page: the hrefs alone do not
            continue
        if any(entry.missing and _is_own(place, entry) for entry in page.entries):
            raise strange(Answer(404, {}, b"", place.url), "the list of changes")
        listing.add(place, page.entries)
        if page.sync_token is None or (page.truncated and page.sync_token == token):
            return Expired("the answer holds no new sync-token")
        listing.token = token = page.sync_token
        if not page.truncated:
            return listing
    return Expired(f"the list of changes has more than {_MOST_PAGES} pages")


def _refused(answer: Answer) -> Expired:
    if answer.status == 404 or answer.is_page or answer.ok:
        raise strange(answer, "the list of changes")
    return Expired(multistatus.explain(answer))


def _is_own(place: Place, entry: Entry) -> bool:
    path = hrefs.path_of(place.url, entry.href) or ""
    return hrefs.same(path).rstrip("/") == hrefs.same(urlsplit(place.url).path).rstrip("/")


async def by_propfind(place: Place) -> Listing:
    """All hrefs and ETags by PROPFIND with depth 1. Raises Unreachable and ConfigurationError."""
    entries, own = await _propfind(place, requests.LISTING, requests.DEPTH_1, "the list of items")
    if f"{CALDAV}calendar" not in (own.names_in(f"{DAV}resourcetype") or ()):
        raise strange(Answer(404, {}, b"it is no calendar any more", place.url), "the list of items")
    listing = Listing()
    listing.add(place, entries)
    return listing


async def state(place: Place) -> State:
    """The collection's tokens by PROPFIND with depth 0. Raises Unreachable and ConfigurationError."""
    _, own = await _propfind(place, requests.STATE, requests.DEPTH_0, "the state of the calendar")
    token, ctag = own.text(f"{DAV}sync-token"), own.text(CTAG)
    return State(token, ctag, own.href_in(f"{DAV}resource-id"))


async def _propfind(
    place: Place, properties: str, headers: dict[str, str], what: str
) -> tuple[tuple[Entry, ...], Entry]:
    """All entries and the collection's own; an answer without that one is not about this calendar."""
    answer = await place.wire.read("PROPFIND", place.url, requests.propfind(properties), headers)
    if answer.status != 207:
        raise strange(answer, what)
    page = multistatus.parse(answer)
    if isinstance(page, Garbled):
        raise Unreachable(
            f"The calendar server's answer to {what} cannot be read ({page.why}). Nothing was changed; the next run "
            "tries again."
        )
    own = next((entry for entry in page.entries if _is_own(place, entry)), None)
    if own is None or own.missing:
        raise strange(Answer(404, {}, b"the calendar is not there", answer.url), what)
    return page.entries, own
