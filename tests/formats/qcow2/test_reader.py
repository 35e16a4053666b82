# SPDX-License-Identifier: Apache-2.0
"""The reader on images made byte by byte: kinds of clusters, reads that are few, damage."""

from __future__ import annotations

import random
import struct
import time
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.qcow2.recipes import deflate, fill, image
from tests.formats.recipes import MemorySource, read_all

from vmferry.errors import FormatError, SourceError
from vmferry.formats import open_disk
from vmferry.formats.qcow2.reader import Qcow2Reader
from vmferry.units import TIB

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 65536


def expected(*numbers: int) -> bytes:
    return b"".join(fill(n) if n in numbers else bytes(512) for n in range(SIZE // 512))


def mixed() -> bytearray:
    packed = {number: deflate(fill(number)) for number in (4, 5, 6, 66)}
    return image({0: fill(0), 1: fill(1), 64: fill(64)}, packed=packed, zeros=(7,))


def test_every_kind_of_cluster() -> None:
    disk = Qcow2Reader(MemorySource(mixed()))
    assert disk.size == SIZE
    whole = expected(0, 1, 4, 5, 6, 64, 66)
    assert read_all(disk) == whole
    chance = random.Random(3)
    for _ in range(300):
        start, end = sorted(chance.choices(range(SIZE + 1), k=2))
        assert disk.read_at(start, end - start) == whole[start:end]
    assert [(e.offset // 512, e.length // 512, e.kind.value) for e in disk.extents()] == [
        (0, 2, "data"), (2, 2, "zero"), (4, 3, "data"), (7, 57, "zero"),
        (64, 1, "data"), (65, 1, "zero"), (66, 1, "data"), (67, 61, "zero"),
    ]  # fmt: skip
    assert [tuple(e) for e in disk.extents(1000, 1100)] == [
        (1000, 24, "data"), (1024, 1024, "zero"), (2048, 52, "data"),
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(0, 127), st.sampled_from(["plain", "packed", "zero"])))
def test_any_mixture(kinds: dict[int, str]) -> None:
    of = {kind: [n for n, k in kinds.items() if k == kind] for kind in ("plain", "packed", "zero")}
    data = image(
        {n: fill(n) for n in of["plain"]},
        packed={n: deflate(fill(n)) for n in of["packed"]},
        zeros=tuple(of["zero"]),
    )
    disk = open_disk(MemorySource(data), "qcow2")
    assert read_all(disk, 10_000) == expected(*of["plain"], *of["packed"])


def test_zstd() -> None:
    pack = zstandard.ZstdCompressor()
    packed = {number: pack.compress(fill(number)) for number in (0, 1, 9)}
    data = image({}, packed=packed, incompatible=8, compression=1)
    assert read_all(Qcow2Reader(MemorySource(data))) == expected(0, 1, 9)


def test_neighbours_are_read_at_once() -> None:
    numbers = range(10, 40)
    for source in (
        MemorySource(image({n: fill(n) for n in numbers})),
        MemorySource(image({}, packed={n: deflate(fill(n)) for n in numbers})),
    ):
        disk = Qcow2Reader(source)
        disk.read_at(0, 1)
        source.reads.clear()
        assert disk.read_at(0, 32768) == expected(*numbers)[:32768]
        assert len(source.reads) == 1


def test_no_more_than_asked_for_is_read_of_a_plain_cluster() -> None:
    source = MemorySource(image({3: fill(3)}))
    disk = Qcow2Reader(source)
    disk.extents(0, 512)
    assert disk.read_at(3 * 512 + 8, 16) == fill(3)[8:24]
    assert source.reads[-1] == (2048 + 8, 16)


def test_a_compressed_cluster_is_kept_for_the_next_read() -> None:
    source = MemorySource(image({}, packed={3: deflate(fill(3)), 4: deflate(fill(4))}))
    disk = Qcow2Reader(source)
    for at in range(3 * 512, 5 * 512, 64):
        assert disk.read_at(at, 64) == expected(3, 4)[at : at + 64]
    assert len([at for at, _ in source.reads if at >= 2048]) == 2


def test_warnings() -> None:
    assert Qcow2Reader(MemorySource(image({}))).warnings == ()
    assert Qcow2Reader(MemorySource(image({}, incompatible=1, snapshots=2))).warnings == (
        "qcow2: the dirty flag is set: the disk was open when it was copied",
        "qcow2: 2 snapshots inside the file are ignored",
    )


def test_a_large_sparse_disk_is_described_at_once() -> None:
    """16 TiB in clusters of 64 KiB with one table at the end."""
    table, entries = 65536 * 8192, 16 * TIB // (65536 * 8192)
    data = image({}, cluster_bits=16, size=16 * TIB, l1_entries=entries, l1_offset=65536)
    data = data[:512].ljust(65536, b"\0")
    data += struct.pack(">Q", 393216).rjust(entries * 8, b"\0")
    data = data.ljust(393216, b"\0") + struct.pack(">Q", 458752).rjust(65536, b"\0") + b"x" * 65536
    started = time.process_time()
    disk = Qcow2Reader(MemorySource(data))
    found = [tuple(extent) for extent in disk.extents()]
    assert found == [(0, 16 * TIB - 65536, "zero"), (16 * TIB - 65536, 65536, "data")]
    assert disk.read_at(16 * TIB - 5, 5) == b"xxxxx"
    assert disk.read_at(16 * TIB - table - 9, 9) == bytes(9)
    assert time.process_time() - started < 1


def test_the_last_cluster_may_be_cut_at_the_end_of_the_disk() -> None:
    data = image({127: fill(127)}, size=SIZE - 200)
    assert Qcow2Reader(MemorySource(data[:-200])).read_at(SIZE - 512, 312) == fill(127)[:312]
    with pytest.raises(FormatError, match="qcow2: cluster beyond the end of the file at byte 2048"):
        Qcow2Reader(MemorySource(data[:-201])).read_at(SIZE - 512, 312)


def test_a_damaged_stream_names_its_place() -> None:
    data = image({}, packed={4: b"\xff" * 40})
    with pytest.raises(FormatError, match="compressed cluster at byte 2048: found no deflate stre"):
        Qcow2Reader(MemorySource(data)).read_at(2048, 1)


def _read(data: bytes) -> None:
    disk = open_disk(MemorySource(data), "qcow2")
    list(disk.extents(0, min(disk.size, 1 << 30)))
    disk.read_at(0, min(disk.size, 1 << 17))


def test_truncations_end_in_a_refusal() -> None:
    data = mixed()
    for length in [*range(120), *range(120, len(data) - 512, 37)]:
        with pytest.raises((FormatError, SourceError)):
            _read(bytes(data[:length]))


def _refusal(data: bytes) -> FormatError | SourceError | None:
    try:
        _read(data)
    except (FormatError, SourceError) as error:
        return error
    return None


@pytest.mark.parametrize(
    "change", [lambda _: 0, lambda _: 0xFF, lambda byte: byte ^ 1, lambda byte: byte ^ 0x80]
)
def test_a_mutated_byte_is_read_or_refused(change: Callable[[int], int]) -> None:
    """Header, L1 and L2 tables, byte by byte: nothing but our refusals leaves the reader."""
    data = mixed()
    for at in (*range(128), *range(512, 532), *range(1024, 1104), *range(1536, 1560)):
        mutated = bytearray(data)
        mutated[at] = change(mutated[at])
        refusal = _refusal(bytes(mutated))
        assert refusal is None or refusal.status_message.startswith("ClientError: ")
