"""The thirteen questions that no page of LionDesk answers, as switches: each reading is a way the API may be."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args, get_type_hints


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """One reading of every open question. The defaults follow the vendor's examples wherever there is one.

    `ABOUT` tells the question's number and the meaning of each. A number of 0 means "none" where it stands for a limit.
    """

    ids: Literal["strings", "integers"] = "strings"
    event_id: Literal["shown", "hidden"] = "shown"
    due_at: Literal["naive", "utc", "offset"] = "naive"
    due_at_milliseconds: Literal["no", "yes"] = "no"
    horizon_days: int = 90
    single_edit_rule: Literal["kept", "lost"] = "kept"
    single_edit_event: Literal["kept", "new"] = "kept"
    tail_ids: Literal["kept", "following_new", "new"] = "kept"
    tail_event: Literal["kept", "new"] = "kept"
    tail_edited_rows: Literal["overwritten", "kept"] = "overwritten"
    tail_status: Literal["row", "tail"] = "row"
    deletion: Literal["listable", "gone"] = "listable"
    modified_at: Literal["milliseconds", "seconds"] = "milliseconds"
    writer_clocks: Literal["same", "differ"] = "same"
    max_limit: int = 50
    unknown_field: Literal["ignored", "refused"] = "ignored"
    id_query: Literal["known", "unknown"] = "known"
    limit_zero: Literal["honoured", "default"] = "honoured"
    rule_form: Literal["sent", "normalised", "prefix", "dtstart"] = "sent"
    booleans: Literal["json", "integers", "strings"] = "json"
    empty_notes: Literal["empty", "null"] = "empty"
    rate_limit: int = 0
    rate_window_s: int = 60
    retry_after: Literal["seconds", "date", "none"] = "seconds"
    refresh_token: Literal["kept", "rotated"] = "kept"  # noqa: S105  # a reading, no secret
    post_answer: Literal["given", "lost"] = "given"


ABOUT: Mapping[str, tuple[int, str]] = {
    "ids": (1, "ids (and reminder_type) are JSON strings, or integers"),
    "event_id": (2, "rows carry scheduled_event_id, or not"),
    "due_at": (3, "due_at is naive on the owner's wall clock, or UTC with Z, or has the owner's offset"),
    "due_at_milliseconds": (3, "due_at has milliseconds, or not"),
    "horizon_days": (4, "for how many days from now a recurring task has rows"),
    "single_edit_rule": (5, "a row keeps its recurrence_rule after update_type 1, or loses it"),
    "single_edit_event": (5, "a row stays in its event after update_type 1, or moves to one of its own"),
    "tail_ids": (6, "after update_type 2 the tail keeps its ids; or all rows but its first, or all, get new ones"),
    "tail_event": (6, "after update_type 2 the tail stays in its event, or moves to a new one"),
    "tail_edited_rows": (
        6,
        "update_type 2 overwrites rows of the tail that were changed singly, or keeps their values",
    ),
    "tail_status": (6, "a status sent with update_type 2 is for the addressed row only, or for the whole tail"),
    "deletion": (7, "a deleted row stays listable with status deleted and a new modified_at, or is gone"),
    "modified_at": (8, "modified_at counts milliseconds, or whole seconds (so that ties happen)"),
    "writer_clocks": (8, "all writers share a clock, or what the page writes is stamped 90 seconds in the past"),
    "max_limit": (9, "the largest page that $limit gives"),
    "unknown_field": (9, "an unknown query field is ignored, or refused with 400"),
    "id_query": (9, "id can be filtered and sorted by, or counts as an unknown field"),
    "limit_zero": (9, "$limit=0 answers the total alone, or counts as the default"),
    "rule_form": (10, "recurrence_rule comes back as sent, normalised, with RRULE:, or with a DTSTART line before it"),
    "booleans": (11, 'booleans are true/false, 1/0 or "1"/"0"'),
    "empty_notes": (11, 'empty notes are "", or null'),
    "rate_limit": (12, "how many requests a user may send per window; 0: no limit"),
    "rate_window_s": (12, "the length of that window in seconds"),
    "retry_after": (12, "a 429 carries Retry-After in seconds, or as an HTTP-date, or not at all"),
    "refresh_token": (12, "a refresh token stays good, or is replaced at each use"),
    "post_answer": (13, "a POST is answered, or takes effect and the connection is closed without an answer"),
}
"""For every switch: the number of the open question it answers, and what its readings are, in their order."""


def readings(name: str) -> tuple[str, ...]:
    """The words a switch can be set to, the default reading first or not; empty for a number."""
    return get_args(get_type_hints(Switches)[name])


def changed(switches: Switches, to: Mapping[str, object]) -> Switches:
    """These switches with some of them set anew. ValueError tells, in words, which name or reading does not exist."""
    for name, value in to.items():
        if name not in ABOUT:
            near = difflib.get_close_matches(name, ABOUT, n=1)
            raise ValueError(f"There is no switch {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        words = readings(name)
        if words and value not in words:
            raise ValueError(f"Switch {name!r} reads {', '.join(words)}; not {value!r}.")
        if not words and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise ValueError(f"Switch {name!r} is a whole number, zero or more; not {value!r}.")
    return replace(switches, **dict(to))  # type: ignore[arg-type]  # the loop above has checked every value


def as_json(switches: Switches) -> dict[str, str | int]:
    """Every switch by name."""
    return asdict(switches)
