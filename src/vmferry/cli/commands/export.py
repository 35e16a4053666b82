# SPDX-License-Identifier: Apache-2.0
"""``vmferry export``: an image or a snapshot of a state directory to a file or a bucket.

What AWS refuses is possible here: every disk in one OVA, VHDX, disks of any size, encrypted images.
The service may run meanwhile.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from vmferry.cli.artifacts import (
    OVA,
    Compression,
    CompressionOption,
    ForceOption,
    FormatOption,
    KindOption,
    tell,
    wanted_format,
)
from vmferry.cli.commands import Command
from vmferry.cli.options import JobsOption, Output, OutputOption, StateDirOption
from vmferry.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vmferry.blocks import SnapshotDisk
    from vmferry.convert import Converted, Target
    from vmferry.jobs._rooms import Rooms
    from vmferry.model.catalog import Snapshot

_BUCKET: Final = "s3://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is exported.

    Attributes:
        name: The machine's, in an OVA.
        boot_mode: The image's, ``""`` when it does not say.
    """

    name: str
    snapshots: tuple[Snapshot, ...]
    boot_mode: str = ""


def run(
    what: Annotated[
        str, typer.Argument(metavar="AMI|SNAPSHOT", help="The image's or the snapshot's id.")
    ],
    target: Annotated[str, typer.Argument(metavar="FILE|s3://BUCKET/KEY", help="What is written.")],
    to: FormatOption = "",
    kind: KindOption = "",
    state_dir: StateDirOption = None,
    compression: CompressionOption = Compression.NORMAL,
    jobs: JobsOption = 0,
    force: ForceOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Write an image or a snapshot as a file; an OVA has every disk, else each disk is one file."""
    from vmferry.cli.state import open_state
    from vmferry.convert import Target
    from vmferry.formats import Effort

    wanted = wanted_format("export", to, target, kind)
    rooms = open_state(state_dir)
    chosen = _chosen(rooms, what)
    groups = [chosen.snapshots] if wanted == OVA else [(each,) for each in chosen.snapshots]
    for number, group in enumerate(groups):
        began = time.monotonic()
        name = _numbered(target, number)
        disks = [rooms.snapshot_disk(snapshot.map_id) for snapshot in group]
        with _place(rooms, name, force=force) as path:
            place = Target(path=path, format=wanted, kind=kind, effort=Effort(compression))
            written = _write(disks, chosen, place, jobs)
        tell(written, name, wanted, time.monotonic() - began, output)


def _chosen(rooms: Rooms, what: str) -> Chosen:
    """Return what the id names; raises ``ApiError`` with EC2's own words if there is none."""
    if what.startswith("snap-"):
        return Chosen(name=what, snapshots=(rooms.snapshots.find(None, what),))
    image = rooms.images.find(None, what)
    found = tuple(rooms.snapshots.find(None, each.snapshot_id) for each in image.devices)
    return Chosen(name=image.name, snapshots=found, boot_mode=image.boot_mode)


def _numbered(target: str, number: int) -> str:
    """Return the name of disk ``number`` from 0, as ExportImage has them: ``…-disk2.vmdk``."""
    stem, dot, suffix = target.rpartition(".")
    if not number:
        return target
    if not dot or "/" in suffix:
        return f"{target}-disk{number + 1}"
    return f"{stem}-disk{number + 1}.{suffix}"


@contextmanager
def _place(rooms: Rooms, target: str, *, force: bool) -> Iterator[Path]:
    """Give a file that is at its target at the end of the block."""
    from vmferry.convert import partial
    from vmferry.stores.directory import TEMPORARY, room_on_disk

    if not target.startswith(_BUCKET):
        with partial(Path(target), replace=force) as path:
            yield path
        return
    bucket, _, key = target.removeprefix(_BUCKET).partition("/")
    store, name = rooms.object_place(bucket, key)
    if not rooms.config.buckets.endpoint and not (rooms.config.bucket_root / bucket).is_dir():
        raise SourceError(f"{target}: there is no bucket {bucket}", hint="Make it with: aws s3 mb")
    if store.size(name) is not None and not force:
        raise SourceError(f"{target}: exists already", hint="Replace it with --force")
    # The service removes what has this name and a time before its start.
    path = rooms.config.bucket_root / f"{TEMPORARY}export-{os.getpid()}"
    with room_on_disk(target, 0):
        path.open("wb").close()
        try:
            yield path
            store.adopt(name, path, lambda _done: None)
        finally:
            path.unlink(missing_ok=True)


def _write(disks: Sequence[SnapshotDisk], chosen: Chosen, target: Target, jobs: int) -> Converted:
    from vmferry.cli.progress import Bar
    from vmferry.convert import write_disk
    from vmferry.convert.appliance import write_appliance
    from vmferry.jobs._machine import machine_of

    with Bar("exporting") as bar:
        if target.format != OVA:
            return write_disk(disks[0], _shared(disks[0]), target, jobs=jobs, show=bar.show)
        machine = machine_of(chosen.name, disks, chosen.boot_mode)
        return write_appliance(
            [(disk, _shared(disk)) for disk in disks],
            machine, target.path, effort=target.effort, jobs=jobs, show=bar.show,
        )  # fmt: skip


def _shared(disk: SnapshotDisk) -> Callable[[], SnapshotDisk]:
    """Return the disk in a forked process: segments are files, read at places."""
    return lambda: disk


COMMAND = Command(name="export", run=run, example="vmferry export ami-0123456789abcdef0 vm.ova")
