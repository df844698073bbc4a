from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bridge.core.model import Series
from bridge.vtodo import Context, read

DATA = Path(__file__).parent / "data"


@pytest.fixture
def context() -> Context:
    categories = {"1": "Call", "2": "E-mail, letter", "3": "Meeting"}
    return Context(ZoneInfo("America/Los_Angeles"), categories, timedelta(0), timedelta(minutes=15))


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 3, 18, 0, tzinfo=UTC)


@pytest.fixture
def sample() -> Callable[[str], str]:
    """A resource as an app wrote it, line ends and all."""
    return lambda name: (DATA / f"{name}.ics").read_bytes().decode()


@pytest.fixture
def understood(context: Context) -> Callable[[str], Series]:
    """What a readable resource says."""

    def understand(ics: str) -> Series:
        series = read(ics, context, "x.ics")
        assert isinstance(series, Series), series
        return series

    return understand


@pytest.fixture
def resource() -> Callable[..., str]:
    """A resource of these VTODOs, each given by its lines less UID; the first argument may be a VTIMEZONE."""

    def make(*todos: str, zone: str = "") -> str:
        parts = [f"BEGIN:VTODO\nUID:u\n{todo.strip()}\nEND:VTODO\n" for todo in todos]
        text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//A//B//EN\n" + zone + "".join(parts) + "END:VCALENDAR\n"
        return text.replace("\n", "\r\n")

    return make
