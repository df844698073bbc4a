"""The first state: pairs with their cursors and facts, links with their rows, runs with their operations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    _create_base()
    _create_journal()


def _pair() -> sa.ForeignKey:
    return sa.ForeignKey("pairs.id", ondelete="CASCADE")


def _create_base() -> None:
    op.create_table(
        "pairs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "cursors",
        sa.Column("pair_id", sa.Integer, _pair(), primary_key=True),
        sa.Column("side", sa.Text, primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
    )
    op.create_table(
        "facts",
        sa.Column("pair_id", sa.Integer, _pair(), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text),
    )
    op.create_table(
        "links",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pair_id", sa.Integer, _pair(), nullable=False),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("href", sa.Text),
        sa.Column("etag", sa.Text),
        sa.Column("ics", sa.Text),
        sa.Column("pending", sa.Text),
        sa.Column("retire_at", sa.Text),
        sa.UniqueConstraint("pair_id", "uid", name="one_link_per_uid"),
        sa.UniqueConstraint("pair_id", "href", name="one_link_per_href"),
    )
    op.create_index("links_by_retire_at", "links", ["pair_id", "retire_at"])
    op.create_table(
        "rows",
        sa.Column("pair_id", sa.Integer, _pair(), primary_key=True),
        sa.Column("row_id", sa.Text, primary_key=True),
        sa.Column("link_id", sa.Integer, sa.ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event_id", sa.Text),
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("raw", sa.Text, nullable=False),
    )
    op.create_index("rows_by_link", "rows", ["link_id"])
    op.create_index("rows_by_event", "rows", ["pair_id", "event_id"])


def _create_journal() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pair_id", sa.Integer, _pair(), nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("started_at", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("result", sa.Text),
        sa.UniqueConstraint("pair_id", "run", name="one_run_per_name"),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("intended_at", sa.Text, nullable=False),
        sa.Column("receipted_at", sa.Text),
    )
    op.create_index("operations_by_run", "operations", ["run_id"])
