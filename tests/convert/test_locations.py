# SPDX-License-Identifier: Apache-2.0
"""From an object to its disks, the same ones whenever they are opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.appliances.recipes import ova, ovf
from tests.formats.recipes import SparseDisk, fill, stream_vmdk, written

from vmferry.convert import locate, open_disk
from vmferry.convert.locations import open_file, opener
from vmferry.errors import FormatError, SourceError
from vmferry.formats.vhdx.writer import VhdxWriter
from vmferry.stores import Access
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

ACCESS = Access()


def test_a_bare_disk(tmp_path: Path) -> None:
    path = tmp_path / "disk.bin"
    path.write_bytes(written(VhdxWriter(MIB), SparseDisk(MIB, {7: b"x"})))
    content = locate(f"file://{path}", ACCESS)
    assert (content.format, content.machine) == ("vhdx", None)
    (location,) = content.disks
    assert open_disk(location, ACCESS).read_at(7, 1) == b"x"


def test_a_declared_format_binds(tmp_path: Path) -> None:
    path = tmp_path / "disk.bin"
    path.write_bytes(written(VhdxWriter(MIB), SparseDisk(MIB, {})))
    (location,) = locate(f"file://{path}", ACCESS, "raw").disks
    with pytest.raises(FormatError, match="found vhdx, expected raw as declared"):
        open_disk(location, ACCESS)


def test_an_appliance(tmp_path: Path) -> None:
    path = tmp_path / "vm.ova"
    disk = bytes(stream_vmdk({1: fill(1)}, 1 << 21))
    path.write_bytes(ova([("vm.ovf", ovf()), ("disk1.vmdk", disk)]))
    content = locate(f"file://{path}", ACCESS)
    assert content.machine is not None
    (location,) = content.disks
    assert (location.label, location.length) == ("disk1.vmdk", len(disk))
    assert open_file(location, ACCESS).read_at(0, len(disk)) == disk
    assert open_disk(location, ACCESS).size == 1 << 30


def test_a_replaced_object_is_not_mixed_with_its_successor(tmp_path: Path) -> None:
    path = tmp_path / "disk.raw"
    path.write_bytes(b"first")
    (location,) = locate(f"file://{path}", ACCESS).disks
    path.write_bytes(b"second")
    with pytest.raises(SourceError, match=r"disk\.raw: the object was replaced while it was read"):
        open_file(location, ACCESS)
    assert open_file(replace(location, version=""), ACCESS).size == 6


def test_a_local_disk_is_shared_with_forked_processes(tmp_path: Path) -> None:
    path = tmp_path / "disk.raw"
    path.write_bytes(b"content")
    (location,) = locate(f"file://{path}", ACCESS).disks
    disk = open_disk(location, ACCESS)
    assert opener(location, ACCESS, disk)() is disk
    remote = opener(replace(location, url="gopher://host/disk"), ACCESS, disk)
    with pytest.raises(SourceError, match="gopher"):
        remote()
