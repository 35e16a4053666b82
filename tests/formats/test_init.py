# SPDX-License-Identifier: Apache-2.0
"""Detection and opening: the declared format is authoritative, and detection must agree."""

from __future__ import annotations

import pytest
from tests.formats.recipes import MemorySource, fill, sparse_vmdk, stream_vmdk

from vmferry.errors import FormatError
from vmferry.formats import all_formats, detect, open_disk

AWS_TEXT = "ClientError: Disk validation failed [Unsupported specified file format]"


def test_formats_are_found_and_have_checks() -> None:
    formats = all_formats()
    assert {"raw", "vmdk"} <= set(formats)
    for name, disk_format in formats.items():
        assert disk_format.name == name
        assert disk_format.safety or name == "raw"


def test_raw_is_the_absence_of_a_match() -> None:
    for data in (b"", b"x", bytes(10_000)):
        assert detect(MemorySource(data)) == "raw"
        assert open_disk(MemorySource(data), None).size == len(data)
    assert detect(MemorySource(stream_vmdk({}, 128))) == "vmdk"


@pytest.mark.parametrize("declared", ["vmdk", "VMDK", None])
def test_the_declared_format_is_opened(declared: str | None) -> None:
    disk = open_disk(MemorySource(sparse_vmdk({1: fill(1)}, 256)), declared)
    assert disk.read_at(0, 65536) == bytes(65536)
    assert disk.size == 256 * 512


@pytest.mark.parametrize(
    ("data", "declared", "message"),
    [
        (bytes(4096), "vmdk", "format of disk.vmdk: found raw, expected vmdk as declared"),
        (stream_vmdk({}, 128), "RAW", "found vmdk, expected raw as declared"),
        (b"QFI\xfb" + bytes(4092), "raw", "found qcow2, expected raw as declared"),
        (bytes(4096) + b"conectix" + bytes(504), "raw", "found vhd, expected raw as declared"),
        (b"vhdxfile" + bytes(504), "vmdk", "found vhdx, expected vmdk as declared"),
        (bytes(257) + b"ustar\0" + bytes(300), "raw", "found ova, expected raw as declared"),
    ],
)
def test_another_format_than_declared(data: bytes, declared: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        open_disk(MemorySource(data), declared)
    assert message in caught.value.message
    assert caught.value.aws_text == AWS_TEXT
    assert caught.value.hint


def test_a_known_format_that_is_not_read() -> None:
    data = bytes(64) + b"\x7f\x10\xda\xbe" + bytes(500)
    for declared in (None, "vdi"):
        with pytest.raises(FormatError, match="has the format vdi, which cannot be read") as caught:
            open_disk(MemorySource(data), declared)
        assert caught.value.aws_text == AWS_TEXT


def test_two_formats_at_once() -> None:
    data = stream_vmdk({}, 128) + b"conectix" + bytes(504)
    for declared in (None, "vmdk", "raw"):
        with pytest.raises(FormatError, match="more than one format: found vhd and vmdk") as caught:
            open_disk(MemorySource(data), declared)
        assert caught.value.aws_text == AWS_TEXT


def test_detection_asks_little_of_a_bucket() -> None:
    source = MemorySource(stream_vmdk({1: fill(1)}, 128 * 512 * 40))
    detect(source)
    assert len(source.reads) == 2
    source.reads.clear()
    open_disk(source, "vmdk")
    assert len(source.reads) == 6
