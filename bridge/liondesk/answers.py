"""What an answer of LionDesk's says, apart from how it came. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Payload:
    """What a successful answer holds; None when it is empty."""

    value: object


def retry_after(text: str | None, now: datetime) -> float | None:
    """The seconds a Retry-After header asks for, in either form; None where it is missing or says nothing."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def read_payload(content: bytes) -> Payload:
    """The JSON of an answer. Raises ValueError in words."""
    if not content.strip():
        return Payload(None)
    if content.lstrip().startswith(b"<"):
        raise ValueError("a web page came in place of data")
    try:
        return Payload(json.loads(content))
    except (ValueError, RecursionError):
        raise ValueError("its data are incomplete or garbled") from None


def error_words(content: bytes) -> str:
    """What an error answer says, in the shape of a Feathers service or of OAuth; empty where it says nothing."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    message = value.get("message") or value.get("error_description") or value.get("error") or value.get("name") or ""
    errors = value.get("errors")
    details: list[str] = []
    if isinstance(errors, dict):
        details = [f"{name}: {_short(detail)}" for name, detail in errors.items()]
    elif isinstance(errors, list):
        details = [_short(detail) for detail in errors]
    return _short(message) + (f" ({'; '.join(details)})" if details else "")


def _short(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("message"), str):
        return str(value["message"])
    return json.dumps(value, ensure_ascii=False)
