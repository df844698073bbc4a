"""How a series is spelled as calendar resources, and gathered from them: one module a shape, one interface.

The merge knows one form of a series, whichever resources show it (decision 0010). `gathered` makes that form of what
stands in the calendar, whatever the shape it was written in; `spelled` says what is to stand there instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bridge.core.model import Series, Shape
from bridge.core.shapes.anchoring import begun_at, grid
from bridge.core.shapes.gathering import SLOT_FORM, gathered, part_uid, slot_of_uid
from bridge.core.shapes.overrides import spelled as _overrides
from bridge.core.shapes.pieces import Piece, Terms, alone
from bridge.core.shapes.rolling import first_plain, rolls
from bridge.core.shapes.rolling import spelled as _rolling
from bridge.core.shapes.separate import spelled as _separate

__all__ = [
    "SHAPES",
    "SLOT_FORM",
    "Piece",
    "Terms",
    "alone",
    "begun_at",
    "first_plain",
    "gathered",
    "grid",
    "part_uid",
    "rolls",
    "slot_of_uid",
    "spelled",
]

SHAPES: Mapping[Shape, Callable[[Series, Terms], tuple[Piece, ...]]] = MappingProxyType(
    {Shape.OVERRIDES: _overrides, Shape.ROLLING: _rolling, Shape.SEPARATE: _separate}
)
"""Every shape."""


def spelled(shape: Shape, series: Series, terms: Terms) -> tuple[Piece, ...]:
    """The resources that are to show `series`. Pure; gathered again, they show the same occurrences."""
    return SHAPES[shape](series, terms)
