# SPDX-License-Identifier: Apache-2.0
"""Mutators that know where a file's structures are, and put their checksums right again.

A blind fuzzer never gets past a checksum: each of its changes is refused as damage, and what the
fields behind it do is never tried. So after most changes the sums of VHD footers, of VHDX headers,
region tables and log entries, of GPT headers, of tar headers, of LVM's labels and texts and of
Btrfs's nodes are computed anew, and a VMDK's footer and descriptor are made to agree with its
header.
"""

from __future__ import annotations

import random
import re
import struct
import zlib
from typing import TYPE_CHECKING, Final

import atheris  # type: ignore[import-untyped]
import google_crc32c
from tests.formats.vhdx.images import seal
from tests.fuzz.scattered import ScatteredFile, join, split

from vmferry.guest.filesystems.btrfs import superblock
from vmferry.guest.volumes.lvm.label import AREA_HEADER, AREA_MAGIC, checksum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pieces = list[tuple[int, bytes]]
    Patches = Iterator[tuple[int, bytes]]
    Sums = Callable[[ScatteredFile], Patches]

_SUMMED: Final = 0.9
"""How often the sums are put right; the checks of the sums themselves are tried too."""

_EXTENT: Final = re.compile(rb"(?:RW|RDONLY) (\d{18}) SPARSE")
_KIB: Final = 1 << 10
_MIB: Final = 1 << 20
_MOST_LOG: Final = 4 * _MIB
_EDGES: Final = (0, 1, 2, 3, 7, 8, 16, 63, 64, 127, 128, 255, 256, 511, 512, 513, 1023, 1024, 1536)
_PLACES: Final = (4096, 32768, 65536, 131072, 196608, 262144, _MIB, 2 * _MIB, 3 * _MIB, 4 * _MIB)


def text(data: bytes, most: int, seed: int) -> bytes:
    """Change an input that is the text itself."""
    del seed
    return bytes(atheris.Mutate(data, most))


def plain(file: ScatteredFile) -> Patches:
    """Change nothing: the format has no sums."""
    del file
    return iter(())


def scattered(sums: Sums) -> Callable[[bytes, int, int], bytes]:
    """Return the mutator of a scattered file whose sums ``sums`` yields by place."""

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < 0.1:
            return bytes(atheris.Mutate(data, most))
        size, pieces = split(data)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            size, pieces = _change(size, pieces, chance)
        changed = patched(size, pieces, sums if chance.random() < _SUMMED else plain)
        return changed if len(changed) <= most else data

    return mutate


def patched(size: int, pieces: Pieces, sums: Sums) -> bytes:
    """Return the input of a file, with the sums that ``sums`` yields by place put right."""
    for place, value in sums(ScatteredFile(join(size, pieces), "")):
        pieces = _patch(pieces, place, value)
    return join(size, pieces)


def _change(size: int, pieces: Pieces, chance: random.Random) -> tuple[int, Pieces]:
    """Change one thing."""
    kind = chance.random()
    if not pieces or kind < 0.05:
        return chance.choice((_number(size, chance, 1 << 56), size, size + 512)), pieces
    at = chance.randrange(len(pieces))
    place, piece = pieces[at]
    if kind < 0.55:
        replaced = [(place, _set_field(piece, size, chance))]
    elif kind < 0.85:
        replaced = [(place, bytes(atheris.Mutate(piece, min(len(piece) + 64, 0xFFFF))))]
    elif kind < 0.9:
        replaced = [(_number(place, chance, 1 << 56), piece)]
    elif kind < 0.95:
        replaced = [(place, piece), (chance.choice((*_EDGES, *_PLACES)) + place, piece[:512])]
    else:
        replaced = []
    return size, [*pieces[:at], *replaced, *pieces[at + 1 :]]


