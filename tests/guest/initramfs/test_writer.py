# SPDX-License-Identifier: Apache-2.0
"""Archives that GNU cpio and the programs of the compressions read."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from tests.guest.initramfs.archives import COMPRESSORS, run

from vmferry.guest.initramfs.writer import FOLDER, PROGRAM, Item, appendix, archive

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = [
    Item("lib", mode=FOLDER),
    *(Item(f"lib/{'n' * number}", b"c" * (number % 5)) for number in range(1, 9)),
    Item("init", b"#!/bin/sh\n", PROGRAM),
]


@pytest.mark.oracle
def test_what_cpio_unpacks(tmp_path: Path) -> None:
    run(["cpio", "-id", "--quiet", "-H", "newc"], archive(ITEMS), tmp_path)
    for item in ITEMS:
        path = tmp_path / item.name
        if item.mode == FOLDER:
            assert path.is_dir()
        else:
            assert path.read_bytes() == item.content
            assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(item.mode)


@pytest.mark.oracle
@pytest.mark.parametrize("name", [*COMPRESSORS, ""])
@pytest.mark.parametrize("size", [4, 5, 7])
def test_what_is_appended(name: str, size: int) -> None:
    data = appendix(ITEMS, size, name)
    place = len(data) - len(data.lstrip(b"\0"))
    assert (size + place) % 4 == 0
    assert place >= 4
    assert data == appendix(ITEMS, size, name), "the same again would be another plan"
    if name not in ("", "lz4"):
        data = run([COMPRESSORS[name][0], "-dc"], data[place:])
    assert data.lstrip(b"\0") == archive(ITEMS)
