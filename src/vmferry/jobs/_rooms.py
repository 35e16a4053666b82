# SPDX-License-Identifier: Apache-2.0
"""What is wired for jobs, in the service and in every worker process alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmferry import stores
from vmferry.blocks import BlockIndex, Ingest, SnapshotDisk
from vmferry.catalog import Images, Snapshots
from vmferry.catalog.buckets import object_path
from vmferry.database import connect
from vmferry.errors import SetupError
from vmferry.processes import keep_memory
from vmferry.stores import Access

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from vmferry.config import Config
    from vmferry.model.bytes import ByteStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The rooms that jobs use.

    Attributes:
        engine: The records.
        blocks: The block store.
        index: What the block store has.
        lock: What slices hold while they add to the block store.
    """

    config: Config
    engine: Engine
    blocks: ByteStore
    index: BlockIndex
    lock: Path

    @property
    def ingest(self) -> Ingest:
        """Copies slices of disks into the block store."""
        return Ingest(self.blocks, self.index, self.lock)

    @property
    def access(self) -> Access:
        """How to reach the external S3, if there is one."""
        buckets = self.config.buckets
        return Access(
            endpoint=buckets.endpoint,
            region=buckets.region,
            access_key=buckets.access_key,
            secret_key=buckets.secret_key,
        )

    @property
    def images(self) -> Images:
        """The images' records."""
        return Images(self.engine)

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots' records."""
        return Snapshots(self.engine)

    def object_url(self, bucket: str, key: str) -> str:
        """Return where jobs find an object: a file for our own buckets, else the external S3.

        Raises:
            SourceError: The key cannot be one of ours.
        """
        if self.config.buckets.endpoint:
            return f"s3://{bucket}/{key}"
        return f"file://{object_path(self.config.bucket_root, bucket, key)}"

    def object_place(self, bucket: str, key: str) -> tuple[ByteStore, str]:
        """Return the store of an object and its name there, for writing."""
        root, name = stores.split(self.object_url(bucket, key))
        return stores.connect(root, self.access), name

    def snapshot_disk(self, map_id: str) -> SnapshotDisk:
        """Open a snapshot by its block map."""
        return SnapshotDisk(self.blocks, map_id)


def open_rooms(config: Config, *, migrate: bool = True) -> Rooms:
    """Wire the rooms of a state directory.

    Args:
        config: The settings.
        migrate: Bring the records up to date; worker processes leave that to the service.
    """
    return Rooms(
        config=config,
        engine=(engine := connect(config.database_url, migrate=migrate)),
        blocks=stores.connect(f"file://{config.block_root}"),
        index=BlockIndex(engine),
        lock=config.block_root / "lock",
    )


_mine: Rooms | None = None


def prepare_worker(config: Config) -> None:
    """Wire the rooms once in a worker process; steps find them by ``here``."""
    keep_memory()
    global _mine
    _mine = open_rooms(config, migrate=False)


def here() -> Rooms:
    """Return this worker's rooms."""
    if _mine is None:
        raise SetupError("jobs: this process was not prepared as a worker")
    return _mine
