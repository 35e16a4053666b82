# SPDX-License-Identifier: Apache-2.0
"""The inode map put together by hand."""

from __future__ import annotations

import struct

import pytest
from tests.guest.filesystems.jfs.pieces import BLOCK, LEAF, blocks, pxd, xad, xpage

from vmferry.errors import FormatError
from vmferry.guest.filesystems.jfs.inodes import FILESET, SIZE, TABLE, Inodes

MAP = 20
TABLE_BLOCK = TABLE // BLOCK
FILES = 30


def _inode(number: int, links: int = 1, fileset: int = FILESET, tree: bytes = b"") -> bytes:
    head = struct.pack("<IIII8xQQIIII", 7, fileset, number, 1, 9, 0, links, 0, 0, 0xFFFF8000)
    return (head.ljust(224, b"\0") + tree).ljust(SIZE, b"\0")


def _group(number: int, extents: dict[int, bytes]) -> bytes:
    page = bytearray(BLOCK)
    struct.pack_into("<I", page, 8, number)
    for place, descriptor in extents.items():
        page[3072 + place * 8 : 3080 + place * 8] = descriptor
    return bytes(page)


def _inodes(
    *files: bytes, group: bytes = b"", rows: list[bytes] | None = None, number: int = FILESET
) -> Inodes:
    tree = xpage(LEAF, rows or [xad(0, MAP, 3)], size=288)
    table = bytes(FILESET * SIZE) + _inode(number, tree=tree)
    pages = {
        TABLE_BLOCK: table,
        MAP + 1: group or _group(0, {0: pxd(FILES, 4), 127: pxd(FILES, 4), 5: pxd(FILES, 3)}),
        MAP + 2: _group(1, {0: pxd(FILES + 4, 4)}),
        FILES: b"".join(files),
        FILES + 4: _inode(4096),
    }
    return Inodes(blocks(pages))


def test_finds_inodes_in_their_groups() -> None:
    found = _inodes(_inode(0), _inode(1), _inode(2)).get(2)
    assert (found.number, found.size, found.links, found.mode) == (2, 9, 1, 0x8000)
    assert len(found.tree) == 288
    assert _inodes().get(4096).number == 4096


@pytest.mark.parametrize(
    ("number", "inode", "message"),
    [
        (0, _inode(0, links=0), "inode 0: found one that is not in use"),
        (0, _inode(0, fileset=1), "inode 0: found one that is not in use"),
        (0, _inode(1), "inode 0: found number 1 in it"),
        (127 * 32, _inode(0), "inode 4064: found number 0 in it"),
        (32, b"", "inode 32: found no inodes where it should be"),
        (5 * 32, b"", "inode 160: found no inodes where it should be"),
        (3 * 4096, b"", "inode allocation group 3: found another page, or none"),
        (0xFFFFFFFF, b"", "inode allocation group 1048575: found another page, or none"),
    ],
)
def test_damage_is_refused(number: int, inode: bytes, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        _inodes(inode).get(number)
    assert caught.value.message == message


def test_a_group_of_another_number_is_refused() -> None:
    with pytest.raises(FormatError, match="inode allocation group 0: found another page"):
        _inodes(group=_group(1, {})).get(0)
    for rows in ([xad(0, MAP, 3, 8)], [xad(1, MAP + 2)], [xad(2, MAP)]):
        with pytest.raises(FormatError, match="inode allocation group 0: found another page"):
            _inodes(rows=rows).get(0)


def test_the_map_is_inode_16() -> None:
    with pytest.raises(FormatError, match="inode 16: found number 17 in it"):
        _inodes(number=17)
