# SPDX-License-Identifier: Apache-2.0
"""A window into a source: a member of an archive, read where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.errors import SourceError
from vmferry.model.bytes import check_inside

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource


class Window:
    """Part of a source as a source of its own.

    Args:
        source: The whole.
        offset: First byte of the part.
        size: Bytes of the part.
        name: How messages call it.

    Raises:
        SourceError: The part is not wholly inside the whole.
    """

    def __init__(self, source: ByteSource, offset: int, size: int, name: str) -> None:
        if offset < 0 or size < 0 or offset + size > source.size:
            raise SourceError(
                f"{name}: bytes {offset} + {size} are not inside {source.name}, {source.size} bytes"
            )
        self._source = source
        self._offset = offset
        self.size = size
        self.name = name

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes of the part.

        Raises:
            SourceError: The range is not wholly inside the part, or the whole cannot be read.
        """
        check_inside(self, offset, length)
        return self._source.read_at(self._offset + offset, length)
