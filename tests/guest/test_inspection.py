# SPDX-License-Identifier: Apache-2.0
"""Inspection as its callers use it: damaged guests, and children that die, dawdle or ask."""

from __future__ import annotations

import lzma
import os
import random
import re
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.guests.drawing import run

from vmferry.errors import GuestError, SourceError
from vmferry.guest import inspect, inspection
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vmferry.model.disk import Extent

DATA = Path(os.environ.get("VMFERRY_TEST_DATA") or Path(__file__).parents[2] / "../shared/data")

PATIENCE_S = 3
"""Damaged disks can lead libfsext in circles; callers then wait for their deadline."""


class Memory:
    """A disk of bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        raise NotImplementedError

    def read_at(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]


@pytest.mark.parametrize(
    ("sample", "found", "aws_text"),
    [
        ("luks1", "found crypto_LUKS, an encrypted volume", "Unknown OS / Missing OS files."),
        ("xfs", "no os-release file in disk 0 (xfs)", "Unknown OS / Missing OS files."),
        (
            "lvm",
            "volume test_volume_group/test_logical_volume1 (ext2), volume test_volume_group/test_",
            "Unknown OS / Missing OS files.",
        ),
        ("ntfs", "found ntfs, expected a root", "Unknown OS / Missing OS files."),
        ("apfs", "found apfs, expected a root", "Unknown OS / Missing OS files."),
        ("ext4", "no os-release file in disk 0 (ext4)", "Unknown OS / Missing OS files."),
        ("mbr", "no os-release file in disk 0, partition 1 (", "Unknown OS / Missing OS files."),
        ("gpt", "no os-release file in disk 0, partition 1 (", "Unknown OS / Missing OS files."),
    ],
)
def test_samples_of_others_are_refused_by_name(sample: str, found: str, aws_text: str) -> None:
    with pytest.raises(GuestError) as caught:
        inspect([Memory(_sample(sample))])
    assert found in caught.value.message
    assert caught.value.hint
    assert caught.value.aws_text == f"ClientError: {aws_text}"


def _sample(name: str) -> bytes:
    path = DATA / "filesystems" / f"{name}.raw.xz"
    if not path.exists():
        pytest.skip(f"{path} is absent; VMFERRY_TEST_DATA names its folder")
    return lzma.decompress(path.read_bytes())


@pytest.fixture(scope="module")
def debian(drawn: Callable[[str], list[Path]]) -> bytes:
    """A drawn Debian's disk."""
    (path,) = drawn("debian-12")
    return path.read_bytes()


@pytest.mark.oracle
def test_mutated_disks_never_harm_the_parent(debian: bytes) -> None:
    chance = random.Random(12)
    used = [at for at in range(0, len(debian), 64) if any(debian[at : at + 64])]
    seen = set()
    for _ in range(30):
        data = bytearray(debian)
        for _ in range(chance.choice((1, 8, 64))):
            at = chance.choice(used) + chance.randrange(64)
            data[at] = chance.choice((0, 0xFF, chance.randrange(256)))
        try:
            seen.add(inspect([Memory(bytes(data))], deadline_s=PATIENCE_S).distribution)
        except GuestError as error:
            seen.add(error.message)
    assert len(seen) > 1
    assert not [message for message in seen if "status" in message], "the child has a bug"


@pytest.mark.oracle
def test_mutated_superblocks_inodes_and_extents(debian: bytes) -> None:
    """The places where ext keeps sizes, counts and pointers: superblock, groups, first inodes."""
    chance = random.Random(2)
    for at in (MIB + KIB, MIB + 2 * KIB, 446):
        for _ in range(6):
            data = bytearray(debian)
            for place in range(at, at + 128, chance.randrange(4, 32)):
                data[place : place + 4] = chance.choice((b"\xff" * 4, b"\0" * 4, b"\x01\0\0\x80"))
            try:
                inspect([Memory(bytes(data))], deadline_s=PATIENCE_S)
            except GuestError as error:
                assert "status" not in error.message  # noqa: PT017 - most are refused, some pass


