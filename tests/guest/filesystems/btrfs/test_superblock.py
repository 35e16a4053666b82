# SPDX-License-Identifier: Apache-2.0
"""The super block: what is taken and what is refused by name."""

from __future__ import annotations

import pytest
from tests.guest.filesystems.btrfs.pieces import FSID, GENERATION, SHIFT, super_block

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs.superblock import SIZE, read_super_block
from vmferry.units import KIB, MIB


def test_reads_every_field() -> None:
    found = read_super_block(super_block(log_root=9, num_devices=2, devid=3))
    assert found._replace(system_chunks=b"") == (
        *(FSID, GENERATION, SHIFT + MIB, 0, SHIFT + MIB, 0, GENERATION),
        *(9, 2, 3, 4 * KIB, 4 * KIB, 0, b""),
    )
    assert len(found.system_chunks) == 17 + 48 + 32


def test_nodes_carry_the_metadata_uuid_if_there_is_one() -> None:
    assert read_super_block(super_block(incompat_flags=0x400)).fsid == bytes(16)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bytenr": 67108864}, "super block at byte 65536: found another one"),
        ({"csum_type": 4}, "checksum kind: found 4, expected below 4"),
        ({"csum_type": 2}, "super block at byte 65536: found a wrong checksum"),
        ({"incompat_flags": 0x1000}, "features: found incompatible 0x1000"),
        ({"incompat_flags": 0x2000}, "features: found incompatible 0x2000"),
        ({"incompat_flags": 1 << 40}, "features: found incompatible 0x10000000000"),
        ({"flags": 1 << 33}, "features: found incompatible 0x0, flags 0x200000000"),
        ({"sectorsize": 0}, "sectorsize: found 0, expected a power of two"),
        ({"sectorsize": 2048}, "sectorsize: found 2048"),
        ({"nodesize": 2048}, "nodesize: found 2048"),
        ({"nodesize": 5000}, "nodesize: found 5000"),
        ({"nodesize": 131072}, "nodesize: found 131072"),
        ({"sys_chunk_array_size": 2049}, "sys_chunk_array_size: found 2049, expected 2048"),
        ({"root_level": 8}, "tree heights: found 8 and 0, expected at most 7"),
        ({"chunk_root_level": 255}, "tree heights: found 0 and 255"),
    ],
)
def test_refuses_by_name(changes: dict[str, int], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_super_block(super_block(**changes))
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("size", [0, 100, SIZE - 1])
def test_refuses_what_is_cut_off(size: int) -> None:
    with pytest.raises(FormatError, match=f"found {size} bytes"):
        read_super_block(super_block()[:size])
