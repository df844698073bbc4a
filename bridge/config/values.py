"""Readers of single values: from what TOML holds to what the program uses.

Each raises ValueError with a text that fits after the key's name.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3650)


def text(value: object) -> str:
    """Text with something in it."""
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")  # noqa: TRY004 - one kind of error for all that a user wrote
    if not value.strip() or not value.isprintable():
        raise ValueError("must have something in it, on one line")
    return value


def pair_name(value: object) -> str:
    """A name that can be written on a command line."""
    name = text(value)
    if name.startswith("-") or name != name.strip():
        raise ValueError("must begin with a letter or a digit, and not end in a space")
    return name


def duration(value: object) -> timedelta:
    """A duration such as 5m, 30d or 1h30m."""
    found = re.findall(r"(\d{1,9})([smhdw])", value) if isinstance(value, str) else []
    if not found or "".join(number + unit for number, unit in found) != value:
        raise ValueError(f"is {value!r}, which is no duration: write such as 5m, 30d or 1h30m")
    whole = sum((timedelta(**{_UNITS[unit]: min(int(number), 100_000_000)}) for number, unit in found), timedelta())
    if whole > _LONGEST:
        raise ValueError(f"is {value!r}: {_LONGEST.days}d is the longest")
    return whole


def interval(value: object) -> timedelta:
    """A duration with something in it."""
    found = duration(value)
    if not found:
        raise ValueError("must be longer than nothing")
    return found


def duration_or_off(value: object) -> timedelta | None:
    """A duration, or `off`."""
    return None if value == "off" else duration(value)


def lead(value: object) -> timedelta:
    """`due`, which is no lead, or a duration."""
    return timedelta() if value == "due" else duration(value)


def zone(value: object) -> str:
    """The name of a zone that this machine's zone database has."""
    name = text(value)
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        known = available_timezones()
        nearest = get_close_matches(name, known, 1, 0.5) or [each for each in known if each.endswith(f"/{name}")]
        hint = f"did you mean {nearest[0]!r}?" if nearest else "write such as America/Los_Angeles"
        raise ValueError(f"is {name!r}, which is no time zone: {hint}") from None
    return name


def url(value: object) -> str:
    """An address to send requests to. It holds no credentials: those have keys of their own, which hide them."""
    address = text(value)
    parts = _split(address)
    if parts is None or parts.scheme not in ("http", "https") or " " in address:
        raise ValueError("must be an address that begins with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or a password: they have keys of their own")
    if parts.query or parts.fragment:
        raise ValueError("must end with the path, without ? or #")
    return address


def url_or_nothing(value: object) -> str:
    """An address, or the empty text where there is none."""
    return "" if value == "" else url(value)


def loopback(value: object) -> str:
    """An http address with a port on this machine, where a browser brings the answer to a log-in (RFC 8252, 7.3)."""
    address = url(value)
    parts = urlsplit(address)
    if parts.scheme != "http" or in_the_clear(address) or parts.port is None:
        raise ValueError("must be an address with a port on this machine, such as http://127.0.0.1:8765/")
    return address


def in_the_clear(address: str) -> bool:
    """Whether requests to this address can be read on their way: http to another machine."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "http" or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def listen(value: object) -> str:
    """HOST:PORT to serve the page on."""
    address = text(value)
    parts = _split(f"//{address}")
    if parts is None or parts.port is None or parts.netloc != address or parts.username is not None:
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8440")
    return address


def file(value: object, folder: Path) -> Path:
    """A file's name as an absolute path: a relative one is relative to `folder`, `~` is the user's home."""
    try:
        return folder / Path(text(value)).expanduser()
    except RuntimeError:
        raise ValueError("names the home of a user whom this machine does not know") from None


def state(value: object, folder: Path) -> str:
    """The state's URL with its file as an absolute path."""
    address = text(value)
    name = address.removeprefix("sqlite:///")
    if name in (address, "", ":memory:"):
        raise ValueError("must be sqlite:///FILE, such as sqlite:///state.db")
    return f"sqlite:///{file(name, folder).as_posix()}"


def _split(address: str) -> SplitResult | None:
    """The parts of an address; None if it has no host, or a port that is none."""
    try:
        parts = urlsplit(address)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None
