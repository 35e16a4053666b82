# SPDX-License-Identifier: Apache-2.0
"""From what a device changed to a map of its own: only blocks that differ are stored.

    device.changed() ─▶ cut ─▶ copy (per slice: a segment, a map part) ─▶ seal over the base's map

As with a disk that comes in, each step may be done again after a crash. What the parts do not name
is where the base's map has it, so the base must stay a root of ``collect`` until the map is sealed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.blocks.ingest import SLICE
from vmferry.blocks.map import BlockMap, map_key, seal
from vmferry.blocks.snapshot import SnapshotDisk
from vmferry.errors import ServiceError
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from vmferry.blocks.device import Device
    from vmferry.blocks.ingest import Ingest
    from vmferry.model.bytes import ByteStore

_SLICE_BLOCKS = SLICE // BLOCK


class Changes:
    """What differs between a device and the snapshot that it stands on.

    Args:
        device: Open for reading is enough; nothing may write to it from ``cut`` to ``seal``.

    Raises:
        ServiceError: The device stands on something else than a snapshot.
    """

    def __init__(self, device: Device) -> None:
        if not isinstance(device.base, SnapshotDisk):
            raise ServiceError("changes: the device does not stand on a snapshot")
        self._device, self._base = device, device.base.map

    def cut(self) -> list[tuple[int, int]]:
        """Return offset and length of slices that hold all blocks written to, 32 MiB in each."""
        slices: list[tuple[int, int]] = []
        first, count, last = 0, 0, -1
        for number in self._device.changed():
            if count == _SLICE_BLOCKS:
                slices.append(self._range(first, last))
                count = 0
            first, count, last = (first if count else number), count + 1, number
        if count:
            slices.append(self._range(first, last))
        return slices

    def copy(
        self,
        ingest: Ingest,
        offset: int,
        length: int,
        part: Path,
        tick: Callable[[int], None],
    ) -> int:
        """Store what differs in a slice of ``cut`` and write its map part durably.

        Args and result are those of ``Ingest.copy``.
        """
        return ingest.copy(_Written(self._device), offset, length, part, tick, self._base)

    def seal(self, store: ByteStore, parts: Iterable[Path], map_id: str, draft: Path) -> int:
        """Join the parts, in the order of ``cut``, with the base's map into a map of its own.

        Args:
            store: The block store.
            parts: All that ``copy`` wrote.
            map_id: The new map's; once it is there without a draft, this was done before.
            draft: A file to make it in, the same one whenever it is done again.

        Returns:
            How many blocks are present.
        """
        if store.size(map_key(map_id)) is not None and not draft.exists():
            return BlockMap(store.open(map_key(map_id))).present
        count = seal(parts, self._device.size, draft, self._base)
        store.adopt(map_key(map_id), draft, lambda _done: None)
        return count

    def _range(self, first: int, last: int) -> tuple[int, int]:
        end = min((last + 1) * BLOCK, self._device.size)
        return first * BLOCK, end - first * BLOCK


class _Written:
    """A device as a disk whose data are the blocks that were written to, be they zeros."""

    def __init__(self, device: Device) -> None:
        self._device, self.size = device, device.size
        self.read_at = device.read_at

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        end = self.size if length is None else offset + length
        for number in self._device.changed(offset // BLOCK, -(-end // BLOCK)):
            start = number * BLOCK
            yield Extent(start, min(BLOCK, self.size - start), ExtentKind.DATA)
