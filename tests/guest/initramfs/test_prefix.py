# SPDX-License-Identifier: Apache-2.0
"""No more is read than needed, and no file beyond the last step."""

from __future__ import annotations

import pytest
from tests.guest.trees import MemoryNode, node_of

from vmferry.guest.filesystem import Tree
from vmferry.guest.initramfs import prefix
from vmferry.guest.initramfs.prefix import Prefix, TooLongError


def test_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefix, "STEPS", (4, 8))
    read: list[int] = []
    plain = MemoryNode.read

    def counted(node: MemoryNode, length: int) -> bytes:
        read.append(length)
        return plain(node, length)

    monkeypatch.setattr(MemoryNode, "read", counted)
    short = Prefix(Tree(node_of({"x": b"abcdef"})), "/x")
    assert (short.get(0, 2), read) == (b"ab", [4])
    assert (short.get(3, 9), short.get(9, 1), read) == (b"def", b"", [4, 8])
    long = Prefix(Tree(node_of({"x": b"abcdefghij"})), "/x")
    assert long.get(6, 2) == b"gh"
    with pytest.raises(TooLongError, match="initramfs: found more than 8 bytes to read"):
        long.get(6, 4)


def test_a_file_that_is_at_hand() -> None:
    whole = prefix.Whole(b"abcdef")
    assert (whole.get(1, 2), whole.get(4, 9), whole.get(9, 1)) == (b"bc", b"ef", b"")
