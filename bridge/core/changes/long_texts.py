"""Edits of texts that are too long for LionDesk (law 7): the calendar keeps the whole, and each side its own edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bridge.core.changes.delta import Delta
from bridge.core.model import Row, Series, Slot, Task
from bridge.core.occurrences import value_at
from bridge.core.texts import is_cut, with_rest

_TEXTS = ("summary", "notes")


def within_reach(here: Delta, rows: Mapping[Slot, Row]) -> Delta:
    """The calendar's changes without edits of a text beyond where LionDesk's copy of it ends. `rows` are the base's."""
    edits = {slot: _reaching(fields, rows[slot].task if slot in rows else None) for slot, fields in here.edits.items()}
    here = replace(here, edits={slot: fields for slot, fields in edits.items() if fields or not here.edits[slot]})
    if here.tail is None:
        return here
    first = min((slot for slot in rows if slot >= here.tail.at), default=None)
    fields = _reaching(here.tail.fields, rows[first].task if first is not None else None)
    tail = replace(here.tail, fields=fields)
    means = tail.fields or tail.restructured or tail.due != tail.at or not here.tail.fields
    return replace(here, tail=tail if means else None)


def made_whole(there: Delta, base: Mapping[Slot, Row], series: Series) -> Delta:
    """LionDesk's changes with the rest of each text that the calendar holds whole and LionDesk had cut."""
    edits = {
        slot: _whole(fields, base[slot].task if slot in base else None, value_at(series, slot))
        for slot, fields in there.edits.items()
    }
    there = replace(there, edits=edits)
    if there.tail is None:
        return there
    first = min((slot for slot in base if slot >= there.tail.at), default=None)
    was = base[first].task if first is not None else None
    return replace(there, tail=replace(there.tail, fields=_whole(there.tail.fields, was, series.master)))


def _reaching(fields: Mapping[str, object], shown: Task | None) -> Mapping[str, object]:
    if shown is None:
        return fields
    beyond = {
        name for name in _TEXTS if isinstance(text := fields.get(name), str) and is_cut(getattr(shown, name), text)
    }
    return {name: value for name, value in fields.items() if name not in beyond} if beyond else fields


def _whole(fields: Mapping[str, object], was: Task | None, shown: Task | None) -> Mapping[str, object]:
    if was is None or shown is None:
        return fields
    texts = {
        name: with_rest(text, getattr(was, name), getattr(shown, name))
        for name in _TEXTS
        if isinstance(text := fields.get(name), str)
    }
    return {**fields, **texts}