def test_a_cut_off_disk_is_refused(debian: bytes) -> None:
    with pytest.raises(GuestError, match=r"disk 0, partition 1: ends at byte 13631488, expected"):
        inspect([Memory(debian[: 4 * MIB])])


def test_errors_of_the_disk_pass_unchanged(debian: bytes) -> None:
    class Gone(Memory):
        def read_at(self, offset: int, length: int) -> bytes:
            raise SourceError("s3://bucket/key: 403 Forbidden")

    with pytest.raises(SourceError, match="403 Forbidden"):
        inspect([Gone(debian)])


def test_a_slow_disk_ends_at_the_deadline(debian: bytes) -> None:
    class Slow(Memory):
        def read_at(self, offset: int, length: int) -> bytes:
            time.sleep(0.3)
            return super().read_at(offset, length)

    start = time.monotonic()
    with pytest.raises(GuestError, match=r"inspection: no answer after 0\.5 s"):
        inspect([Slow(debian)], deadline_s=0.5)
    assert time.monotonic() - start < 3


def test_a_greedy_child_is_stopped(debian: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "MOST_BYTES", 64 * KIB)
    with pytest.raises(GuestError, match=r"wanted more than 64 KiB of the disks"):
        inspect([Memory(debian)])


CHILDREN: dict[str, tuple[str, str]] = {
    "circles": ("import os; os.kill(os.getpid(), 24)", "found no end in 8 s of processor time"),
    "crash": ("import os; os.kill(os.getpid(), 11)", "was ended by SIGSEGV"),
    "exit": ("raise SystemExit(3)", "failed with status 3"),
    "nonsense": ("import os; os.write(0, b'?' * 14)", "spoke nonsense"),
    "answer": (
        "import os, struct; os.write(0, struct.pack('<cBQI', b'A', 0, 0, 2) + b'{{}}')",
        "answered nonsense",
    ),
    "outside": (
        "import os, struct; os.write(0, struct.pack('<cBQI', b'R', 0, 1 << 60, 512))",
        "asked for 512 bytes at byte 1152921504606846976 of disk 0",
    ),
    "other disk": (
        "import os, struct; os.write(0, struct.pack('<cBQI', b'R', 9, 0, 512))",
        "asked for 512 bytes at byte 0 of disk 9",
    ),
    "loop": ("while True: pass", "no answer after 0.5 s"),
}


@pytest.mark.parametrize("name", CHILDREN)
def test_a_child_gone_wild_is_a_guest_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, message = CHILDREN[name]
    monkeypatch.setattr(inspection, "START", code)
    with pytest.raises(GuestError, match=message):
        inspect([Memory(bytes(MIB))], deadline_s=0.5 if name == "loop" else 10)


def test_no_disks_are_refused() -> None:
    with pytest.raises(GuestError, match="found 0 disks, expected 1 to 64"):
        inspect([])


def test_an_empty_disk_is_refused() -> None:
    with pytest.raises(GuestError, match="neither a partition table nor a file system in 0 bytes"):
        inspect([Memory(b"")])


@pytest.mark.oracle
@pytest.mark.parametrize("depth", [1, 5, 0xFFFF])
def test_an_extent_tree_that_leads_to_itself_ends(
    debian: bytes, depth: int, tmp_path: Path
) -> None:
    image = tmp_path / "disk.raw"
    image.write_bytes(debian)
    where = run(["debugfs", "-R", "imap /usr/lib/os-release", f"{image}?offset={MIB}"])
    match = re.search(r"located at block (\d+), offset (0x[0-9a-f]+)", where)
    assert match
    block_size = KIB
    blocks = MIB + int(match[1]) * block_size + int(match[2], 16) + 40
    free = 7000
    node = struct.pack("<HHHHI", 0xF30A, 1, 4, depth, 0) + struct.pack("<IIHH", 0, free, 0, 0)
    data = bytearray(debian)
    data[blocks : blocks + len(node)] = node
    start = MIB + free * block_size
    data[start : start + len(node)] = node
    with pytest.raises(GuestError) as caught:
        inspect([Memory(bytes(data))], deadline_s=PATIENCE_S)
    assert caught.value.message in (
        "disk 0, partition 1: the ext file system is damaged",
        "inspection: no answer after 3 s",
    )
