# SPDX-License-Identifier: Apache-2.0
"""The header: both versions, and every field that a size or a place depends on."""

from __future__ import annotations

import struct

import pytest
from tests.formats.qcow2.recipes import header, image
from tests.formats.recipes import MemorySource

from vmferry.errors import FormatError
from vmferry.formats.qcow2.header import probe, read_header


def source(**fields: int) -> MemorySource:
    return MemorySource(header(**fields).ljust(4096, b"\0"), "disk.qcow2")


def test_probe() -> None:
    assert probe(source())
    for data in (b"", b"QFI", b"QFI\xfa" + bytes(99), bytes(512)):
        assert not probe(MemorySource(data))


def test_version_3() -> None:
    found = read_header(source(compression=1, snapshots=7))
    assert (found.version, found.cluster, found.l2_entries, found.l1_needed) == (3, 512, 64, 2)
    assert (found.size, found.snapshots, found.compression, found.length) == (65536, 7, 1, 112)
    assert read_header(source(length=104, compression=1)).compression == 0


def test_version_2_has_no_features() -> None:
    found = read_header(source(version=2, incompatible=0xFF, compression=1, length=9))
    assert (found.incompatible, found.compression, found.length) == (0, 0, 72)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": 1}, "qcow2: version at byte 4: found 1, expected 2 or 3"),
        ({"version": 4}, "qcow2: version at byte 4: found 4"),
        ({"cluster_bits": 8}, "qcow2: cluster bits at byte 20: found 8, expected 9 to 21"),
        ({"cluster_bits": 22}, "qcow2: cluster bits at byte 20: found 22"),
        ({"length": 103}, "qcow2: header length at byte 100: found 103, expected 104 to 512"),
        ({"length": 513}, "qcow2: header length at byte 100: found 513"),
        ({"size": 1 << 63}, "qcow2: virtual size at byte 24: found 9223372036854775808 bytes"),
        ({"size": 65537}, "qcow2: L1 table at byte 36: found 2 entries, expected 3 for 65537"),
        ({"l1_offset": 0}, "qcow2: L1 table at byte 40: found 2 entries at byte 0"),
        ({"l1_offset": 513}, "qcow2: L1 table at byte 40: found 2 entries at byte 513"),
        ({"l1_offset": 4096}, "at byte 4096, expected at a cluster of 512 bytes, behind the"),
        ({"l1_offset": (1 << 64) - 512}, "qcow2: L1 table at byte 40"),
    ],
)
def test_a_field_out_of_its_range(fields: dict[str, int], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_header(source(**fields))
    assert message in caught.value.message


@pytest.mark.parametrize("length", [4, 71, 72, 104])
def test_a_cut_header(length: int) -> None:
    with pytest.raises(FormatError, match="qcow2: file: found"):
        read_header(MemorySource(header()[:length]))


def test_another_magic() -> None:
    with pytest.raises(FormatError, match="qcow2: magic at byte 0"):
        read_header(MemorySource(bytes(512)))


def test_an_l1_table_that_is_promised_is_not_allocated() -> None:
    """4 million entries in a file of 2 KiB are refused by the file's size alone."""
    data = image({}, cluster_bits=9, size=4 << 35, l1_entries=4 << 20)
    struct.pack_into(">Q", data, 24, (4 << 20) * 32768)
    small = MemorySource(data)
    with pytest.raises(FormatError, match="qcow2: L1 table at byte 40: found 4194304 entries"):
        read_header(small)
    assert max(length for _, length in small.reads) <= 112
