"""The faulty server as a fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.caldav.faulty import FaultyDav, running


@pytest.fixture
async def dav() -> AsyncIterator[FaultyDav]:
    """A server without any fault yet, unknown to the table of quirks; set its switches in the test."""
    async with running(FaultyDav()) as server:
        yield server
