"""Multistatus answers (RFC 4918, 13) and DAV:error bodies (RFC 4918, 16), read with a hardened parser.

No DTD, no entities, no network, no huge text nodes; what is not well-formed comes back as `Garbled`, a value, because
one control character in one item spoils a whole multiget and the caller knows what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.caldav.answer import Answer

if TYPE_CHECKING:
    from lxml.etree import _Element

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CTAG = "{http://calendarserver.org/ns/}getctag"


@dataclass(frozen=True, slots=True)
class Garbled:
    """The body is not what it should be; `why` in the parser's words."""

    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One DAV:response. `status` is its own status or None; `props` are those answered with 2xx."""

    href: str
    status: int | None
    props: Mapping[str, _Element]

    @property
    def missing(self) -> bool:
        """The server says that there is nothing at this href."""
        return self.status in (404, 410)

    def text(self, tag: str) -> str | None:
        """The text of a property, None where it is absent or empty."""
        element = self.props.get(tag)
        text = (element.text or "") if element is not None else ""
        return text if text.strip() else None

    def href_in(self, tag: str) -> str | None:
        """The first DAV:href inside a property."""
        element = self.props.get(tag)
        found = element.find(f"{DAV}href") if element is not None else None
        return (found.text or "").strip() or None if found is not None else None

    def names_in(self, tag: str) -> tuple[str, ...] | None:
        """The tags of all leaves inside a property (resourcetype, privileges, reports), None where it is absent."""
        element = self.props.get(tag)
        if element is None:
            return None
        return tuple(str(leaf.tag) for leaf in element.iter() if leaf is not element and len(leaf) == 0)


@dataclass(frozen=True, slots=True)
class Multistatus:
    """The entries in their order. `truncated`: the server has more (507, RFC 6578, 3.6)."""

    entries: tuple[Entry, ...]
    sync_token: str | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Precondition:
    """One element of a DAV:error body: its name without namespace, and the href and text in it."""

    name: str
    href: str | None = None
    text: str = ""


def _root(content: bytes) -> _Element | Garbled:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return Garbled(str(error))
    if str(getattr(root.getroottree().docinfo, "doctype", "")):
        return Garbled("a document type declaration, which has no place in a WebDAV answer")
    return root


def parse(answer: Answer) -> Multistatus | Garbled:
    """The body of a 207. Wrappers around DAV:multistatus are tolerated, another document is `Garbled`."""
    root = _root(answer.content) if answer.whole else Garbled("the answer is too long")
    if isinstance(root, Garbled):
        return root
    if root.tag != f"{DAV}multistatus":
        inner = root.find(f"{DAV}multistatus")
        if inner is None:
            return Garbled(f"the document is <{root.tag}>, not a multistatus")
        root = inner
    token = root.findtext(f"{DAV}sync-token")
    entries = tuple(_entries(root))
    # The 507 stands at the collection's own href with a status alone (RFC 6578, 3.6).
    more = any(entry.status == 507 and not entry.props for entry in entries)
    kept = tuple(entry for entry in entries if entry.status != 507 or entry.props)
    return Multistatus(kept, token.strip() if token and token.strip() else None, more)


def _entries(root: _Element) -> Iterator[Entry]:
    for response in root.iterfind(f"{DAV}response"):
        hrefs = [href.text or "" for href in response.iterfind(f"{DAV}href")]
        status = _status(response.findtext(f"{DAV}status"))
        props: dict[str, _Element] = {}
        for propstat in response.iterfind(f"{DAV}propstat"):
            if (_status(propstat.findtext(f"{DAV}status")) or 200) // 100 == 2:
                props.update((str(child.tag), child) for prop in propstat.iterfind(f"{DAV}prop") for child in prop)
        # One status may stand for many hrefs (RFC 4918, 14.24).
        yield from (Entry(href.strip(), status, props) for href in hrefs)


def _status(line: str | None) -> int | None:
    words = (line or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdecimal() else None


def preconditions(answer: Answer) -> tuple[Precondition, ...]:
    """What a DAV:error body says was wrong; empty where the body is none."""
    if b"error" not in answer.content[:4096]:
        return ()
    root = _root(answer.content)
    if isinstance(root, Garbled) or root.tag != f"{DAV}error":
        return ()
    return tuple(
        Precondition(
            str(child.tag).rpartition("}")[2],
            (child.findtext(f"{DAV}href") or "").strip() or None,
            " ".join((child.text or "").split())[:200],
        )
        for child in root
    )


def explain(answer: Answer) -> str:
    """The server's reason for a refusal in one line: its precondition, else its own words, else the status."""
    if 300 <= answer.status < 400:
        return f"{answer.status}, a redirect to {answer.headers.get('location', 'nowhere')}"
    found = preconditions(answer)
    if found:
        root = _root(answer.content)
        texts = [precondition.name + (f" ({precondition.text})" if precondition.text else "") for precondition in found]
        said = "" if isinstance(root, Garbled) else _described(root)
        return f"{answer.status} {', '.join(texts)}{said}"
    words = answer.words()
    return f"{answer.status} {words}".strip()


def _described(root: _Element) -> str:
    for child in root.iter():
        tag = str(child.tag).rpartition("}")[2]
        if tag in ("responsedescription", "message", "description", "human-readable") and (child.text or "").strip():
            return f": {' '.join((child.text or '').split())[:200]}"
    return ""
