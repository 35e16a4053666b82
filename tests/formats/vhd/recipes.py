# SPDX-License-Identifier: Apache-2.0
"""VHDs made byte by byte from the specification, without our writers."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tests.formats.recipes import MemorySource

from vmferry.formats import open_disk
from vmferry.formats.vhd.reader import VhdReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOOTER = struct.Struct(">8sIIQI4sI4sQQHBBII16sB427x")
HEADER = struct.Struct(">8sQQIIII984x")
NOWHERE = (1 << 64) - 1
UNUSED = 0xFFFFFFFF
AWS_TEXT = "ClientError: Disk validation failed [Unsupported specified file format]"


def summed(data: bytes, at: int) -> bytes:
    """Return the structure with the checksum of the specification at ``at``."""
    data = data[:at] + bytes(4) + data[at + 4 :]
    return data[:at] + struct.pack(">I", ~sum(data) & 0xFFFFFFFF) + data[at + 4 :]


def footer(size: int, kind: int = 3, **changes: Any) -> bytes:
    """Return a footer as Hyper-V writes it."""
    fields: dict[str, Any] = {
        "cookie": b"conectix",
        "features": 2,
        "version": 0x10000,
        "data_offset": NOWHERE if kind == 2 else 512,
        "timestamp": 700_000_000,
        "creator": b"win ",
        "creator_version": 0xA0000,
        "creator_os": b"Wi2k",
        "original_size": size,
        "current_size": size,
        "cylinders": 1,
        "heads": 4,
        "sectors": 17,
        "kind": kind,
        "checksum": 0,
        "unique_id": bytes(range(16)),
        "saved_state": 0,
    }
    assert not changes.keys() - fields.keys()
    return summed(FOOTER.pack(*(fields | changes).values()), 64)


def header(entries: int, block: int, **changes: Any) -> bytes:
    """Return a dynamic header whose table stands right behind it."""
    fields: dict[str, Any] = {
        "cookie": b"cxsparse",
        "data_offset": NOWHERE,
        "table_offset": 1536,
        "version": 0x10000,
        "entries": entries,
        "block": block,
        "checksum": 0,
    }
    assert not changes.keys() - fields.keys()
    return summed(HEADER.pack(*(fields | changes).values()), 36)


def fixed_vhd(data: bytes, **changes: Any) -> bytes:
    """Return a fixed VHD."""
    return data + footer(len(data), 2, **changes)


def dynamic_vhd(
    blocks: dict[int, bytes],
    size: int,
    *,
    block: int = 4096,
    written: dict[int, bytes] | None = None,
    order: Callable[[list[int]], Sequence[int]] = sorted,
    table: dict[int, int] | None = None,
    changes: dict[str, Any] | None = None,
    header_changes: dict[str, Any] | None = None,
) -> bytearray:
    """Return a dynamic VHD.

    Args:
        blocks: Content by number.
        size: Bytes of the disk.
        block: Bytes of a block.
        written: Bitmaps by number; the others say that all was written.
        order: The order of the blocks in the file.
        table: Entries that are put in place of the right ones.
        changes: Fields of both footers.
        header_changes: Fields of the dynamic header.
    """
    entries = -(-size // block)
    bitmap = -(-block // 512 // 8 // 512) * 512
    ends = footer(size, **(changes or {}))
    places = [UNUSED] * entries
    start = 1536 + -(-entries * 4 // 512) * 512
    body = bytearray()
    for number in order(list(blocks)):
        places[number] = (start + len(body)) // 512
        body += (written or {}).get(number, b"\xff" * bitmap).ljust(bitmap, b"\0")
        body += blocks[number].ljust(block, b"\0")
    for number, place in (table or {}).items():
        places[number] = place
    data = bytearray(
        ends + header(**({"entries": entries, "block": block} | (header_changes or {})))
    )
    data += struct.pack(f">{entries}I", *places).ljust(start - 1536, b"\xff")
    return data + body + ends


def opened(data: bytes | bytearray) -> VhdReader:
    """Open a VHD after its checks."""
    disk = open_disk(MemorySource(data, "disk.vhd"), "vhd")
    assert isinstance(disk, VhdReader)
    return disk
