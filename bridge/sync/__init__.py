"""One run: observe, pair up, reconcile, plan, execute, settle, commit. The only orchestrator."""

from bridge.sync.pair import Options, Pair
from bridge.sync.run import run

__all__ = ["Options", "Pair", "run"]
