# SPDX-License-Identifier: Apache-2.0
"""The transmission phase: one command after the other, each answered before the next is taken.

Clients that want more at a time open more connections (``CAN_MULTI_CONN``).

Source: The NBD protocol, "Transmission phase", "Request types", "Structured reply types".
"""

from __future__ import annotations

import struct
from itertools import islice
from typing import TYPE_CHECKING, Final

from vmferry.blocks.nbd.protocol import (
    CHUNK,
    CHUNK_MAGIC,
    CONTEXT_ID,
    DONE,
    MOST_PAYLOAD,
    REQUEST,
    REQUEST_MAGIC,
    SIMPLE,
    SIMPLE_MAGIC,
    ChunkKind,
    Command,
    CommandFlag,
    Errno,
    HangUpError,
    RefusedError,
    Request,
)
from vmferry.errors import StorageFullError, VmferryError
from vmferry.model.disk import ExtentKind
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.blocks.device import Device
    from vmferry.blocks.nbd.export import Agreement, Channel, Export

_ALLOWED: Final = {
    Command.READ: CommandFlag.DF,
    Command.WRITE_ZEROES: CommandFlag.NO_HOLE,
    Command.BLOCK_STATUS: CommandFlag.REQ_ONE,
}
"""Flags besides FUA, which every command takes."""

_WRITES: Final = (Command.WRITE, Command.TRIM, Command.WRITE_ZEROES)
_BOUNDED: Final = (Command.READ, Command.CACHE)

_STATE: Final = {ExtentKind.DATA: 0, ExtentKind.ZERO: 0b11}
"""``NBD_STATE_HOLE | NBD_STATE_ZERO`` for what is stored nowhere."""

MOST_EXTENTS: Final = 4096
"""Extents in one answer to BLOCK_STATUS; a client asks again from where it ends."""

_MOST_TEXT: Final = 1000
_ZEROS: Final = bytes(MIB)


