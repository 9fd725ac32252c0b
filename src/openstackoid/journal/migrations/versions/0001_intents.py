"""Makes the first tables: the key, and the intents.

Revision 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table("keys", sa.Column("wrapped", sa.LargeBinary, primary_key=True))
    op.create_table(
        "intents",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("changed", sa.Float, nullable=False),
        sa.Column("look_at", sa.Float),
        sa.Column("entry", sa.LargeBinary, nullable=False),
    )
    op.create_index("intents_by_state", "intents", ["state", "changed"])


def downgrade() -> None:
    """Remove them, with all that is in them."""
    op.drop_table("intents")
    op.drop_table("keys")
