# SPDX-License-Identifier: Apache-2.0
"""Bytes that can be read at random, and places where bytes can be put.

A ``ByteSource`` is a local file, a ranged S3 object, or a window into either (a member of an OVA).
Readers of formats see nothing else, so the same code reads a laptop's file and a bucket.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable


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


class Upload(Protocol):
    """An object that is written in parts and visible only when it is complete.

    Part numbers count from 1; a part may be sent again with the same content.
    """

    @property
    def upload_id(self) -> str:
        """What ``ByteStore.resume`` needs to go on after a crash."""

    def part(self, number: int, data: bytes) -> str:
        """Store part ``number`` durably and return its tag."""

    def complete(self, tags: list[str]) -> None:
        """Make the object visible: the parts 1 … len(tags), in order."""

    def abort(self) -> None:
        """Remove every part; harmless when the upload is gone already."""


class ByteStore(Protocol):
    """A place that keeps objects by key. A key is ``a/b/c``: no empty, ``.`` or ``..`` parts."""

    def open(self, key: str) -> ByteSource:
        """Return the object for reading. Raises ``SourceError`` if it is missing."""

    def size(self, key: str) -> int | None:
        """Return the object's size, or ``None`` if there is no such object."""

    def put(self, key: str, data: bytes) -> None:
        """Store ``data`` durably (fsync or acknowledged) before returning; replaces atomically."""

    def delete(self, key: str) -> None:
        """Remove the object; harmless when there is none."""

    def list(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with ``prefix``, sorted."""

    def upload(self, key: str) -> Upload:
        """Start an object that is written in parts."""

    def resume(self, key: str, upload_id: str) -> Upload:
        """Go on with an upload that another process started."""
