# SPDX-License-Identifier: Apache-2.0
"""The super block: what is taken and what is refused by name."""

from __future__ import annotations

import struct

import pytest

from vmferry.errors import FormatError
from vmferry.guest.filesystems.jfs.superblock import SuperBlock, read_super_block

LINUX = 0x10000900
INDEX = 0x00200000


def _block(
    version: int = 1, size: int = 4096, logarithm: int = 12, flags: int = LINUX, state: int = 0
) -> bytes:
    head = struct.pack(
        "<4sIQIHHIHHI", b"JFS1", version, 131072, size, logarithm, 3, 512, 9, 0, 8192
    )
    return head + struct.pack("<II", flags, state)


def test_reads_what_it_needs() -> None:
    assert read_super_block(_block()) == SuperBlock(4096, False, True)
    found = read_super_block(_block(2, 512, 9, LINUX | INDEX, 2) + bytes(99))
    assert found == SuperBlock(512, True, False)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (b"", "super block at byte 32768: found b'', expected b'JFS1'"),
        (_block()[:-1], "super block at byte 32768: found b'JFS1'"),
        (b"X" + _block()[1:], "super block at byte 32768: found b'XFS1'"),
        (_block(version=3), "s_version at byte 32772: found 3, expected 1 or 2"),
        (_block(size=8192, logarithm=13), "s_bsize at byte 32784: found 8192, 2^13, expected (512"),
        (_block(size=4096, logarithm=11), "s_bsize at byte 32784: found 4096, 2^11"),
        (_block(size=0, logarithm=65535), "s_bsize at byte 32784: found 0, 2^65535"),
        (_block(flags=0x40000000), "s_flag at byte 32804: found 0x40000000, expected the flags of"),
        (_block(flags=0x80000000), "s_flag at byte 32804: found 0x80000000"),
    ],
)
def test_refuses_by_name(block: bytes, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_super_block(block)
    assert caught.value.message.startswith(message)
