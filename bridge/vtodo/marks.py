"""Done in a VEVENT: a check mark before its text, since STATUS:COMPLETED is a to-do's alone (RFC 5545, 3.8.1.11).

Users type it and take it away, so every mark that a keyboard offers is read; one form is written. The mark is never
part of LionDesk's text: a text that begins with one by itself is written behind a character that nobody sees.
"""

from __future__ import annotations

import re

from bridge.core.model import Status, Task
from bridge.vtodo.values import clean

MARK = "\u2713 "
_GUARD = "\u200b"
_ONE = r"(?:[\u2713\u2714\u2705\u2611][\ufe0e\ufe0f]?|\[[xX]\])"
_MARKS = re.compile(rf"\A\s*(?:{_ONE}\s*)+")
_GUARDED = re.compile(rf"\A{_GUARD}(?={_GUARD}*{_ONE})")
_LIKE_ONE = re.compile(rf"{_GUARD}*{_ONE}")


def heading(task: Task) -> str:
    """SUMMARY of an event that says this task."""
    text = clean(task.summary).lstrip()
    text = _GUARD + text if _LIKE_ONE.match(text) else text
    return MARK + text if task.status is Status.COMPLETE else text


def is_marked(summary: str) -> bool:
    """Whether somebody put a check mark before the text."""
    return _MARKS.match(summary) is not None


def unmarked(summary: str) -> str:
    """The text without check marks before it, and without spaces there."""
    return _GUARDED.sub("", _MARKS.sub("", summary, count=1).lstrip(), count=1)
