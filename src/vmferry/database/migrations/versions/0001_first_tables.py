# SPDX-License-Identifier: Apache-2.0
"""The first tables: accounts, roles, buckets, tasks, snapshots, images, tags and the block index.

It makes what ``tables`` says, so it is frozen with the first release: a later change of a table is
a migration of its own.
"""

from alembic import op

from vmferry.database.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Remove every table."""
    metadata.drop_all(op.get_bind())
