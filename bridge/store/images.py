"""Links as the journal keeps them: what both sides had agreed on before a run wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bridge.ports import StoredLink, StoredPart, StoredRow


def as_image(link: StoredLink) -> dict[str, object]:
    """JSON-ready. What waits and when it leaves the calendar are no part of an agreement."""
    return {
        "uid": link.uid,
        "href": link.href,
        "etag": link.etag,
        "ics": link.ics,
        "rows": [[row.row_id, row.event_id, row.slot.isoformat(), dict(row.raw)] for row in link.rows],
        "parts": [[part.slot.isoformat(), part.uid, part.href, part.etag, part.ics] for part in link.parts],
    }


def from_image(image: Any) -> StoredLink:  # noqa: ANN401 - as JSON came back
    """What `as_image` wrote; it has no id any more."""
    return StoredLink(
        None,
        image["uid"],
        image["href"],
        image["etag"],
        image["ics"],
        tuple(StoredRow(row, event, datetime.fromisoformat(slot), raw) for row, event, slot, raw in image["rows"]),
        parts=tuple(StoredPart(datetime.fromisoformat(slot), *rest) for slot, *rest in image["parts"]),
    )
