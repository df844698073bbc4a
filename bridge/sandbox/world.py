"""All that the sandbox knows: users, tokens, contacts, categories, tasks, the clock, the switches, the request log.

In-process use and the HTTP server share these methods. `Refusal` is what the API would answer; nothing else is raised.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.sandbox import query, rendering, validate
from bridge.sandbox import switches as switchboard
from bridge.sandbox.clock import Clock
from bridge.sandbox.faults import Fault
from bridge.sandbox.ledger import Ledger
from bridge.sandbox.problems import Problem, Refusal
from bridge.sandbox.records import (
    Category,
    Client,
    Contact,
    Grant,
    Refresh,
    TaskRow,
    TaskValues,
    Token,
    User,
)
from bridge.sandbox.recurring import Recurring
from bridge.sandbox.switches import Switches

Writer = Literal["api", "page"]
_SKEW = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as it came in. `status` is None when the connection was closed without an answer. Never a token."""

    method: str
    path: str
    query: str
    body: object
    status: int | None
    user_id: int | None
    fault: str | None
    at: datetime


@dataclass(slots=True)
class World:
    """The whole state. `revision` grows with every change, so that a file can be kept up to date."""

    switches: Switches = field(default_factory=Switches)
    clock: Clock = field(default_factory=Clock)
    users: dict[int, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict, repr=False)
    contacts: dict[int, Contact] = field(default_factory=dict)
    categories: dict[int, Category] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    clients: dict[str, Client] = field(default_factory=dict, repr=False)
    grants: dict[str, Grant] = field(default_factory=dict, repr=False)
    refreshes: dict[str, Refresh] = field(default_factory=dict, repr=False)
    faults: list[Fault] = field(default_factory=list)
    log: list[LoggedRequest] = field(default_factory=list)
    revision: int = 0
    _ticked: tuple[datetime, int] | None = None

    # -- people and things ----------------------------------------------------------------------------------------

    def add_user(
        self,
        first_name: str,
        last_name: str = "",
        *,
        token: str | None = None,
        timezone: str = "America/Los_Angeles",
        team: int = 1,
    ) -> User:
        """A new user with a personal access token (drawn by lot where none is given). Refusal for an unknown zone."""
        try:
            ZoneInfo(timezone)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            words = f"There is no time zone {timezone!r}; it is an IANA name such as America/Los_Angeles."
            raise Refusal(Problem.BAD_REQUEST, words, {"timezone": words}) from None
        now = self.clock.now()
        new = max(self.users, default=0) + 1
        email = ".".join(part for part in (first_name, last_name) if part).lower().replace(" ", ".") + "@example.com"
        self.users[new] = User(new, first_name, last_name, email, timezone, team, now, now)
        self.tokens[token or secrets.token_urlsafe(24)] = Token(new)
        self.revision += 1
        return self.users[new]

    def add_contact(
        self, owner_id: int, first_name: str, last_name: str = "", *, visible_to: tuple[int, ...] = (), **more: str
    ) -> Contact:
        """A new contact of a user, seen by others too; `more` are its e-mail, phones and company."""
        now = self.clock.now()
        new = max(self.contacts, default=0) + 1
        contact = Contact(new, owner_id, first_name, last_name, now, now, visible_to=visible_to)
        self.contacts[new] = replace(contact, **more)  # type: ignore[arg-type]  # all of them are texts
        self.revision += 1
        return self.contacts[new]

    def add_category(self, name: str) -> Category:
        """A new task category."""
        new = max(self.categories, default=0) + 1
        self.categories[new] = Category(new, name)
        self.revision += 1
        return self.categories[new]

    def authenticate(self, token: str | None) -> User:
        """The user that a bearer token stands for. Refusal (401) for none, an unknown and an expired one."""
        known = self.tokens.get(token or "")
        if known is None:
            raise Refusal(Problem.NOT_AUTHENTICATED, "Invalid access token" if token else "No access token was sent")
        if known.expires_at is not None and known.expires_at <= self.clock.now():
            raise Refusal(Problem.NOT_AUTHENTICATED, "The access token has expired")
        return self.users[known.user_id]

    def expire_tokens(self, user_id: int) -> None:
        """Every access token of this user is over from now on."""
        for token, known in self.tokens.items():
            if known.user_id == user_id:
                self.tokens[token] = replace(known, expires_at=self.clock.now())
        self.revision += 1

    # -- clock and switches ---------------------------------------------------------------------------------------

    def set_clock(self, moment: datetime, *, frozen: bool = True) -> None:
        """Make it this aware moment; rows that the horizon comes to appear."""
        self.clock.set(moment, frozen=frozen)
        self._changed()

    def advance(self, by: timedelta) -> None:
        """Let time pass; rows that the horizon comes to appear."""
        self.clock.advance(by)
        self._changed()

    def set_switches(self, to: Mapping[str, object]) -> None:
        """Set some switches anew, from now on. ValueError tells which name or reading does not exist."""
        self.switches = switchboard.changed(self.switches, to)
        self._changed()

    def _changed(self) -> None:
        self.revision += 1
        self.tick()

    def tick(self) -> None:
        """Materialise what the horizon has come to; cheap unless an hour has begun, and with it a day somewhere."""
        mark = (self.clock.now().replace(minute=0, second=0, microsecond=0), self.switches.horizon_days)
        if mark == self._ticked:
            return
        self._ticked = mark
        before = self.ledger.next_row
        for event in list(self.ledger.events.values()):
            self._recurring(self.users[event.owner_id], self.clock.now()).materialise(event)
        self.revision += self.ledger.next_row - before

    def _recurring(self, owner: User, now: datetime) -> Recurring:
        horizon = self.clock.now().astimezone(owner.zone).date() + timedelta(days=self.switches.horizon_days)
        return Recurring(self.ledger, self.switches, owner.zone, now, horizon)

    def _stamp(self, writer: Writer) -> datetime:
        behind = writer == "page" and self.switches.writer_clocks == "differ"
        return self.clock.now() - (_SKEW if behind else timedelta(0))

    # -- tasks ----------------------------------------------------------------------------------------------------

    def find(self, user_id: int, pairs: query.Pairs) -> query.Page:
        """The list: rows that this user owns, filtered, sorted, paged."""
        self.tick()
        zone = self.users[user_id].zone
        asked = query.read(pairs, zone, self.switches)
        return query.run(asked, tuple(self.ledger.owned_by(user_id)), zone, self.switches)

    def get(self, user_id: int, row_id: int) -> TaskRow:
        """One row. Refusal (404) unless this user owns it."""
        self.tick()
        row = self.ledger.rows.get(row_id)
        if row is None or row.owner_id != user_id:
            raise Refusal(Problem.NOT_FOUND, f"No record found for id '{row_id}'")
        return row

    def create(self, user_id: int, body: Mapping[str, object], writer: Writer = "api") -> TaskRow:
        """POST. The first row."""
        self.tick()
        values = self._values(user_id, body)
        if values.status == "deleted":
            words = "status: a new task is incomplete or complete"
            raise Refusal(Problem.BAD_REQUEST, words, {"status": words})
        recurring = self._recurring(self.users[user_id], self._stamp(writer))
        self.revision += 1
        return _with_rule(lambda: recurring.create(user_id, values))

    def update(self, user_id: int, row_id: int, body: Mapping[str, object], writer: Writer = "api") -> TaskRow:
        """PATCH: an upsert of every writeable value, or of the status alone with update_type 3."""
        row = self.get(user_id, row_id)
        kind = validate.change_type("update_type", body.get("update_type"))
        status = validate.status(body) if kind == 3 else None
        values = self._values(user_id, body) if kind != 3 else row.values
        if (status or values.status) == "deleted":
            tail = kind == 2 and self.switches.tail_status == "tail"
            return self.delete(user_id, row_id, 2 if tail else 1, writer)
        recurring = self._recurring(self.users[user_id], self._stamp(writer))
        self.revision += 1
        if status is not None:
            return recurring.update_status(row, status)
        return _with_rule(lambda: recurring.update(row, values, kind))

    def delete(self, user_id: int, row_id: int, delete_type: int = 1, writer: Writer = "api") -> TaskRow:
        """DELETE. Refusal: 403 for the assignee, 404 for others and for a row that is deleted already."""
        known = self.ledger.rows.get(row_id)
        if known is not None and user_id != known.owner_id and user_id == known.values.assigned_user_id:
            raise Refusal(Problem.FORBIDDEN, "Only the owner of a task may delete it")
        row = self.get(user_id, row_id)
        if row.values.status == "deleted":
            raise Refusal(Problem.NOT_FOUND, f"No record found for id '{row_id}'")
        self.revision += 1
        return self._recurring(self.users[user_id], self._stamp(writer)).delete(row, delete_type)

    def _values(self, user_id: int, body: Mapping[str, object]) -> TaskValues:
        user = self.users[user_id]
        return validate.task_values(
            body,
            user.zone,
            users={other.id for other in self.users.values() if other.team == user.team},
            contacts={contact.id for contact in self.contacts.values() if contact.visible(user_id)},
            categories=self.categories,
        )

    # -- as JSON --------------------------------------------------------------------------------------------------

    def shown(self, row: TaskRow) -> rendering.Json:
        """A row as the API shows it."""
        zone = self.users[row.owner_id].zone
        return rendering.task(row, self.ledger.events[row.event_id], zone, self.switches)

    def me(self, user_id: int) -> rendering.Json:
        """A user as /me shows it."""
        user = self.users[user_id]
        offset = self.clock.now().astimezone(user.zone).utcoffset() or timedelta(0)
        return rendering.user(user, offset.total_seconds() / 3600, self.switches)

    def raw_tasks(self) -> list[rendering.Json]:
        """Every row of every user, in one form whatever the switches say: for assertions."""
        plain = Switches()
        return [
            rendering.task(row, self.ledger.events[row.event_id], self.users[row.owner_id].zone, plain)
            | {"slot": row.slot.isoformat(), "edited": row.edited}
            for _, row in sorted(self.ledger.rows.items())
        ]

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.log.clear()


def _with_rule(change: Callable[[], TaskRow]) -> TaskRow:
    """Run a change whose rule may name no day at all: a refusal of that field."""
    try:
        return change()
    except ValueError as error:
        words = f"recurrence_rule: {error}"
        raise Refusal(Problem.BAD_REQUEST, words, {"recurrence_rule": words}) from None
