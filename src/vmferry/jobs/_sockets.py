# SPDX-License-Identifier: Apache-2.0
"""Disks of a task served to a child process, on sockets in the task's own folder."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vmferry.blocks import Device
from vmferry.blocks.nbd import serve
from vmferry.jobs._rooms import here

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.blocks.nbd import Server


class Served(NamedTuple):
    """A copy-on-write device and its server."""

    device: Device
    server: Server


@contextmanager
def served(maps: Sequence[str], folder: Path) -> Iterator[list[Served]]:
    """Serve copy-on-write devices over snapshots for the time of the block.

    Args:
        maps: The snapshots' block maps.
        folder: Emptied first: what a killed step wrote counts no more. It gets a folder per disk,
            by its number.

    Raises:
        VmferryError: A read or write of a client failed through no fault of its own, whatever the
            client made of it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        short = stack.enter_context(_short(folder))
        disks = []
        for number, map_id in enumerate(maps):
            device = Device(here().snapshot_disk(map_id), folder / str(number))
            stack.callback(device.close)
            server = stack.enter_context(serve(device, short / f"{number}.nbd"))
            disks.append(Served(device, server))
        try:
            yield disks
        finally:
            for disk in disks:
                if disk.server.failure is not None:
                    raise disk.server.failure


@contextmanager
def _short(folder: Path) -> Iterator[Path]:
    """Yield another name of ``folder``: the path of a Unix socket may have 107 bytes only."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)
