"""A LionDesk of one's own: the documented Tasks v2.1 API, its open questions as switches, its failures on demand.

It is a product by itself and knows nothing of the bridge. `serve.run` starts it; `world.World` is all of its state.
Source of every behaviour: the vendor's page for Tasks v2.1, and where that is silent, the switch that says so.
"""
