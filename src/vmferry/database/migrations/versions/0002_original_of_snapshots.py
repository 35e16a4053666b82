# SPDX-License-Identifier: Apache-2.0
"""Snapshots know the block map that they had before fix-ups."""

import sqlalchemy
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column, unless 0001 has just made it."""
    columns = sqlalchemy.inspect(op.get_bind()).get_columns("snapshots")
    if "original" not in [column["name"] for column in columns]:
        op.add_column(
            "snapshots",
            sqlalchemy.Column(
                "original", sqlalchemy.String(128), nullable=False, server_default=""
            ),
        )


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("snapshots", "original")
