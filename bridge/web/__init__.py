"""The daemon's page, and what machines ask it: health and figures."""

from __future__ import annotations

from bridge.web.app import create_app
from bridge.web.ground import Ground

__all__ = ["Ground", "create_app"]
