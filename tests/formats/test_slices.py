# SPDX-License-Identifier: Apache-2.0
"""Slices cover a disk from end to end and hold about equal work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from vmferry.formats import allocated, cut
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import BLOCK, GIB, KIB, MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Iterator


class Described:
    """A disk that has extents and no bytes."""

    def __init__(self, size: int, data: list[tuple[int, int]]) -> None:
        self.size, self.data = size, data

    def __repr__(self) -> str:
        return f"Described({self.size}, {self.data})"

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        assert (offset, length) == (0, None)
        at = 0
        for start, end in self.data:
            if start > at:
                yield Extent(at, start - at, ExtentKind.ZERO)
            yield Extent(start, end - start, ExtentKind.DATA)
            at = end
        if at < self.size:
            yield Extent(at, self.size - at, ExtentKind.ZERO)

    def read_at(self, offset: int, length: int) -> bytes:
        raise AssertionError("cutting reads nothing")


@st.composite
def described(draw: st.DrawFn) -> Described:
    size = draw(st.integers(0, 3000))
    edges = sorted(draw(st.sets(st.integers(0, size), max_size=20)))
    # Edges differ, so two extents of data never meet, as in every format.
    return Described(size, list(zip(edges[::2], edges[1::2], strict=False)))


def _held(disk: Described, alignment: int, offset: int, length: int) -> int:
    """Return the bytes of a slice as they are stored: units that hold any data, whole."""
    touched = {at // alignment for start, stop in disk.data for at in range(start, stop)}
    inside = range(offset // alignment, -(-(offset + length) // alignment))
    return sum(alignment for unit in touched if unit in inside)


@given(described(), st.sampled_from([1, 8, 64, 512]), st.integers(1, 500))
def test_slices_cover_the_disk_from_end_to_end(
    disk: Described, alignment: int, target: int
) -> None:
    slices = list(cut(disk, alignment, target))
    assert slices[0][0] == 0
    assert [offset for offset, _ in slices[1:]] == [offset + n for offset, n in slices[:-1]]
    assert sum(slices[-1]) == disk.size
    assert all(offset % alignment == 0 for offset, _ in slices)
    assert all(length > 0 for _, length in slices) or slices == [(0, 0)]
    held = [_held(disk, alignment, *each) for each in slices]
    assert all(target <= each for each in held[:-1])
    assert held[-1] or len(slices) == 1, "no slice is there for a hole"
    assert all(each < target + alignment for each in held)


def test_a_slice_of_many_small_extents_is_no_larger_in_memory() -> None:
    # A sparse file of 4 KiB islands: each 512 KiB block has 64 of them.
    step = 8 * KIB
    disk = Described(GIB, [(at, at + 4 * KIB) for at in range(0, GIB, step)])
    blocks = [length // BLOCK for _, length in cut(disk, BLOCK, 32 * MIB)]
    assert max(blocks) <= 32 * MIB // BLOCK


def test_holes_cost_nothing() -> None:
    disk = Described(8 * TIB, [(GIB, GIB + 1), (3 * TIB, 3 * TIB + 7), (8 * TIB - 1, 8 * TIB)])
    assert list(cut(disk, BLOCK, 32 * MIB)) == [(0, 8 * TIB)]
    assert list(cut(disk, BLOCK, 1)) == [
        (0, 3 * TIB),
        (3 * TIB, 5 * TIB - BLOCK),
        (8 * TIB - BLOCK, BLOCK),
    ]


def test_a_full_disk_of_a_tebibyte_is_cut_at_once() -> None:
    start = time.process_time()
    slices = list(cut(Described(TIB, [(0, TIB)]), BLOCK, 32 * MIB))
    assert len(slices) == TIB // (32 * MIB)
    assert {length for _, length in slices} == {32 * MIB}
    assert time.process_time() - start < 20, "it took 1 s"


def test_what_is_allocated_is_what_is_stored() -> None:
    assert allocated(Described(TIB, [(5, 9), (GIB, GIB + MIB)])) == 4 + MIB
    assert allocated(Described(7, [])) == 0
