"""What the data leaves open: ways in which apps spell one edit (calendar-apps.md, section 5).

An idiom turns the pairings of a run into others that say what was meant; the plain comparison does the rest. They look
at all changes of a run together, in the order of `IDIOMS`: newcomers are paired with series first, then the masters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bridge.core.idioms.beside import SPELLINGS
from bridge.core.idioms.cancelled import cancelled
from bridge.core.idioms.completed_copy import completed_copy
from bridge.core.idioms.completed_master import completed_master, ended_master
from bridge.core.idioms.detached import detached
from bridge.core.idioms.inverted_roll import inverted_roll
from bridge.core.idioms.moved_beside import moved_beside
from bridge.core.idioms.moved_list import moved_list
from bridge.core.idioms.pointer import pointer
from bridge.core.idioms.roll import roll
from bridge.core.idioms.split import split
from bridge.core.idioms.undated import undated
from bridge.core.pairing import Pairing
from bridge.core.policies import DEFAULT_CHOICES, Choices

Idiom: TypeAlias = Callable[[tuple[Pairing, ...], ZoneInfo], tuple[Pairing, ...]]

IDIOMS: tuple[Idiom, ...] = (
    cancelled,
    undated,
    *SPELLINGS,
    inverted_roll,
    completed_copy,
    moved_list,
    split,
    detached,
    roll,
    moved_beside,
    pointer,
    completed_master,
)
"""Every idiom, in the order in which they are tried."""


def understood(
    pairings: tuple[Pairing, ...], zone: ZoneInfo, choices: Choices = DEFAULT_CHOICES
) -> tuple[Pairing, ...]:
    """The pairings as their authors meant them. `zone` is the owner's."""
    chosen: dict[Idiom, Idiom] = {}
    if choices.on_complete_master == "end":
        chosen[completed_master] = ended_master
    for idiom in IDIOMS:
        if idiom is not cancelled or choices.on_cancel == "delete":
            pairings = chosen.get(idiom, idiom)(pairings, zone)
    return pairings
