# SPDX-License-Identifier: Apache-2.0
"""Block maps: sealed as their table says, read by pages, every damaged byte noticed."""

from __future__ import annotations

import hashlib
import re
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.blocks.ingest import NUMBER
from vmferry.blocks.location import ABSENT, PLAIN, Location
from vmferry.blocks.map import BlockMap, map_key, part_segments, seal
from vmferry.errors import IntegrityError, SourceError
from vmferry.units import BLOCK, GIB, MIB, TIB

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 1024 * 64


class Memory:
    """A map in memory."""

    name = "maps/m"

    def __init__(self, data: bytes) -> None:
        self.data, self.size = data, len(data)
        self.reads: list[tuple[int, int]] = []

    def read_at(self, offset: int, length: int) -> bytes:
        if offset + length > self.size:
            raise SourceError(f"maps/m: {offset} + {length} is not inside {self.size}")
        self.reads.append((offset, length))
        return self.data[offset : offset + length]


def _at(number: int) -> Location:
    digest = hashlib.sha256(b"%d" % number).digest()
    return Location(digest, digest[:15] + bytes([number % 3 + 1]), number % 999, 5, PLAIN)


def _part(path: Path, numbers: list[int]) -> Path:
    path.write_bytes(b"".join(NUMBER.pack(number) + _at(number).pack() for number in numbers))
    return path


def _sealed(folder: Path, numbers: list[int], size: int) -> bytes:
    folder.mkdir(exist_ok=True)
    target = folder / "new" / "map"
    assert seal([_part(folder / "part", numbers)], size, target) == len(numbers)
    return target.read_bytes()


def test_a_map_lies_as_its_table_says(tmp_path: Path) -> None:
    size = 3 * 512 * MIB + 1
    data = _sealed(tmp_path, [1, 1023, 2048], size)
    assert len(data) == 64 + 2 * PAGE + 4 * 16
    offset = 64 + 2 * PAGE
    magic, disk, present, slots, directory = struct.unpack_from("<8sQQQQ", data)
    assert (magic, disk, present, slots, directory) == (b"VMFMAP01", size, 3, 4, offset)
    assert data[40:56] == hashlib.sha256(data[:40] + data[offset:]).digest()[:16]
    assert data[56:64] == bytes(8)
    first, second = data[64 : 64 + PAGE], data[64 + PAGE : offset]
    assert first == bytes(64) + _at(1).pack() + bytes(64 * 1021) + _at(1023).pack()
    assert second == _at(2048).pack() + bytes(64 * 1023)
    slots_ = [struct.unpack_from("<Q8s", data, offset + at) for at in range(0, 64, 16)]
    assert slots_ == [
        (64, hashlib.sha256(first).digest()[:8]),
        (0, bytes(8)),
        (64 + PAGE, hashlib.sha256(second).digest()[:8]),
        (0, bytes(8)),
    ]


