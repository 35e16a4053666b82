# SPDX-License-Identifier: Apache-2.0
"""Bodies of the formats that store a disk in equal blocks behind a table: VHD and VHDX.

A slice's body is its blocks that are not zeros, each behind a lead of the format's own; inside a
block zeros are holes of the file. A record says which blocks these are:

    Dec  Hex  Name
      0  0x00 CRC-32 of what is not zeros                                u32
      4  0x04 how many bytes that CRC-32 covers                          u64
     12  0x0c numbers of the blocks on the disk, in order                u32 each
"""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING, Final

from isal import isal_zlib

from vmferry.formats._sparse import stored_runs
from vmferry.formats._writer import Encoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.formats._writer import Part, Put
    from vmferry.model.disk import Disk

_HEAD: Final = struct.Struct("<IQ")


def encode_blocks(
    disk: Disk, offset: int, length: int, put: Put, *, block: int, lead: bytes = b""
) -> Encoded:
    """Encode one slice.

    Args:
        disk: What is read.
        offset: First byte of the slice, a multiple of ``block``.
        length: Bytes of the slice.
        put: Takes the body's bytes.
        block: Bytes of a block.
        lead: What stands before each block.
    """
    numbers = array("I")
    crc = summed = begin = 0
    stride = len(lead) + block
    for at, run in stored_runs(disk, offset, offset + length):
        for skip, data in _split(at % block, run, block):
            number = (at + skip) // block
            if not numbers or numbers[-1] != number:
                begin = len(numbers) * stride
                numbers.append(number)
                if lead:
                    put(begin, lead)
            put(begin + len(lead) + (at + skip) % block, data)
        crc = isal_zlib.crc32(run, crc)
        summed += len(run)
    record = _HEAD.pack(crc, summed) + struct.pack(f"<{len(numbers)}I", *numbers)
    return Encoded(len(numbers) * stride, record)


def stored_blocks(parts: Sequence[Part], stride: int) -> Iterator[tuple[int, int]]:
    """Yield number and place in the artifact of every block, lead included, ``stride`` bytes."""
    for part in parts:
        count = (len(part.record) - _HEAD.size) // 4
        numbers = struct.unpack_from(f"<{count}I", part.record, _HEAD.size)
        yield from zip(numbers, range(part.place, part.place + part.size, stride), strict=True)


def content_crc(parts: Sequence[Part]) -> int:
    """Return the CRC-32 of all that is not zeros: the same however the disk was cut."""
    crc = 0
    for part in parts:
        one, summed = _HEAD.unpack_from(part.record)
        crc = isal_zlib.crc32_combine(crc, one, summed)
    return crc


def _split(skip: int, run: memoryview, block: int) -> Iterator[tuple[int, memoryview]]:
    """Cut a run that begins ``skip`` bytes into a block where blocks end."""
    at = 0
    while at < len(run):
        stop = min(at + block - (skip + at) % block, len(run))
        yield at, run[at:stop]
        at = stop
