# SPDX-License-Identifier: Apache-2.0
"""A folder of a local file system: the default store for blocks, and how own buckets are read.

Durable before visible: an object is written under another name in the same folder, flushed,
renamed, and the folder flushed; a crash leaves at most a file whose name begins with ``TEMPORARY``.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vmferry.errors import ServiceError, SourceError, StorageFullError, VmferryError
from vmferry.model.bytes import check_inside
from vmferry.model.disk import Extent, ExtentKind
from vmferry.stores import Store
from vmferry.units import MIB, human

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEMPORARY: Final = ".rclone_temp_vmferry-"
"""How unfinished files begin; rclone hides what begins so, as our own buckets must."""

COPY_STEP: Final = 16 * MIB
"""Bytes between two calls of ``tick`` when a file has to be copied."""


class FileSource:
    """A local file as a ``ByteSource``; regular files only, a link as its last part is refused."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise _missing(name, error) from error
        status = os.fstat(self._fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(self._fd)
            self._fd = -1
            raise SourceError(f"{name}: not a regular file", aws_text=_NO_OBJECT)
        self.size = status.st_size
        self.version = f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"

    def __del__(self) -> None:
        """Close the file with its last reader."""
        if getattr(self, "_fd", -1) >= 0:
            os.close(self._fd)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``; raises ``SourceError``."""
        check_inside(self, offset, length)
        data = self._pread(length, offset)
        while len(data) < length:
            more = self._pread(length - len(data), offset + len(data))
            if not more:
                raise SourceError(
                    f"{self.name}: ends at byte {offset + len(data)}, expected {self.size} bytes",
                    hint="The object was changed while it was read",
                )
            data += more
        return data

    def _pread(self, length: int, offset: int) -> bytes:
        try:
            return os.pread(self._fd, length, offset)
        except OSError as error:
            raise SourceError(
                f"{self.name}: cannot be read at byte {offset}: {error.strerror}"
            ) from error

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """Yield the range as data and holes of the file system, in order."""
        position, end = offset, offset + length
        while position < end:
            start = min(self._seek(position, os.SEEK_DATA), end)
            if start > position:
                yield Extent(position, start - position, ExtentKind.ZERO)
            position = min(self._seek(start, os.SEEK_HOLE), end)
            if position > start:
                yield Extent(start, position - start, ExtentKind.DATA)

    def _seek(self, position: int, what: int) -> int:
        try:
            return os.lseek(self._fd, position, what)
        except OSError as error:
            # Nothing of the kind follows: the rest is a hole, or the position is the end.
            if error.errno == errno.ENXIO:
                return self.size
            raise SourceError(
                f"{self.name}: cannot be read at byte {position}: {error.strerror}"
            ) from error


class DirectoryStore:
    """See ``model.bytes.ByteStore``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, key: str) -> FileSource:
        """Return the object for reading; raises ``SourceError`` if it is missing."""
        return FileSource(self._path(key), key)

    def size(self, key: str) -> int | None:
        """Return the object's size, or ``None``."""
        try:
            status = self._path(key).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _missing(key, error) from error
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def put(self, key: str, data: bytes) -> None:
        """Store ``data`` durably before returning."""
        path = self._path(key)
        temporary = path.parent / f"{TEMPORARY}{os.urandom(8).hex()}"
        with room_on_disk(key, len(data)):
            _make_folder(path.parent)
            try:
                with temporary.open("wb", buffering=0) as file:
                    view = memoryview(data)
                    while view:
                        view = view[file.write(view) :]
                    os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            flush_folder(path.parent)

    def delete(self, key: str) -> None:
        """Remove the object; harmless when there is none."""
        try:
            self._path(key).unlink(missing_ok=True)
        except (NotADirectoryError, IsADirectoryError):
            return  # The key names a folder, or lies below an object: there is no such object.
        except OSError as error:
            raise ServiceError(f"{key}: cannot be removed: {error.strerror}") from error

    def list(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with ``prefix``, sorted."""
        start = self._root / prefix.rpartition("/")[0]
        if not start.is_dir():
            return []
        keys = (
            path.relative_to(self._root).as_posix()
            for path in start.rglob("*")
            if not path.name.startswith(TEMPORARY) and path.is_file()
        )
        return sorted(key for key in keys if key.startswith(prefix))

    def adopt(self, key: str, file: Path, tick: Callable[[int], None]) -> None:
        """Move ``file`` to ``key``: a rename on one file system, else a copy that keeps holes."""
        path = self._path(key)
        source = FileSource(file, file.name)
        with room_on_disk(key, source.size):
            _make_folder(path.parent)
            _flush_file(file)
            tick(0)
            try:
                file.replace(path)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _copy_into(path, source, tick)
            flush_folder(path.parent)
            file.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if any(part in ("", ".", "..") or _not_a_name(part) for part in parts):
            raise SourceError(
                f"key: {key!r} has an empty, '.' or '..' part, or one that is no file name",
                aws_text=_NO_OBJECT,
            )
        return self._root.joinpath(*parts)


_NO_OBJECT = "ClientError: Invalid S3 source location"


def _not_a_name(part: str) -> bool:
    try:
        return b"\0" in part.encode()
    except UnicodeEncodeError:
        return True


def _missing(name: str, error: OSError) -> SourceError:
    reason = "it does not exist" if isinstance(error, FileNotFoundError) else error.strerror
    return SourceError(
        f"{name}: cannot be read: {reason}",
        hint="Check the bucket and the key",
        aws_text=_NO_OBJECT,
    )


@contextmanager
def room_on_disk(what: str, size: int) -> Iterator[None]:
    """Turn what the file system says about writing ``what``, of ``size`` bytes, into our errors.

    Raises:
        StorageFullError: No space is left.
        SourceError: The name cannot be had: too long, a folder, or below something that is none.
        ServiceError: Anything else that an operator can mend, such as a disk that is read-only.
    """
    try:
        yield
    except VmferryError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFullError(
                f"{what}: {human(size)} could not be written: {error.strerror}",
                hint="Free space on the disk that holds the state directory, "
                "then start the task again",
            ) from error
        if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG):
            raise SourceError(
                f"{what}: cannot be written: {error.strerror}",
                hint="Choose another key: this one is too long, or a folder has its name, "
                "or an object that of its folder",
                aws_text="ClientError",
            ) from error
        raise ServiceError(f"{what}: cannot be written: {error.strerror}") from error


def _make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it durably: a new name is flushed with where it is."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)


def flush_folder(folder: Path) -> None:
    """Make renames in ``folder`` survive a power cut."""
    _flush_file(folder)


def _flush_file(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _copy_into(path: Path, source: FileSource, tick: Callable[[int], None]) -> None:
    """Copy to ``path`` on another file system: holes stay, half a copy is never seen."""
    temporary = path.parent / f"{TEMPORARY}{os.urandom(8).hex()}"
    try:
        with temporary.open("xb", buffering=0) as out:
            for extent in source.extents(0, source.size):
                if extent.kind is ExtentKind.ZERO:
                    continue
                for position in range(extent.offset, extent.end, COPY_STEP):
                    step = min(COPY_STEP, extent.end - position)
                    out.seek(position)
                    view = memoryview(source.read_at(position, step))
                    while view:
                        view = view[out.write(view) :]
                    tick(position + step)
            out.truncate(source.size)
            os.fsync(out.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(root: Path, before: float) -> None:
    """Remove what interrupted writes left below ``root``.

    Args:
        root: The folder of a store.
        before: POSIX time; what was written since belongs to a writer that is at work.
    """
    for path in root.rglob(f"{TEMPORARY}*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


STORE = Store(
    name="directory", schemes=("file",), connect=lambda rest, _access: DirectoryStore(Path(rest))
)
