"""The sandbox's clock: the real one moved by an offset, or one that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Clock:
    """Aware UTC moments. It runs with the real clock from wherever it was set, unless it is frozen."""

    offset: timedelta = timedelta(0)
    frozen: datetime | None = None

    def now(self) -> datetime:
        """The current moment, aware UTC, in whole milliseconds (the API shows no finer ones)."""
        moment = self.frozen or datetime.now(UTC) + self.offset
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def set(self, moment: datetime, *, frozen: bool) -> None:
        """Make it this (aware) moment, and stand still there or run on."""
        self.frozen = moment.astimezone(UTC) if frozen else None
        self.offset = moment - datetime.now(UTC)

    def advance(self, by: timedelta) -> None:
        """Move on by this much; a clock that stands still does so at the new moment."""
        if self.frozen is not None:
            self.frozen += by
        self.offset += by

    def reset(self) -> None:
        """The real time again."""
        self.frozen, self.offset = None, timedelta(0)
