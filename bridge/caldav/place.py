"""The collection that all verbs work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.caldav.quirks import Quirks
from bridge.caldav.settings import Identity

if TYPE_CHECKING:
    from bridge.caldav.wire import Wire


@dataclass(frozen=True, slots=True)
class Place:
    """One calendar collection, the way to it, and what is known of its server. `batch`: items in one multiget."""

    wire: Wire
    identity: Identity
    quirks: Quirks
    batch: int = 50

    @property
    def url(self) -> str:
        """The collection's absolute URL, with a slash at its end."""
        return self.identity.url
