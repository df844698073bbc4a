"""What the base notes before a request whose answer may be lost, so that the next run knows what to look for.

A series that is changed as a whole is to be mended (law 4); a task that is POSTed must never be POSTed twice, though
there is no idempotency key: LionDesk's new rows are searched for what was sent before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from bridge.core.model import SYNCED, Rule, Slot, Status, Task
from bridge.core.pairing import Posted
from bridge.core.plan import PostTask, Work
from bridge.ports import StoredLink
from bridge.report import plain


def with_posts(stored: StoredLink | None, work: Work, at: datetime) -> StoredLink:
    """The base's link with a note of what is POSTed for it, and when (aware UTC)."""
    link = stored or StoredLink(None, work.pairing.link.uid, work.pairing.href)
    posts = [_sent(each) for each in work.liondesk if isinstance(each, PostTask)]
    note = {"retry": True, "posted": posts, "posted_at": at.isoformat()}
    return replace(link, pending={**(link.pending or {}), **note})


def with_mending(stored: StoredLink, expected: Mapping[Slot, Task]) -> StoredLink:
    """The base's link with a note of what its series must show once it was changed as a whole."""
    mending = {slot.isoformat(): _image(task) for slot, task in expected.items()}
    return replace(stored, pending={**(stored.pending or {}), "mend": mending})


def expected_of(stored: StoredLink) -> dict[Slot, Task]:
    """What `with_mending` noted."""
    announced = (stored.pending or {}).get("mend")
    if not isinstance(announced, Mapping):
        return {}
    return {datetime.fromisoformat(slot): _task(values) for slot, values in announced.items()}


def posted_of(links: Iterable[StoredLink]) -> dict[str, tuple[Posted, ...]]:
    """What `with_posts` noted, by UID."""
    found = {}
    for link in links:
        posts = (link.pending or {}).get("posted")
        if isinstance(posts, list):
            found[link.uid] = tuple(_posted(each) for each in posts)
    return found


def _sent(post: PostTask) -> dict[str, object]:
    rule = None if post.rule is None else [list(part) for part in post.rule.parts]
    return {"slot": post.slot.isoformat(), "task": _image(post.task), "rule": rule}


def _posted(values: Mapping[str, object]) -> Posted:
    task, parts = values["task"], values["rule"]
    assert isinstance(task, Mapping)  # noqa: S101  # written by `_sent`
    rule = Rule(tuple((str(name), str(value)) for name, value in parts)) if isinstance(parts, list) else None
    return Posted(datetime.fromisoformat(str(values["slot"])), _task(task), rule)


def _image(task: Task) -> dict[str, object]:
    return {name: plain(getattr(task, name)) for name in SYNCED}


def _task(values: Mapping[str, object]) -> Task:
    category = values["category_id"]
    return Task(
        summary=str(values["summary"]),
        notes=str(values["notes"]),
        due=datetime.fromisoformat(str(values["due"])),
        all_day=bool(values["all_day"]),
        status=Status(str(values["status"])),
        category_id=None if category is None else str(category),
    )
