# SPDX-License-Identifier: Apache-2.0
"""The log: changes to metadata that were promised but may not have reached their place.

Whoever reads a disk that was in use without replaying its log gets an older disk without a word.
The log is a ring of entries; the active sequence is the run of valid entries, each numbered one
above its neighbour, that has the greatest number and holds its own tail. An entry is valid only
with its whole structure, which is looked at before its checksum: so no two entries that are summed
overlap, and the search costs no more than the log is long, whatever it holds.

Source: [MS-VHDX] 2.3 "Log", 2.3.3 "Log Replay".

    Dec  Hex  Entry header                 Dec  Hex  Descriptor
      0  0x00 signature, "loge"              0  0x00 signature, "desc" or "zero"
      4  0x04 checksum, CRC-32C              4  0x04 data: trailing 4 bytes of the page
      8  0x08 entry length, u32              8  0x08 data: leading 8 bytes; zero: length
     12  0x0c tail, u32                     16  0x10 file offset, u64
     16  0x10 sequence number, u64          24  0x18 sequence number, u64
     24  0x18 descriptor count, u32
     32  0x20 log GUID                     Dec  Hex  Data sector
     48  0x30 flushed file offset            0  0x00 signature, "data"
     56  0x38 last file offset               4  0x04 sequence number, high
     64  0x40 descriptors                    8  0x08 bytes 8 to 4091 of the page
                                          4092 0xffc sequence number, low
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.formats.vhdx.checksum import is_intact
from vmferry.formats.vhdx.header import NO_GUID
from vmferry.formats.vhdx.overlay import Overlay
from vmferry.formats.vhdx.refusal import damaged, unsupported
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from vmferry.formats.vhdx.header import Header
    from vmferry.model.bytes import ByteSource

PAGE: Final = 4 * KIB

_HEAD: Final = struct.Struct("<4sIIIQI4x16sQQ")
_DESCRIPTOR: Final = struct.Struct("<4s4s8sQQ")
_MOST_LOG: Final = 32 * MIB
_MOST_DESCRIPTORS: Final = 1 << 16
"""Both are kept in memory. Hyper-V and QEMU make logs of 1 MiB, so of at most 32,000 zeroings."""


class Change(NamedTuple):
    """What a descriptor does: ``length`` bytes at ``offset`` of the file become a page or zeros."""

    offset: int
    length: int
    page: bytes | None


class Entry(NamedTuple):
    """A valid entry of the log."""

    at: int
    length: int
    tail: int
    sequence: int
    flushed: int
    last: int
    changes: tuple[Change, ...]


def replay(source: ByteSource, header: Header) -> ByteSource:
    """Return the file as its log says it is; the file itself if there is nothing to replay.

    Raises:
        FormatError: The log is damaged, or the file was cut after the log was written.
    """
    if header.log_guid == NO_GUID:
        return source
    if not 0 < header.log_length <= _MOST_LOG:
        raise unsupported(
            "log that must be replayed",
            where=header.log_offset,
            found=f"{header.log_length} bytes",
            expected=f"1 to {_MOST_LOG}",
            hint="Attach and detach the disk once in Hyper-V, so that its log is replayed",
        )
    log = source.read_at(header.log_offset, header.log_length)
    active = _active(log, header)
    head = active[-1]
    if head.flushed > source.size:
        raise damaged("file was cut", found=f"{source.size} bytes", expected=head.flushed)
    first = [entry.at for entry in active].index(head.tail)
    changes = [change for entry in active[first:] for change in entry.changes]
    overlay = Overlay(source, head.last)
    for change in changes:
        if change.length:
            overlay.patch(*change)
    return overlay


def _active(log: bytes, header: Header) -> list[Entry]:
    """Return the active sequence.

    A run that does not hold its tail is skipped whole: each of its ends has the same last entry.
    """
    ring = memoryview(log + log)
    active: list[Entry] = []
    at = 0
    while at < len(log):
        run: list[Entry] = []
        place, count = at, 0
        while entry := _entry(ring, place % len(log), header.log_guid):
            if run and entry.sequence != run[-1].sequence + 1:
                break
            run.append(entry)
            place, count = place + entry.length, count + len(entry.changes)
            _check_count(count)
        newer = bool(run) and (not active or run[-1].sequence > active[-1].sequence)
        if newer and run[-1].tail in {entry.at for entry in run}:
            active = run
        at = max(place, at + PAGE)
    if not active:
        raise damaged("log", header.log_offset, found="no valid sequence of entries to replay")
    return active


def _check_count(count: int) -> None:
    """Refuse more descriptors than are kept, before they are: 32 MiB have room for a million."""
    if count > _MOST_DESCRIPTORS:
        raise unsupported("log descriptors", found=count, expected=_MOST_DESCRIPTORS)


def _entry(ring: memoryview, at: int, guid: bytes) -> Entry | None:
    """Return the entry at ``at``, or ``None`` if there is no valid one."""
    signature, _, length, tail, sequence, count, owner, flushed, last = _HEAD.unpack_from(ring, at)
    if (signature, owner) != (b"loge", guid) or not sequence:
        return None
    if length % PAGE or not PAGE <= length <= len(ring) // 2 or tail % PAGE or count * 32 > length:
        return None
    data = ring[at : at + length]
    changes = _changes(data, count, sequence)
    if changes is None or not is_intact(bytes(data)):
        return None
    return Entry(at, length, tail, sequence, flushed, last, changes)


def _changes(data: memoryview, count: int, sequence: int) -> tuple[Change, ...] | None:
    """Return the changes of an entry, or ``None`` if its structure is broken."""
    end = _HEAD.size + count * _DESCRIPTOR.size
    if end > len(data):
        return None
    descriptors = _DESCRIPTOR.iter_unpack(data[_HEAD.size : end])
    changes: list[Change] = []
    for kind, trailing, leading, offset, number in descriptors:
        change = _change(kind, trailing, leading, offset)
        if change is None or number != sequence:
            return None
        changes.append(change)
        _check_count(len(changes))
    at = -(-end // PAGE) * PAGE
    for index, change in enumerate(changes):
        if change.page is None:
            continue
        sector = bytes(data[at : at + PAGE])
        if len(sector) < PAGE or _sequence(sector) != sequence:
            return None
        changes[index] = change._replace(page=change.page[:8] + sector[8:-4] + change.page[8:])
        at += PAGE
    return tuple(changes) if at == len(data) else None


def _change(kind: bytes, trailing: bytes, leading: bytes, offset: int) -> Change | None:
    """Return what a descriptor says; of a page only its ends, which it holds itself."""
    length = PAGE if kind == b"desc" else int.from_bytes(leading, "little")
    if kind not in {b"desc", b"zero"} or offset % PAGE or length % PAGE:
        return None
    return Change(offset, length, leading + trailing if kind == b"desc" else None)


def _sequence(sector: bytes) -> int:
    """Return the number of a data sector; 0, which no entry has, if it is none."""
    if not sector.startswith(b"data"):
        return 0
    return int.from_bytes(sector[4:8], "little") << 32 | int.from_bytes(sector[-4:], "little")
