# SPDX-License-Identifier: Apache-2.0
"""The NBD server: a Unix socket that only we may connect to, and a thread for each connection."""

from __future__ import annotations

import socket
import stat
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import structlog

from vmferry.blocks.nbd.export import Channel, Export
from vmferry.blocks.nbd.options import negotiate
from vmferry.blocks.nbd.protocol import Command, Errno, HangUpError, Request
from vmferry.blocks.nbd.transmission import Transmission
from vmferry.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmferry.errors import VmferryError
    from vmferry.model.disk import Disk

MOST_CONNECTIONS: Final = 32
"""Further clients are turned away at once."""

PATIENCE_S: Final = 60.0
"""How long a client may be silent before its first command; afterwards for ever, as guests are."""

log = structlog.get_logger("vmferry.nbd")


class Server:
    """Serves one disk until it is closed.

    Args:
        disk: A ``Device`` is served for writing if it is open for it, anything else for reading.
        path: The socket, of 107 bytes at most; one that a killed server left there is removed.
        stop_when_full: Say ENOSPC when no space is left. QEMU stops a machine at that until it is
            told to go on, and whoever waits for the machine hangs; EIO reaches its kernel.

    Attributes:
        path: As given.
        failure: The first error that a command ended with although the client had done nothing
            wrong, such as the ``IntegrityError`` of a damaged block; the client saw an error.

    Raises:
        ServiceError: The socket cannot be made.
    """

    def __init__(self, disk: Disk, path: Path, *, stop_when_full: bool = False) -> None:
        self.path = path
        self._full = Errno.ENOSPC if stop_when_full else Errno.EIO
        self.failure: VmferryError | None = None
        self._export = Export(disk)
        self._lock = threading.Lock()
        self._threads: dict[threading.Thread, Channel] = {}
        self._closed = False
        self._listener = _listen(path)
        self._acceptor = threading.Thread(target=self._accept, name="nbd", daemon=True)
        self._acceptor.start()

    @property
    def uri(self) -> str:
        """What clients such as nbdcopy and qemu-img call it."""
        return f"nbd+unix:///?socket={quote(str(self.path))}"

    def close(self) -> None:
        """Hang up on all clients, let commands that run come to their end, remove the socket."""
        with self._lock:
            self._closed = True
            threads = dict(self._threads)
        with suppress(OSError):  # Nobody connected, and nobody will.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        self.path.unlink(missing_ok=True)
        for thread, channel in threads.items():
            channel.hang_up()
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # Closed.
            with self._lock:
                full = self._closed or len(self._threads) >= MOST_CONNECTIONS
                if not full:
                    channel = Channel(client)
                    thread = threading.Thread(
                        target=self._talk, args=(channel,), name="nbd", daemon=True
                    )
                    self._threads[thread] = channel
                    thread.start()
            if full:
                log.warning("connection refused", most=MOST_CONNECTIONS)
                client.close()

    def _talk(self, channel: Channel) -> None:
        try:
            channel.wait_at_most(PATIENCE_S)
            agreed = negotiate(channel, self._export)
            if agreed is not None:
                channel.wait_at_most(None)
                Transmission(channel, self._export, agreed, self._failed, self._full).run()
        except HangUpError as error:
            log.debug("connection ended", reason=str(error))
        finally:
            channel.close()
            with self._lock:
                del self._threads[threading.current_thread()]

    def _failed(self, request: Request, error: VmferryError) -> None:
        with self._lock:
            first = self.failure is None
            self.failure = self.failure or error
        if first:  # A kernel tries again, a hundred times in a second.
            log.error(
                "command failed",
                command=Command(request.command).name,
                offset=request.offset,
                length=request.length,
                error=error.message,
            )


@contextmanager
def serve(disk: Disk, path: Path, *, stop_when_full: bool = False) -> Iterator[Server]:
    """Serve ``disk`` on the Unix socket ``path`` for the time of the block; see ``Server``.

    The disk is the caller's: a device is neither flushed nor closed.
    """
    server = Server(disk, path, stop_when_full=stop_when_full)
    try:
        yield server
    finally:
        server.close()


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.lstat().st_mode):
                path.unlink()
        listener.bind(str(path))
        path.chmod(0o600)  # Before it listens nobody can connect.
        listener.listen(MOST_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise ServiceError(f"nbd: the socket {path.name} cannot be made: {error}") from error
    return listener
