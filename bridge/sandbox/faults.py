"""Failures on demand: which requests are hit, how often, and what becomes of their answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal, cast, get_args

Kind = Literal["status", "delay", "close_before", "close_after", "half_body", "html"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One queued failure. `method` and `path` are regular expressions that must match in full; `times` counts down.

    status: answer `status`, the request has no effect, with Retry-After in `retry_after` seconds if that is set, as an
    HTTP-date if `retry_after_date`. delay: wait `delay_s`, then go on as usual. close_before: close the connection, no
    effect. close_after: the request takes effect, then the connection closes without an answer. half_body: it takes
    effect, half of the answer's body arrives. html: a proxy's HTML page with `status` (200 is the nastiest), no effect.
    """

    kind: Kind
    method: str = ".*"
    path: str = ".*"
    times: int = 1
    status: int = 503
    retry_after: int | None = None
    retry_after_date: bool = False
    delay_s: float = 0.0

    def matches(self, method: str, path: str) -> bool:
        """Whether it hits this request."""
        return bool(re.fullmatch(self.method, method) and re.fullmatch(self.path, path))

    def as_json(self) -> dict[str, object]:
        """The fault by its names."""
        return asdict(self)


def read(body: Mapping[str, object]) -> Fault:
    """A fault from JSON. ValueError says what is wrong."""
    known = {field.name: field for field in fields(Fault)}
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise ValueError(f"A fault has no {', '.join(unknown)}; it has {', '.join(known)}.")
    if body.get("kind") not in get_args(Kind):
        raise ValueError(f"kind is one of {', '.join(get_args(Kind))}; not {body.get('kind')!r}.")
    return Fault(
        kind=cast("Kind", body["kind"]),
        method=_pattern(body.get("method", ".*")),
        path=_pattern(body.get("path", ".*")),
        times=_whole(body, "times", 1, 1, 1_000_000),
        status=_whole(body, "status", 503, 200, 599),
        retry_after=_whole(body, "retry_after", 0, 0, 86_400) if body.get("retry_after") is not None else None,
        retry_after_date=bool(body.get("retry_after_date", False)),
        delay_s=_seconds(body),
    )


def _pattern(value: object) -> str:
    try:
        return re.compile(str(value)).pattern
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}.") from None


def _whole(body: Mapping[str, object], name: str, fallback: int, least: int, most: int) -> int:
    value = body.get(name, fallback)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is a whole number from {least} to {most}; not {value!r}.")
    return value


def _seconds(body: Mapping[str, object]) -> float:
    value = body.get("delay_s", 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 600:
        raise ValueError(f"delay_s is a number from 0 to 600; not {value!r}.")
    return float(value)


def take(queue: list[Fault], method: str, path: str) -> Fault | None:
    """The first fault that hits this request, counted down; a spent one leaves the queue."""
    for fault in queue:
        if fault.matches(method, path):
            fault.times -= 1
            if fault.times <= 0:
                queue.remove(fault)
            return fault
    return None
