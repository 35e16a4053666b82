# SPDX-License-Identifier: Apache-2.0
"""What is where once all archives are unpacked."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from tests.guest.initramfs.archives import MICROCODE, cpio

from vmferry.guest.initramfs.contents import Contents
from vmferry.guest.initramfs.prefix import Whole

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.oracle
def test_links_folders_and_later_files(tmp_path: Path) -> None:
    links = {"lib": "usr/lib", "sbin": "/usr/bin/../sbin", "loop": "loop", "up": "../../lib/x"}
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    first = cpio(tmp_path, MICROCODE)
    second = gzip.compress(cpio(tmp_path, {"init": b"old", "usr/lib/a": b""}, ("usr", *links)))
    third = cpio(tmp_path, {"init": b"new"})
    padded = first + second + bytes(-len(first + second) % 4)
    contents = Contents(Whole(padded + third))
    assert (contents.init, contents.compression) == (b"new", "gzip")
    assert (contents.is_folder("usr"), contents.is_folder("lib")) == (True, False)
    assert (contents.exists("lib"), contents.exists("lib/a")) == (True, False)
    assert contents.real("lib/modules/6.1") == "usr/lib/modules/6.1"
    assert contents.real("./sbin/x") == "usr/sbin/x"
    assert contents.real("up") == "usr/lib/x"
    assert contents.real("loop/a") == "loop/a"
    assert contents.missing_folders("usr/lib/modules/x") == ["usr/lib", "usr/lib/modules"]
    assert "usr/lib/a" in contents.names()
