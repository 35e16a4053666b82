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

from vmferry.formats import Effort, Encoded
from vmferry.formats._sparse import encode_in_place
from vmferry.formats._writer import check_parts, check_slice
from vmferry.formats.vhd.footer import DiskType, check_size, make_footer
from vmferry.formats.vhd.identity import identity
from vmferry.units import BLOCK, MIB, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.formats import Part, Put
    from vmferry.model.disk import Disk


class FixedVhdWriter:
    """Writes one fixed VHD in place and leaves holes for zeros.

    Args:
        size: Bytes of the disk; the file's disk has the next whole MiB.
        effort: Nothing is compressed.

    Raises:
        FormatError: The disk is empty, or larger than 2040 GiB.
    """

    alignment = BLOCK
    first = None

    def __init__(self, size: int, *, effort: Effort = Effort.NORMAL) -> None:
        del effort
        check_size(size)
        self._size = size
        self._capacity = round_up(size, MIB)

    def encode(self, disk: Disk, offset: int, length: int, put: Put) -> Encoded:
        """Put what is not zeros."""
        check_slice("vhd", disk, offset, length, self._size, self.alignment)
        return encode_in_place(disk, offset, length, put)

    def finish(self, parts: Sequence[Part], out: BinaryIO) -> None:
        """Give the artifact its size and its footer.

        The id is made of the size and the first and last MiB, where partition tables have an id of
        their own.
        """
        check_parts("vhd", parts, self._size)
        out.truncate(self._capacity)
        ends = [self._read(out, at) for at in (0, self._capacity - MIB)]
        unique_id = identity(str(self._capacity).encode(), *ends)
        out.seek(self._capacity)
        out.write(make_footer(self._capacity, DiskType.FIXED, unique_id).pack())

    @staticmethod
    def _read(out: BinaryIO, at: int) -> bytes:
        out.seek(at, io.SEEK_SET)
        return out.read(MIB).ljust(MIB, b"\0")
