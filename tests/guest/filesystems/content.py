# SPDX-License-Identifier: Apache-2.0
"""A folder with files of every sort, as a tar archive and as what a reader must find of it."""

from __future__ import annotations

import io
import random
import tarfile
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY: Final = 5000
DEEP: Final = 40
LONG: Final = "l" * 251 + ".txt"
SIZES: Final = (0, 1, 100, 2047, 2048, 4095, 4096, 4097, 128 * KIB, 128 * KIB + 1)
WORDS: Final = [b"import", b"export", b"machine", b"disk", b"\n", b" of ", b"\0\0\0\0", b"0123"]


class Entry(NamedTuple):
    """One entry of the folder: a directory without data, a file, a link, or a special file."""

    path: str
    kind: bytes
    data: bytes = b""


def text(size: int, seed: int) -> bytes:
    """Return ``size`` bytes that compress to about a third."""
    source = random.Random(seed)
    out = bytearray()
    while len(out) < size:
        out += source.choice(WORDS) * source.randint(1, 3) + source.randbytes(source.randint(0, 3))
    return bytes(out[:size])


def noise(size: int, seed: int) -> bytes:
    """Return ``size`` bytes that do not compress."""
    return random.Random(seed).randbytes(size)


def entries() -> Iterator[Entry]:
    """Yield the whole folder, parents first."""
    yield Entry("etc", tarfile.DIRTYPE)
    yield Entry("etc/os-release", tarfile.REGTYPE, b"ID=debian\nVERSION_ID=12\n")
    yield Entry("etc/release", tarfile.SYMTYPE, b"os-release")
    yield Entry("etc/absolute", tarfile.SYMTYPE, b"/etc/os-release")
    yield Entry("etc/long-link", tarfile.SYMTYPE, b"./" * 200 + b"os-release")
    yield Entry("etc/link-of-255", tarfile.SYMTYPE, b"./" * 122 + b"/os-release")
    yield Entry("etc/link-of-256", tarfile.SYMTYPE, b"./" * 123 + b"os-release")
    yield Entry("etc/out", tarfile.SYMTYPE, b"../../../../etc/os-release")
    yield Entry("etc/loop", tarfile.SYMTYPE, b"loop")
    yield Entry("etc/fifo", tarfile.FIFOTYPE)
    yield Entry("etc/hard", tarfile.LNKTYPE, b"etc/os-release")
    yield Entry("sizes", tarfile.DIRTYPE)
    for size in SIZES:
        yield Entry(f"sizes/{size}", tarfile.REGTYPE, text(size, size))
    yield Entry("names", tarfile.DIRTYPE)
    for name in ("näme", "名前", "a", LONG, "with space", "back\\slash", "Case", "case"):
        yield Entry(f"names/{name}", tarfile.REGTYPE, name.encode())
    yield Entry("large", tarfile.DIRTYPE)
    yield Entry("large/text", tarfile.REGTYPE, text(3 * MIB + 77, 1))
    yield Entry("large/noise", tarfile.REGTYPE, noise(2 * MIB + 5, 2))
    yield Entry("large/mixed", tarfile.REGTYPE, text(MIB, 3) + noise(MIB, 4) + bytes(MIB) + b"end")
    yield Entry("many", tarfile.DIRTYPE)
    for number in range(MANY):
        yield Entry(f"many/an-entry-with-a-name-{number * 7919 % MANY}", tarfile.REGTYPE, b"")
    path = "deep"
    yield Entry(path, tarfile.DIRTYPE)
    for number in range(DEEP):
        path += f"/{number}"
        yield Entry(path, tarfile.DIRTYPE)
    yield Entry(f"{path}/bottom", tarfile.REGTYPE, b"bottom")


def archive() -> bytes:
    """Return the folder as a tar archive, the same bytes each time."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries():
            info = tarfile.TarInfo(entry.path)
            info.type = entry.kind
            info.mode = 0o755
            if entry.kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = entry.data.decode()
                tar.addfile(info)
            else:
                info.size = len(entry.data)
                tar.addfile(info, io.BytesIO(entry.data))
    return file.getvalue()


def contents() -> dict[str, Any]:
    """Return what a walk must find: a path's data, a link's target in a tuple, or ``None``."""
    found: dict[str, Any] = {}
    for entry in entries():
        if entry.kind == tarfile.SYMTYPE:
            found[entry.path] = (entry.data.decode(),)
        elif entry.kind == tarfile.LNKTYPE:
            found[entry.path] = found[entry.data.decode()]
        elif entry.kind == tarfile.REGTYPE:
            found[entry.path] = entry.data
        else:
            found[entry.path] = None
    return found
