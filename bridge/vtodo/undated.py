"""A VTODO without any date: LionDesk demands one, so it takes a day where the pair is set so (`missing_due`)."""

from __future__ import annotations

from icalendar.parser import Parameters

from bridge.vtodo.context import Context
from bridge.vtodo.lines import Component
from bridge.vtodo.values import moment_of
from bridge.vtodo.zones import Zones


def give_day(component: Component, zones: Zones, context: Context) -> bool:
    """Whether the component had no date and was given one: today, or of a completed task the day it was done on."""
    dated = any(component.first(name) is not None for name in ("DTSTART", "DUE", "DTEND"))
    if context.today is None or component.name != "VTODO" or dated:
        return False
    done = moment_of(component, "COMPLETED", zones)
    day = context.today if done is None else done.astimezone(zones.owner).date()
    for name in ("DUE", "DTSTART"):
        component.put(name, f"{day:%Y%m%d}", Parameters({"VALUE": "DATE"}), after=("SUMMARY", "DESCRIPTION"))
    return True
