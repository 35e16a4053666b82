# SPDX-License-Identifier: Apache-2.0
"""VHDX files made byte by byte from [MS-VHDX], without our writer, dirty logs included."""

from __future__ import annotations

import os
import struct
import uuid
from dataclasses import dataclass, field
from typing import TypeAlias

from awscrt.checksums import crc32c  # type: ignore[import-untyped]

MIB = 1 << 20
KIB = 1 << 10
PAGE = 4096
LOG_AT, METADATA_AT, BAT_AT = MIB, 2 * MIB, 3 * MIB
LOG_GUID = bytes(range(16))
PRESENT = 6

BAT_ID = "2dc27766f62342009d64115e9bfd4a08"
METADATA_ID = "8b7ca20647904b9ab8fe575f050f886e"
ITEM_IDS = {
    "parameters": "caa16737fa364d43b3b633f0aa44e76b",
    "size": "2fa54224cd1b4876b2115dbed83bf4b8",
    "page 83": "beca12abb2e6452393efc309e000c746",
    "logical": "8141bf1da96f4709ba47f233a8faab5f",
    "physical": "cda348c7445d44719cc9e9885251c556",
    "parent": "a8d35f2db30b454dabf7d3d84834ab0c",
}

Changes: TypeAlias = "list[tuple[int, bytes | int]]"


def seal(data: bytearray, at: int, length: int) -> None:
    """Put the checksum of the structure at ``at`` into its second word."""
    data[at + 4 : at + 8] = bytes(4)
    struct.pack_into("<I", data, at + 4, crc32c(bytes(data[at : at + length])))


def reseal(data: bytearray) -> None:
    """Make the checksums of both headers and both region tables right."""
    for at in (64 * KIB, 128 * KIB):
        seal(data, at, PAGE)
    for at in (192 * KIB, 256 * KIB):
        seal(data, at, 64 * KIB)


def guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


