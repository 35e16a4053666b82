# SPDX-License-Identifier: Apache-2.0
"""The reader: fixed and dynamic disks, every header field mutated, every table cut."""

from __future__ import annotations

import random
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.recipes import MemorySource, read_all
from tests.formats.vhd.recipes import AWS_TEXT, dynamic_vhd, fixed_vhd, opened, summed

from vmferry.errors import FormatError, SourceError
from vmferry.formats import open_disk
from vmferry.formats.vhd.reader import VhdReader
from vmferry.model.disk import Extent, ExtentKind

CONTENT = random.Random(5).randbytes(8192)


def test_a_fixed_disk() -> None:
    disk = opened(fixed_vhd(CONTENT))
    assert (disk.size, disk.create_type, disk.warnings) == (8192, "fixed", ())
    assert read_all(disk) == CONTENT
    assert list(disk.extents(5, 100)) == [Extent(5, 100, ExtentKind.DATA)]
    assert list(disk.extents(8192)) == []


def test_a_dynamic_disk() -> None:
    data = dynamic_vhd({1: CONTENT[:4096], 3: b"end"}, 4096 * 3 + 1024)
    disk = opened(data)
    assert (disk.size, disk.create_type, disk.warnings) == (13312, "dynamic", ())
    expected = bytes(4096) + CONTENT[:4096] + bytes(4096) + b"end".ljust(1024, b"\0")
    assert read_all(disk) == expected
    kinds = [(extent.offset, extent.kind.value) for extent in disk.extents()]
    assert kinds == [(0, "zero"), (4096, "data"), (8192, "zero"), (12288, "data")]


def test_an_empty_current_size() -> None:
    with pytest.raises(FormatError, match="vhd: footer current size: found 0"):
        opened(fixed_vhd(b""))


def test_a_fixed_disk_in_a_file_too_short() -> None:
    text = "vhd: fixed disk: found 8192 bytes before the footer, expected 8193 bytes"
    with pytest.raises(FormatError, match=text):
        opened(fixed_vhd(CONTENT, current_size=8193))


def test_warnings() -> None:
    disk = opened(fixed_vhd(CONTENT, saved_state=1, current_size=8000))
    assert disk.warnings == (
        "vhd: the saved-state flag is set: the machine was not shut down",
        "vhd: 192 bytes between the disk's end and the footer are not read",
    )
    disk = opened(fixed_vhd(bytes(40_000), creator=b"vpc "))
    assert disk.size == 4 * 17 * 512
    (warning,) = disk.warnings
    assert warning == (
        "vhd: the disk has the 34816 bytes of its geometry, as its creator 'vpc' goes by, "
        "not the 40000 of its current size"
    )


@pytest.mark.parametrize(("offset", "length"), [(-1, 2), (0, -1), (8000, 193)])
def test_ranges_outside(offset: int, length: int) -> None:
    disk = opened(fixed_vhd(CONTENT))
    with pytest.raises(FormatError, match=r"vhd: range: found .* expected inside 8192 bytes"):
        disk.read_at(offset, length)


def try_all(data: bytes) -> bytes | None:
    """Return the disk's content, or ``None`` if it is refused as it may be."""
    try:
        disk = VhdReader(MemorySource(data))
        if disk.size > 1 << 20:
            disk.read_at(0, 4096)
            next(iter(disk.extents()), None)
            return b""
        for before, after in pairwise(disk.extents()):
            assert before.end == after.offset
        return read_all(disk)
    except (FormatError, SourceError):
        return None


DYNAMIC = bytes(dynamic_vhd({0: CONTENT[:4096], 2: CONTENT[4096:]}, 4096 * 4))


@pytest.mark.parametrize("value", [0, 1, 0x7F, 0x80, 0xFF])
def test_every_byte_of_the_headers_mutated(value: int) -> None:
    """With checksums that fit, so that only the fields themselves can be refused."""
    good = try_all(DYNAMIC)
    assert good is not None
    for at in range(85):
        mutated = bytearray(DYNAMIC)
        for place in (0, len(DYNAMIC) - 512):
            mutated[place + at] = value
            mutated[place : place + 512] = summed(bytes(mutated[place : place + 512]), 64)
        try_all(bytes(mutated))
        assert try_all(bytes(mutated[:-512]) + DYNAMIC[-512:]) in (None, good)
    for at in range(40):
        mutated = bytearray(DYNAMIC)
        mutated[512 + at] = value
        assert try_all(bytes(mutated)) in (None, good)
        mutated[512:1536] = summed(bytes(mutated[512:1536]), 36)
        try_all(bytes(mutated))
    for at in range(16):
        mutated = bytearray(DYNAMIC)
        mutated[1536 + at] = value
        try_all(bytes(mutated))


def test_a_cut_at_every_table() -> None:
    whole = try_all(DYNAMIC)
    for length in (*range(0, 2560, 64), *range(2048, len(DYNAMIC), 509)):
        assert try_all(DYNAMIC[:length]) in (None, whole)
    assert try_all(DYNAMIC[: len(DYNAMIC) - 512]) == whole
    assert try_all(DYNAMIC[: len(DYNAMIC) - 513]) is None


@given(st.binary(min_size=85, max_size=85), st.binary(max_size=600))
def test_noise(fields: bytes, rest: bytes) -> None:
    data = fields + rest
    tail = summed((b"conectix" + fields[8:]).ljust(512, b"\0"), 64)
    try_all(tail + summed((b"cxsparse" + data).ljust(1024, b"\0")[:1024], 36) + data + tail)


def test_a_declared_vhd_without_a_footer() -> None:
    with pytest.raises(FormatError, match="found raw, expected vhd as declared") as caught:
        open_disk(MemorySource(bytes(4096)), "VHD")
    assert caught.value.aws_text == AWS_TEXT
    with pytest.raises(FormatError, match="vhd: file: found no footer"):
        VhdReader(MemorySource(bytes(4096)))


def test_parent_locators_are_not_read() -> None:
    """A dynamic disk that names a parent all the same is its own blocks and nothing else."""
    data = bytearray(DYNAMIC)
    data[512 + 64 : 512 + 576] = "/etc/passwd".encode("utf-16-be").ljust(512, b"\0")
    data[512 + 576 : 512 + 600] = struct.pack(">4sIIIQ", b"W2ru", 1, 22, 0, 1 << 62)
    data[512:1536] = summed(bytes(data[512:1536]), 36)
    assert try_all(bytes(data)) == try_all(DYNAMIC)


def test_opening_asks_little_of_a_bucket() -> None:
    source = MemorySource(DYNAMIC)
    open_disk(source, "vhd").read_at(0, 1)
    assert len(source.reads) == 2 + 3 + 2
    source = MemorySource(fixed_vhd(CONTENT))
    open_disk(source, "vhd")
    assert len(source.reads) == 2 + 1
