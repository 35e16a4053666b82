# SPDX-License-Identifier: Apache-2.0
"""Labels and metadata areas, each field of them wrong once; what LVM writes is in the oracle."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guest.volumes.lvm.recipes import (
    AREA,
    AREA_SIZE,
    UUID_0,
    member,
    physical,
    put_area_header,
    put_label,
)

from vmferry.guest.volumes.lvm import label
from vmferry.guest.volumes.lvm.label import AREA_MAGIC, PhysicalVolume, checksum, read

TEXT = "vg { }\n" * 300
UUID = UUID_0.replace("-", "")


def _read(disk: bytes | bytearray) -> PhysicalVolume | None:
    return read(member(disk).window)


@given(st.binary(max_size=40))
def test_the_checksum_is_a_crc_that_begins_elsewhere(data: bytes) -> None:
    crc = 0xF597A6CF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    assert checksum(data) == crc


@pytest.mark.parametrize("offset", [512, 2048, AREA_SIZE - 512])
def test_a_text_can_go_round_the_ring(offset: int) -> None:
    assert _read(physical(TEXT, text_offset=offset)) == PhysicalVolume(UUID, (TEXT,))


@pytest.mark.parametrize("sector", [0, 1, 2, 3])
def test_a_label_lies_in_the_first_four_sectors(sector: int) -> None:
    disk = physical(TEXT)
    volume = bytes(disk[512 + 32 : 1024])
    disk[512:1024] = bytes(512)
    put_label(disk, volume[:-24], sector=sector, offset=56)
    assert _read(disk) == PhysicalVolume(UUID, (TEXT,))


@pytest.mark.parametrize("at", [512, 520, 528, 532, 544, 600, 1023])
def test_a_damaged_label_is_none(at: int) -> None:
    disk = physical(TEXT)
    disk[at] ^= 0xFF
    assert _read(disk) is None


def test_a_short_disk_has_no_label() -> None:
    assert _read(bytes(700)) is None
    assert _read(bytes(4096)) is None


@pytest.mark.parametrize("offset", [0, 31, 473, 1 << 31])
def test_a_header_outside_the_sector(offset: int) -> None:
    disk = physical(TEXT)
    rest = struct.pack("<I8s", offset, b"LVM2 001").ljust(492, b"\0")
    disk[512:532] = struct.pack("<8sQI", b"LABELONE", 1, checksum(rest))
    disk[532:1024] = rest
    assert _read(disk) is None


HEADER = {"magic": AREA_MAGIC, "version": 1, "offset": 512, "length": 2101, "flags": 0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"magic": b"x" * 16},
        {"version": 2},
        {"offset": 0},
        {"offset": AREA_SIZE},
        {"length": 0},
        {"length": AREA_SIZE},
        {"length": 1 << 63},
        {"length": 2100},
        {"flags": 1},
    ],
)
def test_a_damaged_or_ignored_area_has_no_text(wrong: dict[str, object]) -> None:
    disk = physical(TEXT)
    field = {**HEADER, **wrong}
    text = bytes(disk[AREA + 512 : AREA + 512 + 2101])
    header = struct.pack("<16sIQQ", field["magic"], field["version"], AREA, AREA_SIZE)
    header += struct.pack("<QQII", field["offset"], field["length"], checksum(text), field["flags"])
    put_area_header(disk, header.ljust(508, b"\0"))
    assert _read(disk) == PhysicalVolume(UUID, ())
    disk[AREA + 30] ^= 1
    assert _read(disk) == PhysicalVolume(UUID, ())


def test_areas_that_are_not_there() -> None:
    disk = physical(TEXT)
    for areas in ((), (1 << 62, 512), (len(disk), 512), (len(disk) - 511, 512)):
        volume = struct.pack("<32sQ", UUID.encode(), 0) + bytes(16)
        put_label(disk, volume + struct.pack(f"<{len(areas)}Q", *areas))
        assert _read(disk) == PhysicalVolume(UUID, ())
    put_label(disk, struct.pack("<32sQ", UUID.encode(), 0) + b"\xff" * 420)
    assert _read(disk) == PhysicalVolume(UUID, ())


def test_a_text_that_is_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label, "LONGEST_TEXT", 2000)
    cause = "found 2101 bytes of LVM metadata, expected at most 2000"
    assert _read(physical(TEXT)) == PhysicalVolume(UUID, (), (cause,))
