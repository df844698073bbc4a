"""Alembic's migrations of the state. They run in-process when a state of an older version is opened."""
