"""What changed on one side since both agreed: the side now, against what was last seen on that same side (law 6).

A side's changes come in the same form from both sides: edits of single occurrences, and at most one edit of
"this and the following". How an app or LionDesk spelt them does not matter any more after this room.
"""

from __future__ import annotations

from bridge.core.changes.calendar import calendar_delta, cut_at, first_open, moved_slots, restored
from bridge.core.changes.delta import CONTENT, ONE_WAY, Delta, Tail
from bridge.core.changes.liondesk import liondesk_delta
from bridge.core.changes.long_texts import made_whole, within_reach
from bridge.core.changes.untold import untold

__all__ = [
    "CONTENT",
    "ONE_WAY",
    "Delta",
    "Tail",
    "calendar_delta",
    "cut_at",
    "first_open",
    "liondesk_delta",
    "made_whole",
    "moved_slots",
    "restored",
    "untold",
    "within_reach",
]
