"""What is said of reads that are tried again: nothing, or a line with -v. The library itself would write to stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.cli.common import given
from bridge.cli.terminal import tell

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails


def tell_retries() -> None:
    """From now on retries are told on standard error, and only with -v."""
    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks([_told] if given().verbosity else [])


def _told(details: RetryDetails) -> None:
    # The error's own text is left out: the report names it, if it stays.
    tell(f"A read failed ({details.retry_num}); trying again in {details.wait_for:.1f} s.", "warning")
