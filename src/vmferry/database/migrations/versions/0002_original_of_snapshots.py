# SPDX-License-Identifier: Apache-2.0
"""Snapshots know the block map that they had before fix-ups."""

import sqlalchemy
from alembic import op

from vmferry.database.tables import snapshots

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column, unless 0001 has just made it."""
    columns = sqlalchemy.inspect(op.get_bind()).get_columns(snapshots.name)
    if snapshots.c.original.name not in [column["name"] for column in columns]:
        op.add_column(snapshots.name, snapshots.c.original.copy())


def downgrade() -> None:
    """Remove the column."""
    op.drop_column(snapshots.name, snapshots.c.original.name)
