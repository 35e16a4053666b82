# SPDX-License-Identifier: Apache-2.0
"""Where a conversion goes: a file that has its name only when it is whole."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from vmferry import formats
from vmferry.errors import SourceError
from vmferry.formats import Effort
from vmferry.stores.directory import room_on_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmferry.formats import Writer

_MOST_BUFFERS: Final = 1024  # IOV_MAX of Linux


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One disk's file, or its place in an archive.

    Attributes:
        path: The file, which exists.
        format: As in ``formats``.
        kind: One of the format's ``writers``, ``""`` for its first.
        effort: How hard it compresses.
        base: Where the disk's file begins.
    """

    path: Path
    format: str
    kind: str = ""
    effort: Effort = Effort.NORMAL
    base: int = 0

    def writer(self, size: int) -> Writer:
        """Return the writer for a disk of ``size`` bytes."""
        writers = formats.all_formats()[self.format].writers
        return writers[self.kind or next(iter(writers))](size, effort=self.effort)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Give the disk's file, whose byte 0 is the byte ``base`` of the path."""
        with (
            self.path.open("r+b", buffering=0) as file,
            io.BufferedRandom(_Shifted(file, self.base)) as out,
        ):
            yield cast("BinaryIO", out)


@contextmanager
def partial(target: Path, *, replace: bool) -> Iterator[Path]:
    """Give an empty file beside ``target`` that becomes it at the end of the block.

    Args:
        target: The name that it will have.
        replace: Whether a file of that name may be replaced.

    Raises:
        SourceError: There is such a file, or it cannot be made.
        StorageFullError: No space is left; nothing is left behind.
    """
    if target.exists() and not (replace and target.is_file()):
        raise SourceError(
            f"{target}: exists already",
            hint="Name another file, or replace it with --force",
        )
    if not target.parent.is_dir():
        raise SourceError(f"{target}: there is no folder {target.parent}")
    path = target.with_name(f"{target.name}.partial")
    with room_on_disk(str(target), 0):
        try:
            path.open("wb").close()
            yield path
            path.replace(target)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def write_body(file: int, place: int, body: list[tuple[int, bytes | memoryview]]) -> None:
    """Write a body's bytes, as few calls as there are holes in it."""
    run: list[bytes | memoryview] = []
    start = end = 0
    for at, data in body:
        if at != end or len(run) == _MOST_BUFFERS:
            _write(file, place + start, run)
            run, start, end = [], at, at
        run.append(data)
        end += len(data)
    _write(file, place + start, run)


def _write(file: int, place: int, run: list[bytes | memoryview]) -> None:
    expected = sum(map(len, run))
    if not expected:
        return
    written = os.pwritev(file, run, place)
    if written < expected:  # the file system is nearly full: one by one until it says so
        rest = memoryview(b"".join(run))[written:]
        while rest:
            count = os.pwrite(file, rest, place + expected - len(rest))
            rest = rest[count:]


class _Shifted(io.RawIOBase):
    """A file whose beginning is somewhere inside another one."""

    def __init__(self, file: io.FileIO, base: int) -> None:
        self._file, self._base = file, base
        file.seek(base)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        return self._file.readinto(buffer)

    def write(self, data: bytes | memoryview) -> int | None:  # type: ignore[override]
        return self._file.write(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = self._base if whence == io.SEEK_SET else 0
        return self._file.seek(start + offset, whence) - self._base

    def truncate(self, size: int | None = None) -> int:
        size = self.tell() if size is None else size
        self._file.truncate(self._base + size)
        return size