@given(st.sets(st.integers(0, 5000), max_size=60), st.integers(1, 5))
def test_what_is_sealed_is_read(
    tmp_path_factory: pytest.TempPathFactory, numbers: set[int], parts: int
) -> None:
    folder = tmp_path_factory.mktemp("map")
    size = 5001 * BLOCK - 7
    ordered = sorted(numbers)
    step = -(-len(ordered) // parts) or 1
    files = [_part(folder / f"{at}", ordered[at * step : (at + 1) * step]) for at in range(parts)]
    assert seal(files, size, folder / "map") == len(numbers)
    found = BlockMap(Memory((folder / "map").read_bytes()))
    assert (found.size, found.present, found.page_count) == (size, len(numbers), 5)
    for number in {*numbers, 0, 17, 1023, 1024, 5000}:
        location = found.location(number)
        assert location == _at(number) if number in numbers else location.absent
        if number in numbers:
            assert found.has_page(number // 1024)
    assert [found.has_page(n) for n in range(5)] == [
        any(number // 1024 == n for number in numbers) for n in range(5)
    ]
    assert {_at(n).segment for n in numbers} == found.segments() - {bytes(16)}
    assert {s for file in files for s in part_segments(file)} == {_at(n).segment for n in numbers}


def test_an_empty_disk(tmp_path: Path) -> None:
    found = BlockMap(Memory(_sealed(tmp_path, [], 0)))
    assert (found.size, found.present, found.page_count) == (0, 0, 0)
    assert found.segments() == set()


def test_pages_are_read_when_they_are_needed(tmp_path: Path) -> None:
    source = Memory(_sealed(tmp_path, [5, 2_000_000], TIB))
    found = BlockMap(source)
    assert [length for _, length in source.reads] == [64, 2048 * 16]
    for number in (5, 6, 7, 5):
        found.location(number)
    assert source.reads[2:] == [(64, PAGE)]
    assert found.location(1_000_000).absent
    assert len(source.reads) == 3


def test_every_bit_of_a_map_is_guarded(tmp_path: Path) -> None:
    data = _sealed(tmp_path, [0, 3], GIB)
    end = len(data)
    texts = {
        **dict.fromkeys(range(40), r"header is [0-9a-f]{80}|its header or directory has another"),
        **dict.fromkeys(range(40, 64), "its header or directory has another digest"),
        **dict.fromkeys(range(64, 64 + 5 * 64), "page 0 has another digest"),
        **dict.fromkeys(range(64 + PAGE - 64, 64 + PAGE), "page 0 has another digest"),
        **dict.fromkeys(range(64 + PAGE, end), "its header or directory has another digest"),
    }
    for at, text in texts.items():
        for bit in (0, 7):
            broken = bytearray(data)
            broken[at] ^= 1 << bit
            with pytest.raises(IntegrityError, match=rf"^block map maps/m: {text}"):
                BlockMap(Memory(bytes(broken))).location(0)


def test_a_map_that_is_cut_off(tmp_path: Path) -> None:
    data = _sealed(tmp_path, [0, 3], GIB)
    for end in (0, 1, 39, 63, 64, 5000, len(data) - 1):
        with pytest.raises(IntegrityError, match=r"^block map maps/m: header is [0-9a-f]{80}$"):
            BlockMap(Memory(data[:end]))


def test_a_page_that_is_not_there_any_more(tmp_path: Path) -> None:
    source = Memory(_sealed(tmp_path, [0], GIB))
    found = BlockMap(source)
    source.size = 100
    with pytest.raises(IntegrityError, match=r"^block map maps/m: maps/m: 64 \+ 65536 is not"):
        found.location(0)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([5, 4], "block 4 comes after block 5, expected rising numbers below 2048"),
        ([5, 5], "block 5 comes after block 5, expected rising numbers below 2048"),
        ([2048], "block 2048 comes after block -1, expected rising numbers below 2048"),
    ],
)
def test_parts_that_no_disk_can_have(tmp_path: Path, numbers: list[int], text: str) -> None:
    part = _part(tmp_path / "0-000000", numbers)
    with pytest.raises(IntegrityError, match=rf"^map part 0-000000: {re.escape(text)}$"):
        seal([part], GIB, tmp_path / "map")


def test_parts_in_another_order_than_the_disks(tmp_path: Path) -> None:
    parts = [_part(tmp_path / "b", [7]), _part(tmp_path / "a", [3])]
    with pytest.raises(IntegrityError, match=r"^map part a: block 3 comes after block 7, "):
        seal(parts, GIB, tmp_path / "map")


def test_parts_that_a_power_cut_left(tmp_path: Path) -> None:
    part = _part(tmp_path / "p", [1, 2])
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(
        IntegrityError, match=r"^map part p: has 143 bytes, expected entries of 72$"
    ):
        seal([part], GIB, tmp_path / "map")
    assert part_segments(part) == {_at(1).segment}
    with pytest.raises(IntegrityError, match=r"^map part q: No such file or directory$"):
        seal([tmp_path / "q"], GIB, tmp_path / "map")
    assert part_segments(tmp_path / "q") == set()


def test_the_key_of_a_map() -> None:
    assert map_key("import-ami-1.0") == "maps/import-ami-1.0"


def test_parts_are_laid_over_a_base(tmp_path: Path) -> None:
    base = BlockMap(Memory(_sealed(tmp_path / "base", [1, 2, 1023, 1024, 3000], 3001 * BLOCK)))
    assert base.location(10**9).absent
    assert [number for number, _ in base.entries()] == [1, 2, 1023, 1024, 3000]
    entry = NUMBER.pack
    part = tmp_path / "part"
    part.write_bytes(
        entry(0) + _at(7).pack() + entry(2) + ABSENT.pack() + entry(5) + ABSENT.pack()
        + entry(1024) + _at(8).pack() + entry(4000) + _at(9).pack()
    )  # fmt: skip
    assert seal([part], 5000 * BLOCK, tmp_path / "map", base) == 6
    found = BlockMap(Memory((tmp_path / "map").read_bytes()))
    assert found.present == 6
    assert dict(found.entries()) == {
        number: at.pack()
        for number, at in {
            0: _at(7), 1: _at(1), 1023: _at(1023), 1024: _at(8), 3000: _at(3000), 4000: _at(9)
        }.items()
    }  # fmt: skip
