"""The block of DESCRIPTION that shows the contact: put below the notes, and found again however an app treated it.

Reading knows no contacts: what a text says never depends on who is in the owner's book.
"""

from __future__ import annotations

import re

from bridge.vtodo.context import ContactCard

FIRST = "--- Contact (from LionDesk, not sent back) ---"
LAST = "--- end of contact ---"
_LABELS = ("Name: ", "Phone: ", "E-mail: ")

_BLANK = r"[^\S\n]"
_DASHES = r"[-\u2010-\u2015]{1,3}"
_BEGIN = rf"{_DASHES}\s*Contact\s+\(from\s+LionDesk,\s+not\s+sent\s+back\)\s*{_DASHES}"
_END = rf"{_DASHES}\s*end\s+of\s+contact\s*{_DASHES}"
_GAP = rf"(?:\n{_BLANK}*){{0,2}}"
"""What `fenced` puts between the notes and the block."""
_OURS = rf"{_BLANK}*(?:Name|Phone|E-mail):{_BLANK}[^\n]*"
_WHOLE = re.compile(rf"{_GAP}(({_BEGIN})((?:(?!{_BEGIN}).)*?)({_END}))(?:\s*\Z)?", re.IGNORECASE | re.DOTALL)
_LABELLED = re.compile(r"[>*\u2022\s-]*(?:Name|Phone|E-mail)\s*:", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_SHORTEST_WRAPPED = 50
"""Apps wrap no shorter lines than that."""
_HEAD = re.compile(rf"{_GAP}{_BEGIN}{_BLANK}*(?:\n{_OURS})*(\n[^\n]*\Z)?", re.IGNORECASE)
_FOOT = re.compile(rf"{_GAP}(?:(?:(?<=\n)|\A)(?:{_OURS}\n)+)?{_BLANK}*{_END}(?:\s*\Z)?", re.IGNORECASE)


def fenced(notes: str, block: str) -> str:
    """The notes with a block below them; an empty block is none."""
    return "\n\n".join(filter(None, (notes, block)))


def block_of(card: ContactCard | None) -> str:
    """The block that shows a contact, "" for nobody."""
    if card is None:
        return ""
    name, phone, email = _LABELS
    lines = [*([name + card.name] if card.name else []), *(phone + each for each in card.phones)]
    lines += [email + card.email] if card.email else []
    return "\n".join([FIRST, *lines, LAST])


def held_block(description: str) -> str:
    """The whole block that a text holds, as it stands there but for what was typed into it; "" where there is none."""
    found = _WHOLE.search(description)
    if found is None:
        return ""
    ours, typed = _sorted(found[3])
    return "\n".join([found[2], *ours, found[4]]) if typed else found[1]


def name_in(description: str) -> str:
    """Whom the block of a text names; "" where it names nobody."""
    found = re.search(rf"^{_BLANK}*Name:{_BLANK}([^\n]*)$", held_block(description), re.IGNORECASE | re.MULTILINE)
    return found[1].strip() if found else ""


def notes_of(description: str) -> str:
    """A text without the block, wherever in it that stands. What was typed into the block is the user's: it stays.

    Of a block that lost its first or its last line, what goes is the line that is left and those next to it that only
    the bridge writes; anything else is the user's.
    """
    if "contact" not in description.lower():
        return description
    notes = description
    for broken in (_WHOLE, _HEAD, _FOOT):
        while (found := broken.search(notes)) is not None:
            before, after = notes[: found.start()], notes[found.end() :]
            if broken is _HEAD:
                after = _beyond(found[1] or "") + after
            elif broken is _WHOLE:
                after = "".join(f"\n{line}" for line in _sorted(found[3])[1]) + after
            notes = before + after if before else after.lstrip("\n")
    return notes


def _sorted(inside: str) -> tuple[list[str], list[str]]:
    """The lines within a whole block that the bridge wrote, and those that it did not.

    What an app wrapped goes with the line above it; tags that it put around a line say nothing.
    """
    ours: list[str] = []
    typed: list[str] = []
    wrapped = False
    for line in filter(None, (raw.strip() for raw in _TAG.sub(" ", inside).splitlines())):
        if _LABELLED.match(line) or wrapped:
            ours.append(line)
        else:
            typed.append(line)
        wrapped = not wrapped and ours[-1:] == [line] and len(line) >= _SHORTEST_WRAPPED
    return ours, typed


def _beyond(last: str) -> str:
    """The text's last line, below a block without an end: nothing if it is the beginning of one of ours, cut there."""
    cut = last.strip()
    return "" if any(each.startswith(cut) for each in (*_LABELS, LAST)) else last
