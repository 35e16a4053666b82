# SPDX-License-Identifier: Apache-2.0
"""The sequential reader: the same grains as the random one, and every cut found."""

from __future__ import annotations

import random
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import SECTOR, fill, sparse_vmdk, stream_vmdk

from vmferry.errors import FormatError
from vmferry.formats.vmdk.stream import GrainStream
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GRAINS = {number: fill(number) for number in (0, 1, 7, 515, 516)}
SECTORS = 128 * 516 + 9


def chunks(data: bytes | bytearray, step: int = 10_007) -> Iterator[bytes]:
    for at in range(0, len(data), step):
        yield bytes(data[at : at + step])


@pytest.mark.parametrize("step", [100, 4096, 1 << 30])
def test_grains_come_in_order(step: int) -> None:
    stream = GrainStream(chunks(stream_vmdk(GRAINS, SECTORS), step))
    assert stream.size == SECTORS * SECTOR
    assert stream.descriptor.create_type == "streamOptimized"
    found = list(stream)
    assert [offset // 65536 for offset, _ in found] == [0, 1, 7, 515, 516]
    assert [len(data) for _, data in found] == [65536] * 4 + [9 * SECTOR]
    assert found[2][1] == GRAINS[7]


@pytest.mark.oracle
def test_a_stream_of_qemu_img(qemu_img: Callable[..., str], tmp_path: Path) -> None:
    raw, vmdk = tmp_path / "a.raw", tmp_path / "a.vmdk"
    content = bytearray(70 * MIB)
    chance = random.Random(3)
    for _ in range(9):
        at = chance.randrange(len(content) - 100_000)
        content[at : at + 100_000] = chance.randbytes(100_000)
    raw.write_bytes(content)
    qemu_img("convert", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, vmdk)
    data = vmdk.read_bytes()
    out = bytearray(len(content))
    for offset, grain in GrainStream(chunks(data)):
        out[offset : offset + len(grain)] = grain
    assert out == content
    with pytest.raises(FormatError, match=r"end of stream at byte \d+: found \d+ grains"):
        list(GrainStream(chunks(data[: 128 * SECTOR])))


def test_every_cut_is_found() -> None:
    data = stream_vmdk(GRAINS, SECTORS)
    for length in (0, 511, 600, 30 * SECTOR, 129 * SECTOR, len(data) // 2, len(data) - SECTOR):
        with pytest.raises(FormatError, match=r"vmdk: stream at byte \d+: found its end after"):
            list(GrainStream(chunks(data[:length])))


def test_monolithic_sparse_cannot_be_streamed() -> None:
    with pytest.raises(FormatError, match="cannot be read as a stream"):
        GrainStream(chunks(sparse_vmdk({}, 128)))


def test_lies_of_markers() -> None:
    good = stream_vmdk({1: fill(1), 2: fill(2)}, 128 * 4)
    first = good.index(struct.pack("<Q", 128), 128 * SECTOR)
    table = good.index(struct.pack("<QII", 4, 0, 1))
    footer = len(good) - 2 * SECTOR
    cases: list[tuple[int, bytes, str]] = [
        (first, struct.pack("<Q", 129), "grain marker at byte 65536: found sector 129"),
        (first, struct.pack("<Q", 1 << 40), "grain marker at byte 65536: found sector"),
        (first, struct.pack("<Q", 384), r"found sector 256, expected a grain's first sector from"),
        (first + 8, struct.pack("<I", 1 << 20), "found 1048576 bytes, expected at most 131072"),
        (table, struct.pack("<Q", 5), "marker at byte .*: found kind 1 of 5 sectors"),
        (table + 12, struct.pack("<I", 9), "found kind 9 of 4 sectors"),
        (footer + 12, struct.pack("<Q", 5), "footer capacity at byte .*: found 5, expected 512"),
        (footer + 56, struct.pack("<Q", 0), "footer grain directory at byte .*: found none"),
        (table, bytes(SECTOR), "end of stream at byte .*: found no footer"),
    ]
    for place, value, message in cases:
        data = bytearray(good)
        data[place : place + len(value)] = value
        with pytest.raises(FormatError, match=message):
            list(GrainStream(chunks(data)))


def test_tables_in_front_may_not_point_back() -> None:
    data = stream_vmdk({}, 128)
    struct.pack_into("<Q", data, 56, 3)
    with pytest.raises(FormatError, match=r"grain directory at byte 1536: found behind what"):
        GrainStream(chunks(data))


def test_any_damage_is_read_or_refused() -> None:
    chance = random.Random(6)
    good = stream_vmdk({0: fill(0), 5: fill(5)}, 128 * 8, entries=16)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 255, chance.randrange(256)))
        with suppress(FormatError):
            list(GrainStream(chunks(data)))
