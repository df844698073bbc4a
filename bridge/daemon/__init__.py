"""The daemon: each pair at its own pace for months, and what it says of itself while it does so.

It knows no side and no store: what a run is, it is given as a function. `Service` is what the page and the command
speak to.
"""

from __future__ import annotations

from bridge.daemon.service import PairStatus, Service

__all__ = ["PairStatus", "Service"]
