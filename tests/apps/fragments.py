"""Fragments into cases: what an app's files say before and after an edit, and what the author of the edit meant.

A fragment is `tests/data/<app>/<edit>.txt`: first what is known of it, then the resources. In the components,

- `@DUE 1 +1d as utc` is a date property of occurrence 1, a day later, in UTC instead of the form's own spelling;
- `@dates 1` is DTSTART, DUE or both, as the form has them;
- `{rule}`, `{rule -1}`, `{rule to 1}`, `{rule from 2}` is the text of the rule (see `Form.rule`);
- a blank line parts two components; UID, DTSTAMP and SUMMARY are put in where they are not given; `-UID` forbids it.

`--- before` is what was there. `--- step 1`, `--- step 2` is what the app writes then, each followed by a run;
`--- step 1 copy` is another resource, `--- delete 1` a DELETE. With `orders`, what is called step 1 may come in two
steps: `new first` or `new later` means the other resource. What stands around them: `<app>/calendar.txt`.

With `rolling: no` nobody can write this where the bridge has rewritten what was before.

`asks` are the requests that LionDesk must get, by the number of their occurrence. `shows` are the rows that it must
show afterwards: `0!` done, `1'` with the other text, `2>0317T1400` moved, `*` all after the sixth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from pathlib import Path

from tests.apps.forms import DATES, ENDS, OCCURRENCES, Form

DATA = Path(__file__).resolve().parents[1] / "data"
ZONES = """BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:DAYLIGHT
TZOFFSETFROM:-0800
TZOFFSETTO:-0700
TZNAME:PDT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0700
TZOFFSETTO:-0800
TZNAME:PST
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
"""
EDITED = " (edited)"
_DATE = re.compile(r"@([A-Z-]+) ([\d,]+)((?: [+-]\d+[dhs])*)(?: as (\w+))?")
_RULE = re.compile(r"\{rule ?([^}]*)\}")
_ROW = re.compile(r"(\d+|\*)('?)(?:>(\d{4})(?:T(\d{4}))?)?(!?)")


@dataclass(frozen=True, slots=True)
class Write:
    """What an app does: PUT a resource, or DELETE it where there is no text. `step` 0 is before."""

    step: int
    resource: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One edit of one app in one form. `asks` are the requests that LionDesk must get, as `PATCH 3 at 0`.

    `token` begins the text of all its tasks. `shows` are the rows that LionDesk must show afterwards. `rolls`: an app
    can have written this in the shape `rolling`, where the bridge has taken overrides, COUNT and the last RRULE away,
    and has itself moved a master on whose copy came first.
    """

    token: str
    app: str
    edit: str
    form: Form
    order: str
    servers: tuple[str, ...]
    writes: tuple[Write, ...]
    asks: tuple[str, ...]
    shows: str
    rolls: bool

    @property
    def name(self) -> str:
        """How the test is called."""
        order = f"-{self.order.replace(' ', '-')}" if self.order != "together" else ""
        return f"{self.app}-{self.edit}-{self.form}{order}"

    def rows(self, known: int) -> list[tuple[str, datetime, bool]]:
        """Text, due moment and state of every row that must be there; there were `known` occurrences before."""
        found: list[tuple[str, datetime, bool]] = []
        for token in self.shows.split():
            match = _ROW.fullmatch(token)
            assert match is not None, token
            number, edited, day, time, done = match.groups()
            numbers = range(OCCURRENCES, known) if number == "*" else [int(number)]
            for each in numbers:
                due = self.form.moment(each)
                if day is not None:
                    due = due.replace(month=int(day[:2]), day=int(day[2:]))
                if time is not None and not self.form.all_day:
                    due = due.replace(hour=int(time[:2]), minute=int(time[2:]))
                found.append((self.token + (EDITED if edited else ""), due, bool(done)))
        return sorted(found)


@dataclass
class _Fragment:
    app: str
    edit: str
    known: dict[str, str] = field(default_factory=dict)
    sections: dict[str, list[str]] = field(default_factory=dict)

    def words(self, name: str, otherwise: tuple[str, ...]) -> list[str]:
        return self.known.get(name, " ".join(otherwise)).split()


