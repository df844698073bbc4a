"""What the sandbox keeps, as values. Due times and slots are naive on the owner's wall clock; stamps are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

STATUSES = ("incomplete", "complete", "deleted")
REMINDERS = {
    0: "none",
    1: "e-mail",
    2: "call (deprecated)",
    3: "SMS",
    4: "agent task e-mail (deprecated)",
    5: "agent task call (deprecated)",
    6: "agent task text (deprecated)",
    7: "agent task, none (deprecated)",
}


@dataclass(frozen=True, slots=True)
class User:
    """A user of the account. Users of the same team may assign tasks to each other. `timezone` is an IANA name."""

    id: int
    first_name: str
    last_name: str
    email: str
    timezone: str
    team: int
    created_at: datetime
    modified_at: datetime

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def zone(self) -> ZoneInfo:
        """The user's time zone."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token. `expires_at` is None for a personal access token, which never ends."""

    user_id: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person in the owner's book; `visible_to` are the users it is assigned to or shared with."""

    id: int
    owner_id: int
    first_name: str
    last_name: str
    created_at: datetime
    modified_at: datetime
    email: str = ""
    mobile_phone: str = ""
    home_phone: str = ""
    office_phone: str = ""
    company: str = ""
    visible_to: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def visible(self, user_id: int) -> bool:
        """Owned by, assigned to or shared with this user."""
        return user_id == self.owner_id or user_id in self.visible_to


@dataclass(frozen=True, slots=True)
class Category:
    """A task category."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TaskValues:
    """Every writeable value of a task. `due` is naive wall clock of the owner; `rule` is the text as it was sent."""

    assigned_user_id: int
    due: datetime
    description: str
    status: str
    contact_id: int | None = None
    rule: str | None = None
    is_all_day: bool = False
    notify_assignee: bool = False
    reminder_type: int = 0
    category_id: int | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task. `slot` is where its series put it, whatever became of its due time; `edited`: changed singly."""

    id: int
    owner_id: int
    event_id: int
    slot: datetime
    values: TaskValues
    created_at: datetime
    modified_at: datetime
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """The parent of a task's rows. Single where `rule` is None.

    The rule expands from `start`; an occurrence then stands `shift_days` later, at the time of day of `template.due`.
    Rows exist for expanded days up to `through`. A closed event gets no more rows.
    """

    id: int
    owner_id: int
    rule: str | None
    start: datetime
    template: TaskValues
    through: date
    created_at: datetime
    updated_at: datetime
    shift_days: int = 0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client."""

    id: str
    secret: str
    name: str


@dataclass(frozen=True, slots=True)
class Grant:
    """An authorization code, good once, until `expires_at`."""

    client_id: str
    user_id: int
    redirect_uri: str
    scope: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token."""

    client_id: str
    user_id: int
    scope: str
