# SPDX-License-Identifier: Apache-2.0
"""From every format into every format, by workers, to the byte that one process writes."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import FileSource, SparseDisk, written

from vmferry.convert import Target, convert_disk
from vmferry.convert import disk as module
from vmferry.errors import FormatError, StorageFullError
from vmferry.formats import all_formats, open_disk
from vmferry.stores import Access
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmferry.model.disk import DiskLocation

KINDS = [(name, kind) for name, each in sorted(all_formats().items()) for kind in each.writers]


@pytest.mark.parametrize(("name", "kind"), KINDS)
@pytest.mark.parametrize("source", ["raw", "vmdk", "vhd", "vhdx"])
def test_every_pair(
    source: str,
    name: str,
    kind: str,
    disk: SparseDisk,
    place: Callable[..., DiskLocation],
    tmp_path: Path,
) -> None:
    path = tmp_path / "target"
    path.touch()
    shares: list[tuple[int, int]] = []
    target = Target(path=path, format=name, kind=kind)
    found = convert_disk(
        place(source), Access(), target, jobs=2, show=lambda *share: shares.append(share)
    )
    assert found.virtual_size == disk.size
    assert found.size == path.stat().st_size
    assert 29 * MIB < found.data <= 45 * MIB
    assert shares == sorted(shares)
    assert shares[-1] == (found.data, found.data)
    opened = open_disk(FileSource(path), name)
    assert all(
        opened.read_at(at, min(MIB, disk.size - at)) == disk.read_at(at, min(MIB, disk.size - at))
        for at in range(0, disk.size, MIB)
    )


@pytest.mark.parametrize(("name", "kind"), KINDS)
@pytest.mark.parametrize("jobs", [1, 3])
def test_workers_write_what_one_process_writes(
    name: str,
    kind: str,
    jobs: int,
    disk: SparseDisk,
    place: Callable[..., DiskLocation],
    tmp_path: Path,
) -> None:
    path = tmp_path / "target"
    path.write_bytes(b"before")
    target = Target(path=path, format=name, kind=kind, base=1000)
    convert_disk(place("raw"), Access(), target, jobs=jobs)
    data = path.read_bytes()
    assert data[:1000] == b"before".ljust(1000, b"\0")
    assert data[1000:] == written(all_formats()[name].writers[kind](disk.size), disk)


def test_zeros_become_holes(place: Callable[..., DiskLocation], tmp_path: Path) -> None:
    path = tmp_path / "target"
    path.touch()
    sparse = SparseDisk(64 * MIB, {40 * MIB: b"x"})
    convert_disk(place("vmdk", other=sparse), Access(), Target(path=path, format="raw"))
    assert path.stat().st_size == 64 * MIB
    assert path.stat().st_blocks * 512 <= 128 * 1024


def test_a_damaged_source(place: Callable[..., DiskLocation], tmp_path: Path) -> None:
    location, path = place("vmdk"), tmp_path / "target"
    path.touch()
    with (tmp_path / "source-vmdk-").open("r+b") as file:
        file.seek(5 * MIB)
        file.write(os.urandom(2 * MIB))
    with pytest.raises(FormatError, match="vmdk: grain"):
        convert_disk(location, Access(), Target(path=path, format="raw"))


def test_a_size_that_the_format_cannot_say(
    place: Callable[..., DiskLocation], tmp_path: Path
) -> None:
    path = tmp_path / "target"
    path.touch()
    with pytest.raises(FormatError, match="vhd: size of the disk"):
        convert_disk(
            place("raw", other=SparseDisk(1 << 41, {})), Access(), Target(path=path, format="vhd")
        )


def test_no_space_left(
    place: Callable[..., DiskLocation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "target"
    path.touch()
    monkeypatch.setattr(module, "write_body", full)
    for name in ("raw", "vhdx"):
        with pytest.raises(StorageFullError):
            convert_disk(place("vmdk"), Access(), Target(path=path, format=name))
