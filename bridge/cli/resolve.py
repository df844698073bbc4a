"""`resolve`: the answer to an item of the inbox, carried out at once."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import click

from bridge.cli.common import command, configuration, utc_now
from bridge.cli.terminal import say, tell
from bridge.errors import UsageError

if TYPE_CHECKING:
    from bridge.config import Configuration, PairSettings
    from bridge.deciding import Settled
    from bridge.records import InboxItem
    from bridge.report import PairReport
    from bridge.store import State


@click.command(short_help="Answer an item of the inbox; the next line says what was done.")
@click.argument("number", metavar="ID", type=int)
@click.option(
    "--keep",
    type=click.Choice(["liondesk", "calendar", "both"]),
    help="Whose value both sides show from now on. both: two texts are joined; of two times, the one that did not stay "
    "becomes a task of its own; of an edit and a deletion, the task stays; of a refused change, each side keeps what "
    "it has.",
)
@click.option("--approve", "plan", flag_value="approve", help="Carry out exactly the plan that a guard stopped.")
@click.option(
    "--reject", "plan", flag_value="reject", help="Never: both sides keep what they have until somebody edits it."
)
@click.option(
    "--always", "plan", flag_value="always", help="Carry it out, and let runs of this pair change as many from now on."
)
@command
def resolve(number: int, *, keep: str | None, plan: str | None) -> int:
    """Answer item ID of `liondesk-bridge conflicts`, and carry the answer out at once.

    Should a side be out of reach, the answer is kept, and the next run carries it out.
    """
    import asyncio

    if (keep is None) == (plan is None):
        raise UsageError(
            "Say what is to be done: --keep liondesk, calendar or both; of a plan --approve, --reject or --always. "
            "Nothing was done."
        )
    found = configuration()
    from bridge.store import open_state

    with open_state(found.state) as state:
        for warning in state.warnings:
            tell(warning, "warning")
        return asyncio.run(_resolved(found, state, number, keep or plan or ""))


async def _resolved(found: Configuration, state: State, number: int, answer: str) -> int:
    from bridge.deciding import resolve as carry_out
    from bridge.sync import Options

    pair, item = await _item(found, state, number)
    run = f"{utc_now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    settled = await carry_out(pair, state, item, answer, Options(run=run))
    return _told(settled, answer)


async def _item(found: Configuration, state: State, number: int) -> tuple[PairSettings, InboxItem]:
    for pair in found.pairs:
        item = await state.pair(pair.name).item(number)
        if item is not None:
            return pair, item
    raise UsageError(
        f"There is no item {number}: `liondesk-bridge conflicts` lists those that there are. Nothing was done."
    )


def _told(settled: Settled, answer: str) -> int:
    item, report = settled.item, settled.report
    if report is None:
        say(
            "Rejected: both sides keep what they have. No run asks about this plan again; a task of it is looked at "
            "anew when somebody edits it."
            if answer == "reject"
            else f"Item {item.id} is closed; nothing had to be changed."
        )
        return 0
    for operation in report.operations:
        say(operation.sentence())
    for note in report.notes:
        say(note, "yellow")
    if item.answer in (answer, "agreed") and _ended_well(report):
        if not report.operations:
            say(f"Item {item.id} is closed; nothing had to be changed.")
        return 0
    return _open_still(settled)


def _ended_well(report: PairReport) -> bool:
    return not report.errors and all(each.state not in ("failed", "planned") for each in report.operations)


def _open_still(settled: Settled) -> int:
    """Why the answer is not carried out, or not as a whole."""
    item, report = settled.item, settled.report
    assert report is not None  # noqa: S101  # the caller's
    for error in (*report.errors, *([report.halt] if report.halt and item.kind == "halt" else [])):
        tell(error, "error")
    if item.answer is None:
        tell(f"Your answer to item {item.id} is kept; the next run carries it out.")
    return report.code or 1
