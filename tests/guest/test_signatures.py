# SPDX-License-Identifier: Apache-2.0
"""What partitions hold, against blkid."""

from __future__ import annotations

import lzma
import os
import shutil
from pathlib import Path

import pytest
from tests.fixtures.guest import FileDisk
from tests.guests.drawing import SBIN, run

from vmferry.guest.signatures import MAGICS, Content, identify
from vmferry.guest.window import Window
from vmferry.units import MIB

DATA = Path(os.environ.get("VMFERRY_TEST_DATA") or Path(__file__).parents[2] / "../shared/data")
UUID = "1234abcd-1111-4222-8333-0123456789ab"
LUKS = ["-q", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file", "/bin/true"]
MAKERS = {
    "ext2": ["mke2fs", "-q", "-F", "-t", "ext2", "-U", UUID, "-L", "a label"],
    "ext3": ["mke2fs", "-q", "-F", "-t", "ext3", "-U", UUID, "-L", "sixteen letters!"],
    "ext4": ["mke2fs", "-q", "-F", "-t", "ext4", "-U", UUID],
    "vfat": ["mkfs.vfat"],
    "vfat-16": ["mkfs.vfat", "-F", "16"],
    "vfat-32": ["mkfs.vfat", "-F", "32"],
    "vfat-label": ["mkfs.vfat", "-F", "32", "-n", "A LABEL"],
    "swap": ["mkswap", "-U", UUID, "-L", "a label"],
    "xfs": ["mkfs.xfs", "-q", "-L", "twelve chars"],
    "xfs-v4": ["mkfs.xfs", "-q", "-m", f"crc=0,uuid={UUID}"],
    "btrfs": ["mkfs.btrfs", "-q", "-U", UUID, "-L", "a label"],
    "ntfs": ["mkntfs", "-Q", "-F", "-q"],
    "luks1": ["cryptsetup", "luksFormat", "--type", "luks1", *LUKS, "--uuid", UUID],
    "luks2": ["cryptsetup", "luksFormat", "--type", "luks2", *LUKS, "--uuid", UUID],
    "f2fs": ["mkfs.f2fs", "-q"],
    "exfat": ["mkfs.exfat"],
}
SIZES_MIB = {"xfs": 300, "xfs-v4": 300, "btrfs": 120, "f2fs": 64}
NAMED = ("ext", "xfs", "btrfs", "vfat", "swap", "ntfs", "luks")


def _identify(path: Path) -> Content:
    disk = FileDisk(path)
    return identify(Window(disk, 0, disk.size, "disk 0"))


def _blkid(path: Path) -> dict[str, str]:
    if shutil.which("blkid", path=SBIN) is None:
        pytest.skip("blkid is not installed")
    said = run(["blkid", "-p", "-o", "export", str(path)])
    return dict(line.partition("=")[::2] for line in said.splitlines())


@pytest.mark.oracle
def test_a_memory_that_sleeps_is_what_blkid_says(tmp_path: Path) -> None:
    path = tmp_path / "part.raw"
    path.write_bytes(bytes(MIB))
    run([*MAKERS["swap"], str(path)])
    data = bytearray(path.read_bytes())
    data[4086:4096] = b"S1SUSPEND\0"
    path.write_bytes(data)
    said = _blkid(path)
    assert _identify(path) == Content(said["TYPE"], said["UUID"], "a label")
    assert said["TYPE"] == "swsuspend"


@pytest.mark.oracle
@pytest.mark.parametrize("name", MAKERS)
def test_says_what_blkid_says(name: str, tmp_path: Path) -> None:
    if shutil.which(MAKERS[name][0], path=SBIN) is None:
        pytest.skip(f"{MAKERS[name][0]} is not installed")
    path = tmp_path / "part"
    with path.open("xb") as file:
        file.truncate(SIZES_MIB.get(name, 36) * MIB)
    run([*MAKERS[name], str(path)])
    content, said = _identify(path), _blkid(path)
    assert content.kind == said["TYPE"]
    if name.startswith(NAMED):
        assert content.uuid == said["UUID"].lower() != ""
        assert content.label == said.get("LABEL", "").replace("\\", "")


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["ext2", "ext4", "lvm", "ntfs", "xfs", "luks1", "apfs", "hfsplus"])
def test_says_what_blkid_says_of_samples(name: str, tmp_path: Path) -> None:
    sample = DATA / "filesystems" / f"{name}.raw.xz"
    if not sample.exists():
        pytest.skip(f"{sample} is absent; VMFERRY_TEST_DATA names its folder")
    path = tmp_path / "part"
    path.write_bytes(lzma.decompress(sample.read_bytes()))
    assert _identify(path).kind == _blkid(path)["TYPE"]


@pytest.mark.parametrize(("offset", "magic", "kind"), MAGICS)
def test_knows_each_magic(offset: int, magic: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes(bytes(offset) + magic + bytes(512))
    assert _identify(path).kind == kind


def test_an_unnamed_file_system_has_no_names(tmp_path: Path) -> None:
    for magic, offset in ((b"XFSB", 0), (b"NTFS    ", 3), (b"LUKS\xba\xbe", 0)):
        path = tmp_path / magic[:4].decode()
        path.write_bytes(bytes(offset) + magic + bytes(512))
        assert _identify(path)[1:] == ("", "")
    fat = bytearray(512)
    fat[54:62], fat[43:54] = b"FAT16   ", b"NO NAME    "
    (tmp_path / "fat").write_bytes(fat)
    assert _identify(tmp_path / "fat") == Content(kind="vfat")


@pytest.mark.parametrize("size", [0, 1, 512, 1080, 2047])
def test_a_short_partition_holds_nothing(size: int, tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes((bytes(1080) + b"\x53\xef" + bytes(1000))[:size])
    assert _identify(path) == Content()


def test_an_external_journal_is_no_file_system(tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes(bytes(1024 + 56) + b"\x53\xef" + bytes(38) + b"\x08" + bytes(1023))
    assert _identify(path).kind == "jbd"
