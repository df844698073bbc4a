"""The inbox, and what undo restores: links as they were agreed on before a run wrote them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Operations know their link; two new tables."""
    op.add_column("operations", sa.Column("uid", sa.Text, nullable=False, server_default=""))
    op.create_index("operations_by_uid", "operations", ["uid"])
    op.create_table(
        "agreed",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("link", sa.Text, nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pair_id", sa.Integer, sa.ForeignKey("pairs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("waits", sa.Boolean, nullable=False),
        sa.Column("opened_at", sa.Text, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("closed_at", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("inbox_by_key", "inbox", ["pair_id", "kind", "key"])
    op.create_index("inbox_by_uid", "inbox", ["pair_id", "uid"])
