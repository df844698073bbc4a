"""`check`: every setting tried, nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.common import chosen, command, given, json_option, pairs_argument, utc_now
from bridge.cli.terminal import say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.checks import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "wrong": "red"}


@click.command(short_help="Try every setting against both sides; change nothing.")
@pairs_argument
@json_option
@command
def check(pairs: tuple[str, ...], *, as_json: bool) -> int:
    """Try every setting of each PAIR (all, where none is named) against both sides; change nothing.

    What is wrong says what to mend.
    """
    import asyncio

    from bridge.checks import check_apps, check_files, check_pair
    from bridge.config import find, load

    found = load(find(given().config))
    settings = chosen(found, pairs)
    files = check_files(found)
    live: dict[str, tuple[Finding, ...]] = {}
    if not as_json:
        _show("", files)
    for each in settings:
        live[each.name] = (*asyncio.run(check_pair(each)), *check_apps(each, found.state, utc_now()))
        if not as_json:
            _show(f"{each.name}: ", live[each.name])
    if as_json:
        told = [{"pair": pair, "findings": [each.as_json() for each in findings]} for pair, findings in live.items()]
        say_json({"version": 1, "findings": [each.as_json() for each in files], "pairs": told})
    return max(finding.code for findings in (files, *live.values()) for finding in findings)


def _show(prefix: str, findings: Sequence[Finding]) -> None:
    for each in findings:
        say(f"{each.result.value:<8}{prefix}{each.setting}: {each.says}", _COLOURS[each.result.value])
