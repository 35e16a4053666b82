# SPDX-License-Identifier: Apache-2.0
"""Every record that vmferry keeps. JSON columns hold plain JSON; times are UTC.

The first migration makes exactly these tables; later ones change them, and a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("canonical_id", String(64), nullable=False),
    Column("created", DateTime, nullable=False),
)

access_keys = Table(
    "access_keys",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("account", String(12), nullable=False),
    Column("secret", Text, nullable=False),
    Column("created", DateTime, nullable=False),
)

roles = Table(
    "roles",
    metadata,
    Column("account", String(12), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("id", String(64), nullable=False),
    Column("path", String(512), nullable=False),
    Column("description", Text, nullable=False),
    Column("max_session_s", Integer, nullable=False),
    Column("trust_policy", Text, nullable=False),
    Column("policies", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("created", DateTime, nullable=False),
)

buckets = Table(
    "buckets",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("account", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("ownership", String(32), nullable=False),
    Column("policy", Text, nullable=False),
    Column("acl", Text, nullable=False),
    Column("encryption", Text, nullable=False),
    Column("created", DateTime, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", String(12), nullable=False, index=True),
    Column("region", String(32), nullable=False),
    Column("job", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("params", JSON, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("client_token", String(128)),
    Column("request_digest", String(64), nullable=False),
    Column("created", DateTime, nullable=False),
    Column("finished", DateTime),
    UniqueConstraint("account", "region", "job", "client_token"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", String(12), nullable=False, index=True),
    Column("region", String(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("map_id", String(128), nullable=False),
    Column("description", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("encrypted", Boolean, nullable=False),
    Column("kms_key_id", String(256), nullable=False),
    Column("created", DateTime, nullable=False),
    Column("original", String(128), nullable=False, server_default=""),
)

images = Table(
    "images",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", String(12), nullable=False, index=True),
    Column("region", String(32), nullable=False),
    Column("name", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created", DateTime, nullable=False),
)

# A name is free again once its image is deregistered.
Index(
    "images_name",
    images.c.account,
    images.c.region,
    images.c.name,
    unique=True,
    sqlite_where=images.c.state != "deregistered",
    postgresql_where=images.c.state != "deregistered",
)

tags = Table(
    "tags",
    metadata,
    Column("resource", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("value", String(256), nullable=False),
    Column("account", String(12), nullable=False),
    Column("region", String(32), nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("segment", String(64), nullable=False, index=True),
    Column("offset", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Column("coding", Integer, nullable=False),
)
