"""An agreement into the fewest requests that mean it (laws 2 and 3), each with its reason. All of it is values."""

from __future__ import annotations

from bridge.core.plan.digest import digest, digest_of
from bridge.core.plan.guards import Halt, Known, Limits, halted
from bridge.core.plan.mending import mend
from bridge.core.plan.operations import (
    DeleteResource,
    DeleteRow,
    Dropped,
    Operation,
    PatchRow,
    PostTask,
    PutResource,
    Waiting,
    Why,
    Work,
)
from bridge.core.plan.showing import shown_by
from bridge.core.plan.spelling import Spelling, again, concerned, spelled_out
from bridge.core.plan.waiting import all_dropped
from bridge.core.plan.work import plan

__all__ = [
    "DeleteResource",
    "DeleteRow",
    "Dropped",
    "Halt",
    "Known",
    "Limits",
    "Operation",
    "PatchRow",
    "PostTask",
    "PutResource",
    "Spelling",
    "Waiting",
    "Why",
    "Work",
    "again",
    "all_dropped",
    "concerned",
    "digest",
    "digest_of",
    "halted",
    "mend",
    "plan",
    "shown_by",
    "spelled_out",
]
