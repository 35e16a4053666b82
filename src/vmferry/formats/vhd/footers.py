# SPDX-License-Identifier: Apache-2.0
"""Finds the footer that counts: the last one, or the copy at the start if that one is damaged.

The copy is looked at only where the format has one. The first bytes of a fixed disk belong to its
guest, who could write a footer there that makes another disk of it; so a file whose last footer is
damaged but says "fixed" is refused rather than opened by what stands at its start. Where there is
no last footer at all, nothing says so, and such a guest gets the other disk out of its own bytes.

A disk whose footers are both damaged is refused, even if their contents agree, as qemu-img does: a
tool that changed the size without the checksum may have done no more than that.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006), "Hard Disk Footer
Format": Virtual PC before 2004 wrote 511 bytes.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.formats.vhd.footer import COOKIE, LENGTH, DiskType, Footer
from vmferry.formats.vhd.refusal import AWS_FOOTERS, damaged

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

_LENGTHS: Final = (LENGTH, 511)
_TYPE_AT: Final = 60
_SAME: Final = (
    "disk_type",
    "data_offset",
    "original_size",
    "current_size",
    "cylinders",
    "heads",
    "sectors",
    "creator",
    "unique_id",
)
_USED: Final = "the copy at the start was used"


class FoundFooter(NamedTuple):
    """The footer that counts.

    Attributes:
        footer: It.
        end: Where the bytes of the disk end at the latest: at the last footer, or with the file.
        warnings: What the owner should know.
    """

    footer: Footer
    end: int
    warnings: tuple[str, ...]


class _Place(NamedTuple):
    where: int
    data: bytes


def probe(source: ByteSource) -> bool:
    """Say whether the file has a footer at its end, or the copy of one at its start."""
    return _last(source) is not None or _first(source) is not None


def check_footers(source: ByteSource) -> None:
    """Refuse damaged footers, footers that differ, and differencing disks.

    Raises:
        FormatError: The disk cannot be read, or not alone.
    """
    find_footer(source)


def find_footer(source: ByteSource) -> FoundFooter:
    """Return the footer that counts.

    Raises:
        FormatError: As ``check_footers`` says.
    """
    last = _last(source)
    if last is None:
        first = _first(source)
        if first is None:
            raise damaged("file", found="no footer", expected="one in the last 512 bytes")
        missing = "vhd: no footer at the end: the file was cut, or something was added to it"
        return FoundFooter(_stand_in(first), source.size, (f"{missing}; {_USED}",))
    try:
        footer = Footer.unpack(last.data, last.where)
    except FormatError as error:
        footer = _instead(last, _first(source), error)
        return FoundFooter(footer, last.where, (f"{error.message}; {_USED}",))
    _check_type(footer.disk_type, last.where)
    warnings = () if footer.disk_type == DiskType.FIXED else _compare(footer, source)
    return FoundFooter(footer, last.where, warnings)


def _last(source: ByteSource) -> _Place | None:
    held = min(LENGTH, source.size)
    tail = source.read_at(source.size - held, held)
    for length in _LENGTHS:
        if held >= length and tail[-length:].startswith(COOKIE):
            return _Place(source.size - length, tail[-length:].ljust(LENGTH, b"\0"))
    return None


def _first(source: ByteSource) -> _Place | None:
    head = source.read_at(0, min(LENGTH, source.size))
    return _Place(0, head) if len(head) == LENGTH and head.startswith(COOKIE) else None


def _instead(last: _Place, first: _Place | None, error: FormatError) -> Footer:
    """Return the copy at the start for a last footer that is damaged; else raise ``error``."""
    kind = int.from_bytes(last.data[_TYPE_AT : _TYPE_AT + 4])
    if first is not None and kind != DiskType.FIXED:
        with suppress(FormatError):
            return _stand_in(first)
    if kind == DiskType.DIFFERENCING:
        _check_type(kind, last.where)  # says more than a checksum does
    raise error


def _stand_in(first: _Place) -> Footer:
    """Return the copy at the start, if it may be used for the last footer."""
    footer = Footer.unpack(first.data, first.where)
    _check_type(footer.disk_type, first.where)
    if footer.disk_type == DiskType.FIXED:
        raise damaged("footer at the start of a fixed disk", 0, expected="one at the end")
    return footer


def _check_type(kind: int, where: int) -> None:
    if kind == DiskType.DIFFERENCING:
        raise damaged(
            "differencing disk",
            where + _TYPE_AT,
            found="disk type 4",
            expected="a fixed or dynamic disk, which has no parent",
            hint="Merge the disk with its parent (Hyper-V: Merge-VHD) and take the result",
            aws_text=AWS_FOOTERS,
        )
    if kind not in (DiskType.FIXED, DiskType.DYNAMIC):
        raise damaged("disk type", where + _TYPE_AT, found=kind, expected="2 fixed or 3 dynamic")


def _compare(footer: Footer, source: ByteSource) -> tuple[str, ...]:
    """Refuse a copy at the start that describes another disk than the footer does."""
    try:
        head = source.read_at(0, min(LENGTH, source.size))
        copy = Footer.unpack(head.ljust(LENGTH, b"\0"), 0)
    except FormatError as error:
        return (f"{error.message}; the footer at the end was used",)
    for field in _SAME:
        at_start, at_end = getattr(copy, field), getattr(footer, field)
        if at_start != at_end:
            raise damaged(
                f"copy of the footer, {field.replace('_', ' ')}",
                0,
                found=at_start,
                expected=f"{at_end} as at the end",
                aws_text=AWS_FOOTERS,
            )
    return ()