@dataclass
class Image:
    """What a file is to be; ``build`` makes it."""

    size: int
    blocks: dict[int, bytes] = field(default_factory=dict)
    block: int = MIB
    logical: int = 512
    physical: int = 4096
    states: dict[int, int] = field(default_factory=dict)
    flags: int = 0
    log: bytes = b""
    log_size: int = MIB
    items: list[tuple[str, int, bytes]] = field(default_factory=list)
    regions: list[tuple[bytes, int, int, int]] = field(default_factory=list)

    @property
    def chunk(self) -> int:
        return (1 << 23) * self.logical // self.block

    @property
    def count(self) -> int:
        return -(-self.size // self.block)

    @property
    def bat_size(self) -> int:
        entries = self.count + (self.count - 1) // self.chunk
        return -(-entries * 8 // MIB) * MIB

    @property
    def first(self) -> int:
        """Where blocks begin: behind the table, or behind a log that is longer than 1 MiB."""
        return BAT_AT + self.bat_size + (self.log_size if self.log_size > MIB else 0)

    def entry_at(self, number: int) -> int:
        """Return the place of the entry of a payload block."""
        return BAT_AT + (number + number // self.chunk) * 8

    def place(self, number: int) -> int:
        """Return the place of a block: the last block stands first."""
        order = sorted(self.blocks, reverse=True)
        return self.first + order.index(number) * self.block

    def build(self) -> bytearray:
        out = bytearray(self.first + len(self.blocks) * self.block)
        out[:8] = b"vhdxfile"
        log_at = LOG_AT if self.log_size <= MIB else BAT_AT + self.bat_size
        for number, at in enumerate((64 * KIB, 128 * KIB)):
            owner = LOG_GUID if self.log else bytes(16)
            fields = (b"head", 0, 7 + number, guid(BAT_ID), guid(METADATA_ID), owner, 0, 1)
            struct.pack_into("<4sIQ16s16s16sHHIQ", out, at, *fields, self.log_size, log_at)
        entries = [
            (guid(BAT_ID), BAT_AT, self.bat_size, 1),
            (guid(METADATA_ID), METADATA_AT, MIB, 1),
            *self.regions,
        ]
        table = struct.pack("<4sIII", b"regi", 0, len(entries), 0)
        table += b"".join(struct.pack("<16sQII", *entry) for entry in entries)
        for at in (192 * KIB, 256 * KIB):
            out[at : at + len(table)] = table
        self._put_metadata(out)
        for number, data in self.blocks.items():
            place = self.place(number)
            struct.pack_into("<Q", out, self.entry_at(number), place | PRESENT)
            out[place : place + len(data)] = data
        for number, state in self.states.items():
            struct.pack_into("<Q", out, self.entry_at(number), state)
        out[log_at : log_at + len(self.log)] = self.log
        reseal(out)
        return out

    def _put_metadata(self, out: bytearray) -> None:
        items = [
            ("parameters", 4, struct.pack("<II", self.block, self.flags)),
            ("size", 6, struct.pack("<Q", self.size)),
            ("page 83", 6, bytes(range(16))),
            ("logical", 6, struct.pack("<I", self.logical)),
            ("physical", 6, struct.pack("<I", self.physical)),
            *self.items,
        ]
        struct.pack_into("<8s2xH", out, METADATA_AT, b"metadata", len(items))
        at = 64 * KIB
        for number, (name, flags, data) in enumerate(items):
            place = METADATA_AT + 32 + 32 * number
            item = guid(ITEM_IDS.get(name, name))
            struct.pack_into("<16sIII", out, place, item, at, len(data), flags)
            out[METADATA_AT + at : METADATA_AT + at + len(data)] = data
            at += len(data)

    def content(self) -> bytes:
        """Return the virtual disk without its log."""
        out = bytearray(self.count * self.block)
        for number, data in self.blocks.items():
            out[number * self.block : number * self.block + len(data)] = data
        return bytes(out[: self.size])


def log_entry(
    sequence: int,
    tail: int,
    changes: Changes,
    *,
    flushed: int = 3 * MIB,
    last: int = 3 * MIB,
    owner: bytes = LOG_GUID,
) -> bytes:
    """Return an entry: a change is a place and a page of 4096 bytes, or a length of zeros."""
    out = struct.pack(
        "<4sIIIQI4x16sQQ", b"loge", 0, 0, tail, sequence, len(changes), owner, flushed, last
    )
    sectors = b""
    for offset, page in changes:
        if isinstance(page, int):
            out += struct.pack("<4s4xQQQ", b"zero", page, offset, sequence)
            continue
        out += struct.pack("<4s4s8sQQ", b"desc", page[-4:], page[:8], offset, sequence)
        words = struct.pack("<I", sequence >> 32), struct.pack("<I", sequence & 0xFFFFFFFF)
        sectors += b"data" + words[0] + page[8:-4] + words[1]
    entry = bytearray(out + bytes(-len(out) % PAGE) + sectors)
    struct.pack_into("<I", entry, 8, len(entry))
    seal(entry, 0, len(entry))
    return bytes(entry)


def ring(size: int, first: int, entries: list[bytes], old: bytes = b"") -> bytes:
    """Return a log of ``size`` bytes with entries from ``first`` on, round its end if need be."""
    out = bytearray(old.ljust(size, b"\0"))
    at = first
    for byte in range(0, len(joined := b"".join(entries)), PAGE):
        out[at % size : at % size + PAGE] = joined[byte : byte + PAGE]
        at += PAGE
    return bytes(out)


def page_with(image: Image, data: bytes | bytearray, changes: dict[int, int]) -> bytes:
    """Return the first page of the table with other entries."""
    page = bytearray(data[BAT_AT : BAT_AT + PAGE])
    for number, entry in changes.items():
        struct.pack_into("<Q", page, image.entry_at(number) - BAT_AT, entry)
    return bytes(page)


def noise(length: int = MIB) -> bytes:
    return os.urandom(length)
