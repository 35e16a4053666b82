# SPDX-License-Identifier: Apache-2.0
"""One disk into one file: workers encode slices and write each where its turn puts it.

A worker keeps the body of its slice in memory until all bodies before it are encoded, so nothing
is written twice and the order of the file is the order of the disk. Slices hold about equal data,
so the wait is short.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final, cast

from vmferry.convert.locations import open_disk, opener
from vmferry.convert.target import write_body
from vmferry.convert.workers import cores, forked, receive
from vmferry.formats import allocated, arrange, cut
from vmferry.stores.directory import room_on_disk
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    from vmferry.convert.target import Target
    from vmferry.formats import Encoded, Part, Writer
    from vmferry.model.disk import Disk, DiskLocation
    from vmferry.stores import Access

SLICE: Final = 16 * MIB
"""Data in one slice, and so in one worker's memory; a VMDK's tables make it 32 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What was written.

    Attributes:
        size: Bytes of the file.
        virtual_size: Bytes of the disk.
        data: Bytes of the disk that its source stores.
    """

    size: int
    virtual_size: int
    data: int


def convert_disk(
    location: DiskLocation,
    access: Access,
    target: Target,
    *,
    jobs: int = 0,
    show: Callable[[int, int], None] = lambda _done, _total: None,
) -> Converted:
    """Write a disk to its target.

    Args:
        location: The disk.
        access: How to reach it.
        target: Where it goes.
        jobs: Worker processes, 0 for one per core.
        show: Called with the bytes done and to do.

    Raises:
        FormatError: The disk is damaged, or its size is one that the format cannot say.
        SourceError: It cannot be read.
        StorageFullError: No space is left.
    """
    disk = open_disk(location, access)
    return write_disk(disk, opener(location, access, disk), target, jobs=jobs, show=show)


def write_disk(
    disk: Disk,
    reopen: Callable[[], Disk],
    target: Target,
    *,
    jobs: int,
    show: Callable[[int, int], None],
) -> Converted:
    """Write an open disk to its target, as ``convert_disk`` does.

    Args:
        disk: The disk.
        reopen: Opens it in a forked process (``locations.opener``).
        target: Where it goes.
        jobs: Worker processes, 0 for one per core.
        show: Called with the bytes done and to do.
    """
    writer = target.writer(disk.size)
    slices = list(cut(disk, writer.alignment, SLICE))
    data = allocated(disk)
    count = min(jobs or cores(), len(slices))
    with forked(count, partial(_serve, reopen, target)) as workers:
        turns = _Turns(slices, writer, lambda share: show(int(data * share), data))
        turns.run(workers)
    with room_on_disk(str(target.path), 0), target.opened() as out:
        writer.finish(turns.parts, out)
        out.flush()
        size = out.seek(0, os.SEEK_END)
    return Converted(size=size, virtual_size=disk.size, data=data)


class _Turns:
    """Hands out slices and, in the order of the disk, places.

    Attributes:
        parts: What has its place.
    """

    def __init__(
        self, slices: Sequence[tuple[int, int]], writer: Writer, show: Callable[[float], None]
    ) -> None:
        self.parts: list[Part] = []
        self._slices = slices
        self._in_place = writer.first is None
        self._turn: deque[Encoded] = deque()
        self._arranged = arrange(writer, slices, iter(self._turn.popleft, None))
        self._show = show
        self._given = 0
        self._encoded: dict[int, tuple[Encoded, Connection]] = {}

    def run(self, workers: list[Connection]) -> None:
        """Have everything encoded and written."""
        at_work = {worker: self._give(worker) for worker in workers}
        while at_work:
            for worker in cast("list[Connection]", wait(list(at_work))):
                answer = receive(worker)
                number = at_work.pop(worker)
                if answer is not None:
                    self._encoded[number] = (answer, worker)
            for worker in self._settle():
                at_work[worker] = self._give(worker)
            self._show(len(self.parts) / len(self._slices))

    def _give(self, worker: Connection) -> int:
        """Send the next slice, or the end, and return the slice's number."""
        number = self._given
        self._given += 1
        worker.send(self._slices[number] if number < len(self._slices) else None)
        return number

    def _settle(self) -> list[Connection]:
        """Give places to all whose turn it is; return their workers."""
        free = []
        while (number := len(self.parts)) in self._encoded:
            encoded, worker = self._encoded.pop(number)
            self._turn.append(encoded)
            part = next(self._arranged)
            self.parts.append(part)
            if not self._in_place:
                worker.send(part.place)
            free.append(worker)
        return free


def _serve(reopen: Callable[[], Disk], target: Target, connection: Connection) -> None:
    """In a worker: encode slices until there are no more; the last answer is ``None``."""
    disk = reopen()
    writer = target.writer(disk.size)
    file = os.open(target.path, os.O_WRONLY)
    with room_on_disk(str(target.path), 0):
        for offset, length in iter(connection.recv, None):
            if writer.first is None:
                put = partial(_put, file, target.base + offset)
                connection.send(writer.encode(disk, offset, length, put))
                continue
            body: list[tuple[int, bytes | memoryview]] = []
            connection.send(writer.encode(disk, offset, length, _keeper(body)))
            write_body(file, target.base + connection.recv(), body)
        os.close(file)
    connection.send(None)


def _keeper(body: list[Any]) -> Callable[[int, bytes | memoryview], None]:
    return lambda at, data: body.append((at, data))


def _put(file: int, base: int, at: int, data: bytes | memoryview) -> None:
    write_body(file, base, [(at, data)])
