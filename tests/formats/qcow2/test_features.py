# SPDX-License-Identifier: Apache-2.0
"""What is refused by name: other files, encryption, unknown features; nothing named is opened."""

from __future__ import annotations

import pytest
from tests.formats.qcow2.recipes import extension, header, image
from tests.formats.recipes import MemorySource

from vmferry.errors import FormatError
from vmferry.formats import open_disk
from vmferry.formats.qcow2.features import check_features

NAMES = bytes([0, 17]) + b"time travel".ljust(46, b"\0") + bytes([1, 18]) + b"x".ljust(46, b"\0")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"backing_offset": 400, "backing_length": 11}, "qcow2: the image has a backing file at b"),
        ({"backing_offset": 400}, "qcow2: the image has a backing file at byte 8"),
        ({"backing_length": 1}, "qcow2: the image has a backing file at byte 8"),
        ({"encryption": 1}, "qcow2: the image is encrypted at byte 32: found 1"),
        ({"encryption": 2}, "qcow2: the image is encrypted at byte 32: found 2"),
        ({"incompatible": 1 << 1}, "qcow2: the image is marked as corrupt at byte 72"),
        ({"incompatible": 1 << 2}, "qcow2: the image has its data in another file at byte 72"),
        ({"incompatible": 1 << 4}, "qcow2: the image has extended L2 entries (subclusters)"),
        ({"incompatible": 1 << 5}, "incompatible features at byte 72: found bit 5, expected none"),
        ({"incompatible": 1 << 63 | 1 << 17}, "found bit 17 ('time travel') and bit 63, expected"),
        ({"incompatible": 1 << 3}, "qcow2: compression type at byte 104: found 0, expected anoth"),
        ({"compression": 1}, "qcow2: compression type at byte 104: found 1, expected another"),
        ({"compression": 2, "incompatible": 8}, "found 2, expected 0, deflate, or 1, zstd"),
    ],
)
def test_a_feature_is_refused_by_name(fields: dict[str, int], message: str) -> None:
    data = bytearray(header(**fields) + extension(0x6803F857, NAMES)).ljust(2048, b"\0")
    data[400:411] = b"/etc/shadow"
    for declared in ("qcow2", None):
        with pytest.raises(FormatError) as caught:
            open_disk(MemorySource(data), declared)
        assert message in caught.value.message
        assert "/etc" not in caught.value.status_message
        assert caught.value.status_message.startswith("ClientError: Disk validation failed")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (0x44415441, "qcow2: the image names a data file at byte 112"),
        (0x0537BE77, "qcow2: the image is encrypted at byte 112: found an encryption header"),
    ],
)
def test_an_extension_is_refused_without_its_bit(kind: int, message: str) -> None:
    data = image({}, extensions=extension(kind, b"/etc/shadow"))
    with pytest.raises(FormatError, match=message) as caught:
        check_features(MemorySource(data))
    assert "shadow" not in caught.value.status_message


def test_an_extension_that_leaves_the_first_cluster() -> None:
    data = image({}, extensions=extension(0x12345678, b"")[:4] + b"\xff\xff\xff\xf0")
    with pytest.raises(FormatError, match="header extension at byte 112: found 4294967280 bytes"):
        check_features(MemorySource(data))


def test_what_is_known_or_harmless_passes() -> None:
    harmless = extension(0xE2792ACA, b"raw") + extension(0x6803F857, NAMES + b"cut")
    check_features(MemorySource(image({}, extensions=harmless)))
    check_features(MemorySource(image({}, incompatible=1)))
    check_features(MemorySource(image({}, incompatible=8, compression=1)))
    check_features(MemorySource(image({}, compatible=0xFF, autoclear=0xFF)))
    check_features(MemorySource(image({}, version=2, length=0)))
