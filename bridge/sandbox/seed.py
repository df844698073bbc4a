"""What a sandbox starts with: a JSON file that a person can write, read into a world.

```json
{"now": "2026-03-02T16:00:00Z",
 "switches": {"due_at": "utc"},
 "users": [{"first_name": "Ann", "last_name": "Agent", "timezone": "America/Los_Angeles", "token": "sandbox-ann"}],
 "clients": [{"id": "my-app", "secret": "my-secret", "name": "My app"}],
 "categories": ["Call", "Showing"],
 "contacts": [{"owner": 1, "first_name": "Bill", "last_name": "Gates", "mobile_phone": "425 555 0100"}],
 "tasks": [{"owner": 1, "description": "Call Bill", "due_at": "2026-03-09T09:00:00", "contact_id": 1,
            "recurrence_rule": "FREQ=WEEKLY", "completed_rows": 2}]}
```
Every part may be left out. Users, contacts and categories are numbered from 1 in their order. A task is the body of a
POST by its `owner` (1), with `assigned_user_id` its owner and `status` incomplete where they are left out;
`completed_rows` are how many of its rows, from the first, are complete. `now` freezes the clock there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from bridge.sandbox import moments
from bridge.sandbox.problems import Refusal
from bridge.sandbox.records import Client
from bridge.sandbox.world import World


class UnusableSeed(ValueError):
    """A seed that cannot be read; its text is one paragraph for the person who wrote it."""


class SeedUser(msgspec.Struct, forbid_unknown_fields=True):
    """A user; `token` is the personal access token."""

    first_name: str
    last_name: str = ""
    timezone: str = "America/Los_Angeles"
    token: str | None = None
    team: int = 1


class SeedClient(msgspec.Struct, forbid_unknown_fields=True):
    """An OAuth client."""

    id: str
    secret: str
    name: str = "An application"


class SeedContact(msgspec.Struct, forbid_unknown_fields=True):
    """A contact; `shared_with` are the users who see it besides its owner."""

    first_name: str
    last_name: str = ""
    owner: int = 1
    email: str = ""
    mobile_phone: str = ""
    home_phone: str = ""
    office_phone: str = ""
    company: str = ""
    shared_with: tuple[int, ...] = ()


class Seed(msgspec.Struct, forbid_unknown_fields=True):
    """All that a world can start with."""

    now: str | None = None
    switches: dict[str, str | int] = {}
    users: list[SeedUser] = []
    clients: list[SeedClient] = []
    categories: list[str] = []
    contacts: list[SeedContact] = []
    tasks: list[dict[str, object]] = []


def read(path: Path) -> Seed:
    """A seed from a file. UnusableSeed says what is wrong with it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Seed)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnusableSeed(f"The seed {path} cannot be read ({reason}). Nothing was started.") from None
    except msgspec.DecodeError as error:
        raise UnusableSeed(
            f"The seed {path} does not have the form of a seed: {error}. Nothing was started; mend it and start again."
        ) from None


def plant(seed: Seed) -> World:
    """A world that begins with this seed. UnusableSeed names the entry that the sandbox refuses."""
    world = World()
    place = "now"
    try:
        if seed.now is not None:
            world.set_clock(moments.moment(seed.now, ZoneInfo("UTC")), frozen=True)
        place = "switches"
        world.set_switches(seed.switches)
        for user in seed.users:
            place = f"user {user.first_name!r}"
            world.add_user(user.first_name, user.last_name, token=user.token, timezone=user.timezone, team=user.team)
        for client in seed.clients:
            world.clients[client.id] = Client(client.id, client.secret, client.name)
        for category in seed.categories:
            world.add_category(category)
        for contact in seed.contacts:
            place = f"contact {contact.first_name!r}"
            _add_contact(world, contact)
        for task in seed.tasks:
            place = f"task {task.get('description')!r}"
            _add_task(world, task)
    except (ValueError, Refusal) as error:
        raise UnusableSeed(f"The seed's {place} is refused: {error}. Nothing was started; mend it.") from None
    return world


def _add_contact(world: World, contact: SeedContact) -> None:
    _known(world, contact.owner)
    world.add_contact(
        contact.owner,
        contact.first_name,
        contact.last_name,
        visible_to=contact.shared_with,
        email=contact.email,
        mobile_phone=contact.mobile_phone,
        home_phone=contact.home_phone,
        office_phone=contact.office_phone,
        company=contact.company,
    )


def _add_task(world: World, task: Mapping[str, object]) -> None:
    owner = _known(world, task.get("owner", 1))
    completed = task.get("completed_rows", 0)
    body = {"assigned_user_id": owner, "status": "incomplete"} | dict(task)
    first = world.create(owner, body)
    rows = world.ledger.live_rows(first.event_id)
    for row in rows[: completed if isinstance(completed, int) else 0]:
        world.update(owner, row.id, {"status": "complete", "update_type": 3})


def _known(world: World, user_id: object) -> int:
    if not isinstance(user_id, int) or user_id not in world.users:
        raise ValueError(f"its owner is user {user_id!r}, whom the seed does not have")
    return user_id
