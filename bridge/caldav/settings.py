"""What the CalDAV client is told, and what it remembers between runs so that a quiet run needs no discovery."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeAlias

CursorKind: TypeAlias = Literal["token", "ctag", "etags"]
"""How changes are found: sync-token (RFC 6578), else ctag (calendarserver-ctag), else all ETags (RFC 4918, 15.6)."""

Component: TypeAlias = Literal["todo", "event"]


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """Where the calendar is. `url` is a server, a principal or a calendar; `calendar` is a displayname.

    `timeout`: seconds for a connection to open and for each silence of the server. `patience`: the longest time in
    seconds that a read waits because a server asks for it (Retry-After); a longer one ends the run as Unreachable.
    `largest_answer`: bytes after which an answer is not read on.
    """

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    calendar: str = "LionDesk"
    component: Component | Literal["auto"] = "todo"
    timeout: float = 30.0
    patience: float = 30.0
    attempts: int = 4
    connections: int = 4
    batch: int = 50
    largest_answer: int = 64 * 1024 * 1024

    @property
    def fingerprint(self) -> str:
        """Changes when the settings may lead to another calendar; holds no secret."""
        text = json.dumps([self.url, self.username, self.calendar, self.component])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Identity:
    """Which collection the settings lead to, and what was learned about it. `url` ends with a slash.

    `resource_id` is DAV:resource-id (RFC 5842, 3.1), where the server has one: it changes when a calendar is deleted
    and made anew under the same URL. `auth` is the scheme the server asked for; `server` names a row of `quirks`.
    """

    settings: str
    url: str
    name: str
    server: str = "unknown"
    auth: str | None = None
    cursor: CursorKind = "token"
    component: Component = "todo"
    resource_id: str | None = None

    @property
    def tie(self) -> str:
        """What a cursor is tied to."""
        return f"{self.url} {self.resource_id or ''}"

    def to_text(self) -> str:
        """JSON for the caller to keep."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_text(cls, text: str | None, settings: CalendarSettings) -> Identity | None:
        """What was kept, or None where it is unreadable or was kept under other settings."""
        identity = cls.kept(text)
        return identity if identity is not None and identity.settings == settings.fingerprint else None

    @classmethod
    def kept(cls, text: object) -> Identity | None:
        """What was kept, whatever the settings are now; None where it is unreadable."""
        try:
            found = cls(**json.loads(text)) if isinstance(text, str) else None
        except (ValueError, TypeError, RecursionError):
            return None
        return found if found is not None and found._whole else None  # noqa: SLF001 - its own

    @property
    def _whole(self) -> bool:
        """Whether the values are such as `to_text` wrote."""
        texts = all(isinstance(each, str) for each in (self.settings, self.url, self.name, self.server))
        maybe = all(each is None or isinstance(each, str) for each in (self.auth, self.resource_id))
        chosen = self.cursor in ("token", "ctag", "etags") and self.component in ("todo", "event")
        return texts and maybe and chosen
