# SPDX-License-Identifier: Apache-2.0
"""Logical addresses: where they are, and why they cannot be reached."""

from __future__ import annotations

import pytest
from tests.guest.filesystems.btrfs.pieces import DISK, SHIFT, SINGLE, chunk, parsed

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs import chunks as module
from vmferry.guest.filesystems.btrfs.chunks import Chunks, Profile
from vmferry.units import MIB

FAR = 1 << 40


def _chunks(item: bytes) -> Chunks:
    chunks = Chunks(parsed(num_devices=2), DISK)
    chunks.add(FAR, item)
    chunks.sort()
    return chunks


def test_the_super_blocks_own_chunk_is_known() -> None:
    assert _chunks(chunk(MIB, SINGLE, (1, 0))).copies(SHIFT + 5, 10) == [5]


def test_every_copy_on_this_device_is_given() -> None:
    item = chunk(MIB, Profile.DUP, (1, MIB), (1, 2 * MIB))
    assert _chunks(item).copies(FAR + 7, 1) == [MIB + 7, 2 * MIB + 7]
    item = chunk(MIB, Profile.RAID1, (2, MIB), (1, 3 * MIB))
    assert _chunks(item).copies(FAR + 7, 1) == [3 * MIB + 7]
    assert _chunks(chunk(MIB, Profile.RAID0, (1, MIB))).copies(FAR, 1) == [MIB]


@pytest.mark.parametrize(
    "item",
    [
        chunk(MIB, Profile.RAID0, (1, 0), (2, 0)),
        chunk(MIB, Profile.RAID10, (1, 0), (2, 0), (3, 0), (4, 0)),
        chunk(MIB, Profile.RAID5, (1, 0), (2, 0)),
        chunk(MIB, SINGLE, (2, 0)),
    ],
)
def test_what_is_not_whole_on_this_device_is_refused(item: bytes) -> None:
    with pytest.raises(FormatError, match="a layout over the file system's 2 devices") as caught:
        _chunks(item).copies(FAR, 1)
    assert "btrfs device remove" in caught.value.hint


@pytest.mark.parametrize("logical", [0, SHIFT - 1, SHIFT + DISK, FAR - 1, FAR + MIB - 3])
def test_addresses_of_no_chunk_are_refused(logical: int) -> None:
    with pytest.raises(FormatError, match=f"chunks: found none with 4 bytes from {logical}"):
        _chunks(chunk(MIB, SINGLE, (1, 0))).copies(logical, 4)


def test_a_chunk_behind_the_partition_is_refused() -> None:
    with pytest.raises(FormatError, match="expected an end inside the partition's"):
        _chunks(chunk(MIB, SINGLE, (1, DISK))).copies(FAR, 1)


@pytest.mark.parametrize(
    "item", [b"", chunk(MIB, SINGLE), chunk(MIB, SINGLE, (1, 0))[:-1], chunk(0, 2, (1, 0))]
)
def test_an_item_without_its_stripes_is_refused(item: bytes) -> None:
    with pytest.raises(FormatError, match="without its stripes"):
        _chunks(item)


def test_the_super_blocks_array_is_checked() -> None:
    block = parsed()
    for array, message in (
        (block.system_chunks[:-1], "without its stripes"),
        (block.system_chunks[:50], "a chunk that is cut off"),
        (b"\0" * 200, "key 0, 0"),
    ):
        with pytest.raises(FormatError, match=message):
            Chunks(block._replace(system_chunks=array), DISK)


def test_far_too_many_chunks_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CHUNKS", 2)
    chunks = Chunks(parsed(), DISK)
    chunks.add(FAR, chunk(MIB, SINGLE, (1, 0)))
    with pytest.raises(FormatError, match="chunks: found more, expected at most 2"):
        chunks.add(FAR + MIB, chunk(MIB, SINGLE, (1, 0)))
