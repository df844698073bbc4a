"""Which apps write into a pair, and whether they get along with its shape: for `sync`, `status` and `check`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from bridge.core.model import Series, Shape
from bridge.core.schools import APPS, App, app_of, misfits, shape_for
from bridge.ports import Store

FACT = "writers"
"""Under which name a pair remembers on which day each app wrote last."""

LATELY = timedelta(days=30)
"""An app that has written nothing for so long is not used any more."""

WHAT = {
    Shape.OVERRIDES: "one item a series, where a changed occurrence is an override",
    Shape.ROLLING: "a series that moves on, and a task of its own for each occurrence that differs",
    Shape.SEPARATE: "a task of its own for each occurrence",
}


async def noticed(store: Store, written: Iterable[Series], shape: Shape, now: datetime) -> tuple[str, ...]:
    """Remembers which apps wrote what a run saw; sentences, where one is new that does not get along with the shape.

    `now` is aware. Nothing is kept or said where no app wrote.
    """
    found = {app for series in written if (app := app_of(series.prodid)) is not None}
    if not found:
        return ()
    before = _days((await store.facts()).get(FACT))
    known = {app.name for app in apps_of(before, now)}
    after = {**before, **{app.name: now.date() for app in found}}
    if after != before:
        await store.set_facts({FACT: {name: day.isoformat() for name, day in sorted(after.items())}})
    new = misfits((app for app in found if app.name not in known), shape)
    return sentences(apps_of(after, now), shape, new) if new else ()


def remembered(facts: Mapping[str, object], now: datetime) -> tuple[App, ...]:
    """The apps that wrote lately, as a pair's facts have them."""
    return apps_of(_days(facts.get(FACT)), now)


def apps_of(days: Mapping[str, date], now: datetime) -> tuple[App, ...]:
    """The apps of these names that wrote lately, each name once."""
    by_name = {app.name: app for app in reversed(APPS)}
    return tuple(by_name[name] for name, day in sorted(days.items()) if name in by_name and now.date() - day <= LATELY)


def sentences(apps: tuple[App, ...], shape: Shape, about: tuple[App, ...] | None = None) -> tuple[str, ...]:
    """What to say of the apps that do not get along with the shape: of those in `about`, else of all."""
    better = shape_for(apps)
    advice = f'Set shape = "{better.value}" under [pair.calendar]; that rewrites the calendar once and no task.'
    own = {app.name: shape_for([app]).value for app in apps}
    if better.value not in own.values():
        each = ", ".join(f'"{shape}" for {name}' for name, shape in sorted(own.items()))
        advice += f" Or give each app its own calendar and pair: {each}."
    return tuple(
        f"{app.name} writes into this calendar, and does not get along with its shape, {shape.value} ({WHAT[shape]}): "
        f"it may complete the wrong occurrence or drop what it does not know. {advice}"
        for app in (misfits(apps, shape) if about is None else about)
    )


def _days(fact: object) -> dict[str, date]:
    kept = fact if isinstance(fact, dict) else {}
    try:
        return {str(name): date.fromisoformat(str(day)) for name, day in kept.items()}
    except ValueError:
        return {}
