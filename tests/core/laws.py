"""How many examples a law is tried on. The same ones in every run, unless `make laws` asks for others and many more."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("LAWS", "1"))


def tried(examples: int) -> settings:
    """The settings of a law that is tried on so many examples, or LAWS times as many."""
    return settings(
        max_examples=examples * TIMES,
        derandomize=TIMES == 1,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
