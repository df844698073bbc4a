"""What changed in the calendar: by sync-token, else by ctag, else by ETags.

The cursor is JSON tied to the calendar's identity. A cursor that is foreign, unreadable or refused leads to a full
listing, which says what is there and leaves the meaning to the caller: it is never news or a deletion by itself.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias, assert_never

from bridge.caldav import hrefs, listing
from bridge.caldav.fetch import fetch, flawed
from bridge.caldav.listing import Expired, Listing
from bridge.caldav.place import Place
from bridge.caldav.settings import CursorKind
from bridge.core.model import Unreadable
from bridge.ports import Resource, ResourcesSeen

Known: TypeAlias = Callable[[], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A cursor. `age` counts observations since the last full listing, where the server's quirks ask for that."""

    tie: str
    kind: CursorKind
    value: str = ""
    age: int = 0

    def to_text(self) -> str:
        """The cursor as the caller keeps it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_text(cls, text: str | None, tie: str) -> Mark | None:
        """The cursor, or None where it is unreadable or belongs to another calendar."""
        try:
            mark = cls(**json.loads(text or ""))
        except (ValueError, TypeError, RecursionError):
            return None
        said: tuple[object, object] = mark.value, mark.age  # whatever stood there
        whole = isinstance(said[0], str) and isinstance(said[1], int)
        return mark if whole and mark.tie == tie and mark.kind in ("token", "ctag", "etags") else None


async def observe(place: Place, cursor: str | None, known: Known) -> ResourcesSeen:
    """See `ports.Calendar.observe`. Raises Unreachable, ConfigurationError and CredentialsError."""
    mark = Mark.from_text(cursor, place.identity.tie)
    if mark is None:
        return await _everything(place, known)
    if place.quirks.full_every:
        mark = replace(mark, age=mark.age + 1)
        if mark.age >= place.quirks.full_every:
            return await _everything(place, known)
    match mark.kind:
        case "token":
            return await _since_token(place, mark, known)
        case "ctag":
            return await _since_ctag(place, mark, known)
        case "etags":
            return await _everything(place, known)
        case _:
            assert_never(mark.kind)


async def _since_token(place: Place, mark: Mark, known: Known) -> ResourcesSeen:
    delta = await listing.by_token(place, mark.value)
    if isinstance(delta, Expired):
        return await _everything(place, known)
    if not (delta.etags or delta.gone or delta.unreadable):
        quiet = replace(mark, value=delta.token or mark.value)
        return ResourcesSeen((), (), frozenset(), (), complete=False, cursor=quiet.to_text())
    if not place.quirks.token_trusted:
        # News from such a server may be everything there is, or the content of another calendar: look at the whole.
        return await _everything(place, known)
    after = replace(mark, value=delta.token or mark.value)
    return await _seen(place, delta, after, await known(), complete=False)


async def _since_ctag(place: Place, mark: Mark, known: Known) -> ResourcesSeen:
    now = await listing.state(place)
    if now.ctag == mark.value and now.resource_id == place.identity.resource_id:
        return ResourcesSeen((), (), frozenset(), (), complete=False, cursor=mark.to_text())
    after = Mark(mark.tie, "ctag", now.ctag) if now.ctag else Mark(mark.tie, "etags")
    return await _seen(place, await listing.by_propfind(place), after, await known(), complete=True)


async def _everything(place: Place, known: Known) -> ResourcesSeen:
    """A full listing. The cursor is taken before the list, so that what changes between the two is seen twice."""
    tie, quirks, kind = place.identity.tie, place.quirks, place.identity.cursor
    after = Mark(tie, "etags")
    if kind == "token" and quirks.token_trusted:
        found = await listing.by_token(place, "")
        if isinstance(found, Listing):
            after = Mark(tie, "token", found.token or "")
            return await _seen(place, found, after, await known(), complete=True)
        kind = "ctag"
    if kind != "etags":
        now = await listing.state(place)
        if kind == "token" and now.token:
            after = Mark(tie, "token", now.token)
        elif now.ctag and quirks.ctag_trusted:
            after = Mark(tie, "ctag", now.ctag)
    return await _seen(place, await listing.by_propfind(place), after, await known(), complete=True)


async def _seen(
    place: Place, found: Listing, after: Mark, known: Mapping[str, str], *, complete: bool
) -> ResourcesSeen:
    """A listing beside what is known, with the texts of what is new or different."""
    spelling = {hrefs.same(href): href for href in known}

    def spelt(path: str) -> str:
        return spelling.get(hrefs.same(path), path)

    etags = {spelt(path): etag for path, etag in found.etags.items()}
    unchanged = {
        href
        for href, etag in etags.items()
        if href in known and listing.same_etag(etag, known[href]) and not place.quirks.etags_reused
    }
    resources = {spelt(path): replace(item, href=spelt(path)) for path, item in found.data.items()}
    fetched = await fetch(
        place.wire, place.url, [href for href in etags if href not in unchanged | resources.keys()], place.batch
    )
    resources.update(fetched.resources)
    changed, broken = _sorted_out(resources, unchanged)
    gone = {spelt(path) for path in found.gone} | fetched.missing
    if complete:
        gone = (known.keys() - etags.keys()) | (fetched.missing & known.keys())
    return ResourcesSeen(
        changed=changed,
        gone=tuple(sorted(gone)),
        unchanged=frozenset(unchanged),
        unreadable=(*found.unreadable.values(), *fetched.unreadable.values(), *broken),
        complete=complete,
        cursor=after.to_text(),
    )


def _sorted_out(
    resources: Mapping[str, Resource], unchanged: set[str]
) -> tuple[tuple[Resource, ...], list[Unreadable]]:
    changed: list[Resource] = []
    broken: list[Unreadable] = []
    for href, item in sorted(resources.items()):
        flaw = flawed(item)
        if flaw is not None:
            broken.append(flaw)
        elif href not in unchanged:
            changed.append(item)
    return tuple(changed), broken
