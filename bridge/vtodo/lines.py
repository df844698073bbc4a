"""A resource as a tree of content lines (RFC 5545, 3.1 and 3.4), each kept byte for byte until it is edited.

icalendar's own components cannot be edited without loss: one bad value anywhere (`PERCENT-COMPLETE:abc`) refuses the
whole resource, and writing regroups properties and respells parameters and text. So the tree is of lines, and
icalendar reads and folds single ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from icalendar.parser import Contentline, Parameters

MOST_CHARACTERS = 5 * 1024 * 1024
MOST_COMPONENTS = 20_000
MOST_DEPTH = 16

_LOGICAL = re.compile(r"[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)")
_FOLD = re.compile(r"\r?\n[ \t]")
_NAME = re.compile(r"\ufeff?[ \t]*([A-Za-z0-9-]+)[ \t]*[;:]")


class Nonsense(ValueError):
    """The resource cannot be understood. `str()` completes the sentence "The task ..." for the user."""


@dataclass(frozen=True, slots=True)
class Line:
    """One content line. `raw` is its text with folds and line end; `name` is upper case, "" where it is no property."""

    raw: str
    name: str

    def parts(self) -> tuple[Parameters, str]:
        """Its parameters and its value, still escaped. Raises Nonsense."""
        text = _FOLD.sub("", self.raw).strip("\r\n").lstrip("\ufeff")
        try:
            _, parameters, value = Contentline(text).raw_parts()  # type: ignore[no-untyped-call] # typed in name only
        except (ValueError, AssertionError):
            raise Nonsense(f"has a line {self.name} that cannot be read") from None
        return parameters, value

    @property
    def value(self) -> str:
        """Its value, still escaped, without the spaces around it. Raises Nonsense."""
        return self.parts()[1].strip()


@dataclass(slots=True, eq=False)
class Component:
    """A component: its lines and components in their order. The root has no name, `begin` or `end` of its own."""

    name: str
    begin: str
    eol: str
    items: list[Line | Component] = field(default_factory=list)
    end: str = ""

    def text(self) -> str:
        """Its text, byte for byte as it came where nothing was edited."""
        return self.begin + "".join(i.raw if isinstance(i, Line) else i.text() for i in self.items) + self.end

    def lines(self, *names: str) -> list[Line]:
        """Its own lines of these names, in their order."""
        return [item for item in self.items if isinstance(item, Line) and item.name in names]

    def first(self, name: str) -> Line | None:
        """Its first own line of this name."""
        return next(iter(self.lines(name)), None)

    def components(self, name: str) -> list[Component]:
        """Its direct components of this name."""
        return [item for item in self.items if isinstance(item, Component) and item.name == name]

    def walk(self) -> Iterator[Component]:
        """It and all components in it."""
        yield self
        for item in self.items:
            if isinstance(item, Component):
                yield from item.walk()

    def line(self, name: str, parameters: Parameters, value: str) -> Line:
        """A new line, folded, with the line end that this resource uses. `value` is already escaped."""
        head = f"{name};{parameters.to_ical(sorted=False).decode()}" if parameters else name
        folded: bytes = Contentline(f"{head}:{value}").to_ical()  # type: ignore[no-untyped-call] # typed in name only
        return Line(folded.decode().replace("\r\n", self.eol) + self.eol, name)

    def put(self, name: str, value: str, parameters: Parameters | None = None, after: tuple[str, ...] = ()) -> None:
        """Let this property have one line, with this escaped value, where it stood first.

        A new one comes after the last line of `after`, else after all lines. Without `parameters` those that were
        there stay.
        """
        old = self.first(name)
        if parameters is None:
            parameters = old.parts()[0] if old else Parameters()
        new = self.line(name, parameters, value)
        if old is None:
            self.insert(new, after)
            return
        self.items[self.items.index(old)] = new
        self.items = [item for item in self.items if item is new or not (isinstance(item, Line) and item.name == name)]

    def insert(self, line: Line, after: tuple[str, ...] = ()) -> None:
        """Add a line after the last line of these names, else after all lines, before its components."""
        names = [(at, item.name) for at, item in enumerate(self.items) if isinstance(item, Line) and item.name]
        places = [at for at, name in names if name in after] or [at for at, _ in names] or [-1]
        self.items.insert(places[-1] + 1, line)

    def replace(self, old: Line, new: Line | None) -> None:
        """Put another line in the place of one (found by identity: equal lines may stand twice), or take it out."""
        at = next(at for at, item in enumerate(self.items) if item is old)
        self.items[at : at + 1] = [] if new is None else [new]

    def drop(self, *names: str) -> None:
        """Take out the lines of these names."""
        self.items = [item for item in self.items if not (isinstance(item, Line) and item.name in names)]


def component(name: str, eol: str) -> Component:
    """A new, empty component."""
    return Component(name, f"BEGIN:{name}{eol}", eol, end=f"END:{name}{eol}")


def parse(text: str) -> Component:
    """The tree of a resource. Raises Nonsense where the text is too large or BEGIN and END don't match."""
    if len(text) > MOST_CHARACTERS:
        raise Nonsense("is larger than 5 MB")
    eol = "\r\n" if "\r\n" in text or "\n" not in text else "\n"
    root = Component("", "", eol)
    stack, count = [root], 0
    for raw in filter(None, _LOGICAL.findall(text)):
        match = _NAME.match(raw)
        line = Line(raw, match[1].upper() if match else "")
        if line.name == "BEGIN":
            count += 1
            if count > MOST_COMPONENTS or len(stack) > MOST_DEPTH:
                raise Nonsense("has too many parts to be one task")
            inner = Component(line.value.upper(), raw, eol)
            stack[-1].items.append(inner)
            stack.append(inner)
        elif line.name == "END":
            if len(stack) == 1 or line.value.upper() != stack[-1].name:
                raise Nonsense(f"is broken: END:{line.value[:40]} has no BEGIN")
            stack.pop().end = raw if raw.endswith("\n") else raw + eol
        else:
            stack[-1].items.append(line)
    if len(stack) > 1:
        raise Nonsense(f"is broken: the text ends within {stack[-1].name[:40]}")
    return root
