# SPDX-License-Identifier: Apache-2.0
r"""File identifier and headers: of two headers the valid one with the greater number counts.

Source: [MS-VHDX] 2.2.1 "File Type Identifier", 2.2.2 "Headers".

    At        Dec  Hex  Name
      0         0  0x00 file identifier, "vhdxfile"
     64 KiB             header 1
    128 KiB             header 2
                0  0x00 signature, "head"
                4  0x04 checksum, CRC-32C of 4096 bytes
                8  0x08 sequence number, u64
               16  0x10 file write GUID
               32  0x20 data write GUID
               48  0x30 log GUID; zero: nothing to replay
               64  0x40 log version, 0
               66  0x42 version, 1
               68  0x44 log length, u32
               72  0x48 log offset, u64
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.formats.vhdx.checksum import is_intact, sealed
from vmferry.formats.vhdx.refusal import damaged, unsupported
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

IDENTIFIER: Final = b"vhdxfile"
HEADER_PLACES: Final = (64 * KIB, 128 * KIB)
HEADER_SIZE: Final = 4 * KIB
SECTION: Final = MIB
"""Bytes of the header section; everything else stands behind it, in whole MiB."""

NO_GUID: Final = bytes(16)

_STRUCT: Final = struct.Struct("<4sIQ16s16s16sHHIQ4016x")


class Header(NamedTuple):
    """One header; GUIDs as they are stored."""

    signature: bytes
    checksum: int
    sequence: int
    file_write: bytes
    data_write: bytes
    log_guid: bytes
    log_version: int
    version: int
    log_length: int
    log_offset: int

    def pack(self) -> bytes:
        """Return the header's 4096 bytes with a right checksum."""
        return sealed(_STRUCT.pack(*self))


def probe(source: ByteSource) -> bool:
    """Say whether the file is a VHDX."""
    size = len(IDENTIFIER)
    return source.size >= size and source.read_at(0, size) == IDENTIFIER


def read_header(source: ByteSource) -> Header:
    """Return the current header, checked.

    Raises:
        FormatError: Neither header is valid, or the current one cannot be followed.
    """
    if source.size < SECTION:
        raise damaged("file", found=f"{source.size} bytes", expected=f"at least {SECTION}")
    first, last = HEADER_PLACES
    data = source.read_at(first, last + HEADER_SIZE - first)
    stored = [data[:HEADER_SIZE], data[-HEADER_SIZE:]]
    valid = [
        Header._make(_STRUCT.unpack(header))
        for header in stored
        if header.startswith(b"head") and is_intact(header)
    ]
    if not valid:
        raise damaged("headers", first, found="none with a right checksum")
    if (
        len(valid) == len(stored)
        and valid[0].sequence == valid[1].sequence
        and valid[0] != valid[1]
    ):
        raise damaged("headers", first, found=f"two that differ with number {valid[0].sequence}")
    header = max(valid, key=lambda one: one.sequence)
    _check(header, source.size)
    return header


def _check(header: Header, size: int) -> None:
    if header.version != 1:
        raise unsupported("header version", found=header.version, expected=1)
    if header.log_guid != NO_GUID and header.log_version != 0:
        raise unsupported("log version", found=header.log_version, expected=0)
    aligned = header.log_offset % MIB == header.log_length % MIB == 0
    inside = SECTION <= header.log_offset <= size - header.log_length
    if header.log_length and not (aligned and inside):
        raise damaged(
            "header log",
            found=f"{header.log_length} bytes at {header.log_offset}",
            expected=f"whole MiB inside {size} bytes",
        )
