"""Stand-alone resources that show one occurrence of a link's series each."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create their table."""
    op.create_table(
        "parts",
        sa.Column("pair_id", sa.Integer, sa.ForeignKey("pairs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("href", sa.Text, primary_key=True),
        sa.Column("link_id", sa.Integer, sa.ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("etag", sa.Text, nullable=False),
        sa.Column("ics", sa.Text),
    )
    op.create_index("parts_by_link", "parts", ["link_id"])
    op.create_index("parts_by_uid", "parts", ["pair_id", "uid"])
