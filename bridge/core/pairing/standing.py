"""What stands in the calendar for a series: its main resource, and the stand-alone ones beside it (decision 0010)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bridge.core.model import Link, Override, Part, Series, Slot
from bridge.core.occurrences import present, value_at
from bridge.core.pairing.known import found_elsewhere, resource_now
from bridge.core.pairing.values import Found, Pairing, Sides
from bridge.core.shapes import gathered, part_uid, slot_of_uid


def standing_now(pairing: Pairing, sides: Sides, strays: Sequence[Part], newcomers: Mapping[str, Found]) -> Pairing:
    """The pairing with its resources as the calendar shows them.

    `strays` are parts by their UIDs that the base does not know: of a run that died, or of a lost base. `newcomers` are
    all resources that the base does not know, by UID.
    """
    link = pairing.link
    pairing = replace(pairing, shape=sides.shape)
    if not link.parts and not strays:
        now = found_elsewhere(resource_now(pairing, sides), newcomers)
        return _with_heir(now, sides, []) if link.heir is not None else now
    known = _parts_now(link, sides, newcomers)
    parts = [*(each for each in strays if each.href not in {part.href for part in known}), *known]
    now = found_elsewhere(resource_now(replace(pairing, series=None), sides), newcomers)
    if now.series is not None and now.etag == link.etag and link.main is not None:
        now = replace(now, series=link.main)
    return _with_heir(now, sides, parts)


def _parts_now(link: Link, sides: Sides, newcomers: Mapping[str, Found]) -> list[Part]:
    """The parts that the base knows: as they are now, where they are now, less those that are gone."""
    now = []
    for part in link.parts:
        found = sides.found.get(part.href)
        if found is None and part.href in sides.gone:
            found = newcomers.get(part.series.uid)
            if found is None:
                continue
        now.append(part if found is None else Part(part.slot, found.series, found.href, found.etag))
    return now


def _with_heir(now: Pairing, sides: Sides, parts: list[Part]) -> Pairing:
    """The pairing with all that stands for it, in the roles that the resources have by now."""
    link, main = now.link, now.series
    if main is not None and main.rule is None and link.heir is not None and now.href and now.etag:
        parts, main = [*parts, Part(link.heir, main, now.href, now.etag)], None
        now = replace(now, href=None, etag=None)
    risen = next((each for each in parts if each.series.rule is not None), None) if main is None else None
    if risen is not None:
        main, parts = risen.series, [each for each in parts if each is not risen]
        now = replace(now, href=risen.href, etag=risen.etag)
    parts.sort(key=lambda each: (each.slot, each.series.uid != part_uid(link.uid, each.slot)))
    if main is None and link.href is not None and link.heir is None:
        return replace(now, series=None, main=None, parts=tuple(parts), href=None, etag=None)
    series = gathered(main, parts, sides.zone, link.series)
    if series is None:
        return replace(now, series=None, parts=())
    made = risen is None and main is not None and link.href is None  # under the series' own name: the bridge was it
    if link.series is not None and link.series.master is None and (made or (risen is not None and link.rising)):
        series = _loosened(series, link.series, sides)
    uid = main.uid if main is not None else link.uid
    return replace(now, series=replace(series, uid=uid), main=main, parts=tuple(parts))


def _loosened(series: Series, before: Series, sides: Sides) -> Series:
    """A series that the bridge was about to give its rule back, as the occurrences that both knew before."""
    last = max(before.overrides, default=None)
    shown = present(series, sides.zone, last)
    own: dict[Slot, Override] = {}
    for slot, override in before.overrides.items():
        task = value_at(series, slot) if slot in shown else None
        if task is not None:
            own[slot] = Override(task)
        elif slot not in series.exdates:
            own[slot] = override
    return replace(series, master=None, rule=None, exdates=frozenset(), rdates=frozenset(), overrides=own)


def by_series(newcomers: Iterable[Found]) -> dict[str, list[Part]]:
    """Resources whose UIDs say of which series they are an occurrence, by that series' UID."""
    found: dict[str, list[Part]] = defaultdict(list)
    for each in newcomers:
        named = slot_of_uid(each.series.uid)
        if named is not None and each.series.rule is None and each.series.master is not None:
            found[named[0]].append(Part(named[1], each.series, each.href, each.etag))
    return found


def heaped(
    newcomers: Sequence[Found], strays: Mapping[str, list[Part]], uids: Iterable[str], sides: Sides
) -> list[Found]:
    """Newcomers with the parts that are of them; parts alone where one of the series `uids` is theirs.

    What names a series that nobody knows is a task of its own.
    """
    by_uid = {found.series.uid: found for found in newcomers}
    wanted = {uid for uid in strays if uid in by_uid} | (strays.keys() & set(uids))
    taken = {part.href for uid in wanted for part in strays[uid]}
    result = [found for found in newcomers if found.href not in taken and found.series.uid not in wanted]
    for uid in sorted(wanted):
        parts = tuple(sorted(strays[uid], key=lambda each: each.slot))
        main = by_uid.get(uid)
        series = gathered(main.series if main is not None else None, parts, sides.zone)
        assert series is not None
        held = main or Found(parts[0].href, parts[0].etag, parts[0].series)
        series = replace(series, uid=uid, overrides=MappingProxyType(dict(series.overrides)))
        result.append(Found(held.href, held.etag, series, parts, main.series if main is not None else None))
    return result
