# SPDX-License-Identifier: Apache-2.0
"""Btrfs with damage under right checksums, cut off, and with each kind of checksum."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.guest.filesystems.btrfs.pieces import sealed
from tests.guest.filesystems.content import text
from tests.guest.filesystems.damage import Recording, damaged, exercise, patched
from tests.guest.filesystems.walk import sandboxed, walk, window

from vmferry.errors import GuestError
from vmferry.guest.filesystems.btrfs import FILESYSTEM
from vmferry.guest.filesystems.btrfs.superblock import ARRAY_OFFSET, OFFSET, SIZE
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

NODE = 4 * KIB
FIELDS = 32
"""Where a super block's or a node's fields start, behind the checksum."""


def _make(folder: Path, *options: str) -> Path:
    if shutil.which("mkfs.btrfs") is None:
        pytest.skip("needs mkfs.btrfs")
    root = folder / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "os-release").write_text("ID=debian\n")
    (root / "etc" / "link").symlink_to("os-release")
    (root / "large").write_bytes(text(300_000, 1))
    for number in range(200):
        (root / "etc" / f"a-file-{number}").write_bytes(b"x" * (number * 9))
    image = folder / "image"
    with image.open("xb") as file:
        file.truncate(128 * MIB)
    command = ["mkfs.btrfs", "-q", "--rootdir", str(root), *options, str(image)]
    subprocess.run(command, check=True, capture_output=True)
    return image


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system of small nodes in mixed chunks."""
    return _make(tmp_path_factory.mktemp("btrfs"), "-n", str(NODE), "--mixed")


@pytest.mark.parametrize("kind", ["crc32c", "xxhash", "sha256", "blake2"])
def test_every_kind_of_checksum_is_read(tmp_path: Path, kind: str) -> None:
    path = _make(tmp_path, "--csum", kind)
    found = walk(FILESYSTEM.open(window(path)))
    assert found["large"] == text(300_000, 1)
    assert found["etc/link"] == ("os-release",)
    assert sandboxed("vmferry.guest.filesystems.btrfs", path) == len(found)
    super_block = bytearray(path.read_bytes()[OFFSET : OFFSET + SIZE])
    super_block[1000] ^= 1
    refusal = exercise(FILESYSTEM, patched(path, {OFFSET: bytes(super_block)}))
    assert refusal.endswith("" if kind == "xxhash" else "found a wrong checksum")


def test_each_byte_of_the_super_block(image: Path) -> None:
    block = image.read_bytes()[OFFSET : OFFSET + SIZE]
    for at in (*range(FIELDS, 300), *range(ARRAY_OFFSET, ARRAY_OFFSET + 120)):
        for value in (0, 0xFF):
            changed = sealed(block[:at] + bytes([value]) + block[at + 1 :])
            exercise(FILESYSTEM, patched(image, {OFFSET: changed}))


@pytest.mark.parametrize("seed", range(4))
def test_damage_in_nodes_under_right_checksums(image: Path, seed: int) -> None:
    chance = random.Random(seed)
    record = Recording(image)
    assert exercise(FILESYSTEM, record) == ""
    nodes = [offset for offset, length in record.seen if length == NODE and offset != OFFSET]
    assert len(nodes) > 5
    for _ in range(60):
        offset = chance.choice(nodes)
        changed = sealed(damaged(record.peek(offset, NODE), chance, FIELDS))
        exercise(FILESYSTEM, patched(image, {offset: changed}))


@pytest.mark.parametrize("size", [0, 1, OFFSET, OFFSET + 100, OFFSET + SIZE, MIB, 5 * MIB])
def test_a_file_system_that_is_cut_off_is_refused(image: Path, size: int) -> None:
    with pytest.raises(GuestError, match="disk 0, partition 1: the btrfs file system"):
        walk(FILESYSTEM.open(patched(image, {}, size or 1)))
