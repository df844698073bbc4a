"""Server differences, as rows of one table. The code asks the row, never the server's name.

Source: measurements on Radicale 3.9, Xandikos 0.4, DAViCal 1.1, sabre/dav 1.8 and 4.7, Cyrus 3.6 and SOGo 5.8. A server
that no row recognises gets `UNKNOWN`, which trusts nothing that one of those got wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """One server.

    - `header`: a pattern over `name: value` of an answer's headers; `sync_form`: a pattern over its sync-tokens.
    - `token_trusted`: a stale or foreign token is refused. Otherwise it may be answered with everything, or with
      nothing, and whatever a token reports is checked against a full listing.
    - `full_every`: after so many observations by cursor, all ETags are compared once (0: never): for servers whose
      tokens miss items while others write, or whose cursor survives the calendar it belonged to.
    - `ctag_trusted`: an equal ctag means that nothing changed.
    - `etags_reused`: an ETag comes back with other content; a listed item is read even if its ETag is known.
    - `ignores_if_none_match`, `ignores_if_match_on_delete`: the precondition must be checked by a read before.
    - `writes_at_once`: how many writes to one calendar may be under way; Xandikos answers 423 or 500 to a second one
      while git commits the first.
    - `largest_put`: bytes; a larger PUT is refused here, None where no limit is known.
    """

    name: str
    header: str = r"(?!)"
    sync_form: str = r"(?!)"
    token_trusted: bool = True
    full_every: int = 0
    ctag_trusted: bool = True
    etags_reused: bool = False
    ignores_if_none_match: bool = False
    ignores_if_match_on_delete: bool = False
    writes_at_once: int = 8
    largest_put: int | None = None


UNKNOWN = Quirks("unknown", token_trusted=False, full_every=50)

TABLE = (
    Quirks("radicale", sync_form=r"^http://radicale\.org/ns/sync/", largest_put=10_000_000),
    Quirks("xandikos", header=r"(?i)^server: .*aiohttp|^dav: .*add-member.*quota", writes_at_once=1),
    Quirks("davical", header=r"(?i)^x-davical-version:|^server: .*davical", token_trusted=False, full_every=20),
    Quirks(
        "sabre",
        header=r"(?i)^x-sabre-version:|^dav: .*\bnextcloud\b|^x-nextcloud",
        sync_form=r"^http://sabre(dav\.org|\.io)/ns/sync",
        token_trusted=False,
        full_every=20,
    ),
    Quirks("cyrus", header=r"(?i)^server: .*cyrus"),
    Quirks(
        "sogo",
        header=r"(?i)^server: .*sogo|^x-sogo",
        token_trusted=False,
        full_every=20,
        ctag_trusted=False,
        etags_reused=True,
        ignores_if_none_match=True,
        ignores_if_match_on_delete=True,
    ),
)


def by_name(name: str) -> Quirks:
    """The row of this name, `UNKNOWN` where there is none (a state file of a later version)."""
    return next((row for row in TABLE if row.name == name), UNKNOWN)


def recognise(headers: Mapping[str, str], token: str | None) -> Quirks:
    """The row of the server that sent these headers and this sync-token."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    for row in TABLE:
        if any(re.search(row.header, line) for line in lines) or re.search(row.sync_form, token or ""):
            return row
    return UNKNOWN
