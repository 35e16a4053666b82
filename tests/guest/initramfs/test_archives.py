# SPDX-License-Identifier: Apache-2.0
"""What comes of a file of several archives; damage is in ``test_initramfs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.guest.initramfs.archives import COMPRESSORS, MICROCODE, compress, cpio
from tests.guest.trees import tree_of

from vmferry.guest.initramfs.archives import Archives
from vmferry.guest.initramfs.prefix import Prefix

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.oracle
@pytest.mark.parametrize("name", COMPRESSORS)
def test_their_compressions_and_what_links_lead_to(name: str, tmp_path: Path) -> None:
    (tmp_path / "lib").symlink_to("usr/lib")
    data = cpio(tmp_path, MICROCODE) + compress(name, cpio(tmp_path, {"init": b"#!"}, ("lib",)))
    last = cpio(tmp_path, {"conf/x": b"text", "other": b"text"})
    tree = tree_of({"x": data + bytes(-len(data) % 4 + 4) + last})
    archives = Archives(Prefix(tree, "/x"))
    assert [tuple(entry)[:2] for entry in archives.entries(("conf/", "in"))] == [
        (*MICROCODE, b""),
        ("init", b"#!"),
        ("lib", b"usr/lib"),
        ("conf/x", b"text"),
        ("other", b""),
    ]
    assert archives.compressions == ["", name, ""]
