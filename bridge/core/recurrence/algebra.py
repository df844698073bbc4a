"""Rules compared, cut and told in another way: values in, values out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import islice

from bridge.core.model import Rule, Slot
from bridge.core.recurrence.expansion import MOST, expand


def same_occurrences(rule: Rule, anchor: Slot, other: Rule, other_anchor: Slot) -> bool:
    """Whether both rules mean the same days, however they are spelt (COUNT or UNTIL, BYDAY said or implied)."""
    if rule == other and anchor == other_anchor:
        return True
    if rule.endless != other.endless:
        return False
    looked = 400 if rule.endless else MOST
    return list(islice(expand(rule, anchor), looked)) == list(islice(expand(other, other_anchor), looked))


def cut_before(rule: Rule, anchor: Slot, slot: Slot) -> Rule:
    """The rule's head: what comes before `slot`. COUNT stays COUNT, everything else ends by UNTIL at its last one.

    Where nothing comes before it, UNTIL lies before the anchor, since there is no COUNT=0.
    """
    kept = [each for each in expand(rule, anchor, slot) if each < slot]
    if rule.count is not None and kept:
        return replace(rule, count=len(kept))
    return replace(rule, count=None, until=kept[-1] if kept else slot - timedelta(seconds=1))


def tail_from(rule: Rule, anchor: Slot, slot: Slot) -> Rule:
    """The rule's tail, beginning at `slot`: COUNT is lowered by what came before."""
    if rule.count is None:
        return rule
    return replace(rule, count=max(1, rule.count - sum(1 for each in expand(rule, anchor, slot) if each < slot)))


def last_slot(rule: Rule, anchor: Slot) -> Slot | None:
    """The last occurrence, None for an endless rule."""
    if rule.endless:
        return None
    return max(expand(rule, anchor), default=anchor)


def with_until(rule: Rule, anchor: Slot) -> Rule:
    """The same occurrences, ended by UNTIL in place of COUNT: what that says does not depend on where one begins."""
    return rule if rule.count is None else replace(rule, count=None, until=last_slot(rule, anchor))
