"""The demo: LionDesk's sandbox and a calendar server on this machine, the bridge between them, and a tour of it."""

from bridge.demo.tour import run

__all__ = ["run"]
