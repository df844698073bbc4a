"""What `direction` keeps from the other side: the base does not take it, so that it is merged once both ways are open.

`to-calendar`: the base keeps the calendar as both agreed on it, and the link is read again on both sides whenever
either touches it. `to-liondesk`: of what LionDesk changed, the base keeps what was agreed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bridge.core.changes import Delta
from bridge.core.model import Side
from bridge.core.plan import Work
from bridge.core.reconcile import Agreement
from bridge.ports import StoredLink, StoredRow
from bridge.report import WIRE
from bridge.sync.pair import Options, Pair

FACT = "direction"
"""Under which name a pair remembers which ways were open: when another one opens, both sides are read whole."""
NOTE = "withheld"


def direction(pair: Pair) -> str:
    """Which ways are open."""
    if pair.writes_liondesk and pair.writes_calendar:
        return "both"
    return "to-liondesk" if pair.writes_liondesk else "to-calendar"


def is_withheld(stored: StoredLink) -> bool:
    """Whether the base says of the calendar less than the calendar shows."""
    return NOTE in (stored.pending or {})


def allowed(pair: Pair, work: Work, agreement: Agreement | None) -> Work:
    """The work less what `direction` forbids to write, with a note of what that is about."""
    if pair.writes_liondesk and pair.writes_calendar:
        return work
    kept: Delta | None = None
    if agreement is not None and agreement.create is None:
        kept = agreement.to_calendar if pair.writes_liondesk else agreement.to_liondesk
    return replace(
        work,
        liondesk=work.liondesk if pair.writes_liondesk else (),
        calendar=work.calendar if pair.writes_calendar else (),
        waiting=work.waiting if pair.writes_liondesk else tuple(each for each in work.waiting if not each.new),
        withheld=None if kept is None or kept.empty else kept,
    )


def kept_back(pair: Pair, work: Work, before: StoredLink | None, now: StoredLink) -> StoredLink:
    """The base of a link less what was withheld in this run. `before` is None where nothing was agreed on yet."""
    if before is None or before.ics is None or not before.rows:
        return now
    if work.withheld is None:
        as_it_was = is_withheld(before) and work.pairing.etag == before.etag  # nobody looked at the calendar's now
        return replace(now, pending={**(now.pending or {}), NOTE: Side.CALENDAR.value}) if as_it_was else now
    if pair.writes_calendar:
        kept = replace(now, id=before.id, href=before.href, etag=before.etag, ics=before.ics, parts=before.parts)
        return replace(kept, pending={**(now.pending or {}), NOTE: Side.CALENDAR.value})
    shown = {row.row_id: row for row in now.rows}
    rows = [_row_before(row, shown.pop(row.row_id, None), work.withheld) for row in before.rows]
    return replace(now, rows=(*(row for row in rows if row is not None), *shown.values()))


def _row_before(row: StoredRow, now: StoredRow | None, withheld: Delta) -> StoredRow | None:
    """A row as the calendar knows it; None where it is gone and the calendar knows that."""
    if now is None:
        gone = withheld.gone or row.slot in withheld.drops
        gone = gone or (withheld.drop_from is not None and row.slot >= withheld.drop_from)
        return replace(row, raw={**row.raw, "status": "deleted"}) if gone else None
    if withheld.tail is not None and row.slot >= withheld.tail.at:
        return row
    fields: Mapping[str, object] = withheld.edits.get(row.slot, {})
    names = [WIRE.get(name, name) for name in fields]
    return replace(now, raw={**now.raw, **{name: row.raw[name] for name in names if name in row.raw}})


async def whole_if_turned(pair: Pair, options: Options) -> Options:
    """Another way is open than in the last run: what was withheld until then may be in anything."""
    before = (await pair.store.facts()).get(FACT, "both")
    return options if before == direction(pair) else replace(options, full=True)


async def remember_direction(pair: Pair) -> None:
    """Once everything was compared."""
    if (await pair.store.facts()).get(FACT, "both") != direction(pair):
        await pair.store.set_facts({FACT: direction(pair)})
