# SPDX-License-Identifier: Apache-2.0
"""fstab: its lines against findmnt, and every way to name a partition."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guest.trees import tree_of
from tests.guests.drawing import run

from vmferry.guest import fstab
from vmferry.guest.settings import Settings
from vmferry.model.guest import FstabEntry, Partition

if TYPE_CHECKING:
    from pathlib import Path


def _partition(disk: int, number: int, **fields: Any) -> Partition:
    return Partition(disk=disk, number=number, offset=0, size=1, **{"kind": "0x83", **fields})


PARTITIONS = (
    _partition(0, 1, filesystem="ext4", uuid="aa-bb", label="root", partuuid="c-01"),
    _partition(0, 5, filesystem="swap", uuid="cc-dd"),
    _partition(1, 0, uuid="ee-ff", label='a "b"/c', partlabel="My Data"),
    _partition(27, 3),
    _partition(0, 0, kind="lvm", volume="my-vg/lv-1", uuid="11"),
    _partition(0, 2, uuid="aa-bb", label="root"),
)


@pytest.mark.parametrize(
    ("spec", "index"),
    [
        ("/dev/sda1", 0),
        ("/dev/hda1", 0),
        ("/dev/vda1", 0),
        ("/dev/xvda1", 0),
        ("/dev/nvme0n1p1", 0),
        ("/dev/sda5", 1),
        ("/dev/sdb", 2),
        ("/dev/nvme1n1", 2),
        ("/dev/sdab3", 3),
        ("/dev/sda", None),
        ("/dev/sda9", None),
        ("/dev/sdaaa1", None),
        ("/dev/md0", None),
        ("UUID=AA-BB", 0),
        ('UUID="cc-dd"', 1),
        ("UUID=", None),
        ("LABEL=root", 0),
        ("LABEL=ROOT", None),
        ("PARTUUID=C-01", 0),
        (r"PARTLABEL=My\040Data", 2),
        ("ID=aa-bb", None),
        ("/dev/disk/by-uuid/aa-bb", 0),
        ("/dev/disk/by-partuuid/c-01", 0),
        (r"/dev/disk/by-partlabel/My\x20Data", 2),
        (r"/dev/disk/by-label/a\040\x22b\x22\x2fc", 2),
        ("/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part1", None),
        ("/dev/my-vg/lv-1", 4),
        ("/dev/mapper/my--vg-lv--1", 4),
        ("/dev/disk/by-id/dm-name-my--vg-lv--1", 4),
        ("/dev/mapper/my-vg-lv-1", None),
        ("/dev/mapper/my--vg", None),
        ("server:/export", None),
        ("//server/share", None),
        ("", None),
    ],
)
def test_finds_what_a_spec_means(spec: str, index: int | None) -> None:
    assert fstab.Devices(PARTITIONS).find(spec) == index


def test_reads_the_entries() -> None:
    text = (
        "# comment\n\n"
        "UUID=aa-bb / ext4 errors=remount-ro 0 1\r\n"
        "\t/dev/sda5  none swap sw\n"
        "/dev/sda1 /mnt/a\\040b/ nfs ro,x=1 0\n"
        "tmpfs /tmp tmpfs\n"
        "alone\n"
        "/dev/sdb /srv"
    )
    settings = Settings(tree_of({"etc/fstab": text}))
    assert fstab.read(settings, PARTITIONS) == (
        _entry(3, "UUID=aa-bb", "/", "ext4", "errors=remount-ro", 0),
        _entry(4, "/dev/sda5", "none", "swap", "sw", 1),
        _entry(5, "/dev/sda1", "/mnt/a b", "nfs", "ro,x=1", None),
        _entry(6, "tmpfs", "/tmp", "tmpfs", "", None),
        _entry(8, "/dev/sdb", "/srv", "", "", 2),
    )
    assert settings.damage == []


def _entry(
    line: int, spec: str, path: str, kind: str, options: str, partition: int | None
) -> FstabEntry:
    return FstabEntry(
        line=line, spec=spec, path=path, kind=kind, options=options, partition=partition
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/dev/sda1 /srv ext4\n" * 100_000, "found 2000000 bytes, expected at most 65536"),
        ("a /b c\n" * 1001, "found 1001 entries, expected at most 1000"),
    ],
)
def test_one_that_is_too_long_is_a_sentence(text: str, sentence: str) -> None:
    settings = Settings(tree_of({"etc/fstab": text}))
    assert fstab.read(settings, PARTITIONS) == ()
    assert settings.damage == [f"/etc/fstab: {sentence}"]


@given(st.binary(max_size=300))
def test_reads_anything(data: bytes) -> None:
    for entry in fstab.read(Settings(tree_of({"etc/fstab": data})), PARTITIONS):
        assert entry.spec
        assert entry.path


LINES = (
    "UUID=aa-bb\t/ ext4 errors=remount-ro 0 1",
    "  LABEL=x\\040y   /mnt/a\\040b/   xfs   noatime,x-systemd.automount   0 0",
    "/dev/mapper/my--vg-lv--1 /var/ btrfs subvol=/@,compress=zstd:1",
    "server:/export /srv nfs4 ro 0 0",
    "/dev/disk/by-uuid/aa /a\\011b vfat umask=0077 0 1",
    "# /dev/sda1 /boot ext4 defaults",
    "tmpfs /tmp tmpfs size=1G",
)


@pytest.mark.oracle
def test_reads_lines_as_findmnt(tmp_path: Path) -> None:
    if shutil.which("findmnt") is None:
        pytest.skip("findmnt is not installed")
    path = tmp_path / "fstab"
    path.write_text("\n".join(LINES) + "\n")
    columns = "SOURCE,TARGET,FSTYPE,OPTIONS"
    said = run(["findmnt", "--tab-file", str(path), "--json", "--list", "-o", columns])
    expected = [
        (each["source"], each["target"].rstrip("/") or "/", each["fstype"], each["options"])
        for each in json.loads(said)["filesystems"]
    ]
    found = [
        (fstab.unescape(line.spec), line.path, line.kind, line.options)
        for line in fstab.parse(path.read_text())
    ]
    assert found == expected
