# SPDX-License-Identifier: Apache-2.0
"""Contents of files: as they stand, inflated, or zeros."""

from __future__ import annotations

import gzip

import pytest
from tests.appliances.recipes import MemorySource

from vmferry import formats
from vmferry.appliances.content import EMPTY, Zeros, most_content, open_content
from vmferry.errors import FormatError, SourceError
from vmferry.model.bytes import ByteSource
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import GIB, MIB, TIB

PACKED = gzip.compress(b"content" * 100)
ARCHIVE = MemorySource(b"head" + PACKED + b"tail")


def test_a_file_as_it_stands() -> None:
    opened = open_content(ARCHIVE, 0, 4, "disk1.vmdk")
    assert (opened.name, opened.read_at(0, 4)) == ("disk1.vmdk", b"head")


def test_a_file_that_is_compressed() -> None:
    opened = open_content(ARCHIVE, 4, len(PACKED), "disk1.vmdk", "gzip")
    assert (opened.name, opened.size) == ("disk1.vmdk", 700)
    assert opened.read_at(7, 7) == b"content"
    with pytest.raises(FormatError, match="at most 699 bytes for the disk"):
        open_content(ARCHIVE, 4, len(PACKED), "disk1.vmdk", "gzip", 699)


def test_another_compression() -> None:
    with pytest.raises(FormatError, match="ova: compression of d: found lzma, expected gzip"):
        open_content(ARCHIVE, 0, 4, "d", "lzma")


def test_a_disk_without_a_file() -> None:
    opened = open_content(ARCHIVE, 0, 16 * TIB, "empty disk", EMPTY)
    assert isinstance(opened, ByteSource)
    assert formats.detect(opened) == "raw"
    disk = formats.open_disk(opened, "raw")
    assert disk.size == 16 * TIB
    assert list(disk.extents()) == [Extent(0, 16 * TIB, ExtentKind.ZERO)]
    assert disk.read_at(16 * TIB - 9, 9) == bytes(9)
    assert list(Zeros(5, "a").extents(5, 0)) == []
    for offset, length in ((-1, 1), (0, -1), (5, 1)):
        with pytest.raises(SourceError, match=r"a: .* are wanted, it has 5 bytes"):
            Zeros(5, "a").read_at(offset, length)


def test_the_most_that_a_file_needs() -> None:
    assert most_content(None) is None
    assert most_content(8 * GIB) == 9 * GIB + 64 * MIB
