"""The smallest history that still fails: drop rounds, actions, faults and switches while it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.simulation.drawing import History
from tests.simulation.playing import Played, play


def shrunk(history: History) -> tuple[History, Played]:
    """The smallest one, and how it goes. The kind of its violation stays the same."""
    played = play(history)
    kind = _kind(played)
    again = True
    while again:
        again = False
        for smaller in _smaller(history):
            tried = play(smaller)
            if tried.violations and _kind(tried) == kind:
                history, played, again = smaller, tried, True
                break
    return history, played


def _kind(played: Played) -> str:
    return played.violations[0].split(":")[0]


def _smaller(history: History) -> Iterator[History]:
    rounds = history.rounds
    for at in range(len(rounds) - 1, -1, -1):
        yield replace(history, rounds=(*rounds[:at], *rounds[at + 1 :]))
    for at, each in enumerate(rounds):
        for drop in range(len(each.faults)):
            less = replace(each, faults=(*each.faults[:drop], *each.faults[drop + 1 :]))
            yield replace(history, rounds=(*rounds[:at], less, *rounds[at + 1 :]))
        if each.meanwhile:
            yield replace(history, rounds=(*rounds[:at], replace(each, meanwhile=()), *rounds[at + 1 :]))
        for drop in range(len(each.actions)):
            less = replace(each, actions=(*each.actions[:drop], *each.actions[drop + 1 :]))
            yield replace(history, rounds=(*rounds[:at], less, *rounds[at + 1 :]))
    for name in history.setting.switches:
        less_switches = {key: value for key, value in history.setting.switches.items() if key != name}
        yield replace(history, setting=replace(history.setting, switches=less_switches))
    for setting in (
        replace(history.setting, content_tokens=False),
        replace(history.setting, rewrites=False),
        replace(history.setting, policy="newest"),
    ):
        if setting != history.setting:
            yield replace(history, setting=setting)
