# SPDX-License-Identifier: Apache-2.0
"""What guests have on their disks, for the fuzzers to begin with: volumes, file systems, settings.

The file systems are put together by hand from their specifications, so that the seeds are the same
on every machine; mkfs would put the hour and a UUID by chance into them.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from tests.fuzz.disk_recipes import stored
from tests.guest.filesystems.btrfs import pieces as btrfs
from tests.guest.filesystems.jfs import pieces as jfs
from tests.guest.volumes.lvm import recipes as lvm

from vmferry.guest.filesystems.btrfs import superblock
from vmferry.guest.filesystems.btrfs.checksum import name_hash
from vmferry.guest.filesystems.jfs.inodes import GROUP_EXTENTS, SIZE, TABLE
from vmferry.guest.filesystems.jfs.superblock import DIRECTORY_INDEX, OFFSET
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from vmferry.guest.filesystems.btrfs.tree import Key

_PHYSICAL: Final = lvm.DATA + 8 * lvm.EXTENT


def lvm_files() -> dict[str, bytes]:
    """Return pairs of physical volumes by name: each is one half of its file."""
    linear = lvm.volume("root", lvm.linear(0, 2, "pv0", 0), lvm.linear(2, 1, "pv1", 3))
    striped = lvm.volume("data", lvm.striped(0, 4, [("pv0", 4), ("pv1", 4)], 8))
    both = lvm.group(f"{linear} {striped}")
    root = lvm.volume("root", lvm.linear(0, 2, "pv0", 0))
    mirror = lvm.volume("root", lvm.linear(0, 2, "pv0", 0).replace("striped", "raid1"))
    old = lvm.group(linear, seqno=3)
    return {
        "plain": _pair(both, both),
        "grown": _pair(lvm.group(striped, seqno=2), old),
        "in-a-ring": _pair(both, both, text_offset=lvm.AREA_SIZE - 300),
        "alone": bytes(_bare(lvm.group(root)).ljust(2 * _PHYSICAL, b"\0")),
        "mirror": _pair(lvm.group(mirror), lvm.group(mirror)),
        "twin": bytes(2 * _bare(both)),
        "nothing": bytes(8 * KIB),
    }


def _bare(text: str, uuid: str = lvm.UUID_0, text_offset: int = 512) -> bytearray:
    disk = lvm.physical(text, uuid, text_offset=text_offset)
    disk[lvm.DATA :] = bytes(len(disk) - lvm.DATA)
    return disk


def _pair(first: str, second: str, text_offset: int = 512) -> bytes:
    return bytes(
        _bare(first, text_offset=text_offset) + _bare(second, lvm.UUID_1, text_offset=text_offset)
    )


_CHUNKS: Final = btrfs.SHIFT + MIB
_ROOTS: Final = _CHUNKS + 8 * KIB
_FILES: Final = _ROOTS + 8 * KIB
_BELOW: Final = _FILES + 8 * KIB
_SECOND: Final = _BELOW + 8 * KIB
_DATA: Final = _SECOND + 8 * KIB
_SUBVOLUME: Final = 256
_TEXT: Final = b"ID=debian\nVERSION_ID=12\n"


def btrfs_files() -> dict[str, bytes]:
    """Return the file systems by name: trees of one leaf and of two levels, with subvolumes."""
    block = btrfs.super_block(root=_ROOTS, chunk_root=_CHUNKS)
    chunks = {(256, 228, btrfs.SHIFT): btrfs.chunk(btrfs.DISK, btrfs.SINGLE, (1, 0))}
    subvolumes = _roots()
    flat = {
        _CHUNKS: btrfs.leaf(_CHUNKS, chunks),
        _ROOTS: btrfs.leaf(_ROOTS, subvolumes),
        _FILES: btrfs.leaf(_FILES, _files()),
        _DATA: b"".join(bytes([n]) * 16 for n in range(16)),
    }
    low, high = _split(_files())
    deep = flat | {
        _FILES: btrfs.inner(_FILES, 1, {min(low): _BELOW, min(high): _SECOND}),
        _BELOW: btrfs.leaf(_BELOW, low),
        _SECOND: btrfs.leaf(_SECOND, high),
        _ROOTS: btrfs.leaf(_ROOTS, _roots(level=1)),
    }
    loop = flat | {_ROOTS: btrfs.inner(_ROOTS, 1, {min(subvolumes): _ROOTS})}
    return {
        "flat": _partition(flat, block),
        "deep": _partition(deep, block),
        "loop": _partition(loop, btrfs.super_block(root=_ROOTS, chunk_root=_CHUNKS, root_level=1)),
        "wrong-sum": _partition(flat, block[:300] + b"\1" + block[301:]),
        "sha-256": _partition(flat, btrfs.super_block(csum_type=2)),
    }


def _partition(nodes: dict[int, bytes], block: bytes) -> bytes:
    disk = bytearray(btrfs.DISK)
    disk[superblock.OFFSET : superblock.OFFSET + superblock.SIZE] = block
    for logical, content in nodes.items():
        at = logical - btrfs.SHIFT
        disk[at : at + len(content)] = content
    return bytes(disk)


def _split(items: dict[Key, bytes]) -> tuple[dict[Key, bytes], dict[Key, bytes]]:
    keys = list(items)
    middle = len(keys) // 2
    low, high = keys[:middle], keys[middle:]
    return {key: items[key] for key in low}, {key: items[key] for key in high}


def _roots(level: int = 0) -> dict[Key, bytes]:
    """Return the root tree: the top, and a subvolume that has the same files."""
    item = bytearray(239)
    struct.pack_into("<QQQ", item, 160, btrfs.GENERATION, 256, _FILES)
    struct.pack_into("<QI", item, 208, 0, 1)
    item[238] = level
    name = struct.pack("<QQH", 256, 2, 3) + b"sub"
    items = {
        (5, 132, 0): bytes(item),
        (5, 156, _SUBVOLUME): name,
        (6, 84, name_hash(b"default")): _entry(b"default", 5, 2, 132),
        (_SUBVOLUME, 132, 0): bytes(item),
        (_SUBVOLUME, 144, 5): name,
    }
    return dict(sorted(items.items()))


def _files() -> dict[Key, bytes]:
    """Return the tree of a folder with a file of each kind of extent, a link and a subvolume."""
    text = zlib_stored(_TEXT)
    entries = [
        (b"text", _entry(b"text", 257, 1)),
        (b"plain", _entry(b"plain", 258, 1)),
        (b"link", _entry(b"link", 259, 7)),
        (b"sub", _entry(b"sub", _SUBVOLUME, 2, 132)),
    ]
    items = {
        (256, 1, 0): _inode(0, 0o040755),
        (257, 1, 0): _inode(len(_TEXT), 0o100644),
        (257, 108, 0): _extent(len(_TEXT), 1, 0) + text,
        (258, 1, 0): _inode(3 * btrfs.NODE + 5, 0o100644),
        (258, 108, 0): _extent(btrfs.NODE, 0, 1)
        + struct.pack("<QQQQ", _DATA, btrfs.NODE, 0, btrfs.NODE),
        (258, 108, 2 * btrfs.NODE): _extent(btrfs.NODE, 0, 2)
        + struct.pack("<QQQQ", _DATA, btrfs.NODE, 0, btrfs.NODE),
        (259, 1, 0): _inode(6, 0o120777),
        (259, 108, 0): _extent(6, 0, 0) + b"../sub",
    }
    for index, (name, entry) in enumerate(entries, 2):
        items[256, 84, name_hash(name)] = entry
        items[256, 96, index] = entry
    return dict(sorted(items.items()))


def zlib_stored(data: bytes) -> bytes:
    """Return ``data`` as a zlib stream that no compressor's version changes."""
    return b"\x78\x01" + stored(data) + struct.pack(">I", zlib.adler32(data))


