# SPDX-License-Identifier: Apache-2.0
"""Bytes that can be read at random, and places where bytes can be put.

A ``ByteSource`` is a local file, a ranged S3 object, or a window into either (a member of an OVA).
Readers of formats see nothing else, so the same code reads a laptop's file and a bucket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from vmferry.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@runtime_checkable
class ByteSource(Protocol):
    """An object of known size, read at random. Safe to use from several threads."""

    @property
    def name(self) -> str:
        """How messages call it; never a host path when it came from a caller's bucket."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``.

        Raises:
            SourceError: The range is not wholly inside the object, or the object cannot be read.
        """


def check_inside(source: ByteSource, offset: int, length: int) -> None:
    """Refuse a range that is not wholly inside ``source``: what every ``read_at`` begins with.

    Raises:
        SourceError: It is not.
    """
    if offset < 0 or length < 0 or offset + length > source.size:
        raise SourceError(
            f"{source.name}: {length} bytes at byte {offset} are wanted, it has {source.size} bytes"
        )


@runtime_checkable
class StoredObject(ByteSource, Protocol):
    """An object of a store."""

    @property
    def version(self) -> str:
        """Another one whenever the object was replaced; compared only within its store."""


class ByteStore(Protocol):
    """A place that keeps objects by key. A key is ``a/b/c``: no empty, ``.`` or ``..`` parts."""

    def open(self, key: str) -> StoredObject:
        """Return the object for reading. Raises ``SourceError`` if it is missing."""

    def size(self, key: str) -> int | None:
        """Return the object's size, or ``None`` if there is no such object."""

    def put(self, key: str, data: bytes) -> None:
        """Store ``data`` durably (fsync or acknowledged) before returning; replaces atomically."""

    def delete(self, key: str) -> None:
        """Remove the object; harmless when there is none."""

    def list(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with ``prefix``, sorted."""

    def adopt(self, key: str, file: Path, tick: Callable[[int], None]) -> None:
        """Move a finished local file to ``key``: durable, atomic, and gone from its old place.

        Args:
            key: Where it goes; replaced if it exists.
            file: The file; holes stay holes where the store can keep them.
            tick: Called with the bytes done so far; may raise to stop, and then nothing is visible.
        """


@runtime_checkable
class PartStore(ByteStore, Protocol):
    """A store that takes an object in parts, in any order; it is there when all are."""

    def begin(self, key: str) -> str:
        """Begin an upload of ``key`` and return its id; what was begun of it before is given up."""

    def send(self, key: str, upload: str, number: int, body: bytes | bytearray) -> str:
        """Send part ``number``, from 1, again if need be; return its tag.

        All but the last have at least 5 MiB.
        """

    def join(self, key: str, upload: str, tags: Sequence[str]) -> None:
        """Make the object of its parts, which are numbered from 1; harmless when it was made."""

    def abandon(self, key: str) -> None:
        """Give up every upload of ``key`` that is under way; harmless when there is none."""
