"""The contact of a task: CONTACT (RFC 5545, 3.8.4.2), and the block below the notes.

CONTACT carries LionDesk's id, so that another contact is told from a block that an app or a person changed: that one
is no reason to write. Without the id (an app dropped it) the block itself tells. Another CONTACT is the user's.
"""

from __future__ import annotations

from icalendar.parser import Parameters

from bridge.core.model import Task
from bridge.vtodo.context import Context
from bridge.vtodo.fence import block_of, fenced, held_block, name_in, notes_of
from bridge.vtodo.lines import Component, Line, Nonsense
from bridge.vtodo.values import clean, escape, text_of, unescape

ID = "X-LIONDESK-ID"


def describe(component: Component, notes: str) -> None:
    """Let DESCRIPTION say these notes, above the block that it has."""
    block = held_block(text_of(component, "DESCRIPTION") or "")
    _put_description(component, fenced(clean(notes), block))


def say_contact(component: Component, wanted: Task, context: Context, *, anew: bool = False) -> None:
    """Show the contact of `wanted` where the component shows another one; `anew`: whatever it shows.

    One that cannot be read at the moment stays as it is shown. An override that says only what it holds (no SUMMARY)
    shows what its master does.
    """
    if component.first("SUMMARY") is None and component.first("RECURRENCE-ID") is not None:
        return
    wanted_id, shown = wanted.contact_id, shown_contact(component)
    card = context.contacts.get(wanted_id) if wanted_id is not None else None
    if card is None and wanted_id is not None and shown in (None, wanted_id):
        return
    text, block = text_of(component, "DESCRIPTION") or "", clean(block_of(card))
    if not anew and (held_block(text) == block if shown is None else shown == wanted_id):
        return
    lines = [line for line in component.lines("CONTACT") if _ours(line, name_in(text))]
    if held_block(text) != block:
        _put_description(component, fenced(notes_of(text), block))
    if wanted_id is None or card is None or not card.name:
        for line in lines:
            component.replace(line, None)
        return
    new = component.line("CONTACT", Parameters({ID: wanted_id}), escape(card.name))
    if not lines:
        component.insert(new, after=("SUMMARY", "DESCRIPTION"))
    elif shown != wanted_id or lines[0].value != escape(card.name):
        component.replace(lines[0], new)


def shown_contact(component: Component) -> str | None:
    """LionDesk's id of the contact that the component shows; None where it shows none, or an app dropped the id."""
    found = (_parts(line)[0].get(ID) for line in component.lines("CONTACT"))
    return next((each for each in found if isinstance(each, str)), None)


def _ours(line: Line, named: str) -> bool:
    parameters, value = _parts(line)
    return ID in parameters or (bool(named) and unescape(value).strip() == named)


def _parts(line: Line) -> tuple[Parameters, str]:
    """A line that may be broken without harm: then it is not ours."""
    try:
        return line.parts()
    except Nonsense:
        return Parameters(), ""


def _put_description(component: Component, text: str) -> None:
    if text:
        old = component.first("DESCRIPTION")
        parameters = Parameters() if old is None else old.parts()[0]
        parameters.pop("ALTREP", None)  # the same text as HTML (Thunderbird, Outlook): it would contradict this one
        component.put("DESCRIPTION", escape(text), parameters, after=("SUMMARY",))
    else:
        component.drop("DESCRIPTION")
    component.drop("X-ALT-DESC")
