# SPDX-License-Identifier: Apache-2.0
"""Moves encoded bytes from the piece of a slice into the artifact, within the kernel if it can.

Source: ``copy_file_range(2)``: file systems with reflinks share the blocks instead of copying them.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from vmferry.errors import IntegrityError
from vmferry.units import MIB

if TYPE_CHECKING:
    from typing import BinaryIO

_CHUNK: Final = MIB


def copy_range(source: BinaryIO, at: int, length: int, out: BinaryIO) -> None:
    """Append ``length`` bytes of ``source`` to ``out``, within the kernel if both are real files.

    Raises:
        IntegrityError: ``source`` is shorter than it was.
    """
    copied = 0
    if _is_file(source) and _is_file(out):
        with suppress(OSError):  # EXDEV, ENOSYS, EINVAL …: a read and a write tell the real cause
            copied = _copy_in_kernel(source, at, length, out)
    source.seek(at + copied)
    while copied < length:
        chunk = source.read(min(_CHUNK, length - copied))
        if not chunk:
            raise IntegrityError(f"piece ends at byte {at + copied}, expected {at + length}")
        out.write(chunk)
        copied += len(chunk)


def _copy_in_kernel(source: BinaryIO, at: int, length: int, out: BinaryIO) -> int:
    out.flush()
    place, copied = out.tell(), 0
    try:
        while copied < length:
            count = os.copy_file_range(
                source.fileno(), out.fileno(), length - copied, at + copied, place + copied
            )
            if not count:
                break
            copied += count
    except OSError:
        if not copied:
            raise
    out.seek(place + copied)
    return copied


def _is_file(file: BinaryIO) -> bool:
    """Say whether its descriptor is what ``read`` and ``write`` use, unlike a compressor's."""
    raw = getattr(file, "raw", file)
    return isinstance(raw, io.FileIO)
