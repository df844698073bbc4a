"""One text, as either side holds it: LionDesk cuts it after 2000 characters, a calendar has no control characters.

Neither form is an edit of the other (laws 6 and 7).
"""

from __future__ import annotations

import re

LONGEST = 2000
"""LionDesk's texts end here (the table of Tasks v2.1: `description` and `notes`)."""

_CUT_BACK = 60
"""So many characters less a cut text may have: it never ends within what a reader sees as one character."""
_ENDING = 20
"""So many characters tell where in a text one is."""
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")


def same(one: str, other: str) -> bool:
    """Whether two texts are one: but for blanks around them, line ends, what a side cannot hold, and the cut."""
    short, long = sorted((one, other), key=lambda each: len(_plain(each)))
    return _plain(short) == _plain(long) or is_cut(short, long)


def is_cut(text: str, whole: str) -> bool:
    """Whether `text` is what LionDesk keeps of a text that is too long for it."""
    # As they are: a line end of two characters counts as two where LionDesk cuts.
    long_enough = len(whole.strip()) > LONGEST and len(text.strip()) >= LONGEST - _CUT_BACK
    return long_enough and _plain(whole).startswith(_shown(text))


def with_rest(edited: str, was: str, whole: str) -> str:
    """The whole text after its cut form `was` became `edited` in LionDesk: what LionDesk never had stays below it.

    Where the edit pushed the end of the cut form out, the text goes on from what is left of it. Whoever rewrote the end
    wrote a new text.
    """
    if not is_cut(was, whole):
        return edited
    kept, end = _shown(edited), len(_shown(was))
    ending = kept[-_ENDING:]
    if ending and _shown(was).endswith(ending):
        return kept + _plain(whole)[end:]
    pushed = len(_plain(edited)) >= LONGEST - _CUT_BACK
    at = _plain(whole).rfind(ending, 0, end) if pushed and len(ending) == _ENDING else -1
    return edited if at < 0 else kept + _plain(whole)[at + _ENDING :]


def _plain(text: str) -> str:
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _shown(text: str) -> str:
    """A cut text without the sign that there was more."""
    return _plain(text).rstrip("\u2026").rstrip()