def _entry(name: bytes, inode: int, kind: int, target: int = 1) -> bytes:
    return struct.pack("<QBQQHHB", inode, target, 0, 7, 0, len(name), kind) + name


def _inode(size: int, mode: int) -> bytes:
    return struct.pack("<16xQ28xI104x", size, mode)


def _extent(length: int, packed: int, kind: int) -> bytes:
    return struct.pack("<QQBBHB", btrfs.GENERATION, length, packed, 0, 0, kind)


_BLOCKS: Final = 64


def jfs_files() -> dict[str, bytes]:
    """Return the file systems by name: entries in the inode and in pages, extents likewise."""
    names = {_name("file"): 4, _name("link"): 5, _name("a-name-of-more-than-a-slot"): 6}
    flat = _jfs(jfs.droot(jfs.LEAF, _entries(names)), {})
    pages = {
        40: jfs.dpage(jfs.LEAF, _entries(names), 40),
        41: jfs.dpage(jfs.LEAF, _entries({_name("z"): 4}), 41),
    }
    inner = {_name(""): jfs.pxd(40), _name("y"): jfs.pxd(41)}
    deep = _jfs(jfs.droot(jfs.INNER, inner), pages)
    loop = _jfs(jfs.droot(jfs.INNER, {_name(""): jfs.pxd(40)}), {40: _loop()})
    dirty = bytearray(flat)
    dirty[OFFSET + 40] = 2
    os2 = bytearray(flat)
    os2[OFFSET + 39] |= 0x40
    return {
        "flat": flat,
        "deep": deep,
        "loop": loop,
        "dirty": bytes(dirty),
        "os-2": bytes(os2),
        "cut": flat[: 40 * KIB],
    }


