# SPDX-License-Identifier: Apache-2.0
"""Writes a fixed VHD: the disk as it is, and a footer.

The disk is rounded up to a whole MiB, and the current size is the file's without the footer: Azure
takes no other, and Hyper-V, Xen and qemu-img take it as well. AWS adds more (a disk of 20 GiB was
seen to become a file of 21475927040 bytes), which no reader asks for and Azure refuses.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006), "Hard Disk Footer
Format"; Azure, "Prepare a Windows VHD or VHDX to upload to Azure": sizes in whole MiB.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from vmferry.errors import FormatError, IntegrityError
from vmferry.formats._sparse import write_sparse
from vmferry.formats.vhd.footer import DiskType, check_size, make_footer
from vmferry.formats.vhd.identity import identity
from vmferry.units import BLOCK, MIB, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.model.disk import Disk


class FixedVhdWriter:
    """Writes one fixed VHD in place and leaves holes for zeros.

    Args:
        size: Bytes of the disk; the file's disk has the next whole MiB.

    Raises:
        FormatError: The disk is empty, or larger than 2040 GiB.
    """

    alignment = BLOCK
    placed = True

    def __init__(self, size: int) -> None:
        check_size(size)
        self._size = size
        self._capacity = round_up(size, MIB)

    def encode(self, disk: Disk, offset: int, length: int, out: BinaryIO) -> None:
        """Write the range to its own place in ``out``."""
        if offset < 0 or length < 0 or offset + length > self._size:
            found = f"{offset} + {length} bytes"
            raise FormatError("vhd: slice", found=found, expected=f"inside {self._size} bytes")
        write_sparse(disk, offset, length, out)

    def assemble(self, pieces: Sequence[BinaryIO], out: BinaryIO) -> None:
        """Give the artifact its size and its footer.

        The id is made of the size and the first and last MiB, where partition tables have an id of
        their own; ``out`` has to be readable.
        """
        if pieces:
            raise IntegrityError(f"vhd: {len(pieces)} pieces of a fixed disk, expected none")
        out.truncate(self._capacity)
        ends = [self._read(out, at) for at in (0, self._capacity - MIB)]
        unique_id = identity(str(self._capacity).encode(), *ends)
        out.seek(self._capacity)
        out.write(make_footer(self._capacity, DiskType.FIXED, unique_id).pack())

    @staticmethod
    def _read(out: BinaryIO, at: int) -> bytes:
        out.seek(at, io.SEEK_SET)
        return out.read(MIB).ljust(MIB, b"\0")
