# SPDX-License-Identifier: Apache-2.0
"""Members by their magic numbers, and where they end."""

from __future__ import annotations

import pytest
from tests.guest.initramfs.archives import COMPRESSORS, compress
from tests.guest.trees import tree_of

from vmferry.guest.initramfs import compression
from vmferry.guest.initramfs.prefix import Prefix

TEXT = b"content " * 100_000


@pytest.mark.oracle
@pytest.mark.parametrize("name", COMPRESSORS)
def test_members(name: str) -> None:
    data = compress(name, TEXT)
    member = compression.find(data[:6])
    assert member is not None
    assert member.name == name
    behind = bytes(8)
    pieces = list(member.pieces(Prefix(tree_of({"x": b"--" + data + behind}), "/x"), 2))
    assert b"".join(pieces) == TEXT
    assert all(len(piece) <= 8 << 20 for piece in pieces)
    assert member.end == len(data) + 2


def test_no_member() -> None:
    assert compression.find(b"070701") is None
