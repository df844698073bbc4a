"""What the data leaves open: ways in which apps spell one edit over several resources (calendar-apps.md, section 5).

An idiom turns the pairings of a run into others that say what was meant; the plain comparison does the rest. They look
at all changes of a run together, in the order of `IDIOMS`: newcomers are paired with series before anything is planned.
"""

from __future__ import annotations

from collections.abc import Callable

from bridge.core.idioms.detached import detached
from bridge.core.idioms.split import split
from bridge.core.pairing import Pairing

IDIOMS: tuple[Callable[[tuple[Pairing, ...]], tuple[Pairing, ...]], ...] = (split, detached)
"""Every idiom, in the order in which they are tried."""


def understood(pairings: tuple[Pairing, ...]) -> tuple[Pairing, ...]:
    """The pairings as their authors meant them."""
    for idiom in IDIOMS:
        pairings = idiom(pairings)
    return pairings
