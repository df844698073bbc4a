"""The figure of `make fuzz`."""

from __future__ import annotations

import pytest

from tests.fuzz.drawing import READ


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much foreign input was read, by what it is."""
    if READ:
        parts = ", ".join(f"{count:,} {what}" for what, count in sorted(READ.items()))
        terminalreporter.write_line(f"{READ.total():,} examples of foreign input read: {parts}.")
