# SPDX-License-Identifier: Apache-2.0
"""GPT: a table of GUIDs behind a protective MBR, read by libvsgpt.

A GPT counts only if the MBR protects it, as the Linux kernel has it: a disk that was partitioned
anew by an old tool keeps the dead GPT of its former life.

Source: UEFI Specification 2.10, sections 5.2.3 and 5.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyvsgpt

from vmferry.guest.volumes import Table
from vmferry.model.guest import Partition
from vmferry.units import SECTOR

if TYPE_CHECKING:
    from vmferry.guest.window import Window

PROTECTIVE: Final = 0xEE
TYPE_OFFSETS: Final = tuple(446 + slot * 16 + 4 for slot in range(4))
MOST_PARTITIONS: Final = 256


def read(disk: Window, index: int) -> tuple[Partition, ...] | None:
    """Return the partitions of a GPT disk, or ``None`` when no MBR protects a GPT."""
    sector = disk.peek(0, SECTOR)
    if sector[510:512] != b"\x55\xaa" or all(sector[at] != PROTECTIVE for at in TYPE_OFFSETS):
        return None
    volume = pyvsgpt.volume()
    volume.open_file_object(disk)
    entries = [
        volume.get_partition(position)
        for position in range(min(volume.number_of_partitions, MOST_PARTITIONS))
    ]
    return tuple(
        Partition(
            disk=index,
            number=entry.entry_index + 1,
            offset=entry.volume_offset,
            size=entry.size,
            kind=str(entry.type_identifier).lower(),
            partuuid=str(entry.identifier).lower(),
        )
        for entry in entries
    )


VOLUMES = Table(name="gpt", rank=0, read=read)
