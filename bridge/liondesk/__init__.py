"""LionDesk's Tasks API v2.1: requests, paging, what changed since, rows to tasks and tasks to bodies.

`client.LionDeskApi` implements `bridge.ports.LionDesk`; `rows.patch_body` and `rows.create_body` make what it sends.
"""
