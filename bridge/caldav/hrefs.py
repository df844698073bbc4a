"""hrefs: which of them are ours to touch, when two are the same, and which name a new resource gets.

Sources: RFC 4918, 8.3 (URL handling in multistatus), RFC 3986, 6.2.2 (equivalence).
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote, unquote, urlsplit

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an absolute URL: what credentials belong to."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or (443 if scheme == "https" else 80)


def may_follow(start: str, target: str) -> bool:
    """Whether credentials for `start` may go to `target`: the same origin, or the same host now with TLS."""
    here, there = origin(start), origin(target)
    return here == there or (here[1] == there[1] and here[0] == "http" and there[0] == "https")


def same(path: str) -> str:
    """A key that is equal for two spellings of one path (`%40` and `@`, `%7e` and `~`)."""
    return quote(unquote(path), safe="/")


def join(base: str, path: str) -> str:
    """The absolute URL of a path on the server of `base`."""
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}{path}"


def path_of(collection_url: str, href: str) -> str | None:
    """The path that an href in an answer of `collection_url` names; None where it leads to another server.

    A relative href is taken as a name in the collection, even one with a colon in it (Xandikos lists `c:d.ics`).
    """
    href = href.strip()
    if re.match(r"https?://", href, re.IGNORECASE):
        if origin(href)[1:] != origin(collection_url)[1:]:
            return None
        path = urlsplit(href).path
    elif href.startswith("//"):
        return None
    elif href.startswith("/"):
        path = href.split("?")[0].split("#")[0]
    else:
        path = urlsplit(collection_url).path.rpartition("/")[0] + "/" + href
    return path


def is_member(collection_url: str, path: str) -> bool:
    """Whether `path` names something directly inside the collection, without any way out of it."""
    parent = unquote(urlsplit(collection_url).path)
    decoded = unquote(path)
    if not decoded.startswith(parent):
        return False
    name = decoded[len(parent) :]
    # Decoded once more, as a careless server in the chain might do it: the name must stay a mere name.
    return all(bool(text) and text not in (".", "..") and not set(text) & {"/", "\\"} for text in (name, unquote(name)))


def segment_for(name: str) -> str:
    """The path segment for a new calendar: its name where every server takes it, else something like it."""
    if _PLAIN.fullmatch(name):
        return name
    likeness = re.sub(r"[^A-Za-z0-9]+", "-", name)[:40].strip("-").lower()
    return f"{likeness or 'calendar'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def name_for(uid: str) -> str:
    """The last path segment for a new resource: the UID where every server takes it as it is, else its hash."""
    if _PLAIN.fullmatch(uid):
        return f"{uid}.ics"
    return f"{hashlib.sha256(uid.encode()).hexdigest()[:40]}.ics"
