# SPDX-License-Identifier: Apache-2.0
"""Blocks and extent descriptors."""

from __future__ import annotations

import pytest
from tests.guest.filesystems.jfs.pieces import BLOCK, COUNT, LEAF, blocks, pxd, xpage

from vmferry.errors import FormatError
from vmferry.guest.filesystems.jfs.blocks import Extent, extent


def test_an_extents_address_has_forty_bits() -> None:
    assert extent(b"xx" + pxd(0xAB_1234_5678, 0xFFFFFF), 2) == Extent(0xAB_1234_5678, 0xFFFFFF)


def test_reads_inside_the_partition_only() -> None:
    found = blocks({3: b"three"})
    assert found.read(3, 1, 4) == b"hree"
    assert found.read(COUNT - 1, 0, BLOCK) == bytes(BLOCK)
    for address, inside in ((COUNT, 0), (COUNT - 1, 1), (1 << 39, 0)):
        with pytest.raises(FormatError, match=f"block {address} at byte .*an end inside"):
            found.read(address, inside, BLOCK)


def test_a_page_says_where_it_lies() -> None:
    found = blocks({3: xpage(LEAF, [], 3), 4: xpage(LEAF, [], 3)})
    assert found.page(3, 1) == xpage(LEAF, [], 3)
    with pytest.raises(FormatError, match="page at block 4: found one of block 3, expected its"):
        found.page(4, 1)
    for length in (0, 2, 0xFFFFFF):
        with pytest.raises(FormatError, match=f"page at block 3: found {length} blocks"):
            found.page(3, length)