def _set_field(piece: bytes, size: int, chance: random.Random) -> bytes:
    """Put another number into a field of 1, 2, 4 or 8 bytes, in one byte order or the other."""
    width = chance.choice((1, 2, 4, 4, 8, 8))
    at = chance.randrange(max(len(piece) - width, 0) + 1)
    at -= at % chance.choice((1, width))
    order = "big" if chance.random() < 0.5 else "little"
    old = int.from_bytes(piece[at : at + width], order)  # type: ignore[arg-type]
    top = 1 << (8 * width)
    new = chance.choice((_number(old, chance, top), size // 512, size, max(size - 512, 0)))
    return piece[:at] + (new % top).to_bytes(width, order) + piece[at + width :]  # type: ignore[arg-type]


def _number(old: int, chance: random.Random, top: int) -> int:
    edge = chance.choice(_EDGES)
    near = (old + 1, old - 1, old * 2, old // 2, old ^ 1 << chance.randrange(top.bit_length()))
    far = (top - 1, top >> 1, top - edge, edge, edge << chance.randrange(8), chance.randrange(top))
    new = chance.choice((*near, *far, chance.choice(_PLACES)))
    return new % top


def _patch(pieces: Pieces, place: int, value: bytes) -> Pieces:
    """Return the pieces with ``value`` at ``place``: in the last piece that has it, or behind."""
    for at in reversed(range(len(pieces))):
        start, piece = pieces[at]
        skip = place - start
        if 0 <= skip <= len(piece) - len(value):
            piece = piece[:skip] + value + piece[skip + len(value) :]
            return [*pieces[:at], (start, piece), *pieces[at + 1 :]]
    return [*pieces, (place, value)]


def _held(file: ScatteredFile, place: int, length: int) -> bytes:
    """Return the bytes if the file has them all, else nothing."""
    inside = place >= 0 and place + length <= file.size
    return file.read_at(place, length) if inside else b""


def agree_vmdk(file: ScatteredFile) -> Patches:
    """Yield what footer and descriptor repeat of the header; not sums, but as hard to guess."""
    header = _held(file, 0, 512)
    if not header.startswith(b"KDMV"):
        return
    footer = file.size - 1024
    if _held(file, footer, 4) == b"KDMV":
        for at, length in ((12, 16), (44, 4), (77, 2)):
            yield footer + at, header[at : at + length]
    capacity, _, start, sectors = struct.unpack_from("<QQQQ", header, 12)
    text = _held(file, start * 512, min(sectors * 512, 64 * _KIB))
    if extent := _EXTENT.search(text):
        yield start * 512 + extent.start(1), b"%018d" % (capacity % 10**18)


def sum_vhd(file: ScatteredFile) -> Patches:
    """Yield the sums of both footers and of the header that each points to."""
    for place in {0, file.size - 512, file.size - 511}:
        footer = _held(file, place, min(512, file.size - place)).ljust(512, b"\0")
        if not footer.startswith(b"conectix"):
            continue
        yield place + 64, _complement(footer, 64)
        where = int.from_bytes(footer[16:24])
        if header := _held(file, where, 1024):
            yield where + 36, _complement(header, 36)


def _complement(data: bytes, at: int) -> bytes:
    return struct.pack(">I", ~(sum(data) - sum(data[at : at + 4])) & 0xFFFFFFFF)


def sum_vhdx(file: ScatteredFile) -> Patches:
    """Yield the sums of headers, region tables and the entries of the log."""
    for place, length in ((64, 4), (128, 4), (192, 64), (256, 64)):
        if data := _held(file, place * _KIB, length * _KIB):
            yield place * _KIB + 4, _castagnoli(data)
    logs = {_held(file, place + 68, 12).ljust(12, b"\0") for place in (64 * _KIB, 128 * _KIB)}
    for length, offset in map(struct.Struct("<IQ").unpack, sorted(logs)):
        for at in file.find(b"loge"):
            if not offset <= at < offset + length or at % 4096:
                continue
            count = int.from_bytes(_held(file, at + 8, 4), "little")
            straight = min(count, offset + length - at)  # the rest is at the log's begin
            if 4096 <= count <= min(length, _MOST_LOG):
                entry = _held(file, at, straight) + _held(file, offset, count - straight)
                if len(entry) == count:
                    yield at + 4, _castagnoli(entry)


def _castagnoli(data: bytes) -> bytes:
    sealed = bytearray(data)
    seal(sealed, 0, len(sealed))
    return bytes(sealed[4:8])


def sum_gpt(file: ScatteredFile) -> Patches:
    """Yield the sums of the entries and of the header, of both copies."""
    for place in (512, file.size - 512):
        header = bytearray(_held(file, place, 512))
        if not header.startswith(b"EFI PART"):
            continue
        first, count, size = struct.unpack_from("<QII", header, 72)
        if count * size <= _MIB and (entries := _held(file, first * 512, count * size)):
            header[88:92] = struct.pack("<I", zlib.crc32(entries))
            yield place + 88, bytes(header[88:92])
        header[16:20] = bytes(4)
        length = min(int.from_bytes(header[12:16], "little"), 512)
        yield place + 16, struct.pack("<I", zlib.crc32(header[:length]))


def sum_tar(file: ScatteredFile) -> Patches:
    """Yield the sums of the headers, as long as one leads to the next."""
    at = 0
    for _ in range(64):
        header = _held(file, at, 512)
        if not any(header):
            return
        total = sum(header) - sum(header[148:156]) + 8 * 32
        yield at + 148, b"%06o\0 " % (total & 0o777777)
        digits = header[124:136].strip(b" \0")
        if not digits.isdigit() or set(digits) & set(b"89"):
            return
        at += 512 + -(-int(digits, 8) // 512) * 512


def sum_lvm(file: ScatteredFile) -> Patches:
    """Yield the sums of labels, of metadata texts and of the headers of their areas."""
    for place in file.find(b"LABELONE"):
        if label := _held(file, place, 512):
            yield place + 16, struct.pack("<I", checksum(label[20:]))
    for place in file.find(AREA_MAGIC):
        header = bytearray(_held(file, place - 4, AREA_HEADER))
        if not header:
            continue
        at, size, offset, length = struct.unpack_from("<QQQQ", header, 24)
        del at
        text = _held(file, place - 4 + offset, min(length, 64 * _KIB))
        if text and length == len(text) <= size - offset:
            end = text.find(b"\0") + 1 or length
            struct.pack_into("<QI", header, 48, end, checksum(text[:end]))
            yield place + 44, bytes(header[48:60])
        header[:4] = struct.pack("<I", checksum(bytes(header[4:])))
        yield place - 4, bytes(header[:4])


def sum_btrfs(file: ScatteredFile) -> Patches:
    """Yield the CRC-32C of the super block and of every node."""
    identity = _held(file, superblock.OFFSET + 32, 16)
    for place in file.find(identity) if any(identity) else ():
        if block := _held(file, place - 32, superblock.SIZE):
            yield place - 32, google_crc32c.value(block[32:]).to_bytes(4, "little")
