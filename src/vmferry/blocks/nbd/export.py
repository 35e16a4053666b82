# SPDX-License-Identifier: Apache-2.0
"""What a server serves, and what one connection has agreed on about it."""

from __future__ import annotations

import io
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmferry.blocks.device import Device, for_threads
from vmferry.blocks.nbd.protocol import ExportFlag, HangUpError
from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.model.disk import Disk


class Export:
    """A disk as clients see it; its name is empty, as there is one for a socket.

    Args:
        disk: Takes writes if it is a writable device.

    Attributes:
        disk: To be read by any number of threads.
        device: For writes, or ``None``.
        size: In bytes.
    """

    def __init__(self, disk: Disk) -> None:
        self.disk = for_threads(disk)
        self.device = disk if isinstance(disk, Device) and disk.writable else None
        self.size = disk.size

    def flags(self, *, structured: bool) -> ExportFlag:
        """Return the transmission flags."""
        flags = ExportFlag.HAS_FLAGS | ExportFlag.CAN_MULTI_CONN | ExportFlag.SEND_CACHE
        flags |= ExportFlag.SEND_FLUSH | ExportFlag.SEND_FUA
        if structured:
            flags |= ExportFlag.SEND_DF
        if self.device is None:
            return flags | ExportFlag.READ_ONLY
        return flags | ExportFlag.SEND_TRIM | ExportFlag.SEND_WRITE_ZEROES


@dataclass(slots=True, kw_only=True)
class Agreement:
    """What the options of a connection have brought.

    Attributes:
        structured: Replies are structured.
        allocation: ``base:allocation`` may be asked for.
    """

    structured: bool = False
    allocation: bool = False


class Channel:
    """A client's socket: exact reads, and writes that do not copy.

    Raises:
        HangUpError: The client is gone, from every method.
    """

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        # Requests that wait are taken with one system call.
        self._incoming = io.BufferedReader(socket.SocketIO(client, "r"), 64 * KIB)

    def read(self, length: int) -> bytes:
        """Return exactly ``length`` bytes."""
        try:
            data = self._incoming.read(length)
        except OSError as error:
            raise HangUpError(str(error)) from error
        if len(data) < length:
            raise HangUpError("the client closed the connection")
        return data

    def read_into(self, data: bytearray) -> None:
        """Fill ``data``."""
        view = memoryview(data)
        try:
            while view:
                count = self._incoming.readinto(view)
                if not count:
                    raise HangUpError("the client closed the connection")
                view = view[count:]
        except OSError as error:
            raise HangUpError(str(error)) from error

    def send(self, *pieces: bytes) -> None:
        """Send the pieces one after the other."""
        views = [memoryview(piece) for piece in pieces]
        try:
            sent = self._client.sendmsg(views)
            for view in views:
                if sent < len(view):
                    self._client.sendall(view[sent:])
                sent = max(sent - len(view), 0)
        except OSError as error:
            raise HangUpError(str(error)) from error

    def hang_up(self) -> None:
        """Let a thread that waits for the client go on, and find it gone."""
        with suppress(OSError):  # It is gone already.
            self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket; no other thread may use it."""
        self._incoming.close()
        self._client.close()

    def wait_at_most(self, seconds: float | None) -> None:
        """Wait so long for the client each time, or for ever."""
        self._client.settimeout(seconds)
