"""The world in a file: one JSON document, mode 0600, replaced whole: a crash leaves the old one or the new one."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.sandbox.clock import Clock
from bridge.sandbox.ledger import Ledger
from bridge.sandbox.records import Category, Client, Contact, Grant, Refresh, Token, User
from bridge.sandbox.switches import Switches
from bridge.sandbox.world import World


class UnusableData(ValueError):
    """A data file that cannot be read; its text is one paragraph for the person who named it."""


class _Saved(msgspec.Struct):
    """What a file holds. Faults and the request log belong to one run and stay out."""

    version: int
    switches: Switches
    clock: Clock
    users: dict[int, User]
    tokens: dict[str, Token]
    contacts: dict[int, Contact]
    categories: dict[int, Category]
    ledger: Ledger
    clients: dict[str, Client]
    grants: dict[str, Grant]
    refreshes: dict[str, Refresh]


def save(world: World, path: Path) -> None:
    """Write the world to a new file beside `path` and put that in its place. OSError where that cannot be done."""
    saved = _Saved(
        version=1,
        switches=world.switches,
        clock=world.clock,
        users=world.users,
        tokens=world.tokens,
        contacts=world.contacts,
        categories=world.categories,
        ledger=world.ledger,
        clients=world.clients,
        grants=world.grants,
        refreshes=world.refreshes,
    )
    handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # created with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(saved))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Path) -> World:
    """The world that a file holds. UnusableData says why it holds none."""
    try:
        saved = msgspec.json.decode(path.read_bytes(), type=_Saved)
    except OSError as error:
        raise UnusableData(f"The data file {path} cannot be read ({error.strerror}). Nothing was started.") from None
    except msgspec.DecodeError as error:
        raise UnusableData(
            f"The data file {path} is not one that the sandbox wrote: {error}. It was left as it is and nothing was"
            " started; name another file, or move this one away to begin anew."
        ) from None
    return World(
        switches=saved.switches,
        clock=saved.clock,
        users=saved.users,
        tokens=saved.tokens,
        contacts=saved.contacts,
        categories=saved.categories,
        ledger=saved.ledger,
        clients=saved.clients,
        grants=saved.grants,
        refreshes=saved.refreshes,
    )


@dataclass(slots=True)
class Kept:
    """Middleware: what a request changed is in the file before its answer leaves, or is cut off by a fault."""

    app: ASGIApp
    world: World
    path: Path
    revision: int = -1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def send_kept(message: Message) -> None:
            self._keep()
            await send(message)

        await self.app(scope, receive, send_kept)
        self._keep()

    def _keep(self) -> None:
        if self.world.revision != self.revision:
            self.revision = self.world.revision
            save(self.world, self.path)
