"""One HTTP answer as the rest of this package sees it, and the one thing that may come instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TAG = re.compile(r"<(script|style|title|head)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Header names are in lower case; `url` is where it came from, redirects followed.

    `whole` is False where the body was longer than we are willing to read; `content` is empty then.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str
    whole: bool = True

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    @property
    def etag(self) -> str:
        """The ETag header as it stands, weak ones too; empty where there is none."""
        return self.headers.get("etag", "")

    @property
    def is_page(self) -> bool:
        """Whether this is a web page for people: a login form, a proxy's apology."""
        start = self.content[:512].lstrip().lower()
        return start.startswith((b"<!doctype html", b"<html")) or (
            "text/html" in self.headers.get("content-type", "") and not start.startswith(b"<?xml")
        )

    def words(self, limit: int = 200) -> str:
        """The body as one short line of plain text, fit for a message."""
        text = _TAG.sub(" ", self.content[:20_000].decode("utf-8", "replace"))
        text = " ".join(_ILLEGAL.sub(" ", text).split())
        return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Lost:
    """No complete answer came. Whether the request took effect is not known."""

    why: str


def as_ics(text: str) -> str:
    """iCalendar text with CRLF line ends (RFC 5545, 3.1): GET keeps them, XML turns them into LF."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def illegal_character(text: str) -> str | None:
    """The first character that XML cannot carry, in words, or None."""
    found = _ILLEGAL.search(text)
    return f"U+{ord(found.group()):04X}" if found else None
