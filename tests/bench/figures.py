"""What was measured, as values; medians, spreads, and the tables that people read."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version


@dataclass(frozen=True)
class Spread:
    """Several measurements of one thing, in turns with what it is compared with."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def over(self, other: Spread) -> Spread:
        """The ratio, round by round."""
        return Spread(tuple(mine / theirs for mine, theirs in zip(self.values, other.values, strict=True)))

    def text(self, form: str) -> str:
        """The median, and from the least to the most where there are several."""
        least, most = (format(each, form) for each in (min(self.values), max(self.values)))
        return format(self.median, form) + (f" ({least} to {most})" if len(self.values) > 1 else "")


@dataclass(frozen=True)
class FirstSync:
    """Tasks written to an empty calendar, by the bridge and by bare PUTs of the same bodies. Rates are resources/s."""

    server: str
    what: str
    resources: int
    bridge: Spread
    put_1: Spread
    put_8: Spread
    writes: int


@dataclass(frozen=True)
class Quiet:
    """A whole process that finds nothing to do. Walls and CPUs are in ms, bytes those of one run."""

    server: str
    tasks: int
    who: str
    wall: Spread
    cpu: Spread
    requests: int
    sent: int
    received: int


@dataclass(frozen=True)
class Report:
    """One run of the benchmark."""

    day: str
    rounds: int
    first: Sequence[FirstSync] = field(default_factory=list)
    quiet: Sequence[Quiet] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Everything, JSON-ready."""
        return {"version": 1, "machine": machine(), **asdict(self)}


def machine() -> str:
    """Where and with what it was measured."""
    parts = ("radicale", "xandikos", "caldav", "httpx")
    versions = ", ".join(f"{part} {version(part)}" for part in parts)
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {versions}"


def tables(report: Report) -> str:
    """Both tables, in Markdown, which a terminal shows well enough."""
    return "\n".join([*_first(report.first), "", *_quiet(report.quiet)]) + "\n"


def _first(rows: Sequence[FirstSync]) -> list[str]:
    head = ("server", "first sync of", "bridge, /s", "bare PUT, 1 connection, /s", "bare PUT, 8 connections, /s")
    body = [
        (
            each.server,
            f"{each.resources:,} {each.what}",
            each.bridge.text(".1f"),
            each.put_1.text(".1f"),
            each.put_8.text(".1f"),
            each.bridge.over(each.put_1).text(".2f"),
            each.bridge.over(each.put_8).text(".2f"),
        )
        for each in rows
    ]
    return _table((*head, "bridge ÷ 1", "bridge ÷ 8"), body)


def _quiet(rows: Sequence[Quiet]) -> list[str]:
    head = ("server", "tasks", "whole process", "wall, ms", "CPU, ms", "requests", "sent, B", "received, B")
    body = []
    for each in rows:
        floor = next(one for one in rows if (one.server, one.tasks) == (each.server, each.tasks) and one.who == FLOOR)
        walls, cpus = each.wall.over(floor.wall), each.cpu.over(floor.cpu)
        ratios = ("1", "1") if each is floor else (walls.text(".1f"), cpus.text(".1f"))
        figures = (
            each.wall.text(".0f"),
            each.cpu.text(".0f"),
            str(each.requests),
            f"{each.sent:,}",
            f"{each.received:,}",
        )
        body.append((each.server, f"{each.tasks:,}", each.who, *figures, *ratios))
    return _table((*head, "wall ÷ bare", "CPU ÷ bare"), body)


FLOOR = "bare httpx"
"""One sync-collection with the current token, and nothing else."""


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in (head, *body)) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (head, *body)
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def page(report: Report) -> str:
    """docs/performance.md."""
    return f"""\
# Measured

Every figure here was written by `make bench BENCH_ARGS=--write-docs`, on {report.day}, on one machine:
{machine()}; everything on loopback.
Medians of {report.rounds} rounds (quiet runs: {3 * report.rounds}), from the least to the most in brackets. What is
compared was measured in turns, and ratios are those of the same round. Times are of a machine with other things to do:
trust the ratios more.

{tables(report)}
**First sync**: `liondesk-bridge sync` as a process, from an empty calendar and no state, its start and LionDesk's list
included; beside it the same bodies by bare PUTs (`If-None-Match: *`) over one and eight connections, into an empty
calendar of the same server. *Series* have four occurrences each, one of them edited and one completed.

**Quiet**: the whole process, from its start to its exit, when nobody edited anything. *{FLOOR}* is a script that sends
one sync-collection with the current token to the calendar: the least that any program must do, on that side alone; the
bridge asks LionDesk, too. *vdirsyncer* syncs the same calendar with a folder of files. Requests and bytes were counted
by a relay before each server.
"""
