# SPDX-License-Identifier: Apache-2.0
"""A copy-on-write device: a base that is only read, and a local overlay that takes what is written.

    folder/overlay   sparse, as large as the device; every byte at its own place
    folder/bitmap    which granules count (bitmap.py); the others are the base's

A write takes whole granules of 64 KiB and fills the rest of them from the base first. Zeros
are holes of the overlay; where the base has a hole as well, nothing is taken at all. ``flush``
makes the overlay durable, then the bits: after kill -9 or a power cut the device shows what was
flushed, and of later writes what a disk with a cache might show.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import threading
from typing import TYPE_CHECKING, Final

from vmferry.blocks.bitmap import GRANULE, Bitmap, write_bitmap
from vmferry.blocks.snapshot import SnapshotDisk
from vmferry.errors import IntegrityError, ServiceError, SourceError, VmferryError
from vmferry.model.disk import Extent, ExtentKind
from vmferry.stores.directory import FileSource, flush_folder, room_on_disk
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vmferry.model.disk import Disk

OVERLAY: Final = "overlay"
BITMAP: Final = "bitmap"

PUNCH: Final = 0x02 | 0x01
"""``FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE`` of fallocate(2)."""

_ZEROS: Final = bytes(MIB)
_libc: Final = ctypes.CDLL(None, use_errno=True)


class Device:
    """See ``model.disk.Disk``; safe to use from several threads, also over a base that is not.

    Args:
        base: Where what was not written is read from.
        folder: Where the overlay is, or will be.
        size: Of the device, in bytes; ``None`` for what it has, and for a new one what the base
            has. A device grows to it.
        writable: Otherwise it is only read, as others may at the same time.

    Attributes:
        base: As given.
        size: In bytes.
        writable: As given.

    Raises:
        IntegrityError: The folder holds a device over another base, or a damaged one.
        ServiceError: Another has it open, or it does not exist and may not be made.
    """

    def __init__(
        self, base: Disk, folder: Path, size: int | None = None, *, writable: bool = True
    ) -> None:
        self.base, self.writable = base, writable
        self._base = for_threads(base)
        self._lock, self._flushing = threading.Lock(), threading.Lock()
        self._failed: VmferryError | None = None
        self._fd = -1
        self._folder = _hold(folder, writable)
        try:
            if not (folder / BITMAP).exists() and writable:
                _make(folder, base.size if size is None else size, base.size)
            self._bitmap = Bitmap(folder / BITMAP, base.size)
            if size is not None and size != self._bitmap.size and writable:
                self._bitmap = _grow(folder, self._bitmap, size, base.size)
            self.size = self._bitmap.size
            self._overlay = _open_overlay(folder / OVERLAY, self.size)
            if writable:
                self._fd = os.open(folder / OVERLAY, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except BaseException:
            os.close(self._folder)
            raise

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes; raises what the base's reader raises."""
        self._check(offset, length)
        pieces = [
            self._overlay.read_at(start, size) if held else self._read_base(start, size)
            for start, size, held in self._runs(offset, length)
        ]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield what the range is made of; neighbours differ in kind."""
        length = self.size - offset if length is None else length
        self._check(offset, length)
        return _joined(
            extent
            for start, size, held in self._runs(offset, length)
            for extent in (
                self._overlay.extents(start, size) if held else self._base_extents(start, size)
            )
        )

    def changed(self, first: int = 0, end: int | None = None) -> Iterator[int]:
        """Yield the numbers of the blocks of 512 KiB that were written to, rising.

        Args:
            first: Of these numbers the first,
            end: and the one after the last; ``None`` for all.
        """
        return self._bitmap.blocks(first, end)

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Write ``data``; the range must lie inside the device.

        Raises:
            StorageFullError: No space is left for the overlay.
        """
        self._check(offset, len(data), write=True)
        if not data:
            return
        end = offset + len(data)
        first, last = offset // GRANULE, -(-end // GRANULE)
        if self._bitmap.holds(first, last):  # For good: no lock is needed to go on.
            self._put(offset, data)
            return
        with self._lock:
            partial = {first} if offset % GRANULE else set()
            if end % GRANULE and end < self.size:
                partial.add(last - 1)
            for number in partial:
                self._fill(number)
            self._put(offset, data)
            self._bitmap.add(first, last)

    def zero_at(self, offset: int, length: int) -> None:
        """Let the range read as zeros, without taking space; raises like ``write_at``."""
        self._check(offset, length, write=True)
        first, last = self._whole(offset, length)
        end = offset + length
        with self._lock:
            if first >= last:
                middle = min(first, end)
                self._zero_part(offset, middle - offset)
                self._zero_part(middle, end - middle)
                return
            self._zero_part(offset, first - offset)
            self._punch(first, last - first)
            for extent in self._base_extents(first, last - first):
                if extent.kind is ExtentKind.DATA:
                    self._bitmap.add(extent.offset // GRANULE, -(-extent.end // GRANULE))
            self._zero_part(last, end - last)

    def trim_at(self, offset: int, length: int) -> None:
        """Let go of the granules that lie wholly in the range: they then read as zeros."""
        self._check(offset, length, write=True)
        first, last = self._whole(offset, length)
        if first < last:
            self.zero_at(first, last - first)

    def flush(self) -> None:
        """Make every write that has returned durable.

        Raises:
            StorageFullError: No space is left.
            ServiceError: The disk refused it. It is refused from then on: what the kernel could
                not write is lost, and the next try would not say so.
        """
        if not self.writable:
            return
        with self._flushing:
            if self._failed is not None:
                raise self._failed
            with self._lock:
                pages = self._bitmap.take()
            try:
                with room_on_disk("device: its overlay", 0):
                    os.fdatasync(self._fd)
                if pages:
                    self._bitmap.keep(pages)
            except VmferryError as error:
                self._failed = error
                raise

    def close(self) -> None:
        """Flush and let the next one have it; to be called when nothing uses it any more."""
        if self._folder < 0:
            return
        try:
            self.flush()
        finally:
            for fd in (self._fd, self._folder):
                if fd >= 0:
                    os.close(fd)
            self._fd = self._folder = -1

    def _check(self, offset: int, length: int, *, write: bool = False) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise SourceError(
                f"device: {length} bytes at byte {offset} are wanted, it has {self.size} bytes"
            )
        if write and not self.writable:
            raise ServiceError("device: it is open for reading only")

    def _runs(self, offset: int, length: int) -> Iterator[tuple[int, int, bool]]:
        """Yield (offset, length, held) of the parts in the overlay and those of the base."""
        end = offset + length
        for first, last, held in self._bitmap.runs(offset // GRANULE, -(-end // GRANULE)):
            start = max(first * GRANULE, offset)
            yield start, min(last * GRANULE, end) - start, held

    def _whole(self, offset: int, length: int) -> tuple[int, int]:
        """Return the first byte and the end of the whole granules in the range."""
        end = offset + length
        last = end if end == self.size else end // GRANULE * GRANULE
        return -(-offset // GRANULE) * GRANULE, last

    def _read_base(self, offset: int, length: int) -> bytes:
        there = min(max(self.base.size - offset, 0), length)
        data = self._base.read_at(offset, there) if there else b""
        return data if there == length else data + bytes(length - there)

    def _base_extents(self, offset: int, length: int) -> Iterator[Extent]:
        there = min(max(self.base.size - offset, 0), length)
        if there:
            yield from self._base.extents(offset, there)
        if there < length:
            yield Extent(offset + there, length - there, ExtentKind.ZERO)

    def _fill(self, number: int) -> None:
        """Bring a granule up from the base, whatever the overlay has there of a lost write."""
        if self._bitmap.holds(number, number + 1):
            return
        start = number * GRANULE
        data = self._read_base(start, min(GRANULE, self.size - start))
        if data == _ZEROS[: len(data)]:
            self._punch(start, len(data))
        else:
            self._put(start, data)

    def _zero_part(self, offset: int, length: int) -> None:
        """Zero a range inside one granule."""
        if not length:
            return
        number = offset // GRANULE
        if not self._bitmap.holds(number, number + 1):
            kinds = {extent.kind for extent in self._base_extents(offset, length)}
            if kinds == {ExtentKind.ZERO}:
                return
            self._fill(number)
        self._punch(offset, length)
        self._bitmap.add(number, number + 1)

    def _put(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data)
        with room_on_disk("device: its overlay", len(view)):
            while view:
                done = os.pwrite(self._fd, view, offset)
                view, offset = view[done:], offset + done

    def _punch(self, offset: int, length: int) -> None:
        with room_on_disk("device: its overlay", 0):
            sizes = ctypes.c_int64(offset), ctypes.c_int64(length)
            if _libc.fallocate64(self._fd, PUNCH, *sizes) == 0:
                return
            error = ctypes.get_errno()
            if error not in (errno.EOPNOTSUPP, errno.ENOSYS):
                raise OSError(error, os.strerror(error))
        for start in range(offset, offset + length, MIB):  # A file system without holes.
            self._put(start, _ZEROS[: offset + length - start])


class _InTurn:
    """A disk whose reader is not made for threads, read by one at a time."""

    def __init__(self, disk: Disk) -> None:
        self._disk, self._lock = disk, threading.Lock()
        self.size = disk.size

    def read_at(self, offset: int, length: int) -> bytes:
        with self._lock:
            return self._disk.read_at(offset, length)

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        found = self._disk.extents(offset, length)
        while True:
            with self._lock:
                extent = next(found, None)
            if extent is None:
                return
            yield extent


def for_threads(disk: Disk) -> Disk:
    """Return the disk itself, or one that several threads may read."""
    return disk if isinstance(disk, Device | SnapshotDisk | _InTurn) else _InTurn(disk)


def _joined(extents: Iterable[Extent]) -> Iterator[Extent]:
    last: Extent | None = None
    for extent in extents:
        if last is not None and last.kind is extent.kind:
            last = last._replace(length=last.length + extent.length)
            continue
        if last is not None:
            yield last
        last = extent
    if last is not None:
        yield last


def _hold(folder: Path, writable: bool) -> int:
    """Return the folder's descriptor, locked: one writer, or any number of readers."""
    with room_on_disk("device", 0):
        if writable:
            folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if writable else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise ServiceError("device: another process, or this one, has it open") from error
    return fd


def _make(folder: Path, size: int, base_size: int) -> None:
    """Make an empty device; the bitmap comes last, so what a kill leaves is made anew."""
    _not_below(size, base_size)
    with room_on_disk("device: its overlay", size):
        with (folder / OVERLAY).open("wb") as file:
            file.truncate(size)
            os.fsync(file.fileno())
        flush_folder(folder)
        flush_folder(folder.parent)
    write_bitmap(folder / BITMAP, size, base_size)


def _grow(folder: Path, bitmap: Bitmap, size: int, base_size: int) -> Bitmap:
    """Make a device larger; the overlay first, so what a kill leaves is the device as it was."""
    _not_below(size, bitmap.size)
    with room_on_disk("device: its overlay", size), (folder / OVERLAY).open("rb+") as file:
        file.truncate(size)
        os.fsync(file.fileno())
    write_bitmap(folder / BITMAP, size, base_size, bitmap.bits)
    return Bitmap(folder / BITMAP, base_size)


def _not_below(size: int, least: int) -> None:
    if size < least:
        raise ServiceError(f"device: {size} bytes are wanted, expected at least {least}")


def _open_overlay(path: Path, size: int) -> FileSource:
    try:
        overlay = FileSource(path, "device: its overlay")
    except SourceError as error:
        raise IntegrityError(error.message) from error
    if overlay.size < size:
        raise IntegrityError(
            f"device: its overlay has {overlay.size} bytes, expected at least {size}"
        )
    return overlay
