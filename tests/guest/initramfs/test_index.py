# SPDX-License-Identifier: Apache-2.0
"""Indexes in which modprobe finds what depmod's own hold."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from vmferry.guest.initramfs.index import LONGEST_KEY, index

if TYPE_CHECKING:
    from pathlib import Path

ALIASES = {
    "virtio:d00000002v*": "virtio_blk",
    "virtio:d00000008v*": "virtio_scsi",
    "pci:v00001AF4d*sv*sd*bc*sc*i*": "virtio_pci",
    "pci:v*d*sv*sd*bc01sc08i02*": "nvme",
    "xen:vbd": "xen_blkfront",
    "xenbus": "xen_blkfront",
    "x": "ahci",
    "of:N*T*Cfoo[0-9-]bar": "ahci",
}


def lookup(folder: Path, alias: str) -> list[str]:
    done = subprocess.run(
        ["modprobe", "-d", folder, "-S", "6.1", "-R", alias],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split()


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("alias", "found"),
    [
        ("virtio:d00000002v00001AF4", ["virtio_blk"]),
        ("virtio:d00000008v00001AF4", ["virtio_scsi"]),
        ("pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00", ["virtio_pci"]),
        ("pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc08i02", ["nvme", "virtio_pci"]),
        ("xen:vbd", ["xen_blkfront"]),
        ("xenbus", ["xen_blkfront"]),
        ("x", ["ahci"]),
        ("of:NxTyCfoo7bar", ["ahci"]),
        ("virtio:d00000009v00001AF4", []),
    ],
)
def test_what_modprobe_finds(alias: str, found: list[str], tmp_path: Path) -> None:
    modules = tmp_path / "lib" / "modules" / "6.1"
    modules.mkdir(parents=True)
    names = sorted(set(ALIASES.values()))
    (modules / "modules.dep.bin").write_bytes(index((name, f"{name}.ko:") for name in names))
    (modules / "modules.alias.bin").write_bytes(index(ALIASES.items()))
    for name in ("modules.builtin.bin", "modules.symbols.bin"):
        (modules / name).write_bytes(index(()))
    assert sorted(lookup(tmp_path, alias)) == found


def test_values_and_keys() -> None:
    assert index(()).hex() == "b007f457000200010000000c"
    pairs = [("ab", "2"), ("a", "1"), ("ab", "3"), ("\xe9", "no"), ("c" * (LONGEST_KEY + 1), "no")]
    data = index(pairs)
    root = int.from_bytes(data[8:12])
    assert root >> 29 == 0b111, "a prefix, values and children"
    below = int.from_bytes(data[data.index(b"a\0bb") + 4 :][:4])
    assert below >> 29 == 0b010
    assert data[below & 0x1FFFFFFF :].startswith(
        b"\0\0\0\2" + b"\0\0\0\0" + b"2\0" + b"\0\0\0\2" + b"3\0"
    )
    assert data.endswith(b"a\0bb" + below.to_bytes(4) + b"\0\0\0\1\0\0\0\1" + b"1\0")


def test_as_deep_as_it_can_be() -> None:
    assert index(("a" * length, "") for length in range(LONGEST_KEY + 1))
