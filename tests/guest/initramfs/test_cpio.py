# SPDX-License-Identifier: Apache-2.0
"""Names of archives: with content where it is wanted, and every alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.guest.initramfs.archives import cpio
from tests.guest.trees import tree_of

from vmferry.guest.initramfs.cpio import Entry, entries
from vmferry.guest.initramfs.prefix import Prefix
from vmferry.guest.initramfs.stream import Plain

if TYPE_CHECKING:
    from pathlib import Path


FILE = 0o100644


@pytest.mark.oracle
def test_every_alignment(tmp_path: Path) -> None:
    files = {"conf/" + "n" * number: b"c" * (number % 5) for number in range(1, 9)}
    files["other"] = b"content"
    stream = Plain(Prefix(tree_of({"x": cpio(tmp_path, files)}), "/x"), 0)
    wanted = [Entry(name, files[name], FILE) for name in files][:-1]
    wanted.append(Entry("other", b"", FILE))
    assert list(entries(stream, "conf/", iter(range(9 + 1)))) == wanted
