# SPDX-License-Identifier: Apache-2.0
"""Bodies of equal blocks: which blocks, where, and a sum that no cut changes."""

from __future__ import annotations

import random
from itertools import pairwise

from tests.formats.recipes import SparseDisk, ignore

from vmferry.formats import Part
from vmferry.formats._blocks import content_crc, encode_blocks, stored_blocks
from vmferry.units import KIB, MIB

NOISE = random.Random(3).randbytes(3 * MIB)
DISK = SparseDisk(9 * MIB, {MIB + 5: b"a", 3 * MIB - 70_000: NOISE, 8 * MIB: bytes(MIB)})


def parts(*cuts: int) -> list[Part]:
    bounds, place, out = [0, *cuts, DISK.size], 100, list[Part]()
    for start, end in pairwise(bounds):
        size, record = encode_blocks(DISK, start, end - start, ignore, block=MIB, lead=b"LL")
        out.append(Part(start, end - start, place, size, record))
        place += size
    return out


def test_blocks_stand_behind_their_leads() -> None:
    body = bytearray(9 * (MIB + 2))

    def put(at: int, data: bytes | memoryview) -> None:
        body[at : at + len(data)] = data

    size, _ = encode_blocks(DISK, 0, DISK.size, put, block=MIB, lead=b"LL")
    assert size == 5 * (MIB + 2)
    for at, number in enumerate((1, 2, 3, 4, 5)):
        block = bytes(body[at * (MIB + 2) :][: MIB + 2])
        assert block == b"LL" + DISK.read_at(number * MIB, MIB)


def test_records_name_the_blocks() -> None:
    stride = MIB + 2
    expected = [(number, 100 + at * stride) for at, number in enumerate((1, 2, 3, 4, 5))]
    for cuts in ((), (MIB,), (3 * MIB, 4 * MIB)):
        assert list(stored_blocks(parts(*cuts), stride)) == expected


def test_the_sum_is_the_contents_not_the_cuts() -> None:
    assert content_crc(parts()) == content_crc(parts(2 * MIB, 5 * MIB))
    assert 64 * KIB * content_crc(parts()) > 0


def test_zeros_inside_a_block_are_holes() -> None:
    put: list[tuple[int, int]] = []
    disk = SparseDisk(MIB, {0: b"a", 700_000: b"b"})
    encode_blocks(disk, 0, MIB, lambda at, data: put.append((at, len(data))), block=MIB)
    assert put == [(0, 64 * KIB), (700_000 // 65536 * 65536, 64 * KIB)]
