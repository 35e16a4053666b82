# SPDX-License-Identifier: Apache-2.0
"""The tree of a directory's entries: pages of 32-byte slots, the root's nine in the inode.

    Dec  Hex  Page                                 Dec  Hex  Root
     16  0x10 flag          u8: 2 leaf, 4 inner     16  0x10 flag
     17  0x11 nextindex     u8, entries             17  0x11 nextindex
     21  0x15 stblindex     u8, slot of the order   24  0x18 order     8 bytes
     24  0x18 self          pxd

    Dec  Hex  Leaf's entry        Dec  Hex  Inner entry         Dec  Hex  Slot that goes on
      0  0x00 inumber   u32         0  0x00 page      pxd         0  0x00 next    u8
      4  0x04 next      u8          8  0x08 next      u8          2  0x02 name    15 characters
      5  0x05 namlen    u8          9  0x09 namlen    u8
      6  0x06 name      11 or 13   10  0x0A name      11
     28  0x1C index     u32, if the file system has one: 11 characters, else 13

The order is a list of slot numbers, sorted by name; a character is a u16. Linux stores each byte of
a name as a character, unless it is told the encoding of names by ``iocharset=``; both are read.

Source: S. Best, D. Kleikamp, "JFS Layout" (IBM, 2000), "B+-trees: directory".
"""

from __future__ import annotations

import codecs
import struct
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from vmferry.errors import FormatError
from vmferry.guest.filesystems.jfs.blocks import DEEPEST, Extent, extent
from vmferry.guest.filesystems.jfs.xtree import INNER, LEAF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.filesystems.jfs.blocks import Blocks

Name: TypeAlias = tuple[int, ...]

SLOT: Final = 32
ROOT_SIZE: Final = 9 * SLOT
ROOT_ORDER: Final = 24
ROOT_MOST: Final = 8
CHARACTER: Final = 2
MORE: Final = 15
"""Characters of a name in each slot but its first."""


class Entry(NamedTuple):
    """One entry of a directory."""

    name: Name
    inode: int


class Directory:
    """The entries of one directory.

    Args:
        blocks: The partition.
        root: The root of the tree.
        has_index: Whether entries are shorter by their place in an index.
    """

    def __init__(self, blocks: Blocks, root: bytes, *, has_index: bool) -> None:
        self._blocks = blocks
        self._root = root
        self._first = 11 if has_index else 13

    def find(self, name: Name) -> int | None:
        """Return the inode of an entry, or ``None``. Raises ``FormatError`` on damage."""
        page = _Page(self._root)
        for _ in range(DEEPEST):
            if page.kind == LEAF:
                matching = (entry for entry in self._leaf(page) if entry.name == name)
                return next((entry.inode for entry in matching), None)
            page = self._page(self._below(page, name))
        raise _too_deep()

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, sorted by name. Raises ``FormatError`` on damage."""
        return self._walk(_Page(self._root), set(), DEEPEST)

    def _walk(self, page: _Page, seen: set[int], depth: int) -> Iterator[Entry]:
        if page.kind == LEAF:
            yield from self._leaf(page)
            return
        if depth == 0:
            raise _too_deep()
        for slot in page.order:
            below = extent(page.data, slot * SLOT)
            if below.address in seen:
                raise FormatError("directory", found=f"the page at block {below.address} twice")
            seen.add(below.address)
            yield from self._walk(self._page(below), seen, depth - 1)

    def _page(self, place: Extent) -> _Page:
        page = _Page(self._blocks.page(*place), is_root=False)
        if not page.order:
            raise FormatError("directory", found=f"an empty page at block {place.address}")
        return page

    def _leaf(self, page: _Page) -> Iterator[Entry]:
        for slot in page.order:
            name = page.name(slot, 4, self._first)
            yield Entry(name, int.from_bytes(page.data[slot * SLOT : slot * SLOT + 4], "little"))

    def _below(self, page: _Page, name: Name) -> Extent:
        """Return the page whose names start at or before ``name``; its key may be a prefix."""
        low, high = 0, len(page.order)
        while high - low > 1:
            middle = (low + high) // 2
            if page.name(page.order[middle], 8, 11) <= name:
                low = middle
            else:
                high = middle
        return extent(page.data, page.order[low] * SLOT)


class _Page:
    """One page: its kind, and its slots in order."""

    def __init__(self, data: bytes, *, is_root: bool = True) -> None:
        flag, count = data[16], data[17]
        start = ROOT_ORDER if is_root else data[21] * SLOT
        most = ROOT_MOST if is_root else len(data) // SLOT
        self.data = data
        self.kind = flag & (LEAF | INNER)
        self.order = data[start : start + count]
        if self.kind not in (LEAF, INNER) or count > most or len(self.order) < count:
            raise FormatError("directory", found=f"a page of flag {flag:#x} with {count} entries")
        if not all(0 < slot < len(data) // SLOT for slot in self.order):
            raise FormatError("directory", found="an entry outside its page")
        if self.kind == INNER and not count:
            raise FormatError("directory", found="an inner page without entries")

    def name(self, slot: int, at: int, first: int) -> Name:
        """Return the name of the entry in ``slot``.

        Args:
            slot: Its first slot.
            at: Where that one says which slot is next; its length and its name follow.
            first: How many characters it has room for.
        """
        start = slot * SLOT + at
        following, left = self.data[start], self.data[start + 1]
        count = min(left, first)
        name = self._characters(start + 2, count)
        left -= count
        while left:
            start = following * SLOT
            if not 0 < start < len(self.data):
                raise FormatError("directory", found=f"a name that goes on in slot {following}")
            following, count = self.data[start], min(left, MORE)
            name += self._characters(start + 2, count)
            left -= count
        return name

    def _characters(self, at: int, count: int) -> Name:
        return struct.unpack_from(f"<{count}H", self.data, at)


def decode(name: Name) -> str:
    """Return a stored name as text, ``""`` if it is none.

    Characters that are bytes of UTF-8 are taken for them: so a mount without ``iocharset=`` wrote
    what one with it would have decoded. The codec is called by its function: by its name it would
    be looked for in files, which the inspecting process can no longer open.
    """
    try:
        return bytes(name).decode()
    except ValueError:
        stored = struct.pack(f"<{len(name)}H", *name)
        return codecs.utf_16_le_decode(stored, "ignore")[0]


def encodings(name: str) -> list[Name]:
    """Return how ``name`` may be stored: its bytes of UTF-8, and its characters."""
    units = codecs.utf_16_le_encode(name, "replace")[0]
    wide = struct.unpack(f"<{len(units) // CHARACTER}H", units)
    return list(dict.fromkeys((tuple(name.encode("utf-8", "replace")), wide)))


def _too_deep() -> FormatError:
    return FormatError("directory", found=f"more than {DEEPEST} levels")
