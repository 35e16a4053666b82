# SPDX-License-Identifier: Apache-2.0
"""Records: SQLAlchemy tables and their migrations; SQLite by default, PostgreSQL by URL."""

from vmferry.database.engine import connect

__all__ = ["connect"]
