"""What config.toml can say: each key with its type and its value when it is left out.

Durations are timedeltas; None in their place is `off`. config.example.toml says what each key is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from bridge.config.secret import Secret
from bridge.config.values import in_the_clear

LIONDESK_URL = "https://communications.liondesk.com/api/v1"
LIONDESK_ACCOUNT_URL = "https://api-v2.liondesk.com"

Direction: TypeAlias = Literal["both", "to-calendar", "to-liondesk"]
ConflictPolicy: TypeAlias = Literal["newest", "liondesk", "calendar", "ask"]
Component: TypeAlias = Literal["todo", "event", "auto"]
Shape: TypeAlias = Literal["overrides", "rolling", "separate"]
OnCancel: TypeAlias = Literal["complete", "delete", "ignore"]
OnCompleteMaster: TypeAlias = Literal["current", "end"]
OnCalendarDelete: TypeAlias = Literal["all", "open"]
MissingDue: TypeAlias = Literal["skip", "today"]


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """Values of a key that the interface names and this version does not have: they are refused, nothing pretends.

    `beginnings`: how such values begin; none: the key itself is not built.
    """

    key: str
    beginnings: tuple[str, ...]
    works: str

    def means(self, key: str, value: object) -> bool:
        """Whether this value of this key is meant."""
        return key == self.key and (not self.beginnings or str(value).startswith(self.beginnings))


NOT_BUILT = (NotBuilt("state", ("postgresql",), 'state = "sqlite:///FILE"'),)
"""All that waits for a later version."""


class WebSettings(Struct, frozen=True, kw_only=True):
    """The table [web]. `password` is what the page asks for; at an address beyond this machine it must be there."""

    listen: str = "127.0.0.1:8440"
    password: Secret | None = None

    def __post_init__(self) -> None:
        """Whoever reaches the page sees the tasks and may change them."""
        if self.password is None and in_the_clear(f"http://{self.listen}"):
            raise ValueError("needs `password`, since `listen` is an address that other machines can reach")


class MailSettings(Struct, frozen=True, kw_only=True):
    """The table mail in [notify]. `server` is HOST:PORT; 465 speaks TLS from the start, others by STARTTLS."""

    server: str
    sender: str
    to: str
    username: str | None = None
    password: Secret | None = None
    allow_plain: bool = False

    def __post_init__(self) -> None:
        """Both halves of the credentials."""
        if (self.username is None) != (self.password is None):
            raise ValueError(f"needs `{'username' if self.username is None else 'password'}`, too")


class NotifySettings(Struct, frozen=True, kw_only=True):
    """The table [notify]: who is told when a person is needed. `webhook` is a secret: its address is all it asks."""

    webhook: Secret | None = None
    mail: MailSettings | None = None


class OAuthSettings(Struct, frozen=True, kw_only=True):
    """The table oauth in [pair.liondesk]. `tokens` is the file that keeps what a log-in gave."""

    client_id: str
    client_secret: Secret
    tokens: Path
    redirect_uri: str = "http://127.0.0.1:8765/"


class LionDeskSettings(Struct, frozen=True, kw_only=True):
    """The table [pair.liondesk]. `account_url` is empty where there is none."""

    url: str = LIONDESK_URL
    account_url: str = LIONDESK_ACCOUNT_URL
    token: Secret | None = None
    oauth: OAuthSettings | None = None
    time_zone: str | None = None
    assigned_user_id: str | None = None
    allow_http: bool = False

    def __post_init__(self) -> None:
        """One kind of credentials, which travel encrypted."""
        if self.token is None and self.oauth is None:
            raise ValueError('needs `token`, such as token = { env = "LIONDESK_TOKEN" }')
        if self.token is not None and self.oauth is not None:
            raise ValueError("has both `token` and `oauth`: leave one out")
        _refuse_clear_text(self.allow_http, url=self.url, account_url=self.account_url)


class CalendarSettings(Struct, frozen=True, kw_only=True):
    """The table [pair.calendar].

    `start`: how long before due DTSTART stands; `alarm`: how long before due the alarm rings, None: never.
    `username` and `password` are both None for a server that asks for none.
    """

    url: str
    username: str | None = None
    password: Secret | None = None
    calendar: str = "LionDesk"
    component: Component = "todo"
    shape: Shape = "overrides"
    start: timedelta = timedelta()
    alarm: timedelta | None = timedelta(minutes=15)
    contacts: bool = True
    allow_http: bool = False

    def __post_init__(self) -> None:
        """Both halves of the credentials, which travel encrypted."""
        if (self.username is None) != (self.password is None):
            missing = "username" if self.username is None else "password"
            raise ValueError(f"needs `{missing}`, too")
        _refuse_clear_text(self.allow_http, url=self.url)


class LimitSettings(Struct, frozen=True, kw_only=True):
    """The table [pair.limits]: so many tasks, or this share of all, whichever is more, may go or change in a run."""

    deletes: int = 5
    delete_share: float = 0.10
    changes: int = 20
    change_share: float = 0.30

    def __post_init__(self) -> None:
        """Numbers that a limit can be."""
        for key, count in (("deletes", self.deletes), ("changes", self.changes)):
            if count < 0:
                raise ValueError(f"has `{key}` = {count}: write 0 or more")
        for key, share in (("delete_share", self.delete_share), ("change_share", self.change_share)):
            if not 0 <= share <= 1:
                raise ValueError(f"has `{key}` = {share}: write a share from 0 to 1, such as 0.1")


class PairSettings(Struct, frozen=True, kw_only=True):
    """A table [[pair]]: one LionDesk account and one calendar. `keep_completed`, `keep_history` None: for ever.

    `soonest` counts where it is less than `every`, `latest` where it is more.
    """

    name: str
    liondesk: LionDeskSettings
    calendar: CalendarSettings
    every: timedelta = timedelta(minutes=5)
    soonest: timedelta = timedelta(minutes=1)
    latest: timedelta = timedelta(minutes=15)
    direction: Direction = "both"
    conflict: ConflictPolicy = "newest"
    keep_completed: timedelta | None = timedelta(days=30)
    on_cancel: OnCancel = "complete"
    on_complete_master: OnCompleteMaster = "current"
    on_calendar_delete: OnCalendarDelete = "all"
    missing_due: MissingDue = "skip"
    keep_history: timedelta | None = timedelta(days=90)
    limits: LimitSettings = LimitSettings()


class FileSettings(Struct, frozen=True, kw_only=True):
    """The whole file."""

    pair: tuple[PairSettings, ...]
    state: str
    web: WebSettings = WebSettings()
    notify: NotifySettings = NotifySettings()


def _refuse_clear_text(allowed: bool, **addresses: str) -> None:
    for key, address in addresses.items():
        if not allowed and in_the_clear(address):
            raise ValueError(
                f"has an http:// address of another machine in `{key}`: password and tasks could be read on their way "
                "there. Write https://, or allow_http = true if that is what you want"
            )
