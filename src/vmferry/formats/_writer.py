# SPDX-License-Identifier: Apache-2.0
"""The seam of writing: slices of a disk become bodies in an artifact, in any order and process.

Bodies stand in the artifact in the order of the disk, one behind the other; so a body's place is
known as soon as all before it are encoded, whoever encodes them, and its bytes are written once.
What belongs to no slice (headers, tables, footers) is written last: half an artifact has no magic
and passes for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, TypeAlias, runtime_checkable

from vmferry.errors import FormatError, IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vmferry.model.disk import Disk

Put: TypeAlias = Callable[[int, bytes | memoryview], None]
"""Takes a place in the body and the bytes that stand there; what is never put is a hole."""


class Effort(StrEnum):
    """How hard a writer that compresses tries; the others have nothing to try."""

    FAST = "fast"
    NORMAL = "normal"
    BEST = "best"


class Encoded(NamedTuple):
    """An encoded slice: bytes of its body, and what the writer has to know of it to finish."""

    size: int
    record: bytes = b""


class Part(NamedTuple):
    """A slice of the disk (``offset``, ``length``) and its body in the artifact."""

    offset: int
    length: int
    place: int
    size: int
    record: bytes


class Writer(Protocol):
    """Turns one disk into one artifact; equal disks give equal artifacts, however they are cut."""

    @property
    def alignment(self) -> int:
        """Slices begin at multiples of so many bytes, a power of two; the last may end anywhere."""

    @property
    def first(self) -> int | None:
        """Where the first body begins.

        ``None``: bodies stand where their slices stand on the disk, so nobody waits for a place.
        """

    def encode(self, disk: Disk, offset: int, length: int, put: Put) -> Encoded:
        """Encode one slice.

        Args:
            disk: What is written; its size is the one that the writer was made for.
            offset: First byte of the slice.
            length: Bytes of the slice.
            put: Takes the body's bytes.
        """

    def finish(self, parts: Sequence[Part], out: BinaryIO) -> None:
        """Complete the artifact, once.

        Args:
            parts: All of it, in the order of the disk.
            out: The artifact with every body in its place; can be read and sought.

        Raises:
            IntegrityError: The parts are not the whole disk.
            FormatError: The artifact is larger than its format can say.
        """


@runtime_checkable
class PartedWriter(Writer, Protocol):
    """A writer whose ``finish`` can be had apart, for an artifact that is never in one place.

    A body that is settled in its place never changes again, so it can be sent away.
    """

    def settle(self, part: Part, out: BinaryIO, base: int = 0) -> None:
        """Give a body what depends on its place.

        Args:
            part: The body.
            out: Has the body; can be read and sought.
            base: The byte of the artifact that is byte 0 of ``out``.
        """

    def close(self, parts: Sequence[Part], out: BinaryIO) -> None:
        """Write what belongs to no slice: only before the first body and behind the last.

        Raises:
            IntegrityError: The parts are not the whole disk.
            FormatError: The artifact is larger than its format can say.
        """


def arrange(
    writer: Writer, slices: Iterable[tuple[int, int]], encoded: Iterable[Encoded]
) -> Iterator[Part]:
    """Give every encoded slice its place, in the order of the disk."""
    place = writer.first or 0
    for (offset, length), (size, record) in zip(slices, encoded, strict=True):
        if writer.first is None:
            place = offset
        yield Part(offset, length, place, size, record)
        place += size


def check_slice(name: str, disk: Disk, offset: int, length: int, size: int, alignment: int) -> None:
    """Refuse a slice that is none of a disk of ``size`` bytes."""
    if offset % alignment or not offset <= offset + length <= min(disk.size, size):
        raise FormatError(
            f"{name}: slice",
            found=f"{offset} + {length} bytes",
            expected=f"a multiple of {alignment} inside {size} bytes",
        )


def check_parts(name: str, parts: Sequence[Part], size: int) -> None:
    """Refuse parts that are not the whole of a disk of ``size`` bytes, in order."""
    at = 0
    for part in parts:
        if part.offset != at:
            raise IntegrityError(f"{name}: slice of byte {part.offset}, expected that of {at}")
        at += part.length
    if at != size:
        raise IntegrityError(f"{name}: slices of {at} bytes, expected {size}")
