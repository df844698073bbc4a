"""The shape `overrides`: one resource a series, a RECURRENCE-ID for each occurrence that differs."""

from __future__ import annotations

from bridge.core.model import Series
from bridge.core.shapes.anchoring import extended_back
from bridge.core.shapes.pieces import Piece, Terms, alone, parts_of, ruled


def spelled(series: Series, terms: Terms) -> tuple[Piece, ...]:
    """The master with all that belongs to it; occurrences that no rule holds together are tasks by themselves."""
    series = ruled(series, terms)
    if series.master is None:
        return parts_of(series, terms.retired)
    if series.rule is None and series.overrides:
        own = parts_of(series, terms.retired)
        return (*own, Piece(series.master.due, alone(series, series.master), heir=True))
    return (Piece(None, extended_back(series, terms.zone)),)