def _name(text: str) -> tuple[int, ...]:
    return tuple(text.encode())


def _entries(names: dict[tuple[int, ...], int]) -> dict[tuple[int, ...], bytes]:
    return {name: struct.pack("<I", number) for name, number in sorted(names.items())}


def _loop() -> bytes:
    return jfs.dpage(jfs.INNER, {_name(""): jfs.pxd(40)}, 40)


def _jfs(root: bytes, pages: dict[int, bytes]) -> bytes:
    disk = bytearray(_BLOCKS * jfs.BLOCK)
    block = struct.pack("<4sIQIH14xII", b"JFS1", 1, 8 * _BLOCKS, jfs.BLOCK, 12, 1, 0)
    block = block[:36] + struct.pack("<I", DIRECTORY_INDEX | 1) + block[40:]
    disk[OFFSET : OFFSET + len(block)] = block
    group = bytearray(jfs.BLOCK)
    group[GROUP_EXTENTS : GROUP_EXTENTS + 8] = jfs.pxd(24, 4)
    own = {2: jfs.xpage(jfs.LEAF, [jfs.xad(0, 20)], size=288)}
    own[16] = jfs.xpage(jfs.LEAF, [jfs.xad(0, 16, 2)], size=288)
    for number, tree in own.items():
        at = TABLE + number * SIZE
        disk[at : at + SIZE] = _jfs_inode(number, 0, 0, tree)
    scattered = jfs.xpage(jfs.INNER, [jfs.xad(0, 50)], size=288)
    files = {
        2: _jfs_inode(2, 0, 0o040755, root),
        4: _jfs_inode(4, 3 * jfs.BLOCK, 0o100644, scattered),
        5: _jfs_inode(5, 4, 0o120777, bytes(32) + b"file"),
        6: _jfs_inode(6, 5, 0o100644, jfs.xpage(jfs.LEAF, [jfs.xad(0, 60)], size=288)),
    }
    blocks = {
        17: bytes(group),
        20: struct.pack("<QQ", _BLOCKS, 3),
        24: b"".join(files.get(number, bytes(SIZE)) for number in range(32)),
        50: jfs.xpage(jfs.LEAF, [jfs.xad(0, 60), jfs.xad(2, 61, flag=8)], 50),
        60: b"text\n",
        **pages,
    }
    for address, page in blocks.items():
        disk[address * jfs.BLOCK : address * jfs.BLOCK + len(page)] = page
    return bytes(disk)


def _jfs_inode(number: int, size: int, mode: int, tree: bytes) -> bytes:
    head = struct.pack("<4xII12xQ8xI8xI", 16, number, size, 1, mode)
    return (head.ljust(224, b"\0") + tree).ljust(SIZE, b"\0")
