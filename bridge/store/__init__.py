"""The state: what both sides last agreed on, where each side's cursor stands, and what every run did and why.

    with open_state("sqlite:////home/alice/state.db") as state:
        store = state.pair("alice")         # a `bridge.ports.Store` and a `bridge.ports.Known`

Losing the state loses nothing on either side: the next run adopts what it finds by UID.
"""

from bridge.store.sql_store import SqlStore
from bridge.store.state import State, open_state

__all__ = ["SqlStore", "State", "open_state"]
