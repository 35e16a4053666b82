# SPDX-License-Identifier: Apache-2.0
"""From the snapshots of an image to one OVA; AWS has this for instances only.

The description stands first and names the digest of every disk, so an OVA has to be whole before it
can be sent anywhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vmferry import formats
from vmferry.appliances import OvaWriter
from vmferry.convert import Target
from vmferry.convert.appliance import planned, sha256_of
from vmferry.jobs._export import Artifact, Bodies, encode_disk, lay, snapshot_of, writable
from vmferry.jobs._machine import machine_of
from vmferry.stores.directory import room_on_disk
from vmferry.tasks import Steps, check_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FORMAT: Final = ("vmdk", "streamOptimized")
"""What an OVA has in it."""


def export_ova(
    steps: Steps,
    maps: Sequence[str],
    name: str,
    boot_mode: str,
    show: Callable[[int, float], None],
) -> str:
    """Write an OVA of disks in the work folder and return its path.

    Args:
        steps: The task's.
        maps: The snapshots' block maps, the boot disk first.
        name: The machine's.
        boot_mode: The image's, ``""`` when it does not say.
        show: Called with the number of the disk, from 0, and its share done.
    """
    artifacts = [Artifact(map_id, *FORMAT) for map_id in maps]
    bodies = [
        encode_disk(steps, number, each, "", lambda share, at=number: show(at, share))  # type: ignore[misc]
        for number, each in enumerate(artifacts)
    ]
    path = str(steps.work / "artifact-0")
    steps.run(assemble_ova, artifacts, bodies, (name, boot_mode), path, str(steps.work))
    return path


def assemble_ova(
    artifacts: Sequence[Artifact],
    bodies: Sequence[Bodies],
    machine: tuple[str, str],
    path: str,
    work: str,
) -> int:
    """Step: look at the guest, describe its machine, lay the disks; returns the OVA's size."""
    written = [Artifact(*each) for each in artifacts]
    disks = [snapshot_of(each) for each in written]
    name, boot_mode = machine
    described = planned(machine_of(name, disks, boot_mode), [disk.size for disk in disks])
    with room_on_disk(Path(path).name, 0), writable(path, keep=False) as out:
        ova = OvaWriter(out, described)
        check_cancelled(Path(work))
        for artifact, parts, disk in zip(written, bodies, disks, strict=True):
            base = ova.begin_disk()
            out.flush()
            with Target(path=Path(path), format=artifact.format, base=base).opened() as file:
                lay(artifact, Bodies(*parts), file)
                file.flush()
                size = file.seek(0, os.SEEK_END)
            digest = sha256_of(Path(path), base, size)
            ova.end_disk(size=size, sha256=digest, populated=formats.allocated(disk))
        ova.finish()
        out.flush()
        os.fsync(out.fileno())
        return out.seek(0, os.SEEK_END)
