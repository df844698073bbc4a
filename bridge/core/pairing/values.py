"""What is paired, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bridge.core.model import Link, LinkedRow, Part, Row, Rule, Series, Shape, Slot, Task


@dataclass(frozen=True, slots=True)
class Pairing:
    """One link as both agreed last (`link`), and both sides now.

    `link.id` is None for what the base does not know. `rows` is empty and `series` None where a side has nothing.

    An idiom may say what the calendar's form means: `meant` are edits of single occurrences that it spells otherwise,
    and `series` is then what the resource should say; `held` is what the server really holds (None: the same).

    `followed`, `following`: LionDesk's event has later, earlier rows that belong to another link, since a series that
    was split here may be one there. What is told to all the rows of it reaches those, too.

    `series` is gathered from the main resource, which is at `href` and says `main` by itself, and from the stand-alone
    ones in `parts`. `shape` is how it is to be spelled.
    """

    link: Link
    rows: tuple[LinkedRow, ...] = ()
    series: Series | None = None
    href: str | None = None
    etag: str | None = None
    meant: Mapping[Slot, Mapping[str, object]] = field(default_factory=lambda: MappingProxyType({}))
    held: Series | None = None
    followed: bool = False
    following: bool = False
    parts: tuple[Part, ...] = ()
    main: Series | None = None
    shape: Shape = Shape.OVERRIDES

    @property
    def newcomer(self) -> bool:
        """A resource that nobody knows yet: neither the base nor any row."""
        known = self.link.series is not None or bool(self.link.rows) or bool(self.rows)
        return not known and self.series is not None and self.series.master is not None

    @property
    def rolls(self) -> bool:
        """Whether the master moves on while its history stays beside it: in `rolling`, and wherever parts stand."""
        return self.shape is Shape.ROLLING or bool(self.parts) or bool(self.link.parts)

    @property
    def resource(self) -> Series | None:
        """What the main resource says by itself, None where there is none."""
        if self.href is None:
            return None
        return self.main if self.main is not None else (self.held or self.series)


@dataclass(frozen=True, slots=True)
class Found:
    """A calendar resource as observed, understood.

    With `parts`, `series` is gathered from it and from these; `main` is then what it says by itself, None where it is
    itself one of the parts.
    """

    href: str
    etag: str
    series: Series
    parts: tuple[Part, ...] = ()
    main: Series | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A task that was sent to LionDesk, with an answer that may be lost. Of `rule` the parts alone count."""

    slot: Slot
    task: Task
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Sides:
    """What both sides showed in this run. `..._complete`: what is not in there is not there at all.

    `horizon` is how far LionDesk is known to have made rows of its rules, `reach` how far of those that never end:
    a series without a row for what comes before that has ended, whatever its rule says (law 1). `posted` is what was
    sent for a link, by its UID, while nobody knows whether it arrived. `shape` is how series are to be spelled.
    """

    rows: Mapping[str, Row]
    rows_complete: bool
    found: Mapping[str, Found]
    gone: frozenset[str]
    horizon: datetime
    zone: ZoneInfo
    posted: Mapping[str, tuple[Posted, ...]] = field(default_factory=lambda: MappingProxyType({}))
    shape: Shape = Shape.OVERRIDES
    reach: datetime = datetime.min
