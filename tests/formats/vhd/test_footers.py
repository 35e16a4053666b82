# SPDX-License-Identifier: Apache-2.0
"""Which footer counts: the last one, its copy, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.formats.recipes import MemorySource, read_all
from tests.formats.vhd.recipes import AWS_TEXT, dynamic_vhd, fixed_vhd, footer, opened

from vmferry.errors import FormatError
from vmferry.formats import detect
from vmferry.formats.vhd.footers import check_footers, find_footer, probe
from vmferry.formats.vhd.refusal import AWS_FOOTERS

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 8192
GOOD = dynamic_vhd({1: b"x" * 4096}, SIZE)
CONTENT = bytes(4096) + b"x" * 4096


def flipped(data: bytes | bytearray, at: int) -> bytearray:
    data = bytearray(data)
    data[at] ^= 0xFF
    return data


@pytest.mark.parametrize(
    ("spoil", "warning"),
    [
        (lambda data: flipped(data, len(data) - 400), "vhd: footer checksum at byte 6720: found"),
        (lambda data: flipped(data, len(data) - 512), "vhd: no footer at the end"),
        (lambda data: data[:-512], "vhd: no footer at the end"),
        (lambda data: data + b"\0" * 3, "vhd: no footer at the end"),
    ],
    ids=["checksum", "cookie", "cut", "padded"],
)
def test_the_copy_stands_in(spoil: Callable[[bytearray], bytearray], warning: str) -> None:
    data = spoil(dynamic_vhd({1: b"x" * 4096}, SIZE))
    assert detect(MemorySource(data)) == "vhd"
    disk = opened(data)
    assert read_all(disk) == CONTENT
    (found,) = disk.warnings
    assert found.startswith(warning)
    assert found.endswith("; the copy at the start was used")


@pytest.mark.parametrize("at", [0, 100])
def test_a_damaged_copy_is_a_warning(at: int) -> None:
    disk = opened(flipped(GOOD, at))
    assert read_all(disk) == CONTENT
    (found,) = disk.warnings
    assert found.startswith("vhd: footer c")
    assert found.endswith("; the footer at the end was used")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"current_size": SIZE + 512}, "current size"),
        ({"original_size": 512}, "original size"),
        ({"kind": 2}, "disk type"),
        ({"cylinders": 2}, "cylinders"),
        ({"unique_id": b"other".ljust(16)}, "unique id"),
    ],
)
def test_footers_that_differ(changes: dict[str, Any], name: str) -> None:
    data = footer(SIZE, **({"kind": 3} | changes)) + GOOD[512:]
    with pytest.raises(FormatError, match=f"vhd: copy of the footer, {name} at byte 0") as caught:
        opened(data)
    assert caught.value.status_message.startswith("ClientError: Footers not identical (vhd: copy")


def test_footers_of_two_moments() -> None:
    disk = opened(footer(SIZE, timestamp=7, saved_state=1) + GOOD[512:])
    assert disk.warnings == ()


def test_both_damaged() -> None:
    data = flipped(flipped(GOOD, 100), len(GOOD) - 400)
    with pytest.raises(FormatError, match="vhd: footer checksum at byte 6720") as caught:
        opened(data)
    assert caught.value.aws_text == AWS_TEXT
    with pytest.raises(FormatError, match="vhd: footer checksum at byte 64"):
        opened(flipped(GOOD, 100)[:-512])


@pytest.mark.parametrize("kind", [4, 0, 1, 5, 6, 77])
@pytest.mark.parametrize("cut", [False, True])
def test_kinds_that_are_refused(kind: int, cut: bool) -> None:
    data = dynamic_vhd({}, SIZE, changes={"kind": kind})
    with pytest.raises(FormatError) as caught:
        check_footers(MemorySource(data[:-512] if cut else data))
    name = "differencing disk" if kind == 4 else "disk type"
    assert caught.value.message.startswith(f"vhd: {name} at byte ")
    assert caught.value.aws_text == (AWS_FOOTERS if kind == 4 else AWS_TEXT)
    assert ("Merge-VHD" in caught.value.hint) == (kind == 4)


def test_a_guest_cannot_make_a_dynamic_disk_of_a_fixed_one() -> None:
    """Its first bytes are its own; with a good footer at the end they are data."""
    data = fixed_vhd(bytes(GOOD))
    assert read_all(opened(data)) == GOOD
    with pytest.raises(FormatError, match="vhd: footer checksum"):
        opened(flipped(data, len(data) - 300))


def test_a_fixed_footer_at_the_start_is_not_used() -> None:
    with pytest.raises(FormatError, match="vhd: footer at the start of a fixed disk at byte 0"):
        opened(footer(SIZE, 2) + bytes(SIZE))


def test_a_footer_of_511_bytes() -> None:
    data = b"abc" * 1000 + footer(3000, 2)[:511]
    assert detect(MemorySource(data)) == "vhd"
    assert read_all(opened(data)) == b"abc" * 1000


def test_a_file_that_is_only_a_dynamic_footer_of_511_bytes() -> None:
    """Found by the fuzzer: the copy was read beyond the end, which is no refusal of a format."""
    with pytest.raises(FormatError, match="vhd: footer data offset: found 512, expected a dynamic"):
        opened(footer(SIZE)[:511])


def test_probe() -> None:
    assert probe(MemorySource(GOOD))
    for data in (b"", b"conectix", b"conectix".ljust(511, b"\0")[:500], bytes(1024)):
        assert not probe(MemorySource(data))
    found = find_footer(MemorySource(GOOD))
    assert (found.end, found.footer.current_size) == (len(GOOD) - 512, SIZE)
