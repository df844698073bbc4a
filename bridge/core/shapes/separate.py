"""The shape `separate`: one plain task for every occurrence that LionDesk has a row for."""

from __future__ import annotations

from bridge.core.model import Series, Slot
from bridge.core.occurrences import present, value_at
from bridge.core.shapes.pieces import Piece, Terms, alone, parts_of


def spelled(series: Series, terms: Terms) -> tuple[Piece, ...]:
    """A piece for each row; a task that does not recur is its own."""
    if series.master is None:
        return parts_of(series, terms.retired)
    if series.rule is None:
        if not series.overrides:
            return (Piece(None, series),)
        own = parts_of(series, terms.retired)
        return (*own, Piece(series.master.due, alone(series, series.master), heir=True))
    pieces: list[Piece] = []
    for slot in sorted(_wanted(series, terms) - terms.retired):
        task = value_at(series, slot)
        if task is not None:
            pieces.append(Piece(slot, alone(series, task)))
    return tuple(pieces)


def _wanted(series: Series, terms: Terms) -> frozenset[Slot]:
    """What stands by itself: each row's occurrence, and what the calendar says of one that has no row yet."""
    known = terms.slots | series.overrides.keys()
    return present(series, terms.zone, max(known)) & known if known else frozenset()