def _read(path: Path) -> _Fragment:
    fragment = _Fragment(path.parent.name, path.stem)
    section: list[str] | None = None
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("--- "):
            section = fragment.sections.setdefault(line[4:].strip(), [])
        elif section is not None:
            section.append(line)
        elif line.strip():
            name, _, value = line.partition(":")
            fragment.known[name.strip()] = value.strip()
    return fragment


def known_of(app: str) -> list[Mapping[str, str]]:
    """What stands at the head of each fragment of an app."""
    paths = sorted((DATA / app).glob("*.txt"))
    return [_read(path).known for path in paths if path.name != "calendar.txt"]


def cases(*, every: bool = False) -> tuple[Case, ...]:
    """Every edit of every app: in all forms that it comes in, or in so many that every trait of a form is there."""
    found: list[Case] = []
    for path in sorted(DATA.glob("*/*.txt")):
        if path.name == "calendar.txt":
            continue
        fragment = _read(path)
        envelope = (path.parent / "calendar.txt").read_text("utf-8")
        orders = [each.strip() for each in fragment.known.get("orders", "together").split(",")]
        values = (
            fragment.words("spelt", ("tzid",)),
            fragment.words("dates", DATES[:1]),
            fragment.words("ends", ENDS),
            orders,
        )
        for spelling, dates, end, order in product(*values) if every else spread(values):
            form = Form(spelling, dates, end)
            found.append(_case(fragment, form, order, envelope, f"#{len(found):03}"))
    return tuple(found)


def spread(values: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """So many of all combinations that every value is in one of them."""
    return [tuple(each[at % len(each)] for each in values) for at in range(max(map(len, values)))]


def _case(fragment: _Fragment, form: Form, order: str, envelope: str, token: str) -> Case:
    asks = [each.strip() for each in fragment.known["asks"].split(",") if each.strip() != "nothing"]
    return Case(
        token,
        fragment.app,
        fragment.edit,
        form,
        order,
        tuple(fragment.words("servers", ("radicale", "xandikos"))),
        tuple(
            _write(heading, lines, form, order, envelope, token, fragment.edit)
            for heading, lines in fragment.sections.items()
        ),
        tuple(asks),
        fragment.known["shows"],
        fragment.known.get("rolling") != "no" and form.end != "count" and order != "new first",
    )


def _write(heading: str, lines: list[str], form: Form, order: str, envelope: str, token: str, edit: str) -> Write:
    words = heading.split()
    if words[0] == "before":
        step, names = 0, words[1:]
    else:
        step, names = int(words[1]), words[2:]
    other = names[0] if names else ""
    if step == 1 and (order == "new later" if other else order == "new first"):
        step = 2
    name = f"{token[1:]}-{edit}" + (f"-{other}" if other else "")
    if words[0] == "delete":
        return Write(step, f"{name}.ics", None)
    return Write(step, f"{name}.ics", _resource(lines, form, envelope, token, name))


def _resource(lines: list[str], form: Form, envelope: str, token: str, uid: str) -> str:
    todos = [_todo(block.splitlines(), form, token, uid) for block in "\n".join(lines).strip().split("\n\n")]
    tzids = set(re.findall(r";TZID=([^:;\n]+)", "".join(todos)))
    zones = "".join(ZONES.format(tzid=tzid) for tzid in sorted(tzids))
    text = envelope.strip().replace("{todos}", (zones + "".join(todos)).strip())
    return text.replace("\n", "\r\n") + "\r\n"


def _todo(block: list[str], form: Form, token: str, uid: str) -> str:
    given: Mapping[str, str] = {
        "UID": uid,
        "DTSTAMP": "20260302T181500Z",
        "SUMMARY": token,
    }
    named = {re.split(r"[:;]", line)[0] for line in block}
    lines = [f"{name}:{value}" for name, value in given.items() if name not in named and f"-{name}" not in named]
    for line in block:
        if line.startswith("@dates "):
            _, number, *rest = line.split()
            spelling = rest[rest.index("as") + 1] if "as" in rest else None
            shifts = " ".join(word for word in rest if word[0] in "+-")
            lines += form.anchors(int(number), shifts, spelling)
        elif (match := _DATE.fullmatch(line)) is not None:
            lines.append(form.line(match[1], match[2], match[3], match[4]))
        elif not line.startswith("-"):
            lines.append(_RULE.sub(lambda found: form.rule(found[1].strip()), line).replace("{summary}", token))
    return "\n".join(["BEGIN:VTODO", *lines, "END:VTODO"]) + "\n"
