"""Calendar feeds: a pair's tasks as one .ics under an address that nobody guesses, for apps that only subscribe.

A feed shows what both sides last agreed on, from the base: subscribing costs LionDesk nothing. Whoever knows the
address can read it, until it is revoked.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bridge.export import Wanted, all_told, as_calendar
from bridge.ports import Store, StoredLink
from bridge.sync.contacts import FACT as CONTACTS
from bridge.sync.contacts import remembered
from bridge.sync.pair import Pair
from bridge.web.pages import back, ground_of, posted

FACT = "feeds"
"""Under which name a pair remembers its feeds."""

RANGES = {"all": (None, None), "year": (30, 365), "month": (7, 31)}
"""How many days back and ahead a feed shows, by the name that the page gives it."""

_VERSION = 1
"""Raised when the same rows would be written in another way."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed. `key` is the secret part of its address; `made_at` is ISO 8601 in UTC."""

    key: str
    form: Literal["todo", "event"]
    span: str
    made_at: str

    def wanted(self, today: date) -> Wanted:
        """Which tasks it shows on this day."""
        before, ahead = RANGES[self.span]
        return Wanted(
            None if before is None else today - timedelta(days=before),
            None if ahead is None else today + timedelta(days=ahead),
        )


async def feeds_of(store: Store) -> tuple[Feed, ...]:
    """A pair's feeds, the oldest first."""
    kept = (await store.facts()).get(FACT)
    found = []
    for each in kept if isinstance(kept, list) else []:
        if isinstance(each, dict) and each.get("span") in RANGES:
            form: Literal["todo", "event"] = "event" if each.get("form") == "event" else "todo"
            found.append(Feed(str(each.get("key")), form, str(each["span"]), str(each.get("made_at"))))
    return tuple(found)


async def feed(request: Request) -> Response:
    """GET /feeds/KEY.ics, with an ETag; 304 where nothing changed (RFC 9110, 13.1.2)."""
    found = await _found(request, request.path_params["key"])
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such feed; it may have been revoked.")
    name, wanted = found
    ground = ground_of(request)
    now = ground.now()
    async with ground.opened(name) as pair:
        links = await pair.store.all_links()
        contacts = remembered((await pair.store.facts()).get(CONTACTS))
        today = now.astimezone(pair.context.zone).date()
        etag = _etag(links, wanted, today, contacts)
        headers = {"ETag": etag, "Cache-Control": "private, max-age=60"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        context = replace(pair.context, component=wanted.form, contacts=contacts)
        text = _text(replace(pair, context=context), links, wanted.wanted(today), now)
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


async def _found(request: Request, key: str) -> tuple[str, Feed] | None:
    """The pair and the feed of this key; every key is looked at, so that time tells nothing."""
    ground, found = ground_of(request), None
    for settings in ground.configuration().pairs:
        for each in await feeds_of(ground.state.pair(settings.name)):
            if secrets.compare_digest(each.key.encode(), key.encode()):
                found = (settings.name, each)
    return found


def _text(pair: Pair, links: Iterable[StoredLink], wanted: Wanted, now: datetime) -> str:
    rows = [pair.liondesk.row(row.raw) for link in links for row in link.rows]
    live = [row for row in rows if not row.deleted]
    return as_calendar([(all_told(live, pair.context, now, wanted), pair.context)], now)


def _etag(links: Sequence[StoredLink], wanted: Feed, today: date, contacts: object) -> str:
    """Another one where the rows, the feed, the day of a moving span or a contact are others; DTSTAMP is nothing."""
    told = hashlib.sha256()
    day = "" if wanted.span == "all" else today.isoformat()
    told.update(f"{_VERSION} {wanted.form} {wanted.span} {day} {contacts!r}".encode())
    for link in sorted(links, key=lambda each: each.uid):
        for row in link.rows:
            told.update(json.dumps(dict(row.raw), sort_keys=True).encode())
    return f'"{told.hexdigest()[:32]}"'


async def change(request: Request) -> Response:
    """POST /feeds/make or /feeds/revoke."""
    form = await posted(request)
    ground, name = ground_of(request), form.get("pair", "")
    if name not in {pair.name for pair in ground.configuration().pairs}:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such pair.")
    store = ground.state.pair(name)
    feeds = list(await feeds_of(store))
    if request.path_params["what"] == "make":
        if form.get("span") not in RANGES or form.get("form") not in ("todo", "event"):
            raise HTTPException(HTTPStatus.BAD_REQUEST, "A feed is of tasks or events, and of one of the spans shown.")
        kind: Literal["todo", "event"] = "event" if form["form"] == "event" else "todo"
        feeds.append(Feed(secrets.token_urlsafe(32), kind, form["span"], ground.now().isoformat(timespec="seconds")))
        said = f"{name} has a new feed. Its address is a secret: whoever knows it can read these tasks."
    else:
        left = [each for each in feeds if not secrets.compare_digest(each.key.encode(), form.get("key", "").encode())]
        said = "The feed is revoked: its address answers no more." if len(left) < len(feeds) else "It was gone already."
        feeds = left
    await store.set_facts({FACT: [asdict(each) for each in feeds]})
    return back("/settings", said)