class Transmission:
    """The commands of one connection.

    Args:
        channel: To the client.
        export: What it reads and writes.
        agreed: What its options have brought.
        failed: Called with a command, and with the error that it ended with although the client
            had done nothing wrong.
        full: What the client is told when no space is left.
    """

    def __init__(
        self,
        channel: Channel,
        export: Export,
        agreed: Agreement,
        failed: Callable[[Request, VmferryError], None],
        full: Errno,
    ) -> None:
        self._channel, self._export, self._agreed = channel, export, agreed
        self._failed, self._full = failed, full
        self._do: dict[int, Callable[[Request, bytearray], None]] = {
            Command.READ: self._read,
            Command.WRITE: self._write,
            Command.FLUSH: self._flush,
            Command.TRIM: self._trim,
            Command.CACHE: self._cache,
            Command.WRITE_ZEROES: self._write_zeroes,
            Command.BLOCK_STATUS: self._block_status,
        }

    def run(self) -> None:
        """Answer commands until the client says ``DISC``.

        Raises:
            HangUpError: It left otherwise, or what it sent cannot be answered.
        """
        while True:
            request = Request._make(REQUEST.unpack(self._channel.read(REQUEST.size)))
            if request.magic != REQUEST_MAGIC:
                raise HangUpError(f"request has magic {request.magic:#x}")
            if request.command == Command.DISC:
                return
            try:
                self._take(request)
            except RefusedError as error:
                self._error(request, error.errno, error.text)
            except VmferryError as error:
                self._failed(request, error)
                errno = self._full if isinstance(error, StorageFullError) else Errno.EIO
                self._error(request, errno, error.message)

    def _take(self, request: Request) -> None:
        payload = bytearray()
        if request.command == Command.WRITE:
            if request.length > MOST_PAYLOAD:
                raise HangUpError(f"WRITE of {request.length} bytes, at most {MOST_PAYLOAD}")
            payload = bytearray(request.length)
            self._channel.read_into(payload)  # Also of one that is refused: the next comes behind.
        self._check(request)
        self._do[request.command](request, payload)

    def _check(self, request: Request) -> None:
        command, length = request.command, request.length
        if command not in self._do:
            raise RefusedError(Errno.EINVAL, f"command {command} is not known")
        allowed = CommandFlag.FUA | _ALLOWED.get(Command(command), CommandFlag(0))
        if request.flags & ~int(allowed):  # The inverse of a Flag has no bits without a name.
            raise RefusedError(Errno.EINVAL, f"flags {request.flags:#x} are not for this command")
        if command in _WRITES:
            _ = self._device  # Refused before its range is looked at.
        if command == Command.FLUSH and (request.offset or length):
            raise RefusedError(Errno.EINVAL, "FLUSH has no offset and no length")
        if request.offset + length > self._export.size:
            errno = Errno.ENOSPC if command in _WRITES else Errno.EINVAL
            raise RefusedError(errno, f"the export ends at byte {self._export.size}")
        if command in _BOUNDED and length > MOST_PAYLOAD:
            raise RefusedError(Errno.EINVAL, f"at most {MOST_PAYLOAD} bytes at once")

    def _read(self, request: Request, _payload: bytearray) -> None:
        data = self._export.disk.read_at(request.offset, request.length)
        if not self._agreed.structured:
            self._channel.send(SIMPLE.pack(SIMPLE_MAGIC, 0, request.cookie), data)
        elif data:
            self._chunk(request, ChunkKind.OFFSET_DATA, struct.pack(">Q", request.offset), data)
        else:
            self._chunk(request, ChunkKind.NONE)

    def _write(self, request: Request, payload: bytearray) -> None:
        self._device.write_at(request.offset, payload)
        self._written(request)

    def _write_zeroes(self, request: Request, _payload: bytearray) -> None:
        end = request.offset + request.length
        if request.flags & CommandFlag.NO_HOLE:
            for start in range(request.offset, end, MIB):
                self._device.write_at(start, _ZEROS[: end - start])
        else:
            self._device.zero_at(request.offset, request.length)
        self._written(request)

    def _trim(self, request: Request, _payload: bytearray) -> None:
        self._device.trim_at(request.offset, request.length)
        self._written(request)

    def _written(self, request: Request) -> None:
        if request.flags & CommandFlag.FUA:
            self._device.flush()
        self._done(request)

    def _flush(self, request: Request, _payload: bytearray) -> None:
        if self._export.device is not None:
            self._export.device.flush()
        self._done(request)

    def _cache(self, request: Request, _payload: bytearray) -> None:
        """Read the range once: what is below keeps it as near as it can."""
        end = request.offset + request.length
        for start in range(request.offset, end, 4 * MIB):
            self._export.disk.read_at(start, min(4 * MIB, end - start))
        self._done(request)

    def _block_status(self, request: Request, _payload: bytearray) -> None:
        if not self._agreed.allocation or not request.length:
            raise RefusedError(Errno.EINVAL, "no context was agreed on, or no bytes are asked for")
        most = 1 if request.flags & CommandFlag.REQ_ONE else MOST_EXTENTS
        extents = islice(self._export.disk.extents(request.offset, request.length), most)
        found = [struct.pack(">II", extent.length, _STATE[extent.kind]) for extent in extents]
        self._chunk(request, ChunkKind.BLOCK_STATUS, struct.pack(">I", CONTEXT_ID), b"".join(found))

    @property
    def _device(self) -> Device:
        device = self._export.device
        if device is None:
            raise RefusedError(Errno.EPERM, "the export is read-only")
        return device

    def _done(self, request: Request) -> None:
        self._channel.send(SIMPLE.pack(SIMPLE_MAGIC, 0, request.cookie))

    def _error(self, request: Request, errno: Errno, text: str) -> None:
        if not self._agreed.structured:
            self._channel.send(SIMPLE.pack(SIMPLE_MAGIC, errno, request.cookie))
            return
        said = text.encode()[:_MOST_TEXT]
        self._chunk(request, ChunkKind.ERROR, struct.pack(">IH", errno, len(said)), said)

    def _chunk(
        self, request: Request, kind: ChunkKind, head: bytes = b"", data: bytes = b""
    ) -> None:
        length = len(head) + len(data)
        header = CHUNK.pack(CHUNK_MAGIC, DONE, kind, request.cookie, length)
        self._channel.send(header + head, data)
