"""Alembic's environment: migrate on the connection, and in the transaction, that the caller opened."""

from alembic import context
from sqlalchemy import Connection

connection = context.config.attributes["connection"]
if not isinstance(connection, Connection):
    raise TypeError("the state migrates in-process: bridge.store.open_state hands its connection over")

# SQLite changes most of a table only by writing it anew, which Alembic calls a batch.
context.configure(connection=connection, render_as_batch=True)
context.run_migrations()
