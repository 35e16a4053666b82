# SPDX-License-Identifier: Apache-2.0
"""What a qcow2 image may not have: other files, a cipher, features that we do not know.

A backing or data file is a path that the image chooses and the reader's host would open
(CVE-2024-32498). Such a name is looked at only to refuse it, never opened.

Source: QEMU ``docs/interop/qcow2.txt``, "Header", "Header extensions", "Feature name table".

    Bit  Incompatible feature
      0  dirty: refcounts may be wrong; the tables that we read are not
      1  corrupt: QEMU found a contradiction and stopped writing
      2  external data file
      3  the compression type is not deflate
      4  extended L2 entries (subclusters)

    Type        Header extension (u32 type, u32 length, data, padded to 8 bytes)
    0x00000000  the end
    0x0537be77  encryption header
    0x44415441  name of the external data file
    0x6803f857  feature name table: u8 kind, u8 bit, 46 bytes of name, per feature
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.formats.qcow2.header import DEFLATE, ZSTD, Header, read_header
from vmferry.units import KIB, round_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.model.bytes import ByteSource

DIRTY: Final = 1 << 0
CORRUPT: Final = 1 << 1
DATA_FILE: Final = 1 << 2
COMPRESSION: Final = 1 << 3
EXTENDED_L2: Final = 1 << 4

_ENCRYPTION_HEADER: Final = 0x0537BE77
_DATA_FILE_NAME: Final = 0x44415441
_FEATURE_NAMES: Final = 0x6803F857
_EXTENSION: Final = struct.Struct(">II")
_NAME: Final = struct.Struct(">BB46s")
_EXTENSIONS_LENGTH: Final = 64 * KIB  # QEMU writes some 400 bytes; a cluster may have 2 MiB

_FLATTEN: Final = "Make one file of it with: qemu-img convert -O qcow2"
_REFUSED: Final = (
    (DATA_FILE, "has its data in another file", _FLATTEN),
    (EXTENDED_L2, "has extended L2 entries (subclusters)", _FLATTEN),
    (CORRUPT, "is marked as corrupt", "Look at it with qemu-img check, or copy the disk once more"),
)


def check_features(source: ByteSource) -> None:
    """Refuse an image that is not whole in its one file, or that asks for more than we know."""
    header = read_header(source)
    if header.backing_offset or header.backing_length:
        raise FormatError(
            "qcow2: the image has a backing file",
            where=8,
            expected="a disk in one file",
            hint=_FLATTEN,
        )
    if header.encryption:
        raise _encrypted(32, header.encryption)
    _check_bits(header, source)
    for kind, where, _ in _extensions(header, source):
        if kind == _DATA_FILE_NAME:
            raise FormatError(
                "qcow2: the image names a data file",
                where=where,
                expected="a disk in one file",
                hint=_FLATTEN,
            )
        if kind == _ENCRYPTION_HEADER:
            raise _encrypted(where, "an encryption header")


def _encrypted(where: int, found: object) -> FormatError:
    return FormatError(
        "qcow2: the image is encrypted",
        where=where,
        found=found,
        expected="no encryption",
        hint="Decrypt it with qemu-img convert and the key",
    )


def _check_bits(header: Header, source: ByteSource) -> None:
    for bit, problem, hint in _REFUSED:
        if header.incompatible & bit:
            raise FormatError(f"qcow2: the image {problem}", where=72, hint=hint)
    unknown = header.incompatible & ~(DIRTY | COMPRESSION)
    if unknown:
        raise FormatError(
            "qcow2: incompatible features",
            where=72,
            found=" and ".join(_named(unknown, header, source)),
            expected="none but dirty and compression type",
            hint=_FLATTEN,
        )
    if header.compression not in (DEFLATE, ZSTD):
        raise FormatError(
            "qcow2: compression type",
            where=104,
            found=header.compression,
            expected="0, deflate, or 1, zstd",
        )
    if bool(header.incompatible & COMPRESSION) is not (header.compression != DEFLATE):
        raise FormatError(
            "qcow2: compression type",
            where=104,
            found=header.compression,
            expected="another than 0 if and only if the feature's bit is set",
        )


def _named(bits: int, header: Header, source: ByteSource) -> Iterator[str]:
    """Yield every bit with the name that the image gives it."""
    names: dict[int, str] = {}
    for kind, _, data in _extensions(header, source):
        if kind == _FEATURE_NAMES:
            for of, bit, name in _NAME.iter_unpack(data[: len(data) // _NAME.size * _NAME.size]):
                if of == 0:
                    names[bit] = name.rstrip(b"\0").decode("ascii", "replace")
    for bit in range(bits.bit_length()):
        if bits >> bit & 1:
            yield f"bit {bit} ({names[bit]!r})" if names.get(bit) else f"bit {bit}"


def _extensions(header: Header, source: ByteSource) -> Iterator[tuple[int, int, bytes]]:
    """Yield type, place and data of every header extension."""
    end = min(header.cluster, source.size, _EXTENSIONS_LENGTH)
    area = source.read_at(0, end)
    at = header.length
    while at + _EXTENSION.size <= end:
        kind, length = _EXTENSION.unpack_from(area, at)
        if kind == 0:
            return
        start = at + _EXTENSION.size
        if length > end - start:
            raise FormatError(
                "qcow2: header extension",
                where=at,
                found=f"{length} bytes",
                expected=f"inside the first {end} bytes",
            )
        yield kind, at, area[start : start + length]
        at = round_up(start + length, 8)
