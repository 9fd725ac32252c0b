"""Makes the tables of replicated resources.

Revision 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "operations",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("incarnation", sa.Integer, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "copies",
        sa.Column("resource", sa.String, primary_key=True),
        sa.Column("entry", sa.LargeBinary, nullable=False),
    )
    op.create_table("lives", sa.Column("life", sa.Integer, primary_key=True))


def downgrade() -> None:
    """Remove them, with all that is in them."""
    for table in ("operations", "copies", "lives"):
        op.drop_table(table)
